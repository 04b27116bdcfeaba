/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * menu: what can be done with one thing, behind a button with three dots, each in words. It closes
 * by Escape, by a click elsewhere, and when the focus leaves it.
 */
import { h, icon } from '../view.js';

/* items: {label, glyph, act, danger}; null ones are left out. `whom` makes the names unique. */
export function menu(whom, items) {
    const shut = () => box.removeAttribute('open');
    const box = h('details', { class: 'menu',
        onkeydown: (event) => {
            if (event.key !== 'Escape' || !box.open)
                return;
            shut();
            box.querySelector('summary').focus();
        },
        onfocusout: (event) => {
            if (event.relatedTarget && !box.contains(event.relatedTarget))
                shut();
        } },
    h('summary', { class: 'row-button', 'aria-label': `Actions: ${whom}`, title: 'Actions' }, icon('more')),
    h('ul', {}, ...items.filter(Boolean).map(({ label, glyph, act, danger }) => h('li', {},
        h('button', { type: 'button', class: `menu-item ${danger ? 'danger' : ''}`.trim(), 'aria-label': `${label}: ${whom}`, onclick: () => {
            shut();
            act();
        } }, icon(glyph), h('span', {}, label))))));

    return box;
}

/* A press outside is seen here, once for all menus. */
document.addEventListener('pointerdown', (event) => {
    for (const box of document.querySelectorAll('details.menu[open]')) {
        if (!box.contains(event.target))
            box.removeAttribute('open');
    }
});
