/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rules: what becomes of a pool's desktops when people leave them, and on which hosts new ones go. */
import { duration } from '../words.js';
import * as calls from './calls.js';
import { formDialog } from './form.js';

const ACTIONS = [['nothing', 'stays as it is'], ['suspend', 'is suspended'], ['shutdown', 'is shut down'], ['reset', 'is reset'], ['delete', 'is deleted']];
const WORDS = { suspend: 'suspended', shutdown: 'shut down', reset: 'reset', delete: 'deleted' };

const number = (name, label, plan, hint) => ({ name, label, type: 'number', min: 0, max: 31622400, value: String(plan[name]), hint, half: true });
/* Below it stands how long that is, or what 0 means. */
const seconds = (name, label, plan, none) => number(name, label, plan, ({ [name]: text }) => Number(text) ? `= ${duration(Number(text))}` : none);
const action = (name, label, plan) => ({ name, label, value: plan[name], choices: ACTIONS, half: true });

export async function editPlan(plan, refresh) {
    const fields = [
        action('disconnect', 'When disconnected, it', plan), seconds('disconnect_after', 'after, seconds', plan, 'At once.'),
        action('logout', 'When signed out, it', plan), seconds('logout_after', 'after, seconds', plan, 'At once.'),
        action('idle', 'When idle, it', plan), seconds('idle_after', 'after, seconds', plan, 'Never.'),
        seconds('length', 'Longest session, seconds', plan, 'As long as its user likes.'), seconds('warn', 'Warning, seconds', plan, 'None.'),
        seconds('extend', 'Extension, seconds', plan, 'None.'), number('snapshots', 'Snapshots to keep', plan, 'Of a desktop of one’s own.'),
    ];

    if (await formDialog(`What becomes of ${plan.pool}`, { fields, action: 'Save', done: 'It holds from the next event on.',
        send: (values) => calls.setPlan(plan.pool, values) }))
        refresh();
}

export async function editPlacement(pool, hosts, refresh) {
    const own = hosts.filter((host) => host.provider === pool.provider);
    const now = await calls.placement(pool.name);
    const fields = [
        { name: 'hosts', label: 'Hosts', value: now.hosts, many: own.map((host) => [host.name, host.name]),
            hint: own.length ? 'With none, where the pool itself says.' : `No host runs ${pool.provider}. Add one first.` },
        { name: 'placement', label: 'New desktops', value: now.placement, choices: [['spread', 'Are spread'], ['pack', 'Are packed']],
            hint: ({ placement }) => placement === 'spread' ? 'Each goes where the fewest are.' : 'Each goes to the fullest that has room.' },
        { name: 'apart', label: 'On one host at most', type: 'number', min: 0, max: 100000, value: String(now.apart), hint: '0 = any number.' },
    ];

    if (await formDialog(`Where ${pool.name} runs`, { fields, action: 'Save', done: 'New desktops go there.',
        send: (values) => calls.place(pool.name, values) }))
        refresh();
}

/* The rules in a line; '' for none, and for a plan that is not there. */
export function planWords(plan) {
    const after = (n) => n ? ` after ${duration(n)}` : ' at once';
    const words = plan ? [
        WORDS[plan.disconnect] && `${WORDS[plan.disconnect]}${after(plan.disconnect_after)} when left`,
        plan.idle_after && `ends after ${duration(plan.idle_after)} idle`,
        plan.length && `lasts at most ${duration(plan.length)}`,
        plan.snapshots && `up to ${plan.snapshots} snapshots`,
    ].filter(Boolean).join(' · ') : '';

    return words.charAt(0).toUpperCase() + words.slice(1);
}
