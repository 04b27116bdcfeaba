/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * snapshots: what a person keeps of their own desktop: takes one, goes back to one, removes one.
 */
import * as api from './api.js';
import { moment } from './words.js';
import { button, confirm, dialog, h, spinner, toast } from './view.js';

/* Runs act() and says what went wrong; true if nothing did. */
async function tried(act, otherwise) {
    try {
        await act();
        return true;
    } catch (error) {
        toast(error.message || otherwise, 'error');
        return false;
    }
}

function row(desktop, snapshot, refresh) {
    const about = `${snapshot.name} of ${desktop.name}`;

    return h('li', { class: 'session', 'data-snapshot': snapshot.id },
        h('div', { class: 'session-words' },
            h('h2', {}, snapshot.name),
            h('p', { class: 'hint' }, moment(snapshot.taken_at))),
        button('Go back', { 'aria-label': `Go back to ${about}`, onclick: async () => {
            if (await confirm('Go back to this snapshot?',
                `${desktop.name} becomes as it was at ${moment(snapshot.taken_at)}. What was written since then is lost, and an open session ends.`,
                'Go back') && await tried(() => api.revertSnapshot(desktop.id, snapshot.id), 'It did not work. Please try again.'))
                toast(`${desktop.name} is as it was.`, 'done');
        } }),
        button('Remove', { 'aria-label': `Remove ${about}`, onclick: async () => {
            if (await tried(() => api.removeSnapshot(desktop.id, snapshot.id), 'It could not be removed. Please try again.'))
                refresh();
        } }));
}

function form(desktop, refresh) {
    const name = h('input', { name: 'name', maxlength: 60, required: true, 'aria-label': 'Name of the snapshot', placeholder: 'Name' });
    const take = button('Take a snapshot', { class: 'primary', type: 'submit' });

    return h('form', { class: 'snapshot-form', onsubmit: async (event) => {
        event.preventDefault();
        take.disabled = true;
        if (await tried(() => api.takeSnapshot(desktop.id, name.value.trim()), 'The snapshot could not be taken. Please try again.'))
            refresh();
        take.disabled = false;
    } }, name, take);
}

export function snapshotsDialog(desktop) {
    const body = h('div', { class: 'dialog-body' }, spinner());

    async function refresh() {
        try {
            const list = await api.snapshots(desktop.id);

            body.replaceChildren(
                h('p', { class: 'hint' }, `Up to ${desktop.snapshots} of its disk; a running desktop is best at rest.`),
                list.length ? h('ul', { class: 'session-list' }, ...list.map((one) => row(desktop, one, refresh))) : '',
                list.length < desktop.snapshots ? form(desktop, refresh) : '');
            /* What had the focus may be gone. */
            const box = body.closest('dialog');

            if (box && !box.contains(document.activeElement))
                box.querySelector('h2').focus();
        } catch (error) {
            body.replaceChildren(h('p', {}, error.message || 'The snapshots could not be read.'));
        }
    }

    refresh();
    dialog(`Snapshots of ${desktop.name}`, () => body);
}
