/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit: what happened, newest first; searched by the broker, page by page. */
import { livePage } from '../livepage.js';
import { moment, size } from '../words.js';
import { button, h, icon } from '../view.js';
import * as calls from './calls.js';
import { subscribeTo } from './live.js';

const PAGE = 100;
const EVENTS = {
    'login': ['signed in', 'user'],
    'login-refused': ['was refused at sign-in', 'lock'],
    'logout': ['signed out', 'signout'],
    'ticket': ['asked for a desktop', 'download'],
    'session-start': ['connected', 'activity'],
    'session-end': ['disconnected', 'leave'],
    'update': ['took the new version', 'refresh'],
    'snapshot': ['changed their snapshots', 'layers'],
    'admin': ['changed something', 'edit'],
};

/* The API's times here are milliseconds. */
function line(one) {
    const look = one.event === 'admin' && one.detail?.startsWith('screen of ');
    const [words, glyph] = look ? ['looked at a screen', 'eye'] : EVENTS[one.event] ?? [one.event, 'info'];
    const traffic = one.event === 'session-end' ? `${size(one.bytes_out)} sent, ${size(one.bytes_in)} received` : null;
    const rest = [look ? null : one.desktop_name ?? one.desktop, look ? one.detail.slice('screen of '.length) : one.detail, one.peer ? `from ${one.peer}` : null, traffic].filter(Boolean).join(' · ');

    return h('li', { class: `event event-${one.event}`, 'data-id': one.id },
        h('span', { class: 'event-icon' }, icon(glyph)),
        h('span', { class: 'event-words' }, h('strong', {}, one.user || 'somebody'), ` ${words}`, h('span', { class: 'hint' }, rest)),
        h('time', { class: 'hint', datetime: new Date(one.at).toISOString() }, moment(one.at / 1000, 'medium')));
}

export function eventList(events) {
    return events.length === 0 ? h('p', { class: 'empty' }, 'Nothing yet.') : h('ul', { class: 'events' }, ...events.map(line));
}

export function auditPage(before) {
    let text = '';
    let pages = 1;
    let timer = 0;

    /* Page by page, as the broker gives them out, so that a refresh keeps what was opened. */
    async function fetch(signal) {
        const events = [];

        for (let page = 0; page < pages; page++) {
            const more = await calls.audit(signal, { text, before: events.at(-1)?.id, limit: PAGE });

            events.push(...more);
            if (more.length < PAGE)
                return { events, more: false };
        }
        return { events, more: true };
    }

    return livePage({
        title: 'Audit log',
        before,
        loading: 'Reading the log',
        news: 'There is something new in the log.',
        subscribe: subscribeTo('audit'),
        tools: ({ refresh }) => h('div', { class: 'tools' },
            h('input', { type: 'search', class: 'filter', placeholder: 'User, desktop, address, words', 'aria-label': 'Search the log',
                autocomplete: 'off', spellcheck: 'false', oninput: (event) => {
                    text = event.currentTarget.value.trim();
                    pages = 1;
                    clearTimeout(timer);
                    timer = setTimeout(refresh, 250);
                } })),
        fetch,
        build: ({ events, more }, refresh) => h('div', {}, eventList(events),
            more ? button('Show more', { class: 'more', onclick: () => {
                pages++;
                refresh();
            } }) : null),
    });
}
