/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * progress: from the click to a ticket. The broker answers "connect" only when the desktop is
 * there; meanwhile its state is asked for once a second and shown in words, at once where not even
 * its name is known. There is no bar and no percentage, because nobody knows them; there is the time
 * that has passed.
 */
import * as api from './api.js';
import { duration, PROGRESS } from './words.js';
import { announce, button, h, spinner } from './view.js';

const LONG = 8000;

/* A ticket for this desktop. report(view) is called with the desktop's state while it starts. */
export async function prepare(id, protocol, signal, report) {
    const poll = new AbortController();
    const either = AbortSignal.any([signal, poll.signal]);
    let busy = false;
    const look = async () => {
        if (busy)
            return;
        busy = true;
        try {
            const view = await api.desktop(id, { signal: either });

            if (!either.aborted)
                report(view);
        } catch {
            /* The answer to "connect" is the one that counts. */
        }
        busy = false;
    };
    const timer = setInterval(look, 1000);

    if (!api.desktopName(id))
        look();
    try {
        return await api.connect(id, protocol, { signal });
    } finally {
        clearInterval(timer);
        poll.abort();
    }
}

/* The page while one waits: {node, say(title, detail), state(view), stop()}. */
export function progressView(name, title, actions) {
    const label = h('p', { class: 'notice-name' }, name);
    const heading = h('h1', { tabindex: '-1' }, title);
    const detail = h('p', { class: 'notice-text' });
    const clock = h('p', { class: 'hint', 'aria-hidden': 'true' });
    const began = Date.now();
    const timer = setInterval(() => {
        if (Date.now() - began >= LONG)
            clock.textContent = `${duration((Date.now() - began) / 1000)} so far`;
    }, 1000);
    let said = '';

    return {
        node: h('section', { class: 'notice progress', 'aria-busy': 'true' }, spinner(), label, heading, detail, clock,
            h('div', { class: 'actions' }, ...actions.map(([label, act]) => button(label, { onclick: act })))),
        say(words, more = '') {
            heading.textContent = words;
            detail.textContent = more;
            if (said !== words + more)
                announce(`${words}. ${more}`);
            said = words + more;
        },
        state(view) {
            label.textContent = view.name ?? name;
            this.say(PROGRESS[view.state] ?? 'Preparing your desktop', view.detail ?? '');
        },
        stop: () => clearInterval(timer),
    };
}
