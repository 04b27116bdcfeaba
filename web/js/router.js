/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * router: which page is shown. Addresses live behind the "#", so any web server can serve them and
 * a bookmark of a desktop works. A page is a function (parameters) -> {node, title, full, leave}:
 * full hides the header, leave() is called when the page goes.
 */
import { announce } from './view.js';

let routes = [];
let current = null;
let generation = 0;
let onShow = () => {};

export function path() {
    return location.hash.startsWith('#/') ? location.hash.slice(1).replace(/(.)\/+$/, '$1') : '/';
}

/* An address that was typed or mailed may be cut anywhere; then the word is what is left. */
function decode(word) {
    try {
        return decodeURIComponent(word);
    } catch {
        return word;
    }
}

export function go(to, { replace = false } = {}) {
    if (path() === to) {
        show();
    } else if (replace) {
        history.replaceState(null, '', `#${to}`);
        show();
    } else {
        location.hash = to;
    }
}

/* table: [[/^\/desktop\/(.+)$/, page], ...]; the last one should match everything. */
export function start(table, shown) {
    routes = table;
    onShow = shown;
    addEventListener('hashchange', show);
    show();
}

export async function show() {
    const mine = ++generation;
    const where = path();

    for (const [pattern, page] of routes) {
        const match = pattern.exec(where);

        if (!match)
            continue;
        const next = await page(...match.slice(1).map((word) => word && decode(word)));

        if (next && mine === generation)
            put(next);
        else
            next?.leave?.();
        return;
    }
}

/* Shows this page without a change of address. */
export function put(next) {
    generation++;
    const main = document.getElementById('main');

    current?.leave?.();
    current = next;
    /* A dialogue is of the page below it: "back" closes it, and nothing stands before the sign-in. */
    for (const box of document.querySelectorAll('dialog[open]'))
        box.close();
    document.title = `${next.title} · Oriel`;
    document.body.classList.toggle('full', next.full === true);
    main.replaceChildren(next.node);
    onShow(next);
    announce(next.title);
    /* A new page starts to be read at its heading, unless it has chosen a field itself. */
    const first = main.querySelector('[autofocus]') ?? main.querySelector('h1');

    first?.focus({ preventScroll: true });
    scrollTo(0, 0);
}
