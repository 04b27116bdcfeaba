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

/* "desktop", but "desktops" for any number but one. */
const things = (number, word) => number === 1 ? word : `${word}s`;

const sum = (list, key) => list.reduce((total, one) => total + (one[key] ?? 0), 0);

/* How many there are; where some are in trouble, how many of them: "1", "of 3 hosts down: rack-3". */
function tileOf(to, all, word, glyph, trouble, kind, some) {
    const words = things(all.length, word);

    return some.length ? tile(to, some.length, `of ${all.length} ${words} ${trouble}: ${some.map((one) => one.name).join(', ')}`, glyph, kind)
        : tile(to, all.length, words, glyph);
}

function failures(failed) {
    return failed.length === 0 ? null : h('section', { class: 'panel-box bad', 'aria-label': 'Failed desktops' },
        h('h2', {}, 'These desktops have failed'),
        h('ul', { class: 'plain' }, ...failed.map((one) => h('li', {}, h('strong', {}, one.name), ` ${one.detail || 'no reason is known'}`))));
}

function shut(closed) {
    return closed.length === 0 ? null : h('section', { class: 'panel-box', 'aria-label': 'Closed for maintenance' },
        h('h2', {}, 'Closed for maintenance'),
        h('ul', { class: 'plain' }, ...closed.map((one) => h('li', {}, `${one.kind} `, h('strong', {}, one.label ?? one.name), ` · ${one.sessions} open · ${one.words}`))));
}

function build({ live, broken, pools, hosts, closed, audit }) {
    const { sessions, people } = live;
    const [ready, busy, failed] = ['ready', 'busy', 'failed'].map((key) => sum(pools, key));
    const down = hosts.filter((host) => host.state === 'down');
    const full = pools.filter((pool) => pool.busy > 0 && pool.busy >= (pool.kind === 'machines' ? pool.total : pool.max));

    return h('div', { class: 'overview' },
        h('div', { class: 'tiles' },
            tile('sessions', sessions, `live ${things(sessions, 'session')}`, 'activity'),
            tile('sessions', people, people === 1 ? 'person connected' : 'people connected', 'users'),
            tile('desktops', ready, `${things(ready, 'desktop')} ready`, 'desktop'),
            tile('desktops', busy, `${things(busy, 'desktop')} in use`, 'viewer'),
            tile('desktops', failed, `${things(failed, 'desktop')} failed`, 'warning', failed ? 'bad' : ''),
            tileOf('pools', pools, 'pool', 'layers', 'full', 'warn', full),
            hosts.length ? tileOf('hosts', hosts, 'host', 'host', 'down', 'bad', down) : null),
        failures(broken),
        shut(closed),
        h('section', { class: 'panel-box', 'aria-label': 'What happened last' }, h('h2', {}, 'What happened last'), eventList(audit)));
}

async function nameOf(id, signal) {
    const [one] = await calls.desktops(signal, { text: id, limit: 1 });

    return one?.name ?? id;
}

export function overviewPage(before) {
    return livePage({
        title: 'Overview',
        before,
        loading: 'Looking around',
        news: 'The numbers have changed.',
        subscribe: subscribeTo('sessions', 'desktops', 'pools', 'hosts', 'audit'),
        fetch: async (signal) => {
            const [live, pools, hosts, closed, audit] = await Promise.all([calls.countSessions(signal), calls.pools(signal),
                calls.hosts(signal), calls.closed(signal), calls.audit(signal, { limit: 12 })]);

            const broken = sum(pools, 'failed') ? await calls.desktops(signal, { text: 'failed', order: 'state', limit: 50 }) : [];
            const named = closed.map(async (one) => one.kind === 'desktop' ? { ...one, label: await nameOf(one.name, signal) } : one);

            return { live, broken: broken.filter((one) => one.state === 'failed').slice(0, 8), pools, closed: await Promise.all(named), audit, hosts: hosts.map(({ name, state }) => ({ name, state })) };
        },
        build,
    });
}
