/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sessions: who is connected to what, from where; and the way to end it. */
import { livePage } from '../livepage.js';
import { ago, amount, moment, PROTOCOLS, size } from '../words.js';
import { h } from '../view.js';
import * as calls from './calls.js';
import { attempt, confirmed, formDialog, rowButton } from './form.js';
import { subscribeTo } from './live.js';
import { filterField, two, windowed, windowedTable, Wish } from './table.js';

/* Under a minute somebody is there. */
function idle(seconds) {
    return seconds >= 3600 ? amount(Math.floor(seconds / 3600), 'h') : seconds >= 60 ? amount(Math.floor(seconds / 60), 'min') : '';
}

/* To the client and back: under a tenth of a second nobody feels it, over a quarter everybody does. */
function line(microseconds) {
    const ms = microseconds / 1000;
    const [words, look] = ms < 100 ? ['good', 'ready'] : ms < 250 ? ['slow', 'starting'] : ['bad', 'failed'];

    return !microseconds ? '' : h('span', { class: `line line-${look}`, title: `The line is ${words}: so long to the client and back` },
        amount(ms < 10 ? ms.toFixed(1) : Math.round(ms), 'ms'));
}

function write(user) {
    return formDialog(`Send a message to ${user}`, { action: 'Send', done: 'The message is on its way.',
        fields: [{ name: 'text', label: 'Message', required: true, hint: 'The portal shows it, also over a desktop in the browser. VNC and SPICE viewers do not.' }],
        send: ({ text }) => calls.message({ user, text }) });
}

/* Only RFB sessions go on elsewhere below their viewer. */
async function move(one, refresh) {
    const [pools, desktops] = await Promise.all([calls.pools(), calls.desktops(undefined, { text: one.user, limit: 200 })]);
    const choices = [...desktops.filter((desktop) => desktop.owner === one.user && desktop.id !== one.desktop).map((desktop) => [desktop.id, desktop.name]),
        ...pools.filter((pool) => pool.name !== one.pool).map((pool) => [pool.name, `One of ${pool.name}`])];

    if (await formDialog(`Move ${one.user} to another desktop`, { action: 'Move', done: 'The session goes on there.',
        fields: [{ name: 'desktop', label: 'Desktop', choices, hint: `The window of ${one.user} stays; it shows the other desktop in a moment.` }],
        send: ({ desktop }) => calls.moveSession(one.id, desktop) }))
        refresh();
}

/* What viewers speak by themselves; a desktop that speaks another language is behind a bridge. */
const SPOKEN = { web: 'vnc', vnc: 'vnc', spice: 'spice' };
const client = (one) => PROTOCOLS[one.protocol] ?? one.protocol;
const bridged = (one) => one.via && one.via !== SPOKEN[one.protocol] ? `bridge to ${one.via.toUpperCase()}` : '';

function actions(one, refresh) {
    const whom = `${one.user} on ${one.desktop_name}`;

    return one.state === 'ended' ? '' : h('span', { class: 'buttons' },
        rowButton('Send a message', whom, 'message', () => write(one.user)),
        one.protocol === 'spice' ? null : rowButton('Move to another desktop', whom, 'move', () => attempt(() => move(one, refresh), null, () => {})),
        rowButton('End the session', whom, 'leave', () => confirmed('End this session?',
            `${one.user} loses the connection to ${one.desktop_name}. A desktop from a shared pool is cleaned.`,
            'End session', () => calls.endSession(one.id), 'The session has ended.', refresh)));
}

function columns(refresh, ended) {
    return [
        { title: 'User', main: true, value: (one) => one.user },
        { title: 'Desktop', value: (one) => one.desktop_name, cell: (one) => two(one.desktop_name, one.pool === one.desktop_name ? '' : one.pool) },
        { title: 'Client', value: (one) => [client(one), bridged(one)].join(' '), cell: (one) => two(client(one), bridged(one)) },
        { title: 'From', value: (one) => one.peer, cell: (one) => two(one.peer, one.gateway && `at ${one.gateway}`) },
        { title: 'Since', value: (one) => one.started_at, cell: (one) => one.state === 'connecting' ? 'connecting'
            : h('span', { title: moment(one.started_at) }, ago(one.started_at)) },
        ...ended ? [
            { title: 'Ended', value: (one) => one.ended_at || Infinity, cell: (one) => one.ended_at ? two(moment(one.ended_at), one.reason) : 'still open' },
            { title: 'Sent', number: true, value: (one) => one.bytes_out, cell: (one) => size(one.bytes_out) },
        ] : [
            { title: 'Line', number: true, value: (one) => one.round_trip ?? 0, cell: (one) => line(one.round_trip) },
            { title: 'Idle', number: true, value: (one) => one.idle ?? 0, cell: (one) => idle(one.idle) },
        ],
        { title: 'Actions', cell: (one) => actions(one, refresh) },
    ];
}

const ORDERS = { User: 'user', Desktop: 'desktop', Client: 'client', From: 'from', Since: 'since', Ended: 'ended', Sent: 'sent', Line: 'line', Idle: 'idle' };

export function sessionsPage(before) {
    const wish = new Wish('Since', true);
    let ended = false;

    return livePage({
        title: 'Sessions',
        before,
        loading: 'Looking for sessions',
        news: 'The list of sessions has changed.',
        subscribe: subscribeTo('sessions'),
        tools: ({ refresh }) => {
            wish.rebuild = refresh;
            return h('div', { class: 'tools' },
                h('select', { class: 'filter short', 'aria-label': 'Which sessions', onchange: (event) => {
                    ended = event.currentTarget.value === 'ended';
                    Object.assign(wish, { sort: 'Since', down: true }); /* not all columns are in both */
                    refresh();
                } }, h('option', { value: 'live' }, 'Live'), h('option', { value: 'ended' }, 'All there were')),
                filterField(wish, refresh, 'User, desktop, address'));
        },
        fetch: async (signal) => {
            const which = ended;
            const { words } = wish;

            return { ended: which, words, rows: await calls.sessions(signal, which, windowed(wish, ORDERS)) };
        },
        build: (data, refresh) => windowedTable({ caption: data.ended ? 'All sessions' : 'Live sessions', columns: columns(refresh, data.ended), rows: data.rows,
            id: (one) => one.id, wish, rebuild: wish.rebuild,
            empty: data.words ? 'Nothing fits these words.' : data.ended ? 'Nobody has been here yet.' : 'Nobody is connected right now.' }),
    });
}
