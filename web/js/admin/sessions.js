/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sessions: who is connected to what, from where; and the way to end it. */
import { livePage } from '../livepage.js';
import { ago, moment, PROTOCOLS, size } from '../words.js';
import { h } from '../view.js';
import * as calls from './calls.js';
import { confirmed, formDialog, rowButton } from './form.js';
import { subscribeTo } from './live.js';
import { filterField, table, Wish } from './table.js';

/* Under a minute somebody is there. */
function idle(seconds) {
    return seconds >= 3600 ? `${Math.floor(seconds / 3600)} h` : seconds >= 60 ? `${Math.floor(seconds / 60)} min` : '';
}

function write(user) {
    return formDialog(`Send a message to ${user}`, { action: 'Send', done: 'The message is on its way.',
        fields: [{ name: 'text', label: 'Message', required: true, hint: 'The portal shows it, also over a desktop in the browser. VNC and SPICE viewers do not.' }],
        send: ({ text }) => calls.message({ user, text }) });
}

function columns(refresh) {
    return [
        { title: 'User', main: true, value: (one) => one.user },
        { title: 'Desktop', value: (one) => one.desktop_name },
        { title: 'Pool', value: (one) => one.pool },
        { title: 'Client', value: (one) => PROTOCOLS[one.protocol] ?? one.protocol },
        { title: 'From', value: (one) => one.peer },
        { title: 'Since', value: (one) => one.started_at, cell: (one) => one.state === 'connecting' ? 'connecting'
            : h('span', { title: moment(one.started_at) }, ago(one.started_at)) },
        { title: 'Idle', number: true, value: (one) => one.idle ?? 0, cell: (one) => idle(one.idle) },
        { title: 'Sent', number: true, value: (one) => one.bytes_out, cell: (one) => size(one.bytes_out) },
        { title: 'Actions', cell: (one) => h('span', { class: 'buttons' }, rowButton('Send a message', `${one.user} on ${one.desktop_name}`, 'info',
            () => write(one.user)), rowButton('End the session', `${one.user} on ${one.desktop_name}`, 'leave', () => confirmed(
            'End this session?', `${one.user} loses the connection to ${one.desktop_name}. A desktop from a shared pool is cleaned.`,
            'End session', () => calls.endSession(one.id), 'The session has ended.', refresh))) },
    ];
}

export function sessionsPage(before) {
    const wish = new Wish('Since', true);

    return livePage({
        title: 'Sessions',
        before,
        loading: 'Looking for sessions',
        news: 'The list of sessions has changed.',
        subscribe: subscribeTo('sessions'),
        tools: ({ rebuild }) => {
            wish.rebuild = rebuild;
            return h('div', { class: 'tools' }, filterField(wish, rebuild, 'User, desktop, address'));
        },
        fetch: (signal) => calls.sessions(signal),
        build: (rows, refresh) => table({ caption: 'Live sessions', columns: columns(refresh), rows, id: (one) => one.id, wish,
            rebuild: wish.rebuild, empty: 'Nobody is connected right now.' }),
    });
}
