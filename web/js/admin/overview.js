/* SPDX-License-Identifier: GPL-3.0-or-later */
/* overview: is all well? How much is used, what has failed, what happened last. */
import { livePage } from '../livepage.js';
import { h, icon } from '../view.js';
import { eventList } from './audit.js';
import * as calls from './calls.js';
import { subscribeTo } from './live.js';

function tile(to, number, words, glyph, kind = '') {
    return h('a', { class: `tile ${kind}`.trim(), href: `#/admin/${to}` }, h('span', { class: 'card-icon' }, icon(glyph)),
        h('span', { class: 'tile-number' }, String(number)), h('span', { class: 'tile-words' }, words));
}

function count(list, key) {
    const counts = new Map();

    for (const one of list)
        counts.set(key(one), (counts.get(key(one)) ?? 0) + 1);
    return counts;
}

function failures(desktops) {
    const failed = desktops.filter((one) => one.state === 'failed');

    return failed.length === 0 ? null : h('section', { class: 'panel-box bad', 'aria-label': 'Failed desktops' },
        h('h2', {}, 'These desktops have failed'),
        h('ul', { class: 'plain' }, ...failed.slice(0, 8).map((one) => h('li', {}, h('strong', {}, one.name), ` ${one.detail || 'no reason is known'}`))));
}

function shut(closed, desktops) {
    const label = (one) => one.kind === 'desktop' ? desktops.find((desktop) => desktop.id === one.name)?.name ?? one.name : one.name;

    return closed.length === 0 ? null : h('section', { class: 'panel-box', 'aria-label': 'Closed for maintenance' },
        h('h2', {}, 'Closed for maintenance'),
        h('ul', { class: 'plain' }, ...closed.map((one) => h('li', {}, `${one.kind} `, h('strong', {}, label(one)), ` · ${one.sessions} open · ${one.words}`))));
}

function build({ sessions, desktops, pools, hosts, closed, audit }) {
    const states = count(desktops, (one) => one.state);
    const users = new Set(sessions.map((one) => one.user)).size;
    const down = hosts.filter((host) => host.state === 'down');
    const full = pools.filter((pool) => pool.busy >= pool.max);

    return h('div', { class: 'overview' },
        h('div', { class: 'tiles' },
            tile('sessions', sessions.length, sessions.length === 1 ? 'live session' : 'live sessions', 'activity'),
            tile('sessions', users, users === 1 ? 'person connected' : 'people connected', 'users'),
            tile('desktops', states.get('ready') ?? 0, 'desktops ready', 'desktop'),
            tile('desktops', states.get('in-use') ?? 0, 'desktops in use', 'viewer'),
            tile('desktops', states.get('failed') ?? 0, 'desktops failed', 'warning', states.get('failed') ? 'bad' : ''),
            tile('pools', pools.length, full.length ? `pools, full: ${full.map((pool) => pool.name).join(', ')}` : 'pools', 'layers', full.length ? 'warn' : ''),
            hosts.length ? tile('hosts', hosts.length, down.length ? `hosts, down: ${down.map((host) => host.name).join(', ')}` : hosts.length === 1 ? 'host' : 'hosts', 'host', down.length ? 'bad' : '') : null),
        failures(desktops),
        shut(closed, desktops),
        h('section', { class: 'panel-box', 'aria-label': 'What happened last' }, h('h2', {}, 'What happened last'), eventList(audit)));
}

export function overviewPage(before) {
    return livePage({
        title: 'Overview',
        before,
        loading: 'Looking around',
        news: 'The numbers have changed.',
        subscribe: subscribeTo('sessions', 'desktops', 'pools', 'hosts', 'audit'),
        fetch: async (signal) => {
            const [sessions, desktops, pools, hosts, closed, audit] = await Promise.all([calls.sessions(signal), calls.desktops(signal),
                calls.pools(signal), calls.hosts(signal), calls.closed(signal), calls.audit(signal, { limit: 12 })]);

            return { sessions, desktops, pools, hosts: hosts.map(({ name, state }) => ({ name, state })), closed, audit };
        },
        build,
    });
}
