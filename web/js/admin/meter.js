/* SPDX-License-Identifier: GPL-3.0-or-later */
/* meter: how much of something is used, as a bar that is also read out. */
import { h } from '../view.js';

const NS = 'http://www.w3.org/2000/svg';
const share = (n, most) => Math.min(100, Math.round(100 * n / Math.max(1, most)));

/*
 * words: what is read out. parts: [[class, number], ...] from the longest to the shortest, out of
 * `most`. The widths are attributes of a drawing: the page's rules allow no styles in it.
 */
export function meter(words, most, parts) {
    const svg = document.createElementNS(NS, 'svg');

    svg.setAttribute('class', 'meter-bar');
    svg.setAttribute('aria-hidden', 'true');
    for (const [name, number] of [['whole', most], ...parts]) {
        const rect = document.createElementNS(NS, 'rect');

        rect.setAttribute('class', `meter-${name}`);
        rect.setAttribute('width', `${share(number, most)}%`);
        rect.setAttribute('height', '100%');
        svg.append(rect);
    }
    return h('div', { class: 'meter', role: 'img', 'aria-label': words }, svg);
}
