/* SPDX-License-Identifier: GPL-3.0-or-later */
/* quotas: how much a person, the members of a group, or a whole pool may have. */
import { livePage } from '../livepage.js';
import { button, h } from '../view.js';
import * as calls from './calls.js';
import { confirmed, formDialog, rowButton } from './form.js';
import { subscribeTo } from './live.js';
import { filterField, table, Wish } from './table.js';

const KINDS = { user: 'User', group: 'Group', pool: 'Pool' };
const number = (name, label, quota, hint) => ({ name, label, type: 'number', min: 0, max: 100000000, value: String(quota?.[name] ?? 0), hint, half: true });

async function edit(quota, refresh) {
    const fields = [
        { name: 'kind', label: 'Whose', value: quota?.kind ?? 'user',
            choices: Object.entries(KINDS).filter(([kind]) => !quota || kind === quota.kind) },
        { name: 'name', label: 'Name', required: true, value: quota?.name, fixed: quota !== null, autofocus: quota === null,
            hint: quota ? undefined : 'The user * stands for everybody who has no other quota. Each member of a group may have this much.' },
        number('desktops', 'Desktops (0 = any)', quota),
        number('sessions', 'Sessions at once', quota),
        number('memory', 'Memory that runs, MiB', quota),
        number('cpus', 'Processors that run', quota),
    ];

    if (await formDialog(quota ? `Change the quota of ${quota.name}` : 'Set a quota', { fields, action: 'Save', done: 'It holds from now on.', send: calls.setQuota }))
        refresh();
}

export function quotasPage(before) {
    const wish = new Wish('Name');
    const limit = (title, name, unit = '') => ({ title, number: true, value: (one) => one[name] || Infinity,
        cell: (one) => one[name] ? `${one[name]}${unit}` : h('span', { class: 'soft' }, 'any') });
    const columns = (refresh) => [
        { title: 'Name', main: true, value: (one) => one.name, cell: (one) => one.name === '*' ? 'Everybody else' : one.name },
        { title: 'Whose', value: (one) => KINDS[one.kind] ?? one.kind },
        limit('Desktops', 'desktops'), limit('Sessions', 'sessions'), limit('Memory', 'memory', ' MiB'), limit('CPUs', 'cpus'),
        { title: 'Actions', cell: (one) => h('span', { class: 'buttons' },
            rowButton('Change', `${one.kind} ${one.name}`, 'edit', () => edit(one, refresh)),
            rowButton('Remove', `${one.kind} ${one.name}`, 'trash', () => confirmed('Remove this quota?', `Nothing limits ${one.name} any more but other quotas.`,
                'Remove', () => calls.removeQuota(one), 'The quota was removed.', refresh))) },
    ];

    return livePage({
        title: 'Quotas',
        before,
        loading: 'Looking for quotas',
        news: 'The list of quotas has changed.',
        subscribe: subscribeTo('quotas'),
        tools: ({ refresh, rebuild }) => {
            wish.rebuild = rebuild;
            return h('div', { class: 'tools' }, filterField(wish, rebuild, 'User, group, pool'),
                button('Set a quota', { class: 'primary', onclick: () => edit(null, refresh) }, 'add'));
        },
        fetch: (signal) => calls.quotas(signal),
        build: (rows, refresh) => table({ caption: 'Quotas', columns: columns(refresh), rows, id: (one) => `${one.kind} ${one.name}`, wish,
            rebuild: wish.rebuild, empty: 'There is no quota: people may have what their pools have room for.' }),
    });
}
