/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bans: who has to wait before the next login, or may not log in at all. */
import { livePage } from '../livepage.js';
import { moment } from '../words.js';
import { button, h } from '../view.js';
import * as calls from './calls.js';
import { attempt, formDialog, rowButton } from './form.js';
import { subscribeTo } from './live.js';
import { filterField, table, Wish } from './table.js';

const FIELDS = [
    { name: 'whose', label: 'Who', value: 'user', choices: [['user', 'A user'], ['address', 'An address']] },
    { name: 'name', label: 'Name or address', required: true, autofocus: true },
    { name: 'minutes', label: 'Minutes', type: 'number', value: '60', min: 0, hint: '0 means for good.' },
    { name: 'reason', label: 'Reason', hint: 'For other administrators. The person does not see it.' },
];

const whom = (one) => [one.user, one.address].filter(Boolean).join(' at ');
const why = (one) => one.admin ? [`by ${one.admin}`, one.reason].filter(Boolean).join(': ') : `${one.failures} refused logins`;

async function ban(refresh) {
    if (await formDialog('Ban somebody', { fields: FIELDS, action: 'Ban', done: 'They may not log in from now on.',
        send: ({ whose, name, ...rest }) => calls.ban({ [whose]: name, ...rest }) }))
        refresh();
}

/* A user known at an address is unlocked as a user: an admin who names both vouches for the address. */
const unlock = (one, refresh) => attempt(() => calls.unlock(one.user ? { user: one.user } : { address: one.address }),
    `${whom(one)} may log in again.`, refresh);

export function bansPage(before) {
    const wish = new Wish();
    const columns = (refresh) => [
        { title: 'Who', main: true, value: whom },
        { title: 'Why', value: why },
        { title: 'Until', value: (one) => one.until || Infinity, cell: (one) => one.until ? moment(one.until) : 'for good' },
        { title: 'Actions', cell: (one) => rowButton('Unlock', whom(one), 'check', () => unlock(one, refresh)) },
    ];

    return livePage({
        title: 'Bans',
        before,
        loading: 'Looking for bans',
        news: 'The list of bans has changed.',
        subscribe: subscribeTo('bans'),
        tools: ({ refresh, rebuild }) => {
            wish.rebuild = rebuild;
            return h('div', { class: 'tools' }, filterField(wish, rebuild, 'User, address'),
                button('Ban somebody', { class: 'primary', onclick: () => ban(refresh) }, 'add'));
        },
        fetch: (signal) => calls.bans(signal),
        build: (rows, refresh) => table({ caption: 'Bans', columns: columns(refresh), rows, id: whom, wish,
            rebuild: wish.rebuild, empty: 'Nobody is locked out.' }),
    });
}
