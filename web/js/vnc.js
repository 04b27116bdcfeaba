/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vnc: the page behind links in noVNC's habit: vnc.html?path=websockify%3Ftoken%3DTICKET&resize=scale.
 * Parameters may stand behind "?" or "#". The ticket is good once, so such a page does not
 * reconnect by itself; noVNC's host, port and encrypt are not taken: only this gateway is called.
 */
import { Console } from './console.js';
import { Settings } from './settings.js';
import { errorView } from './errors.js';
import { button, h } from './view.js';

const SCALING = { off: 'off', scale: 'fit', remote: 'window' };

function parameters() {
    const all = new URLSearchParams(location.search);

    for (const [name, value] of new URLSearchParams(location.hash.replace(/^#/, '')))
        all.set(name, value);
    return all;
}

const yes = (value) => value !== null && ['', '1', 'true', 'yes', 'on'].includes(value.toLowerCase());

function digit(value) {
    return /^[0-9]$/.test(value ?? '') ? value : undefined;
}

/* The WebSocket that the link names, if it is one of ours. */
function target(asked) {
    const url = new URL(asked.get('path') ?? 'websockify', document.baseURI);

    if (asked.has('token') && !url.searchParams.has('token'))
        url.searchParams.set('token', asked.get('token'));
    url.protocol = location.protocol === 'http:' ? 'ws:' : 'wss:';
    url.hash = '';
    return url.host === location.host && url.searchParams.get('token') ? url : null;
}

const asked = parameters();
const url = target(asked);
const main = document.getElementById('main');
const leave = () => location.assign(new URL('./#/desktops', document.baseURI));

function open() {
    const source = { name: '', again: false, open: async () => ({ url }) };
    const view = new Console(source, new Settings({
        scaling: SCALING[asked.get('resize')],
        quality: digit(asked.get('quality')),
        compression: digit(asked.get('compression')),
        viewOnly: yes(asked.get('view_only')) || undefined,
        /* Whose desktop a link opens, only who made it knows: nothing is copied there unasked. */
        clipboard: false,
    }), leave);

    document.body.classList.add('full');
    main.replaceChildren(view.node);
}

/* For a link that says autoconnect=0. */
function offer() {
    main.replaceChildren(h('section', { class: 'notice' },
        h('h1', {}, 'Desktop'),
        h('div', { class: 'actions' }, button('Connect', { class: 'primary', onclick: open }))));
}

/* The ticket leaves the address bar and the history: it is of no use to anybody any more. */
history.replaceState(null, '', location.pathname);
if (!url)
    main.replaceChildren(errorView({ code: 'link' },
        { actions: [button('My desktops', { class: 'primary', onclick: leave })] }));
else if (yes(asked.get('autoconnect')) || !asked.has('autoconnect'))
    open();
else
    offer();
