/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * maintenance: a pool, a host or a desktop is closed for a while, and opened again. Whose session is
 * there may stay; nobody else is let in, and reads the words instead.
 */
import { ago, moment } from '../words.js';
import { h, icon } from '../view.js';
import * as calls from './calls.js';
import { attempt, formDialog } from './form.js';

/* The entry of the broker's list, if this is closed. */
export const closing = (all, kind, name) => all.find((one) => one.kind === kind && one.name === name);

async function close(kind, name, label, refresh) {
    if (await formDialog(`Close ${label} for maintenance`, { action: 'Close', done: `${label} is closed. Nobody new is let in.`,
        fields: [{ name: 'words', label: 'What people read', autofocus: true, placeholder: 'Back at three o’clock.',
            hint: 'Open sessions go on until their people end them.' }],
        send: ({ words }) => calls.close({ kind, name, words }) }))
        refresh();
}

const reopen = (kind, name, label, refresh) => attempt(() => calls.reopen({ kind, name }), `${label} is open again.`, refresh);

/* An item for menu(). label: what people call it. */
export function maintenanceItem(entry, kind, name, label, refresh) {
    return entry ? { label: 'Open again', glyph: 'play', act: () => reopen(kind, name, label, refresh) }
        : { label: 'Close for maintenance', glyph: 'closed', act: () => close(kind, name, label, refresh) };
}

export function closedNote(entry) {
    if (!entry)
        return null;
    const left = entry.sessions === 0 ? 'nobody is in it any more' : entry.sessions === 1 ? 'one session is still open' : `${entry.sessions} sessions are still open`;

    return h('p', { class: 'closed-note' }, icon('closed'),
        h('span', { title: moment(entry.since) }, h('strong', {}, `Closed ${ago(entry.since)}; ${left}.`), ` ${entry.words}`));
}
