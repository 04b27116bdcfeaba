/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * desktops: the cards. Shows what the broker says is this person's, keeps itself up to date while
 * it is looked at, and offers every way in: browser, SPICE viewer, VNC viewer.
 */
import * as api from './api.js';
import { errorView } from './errors.js';
import { livePage } from './livepage.js';
import { nativeDialog } from './native.js';
import { go } from './router.js';
import { Screens } from './screens.js';
import { snapshotsDialog } from './snapshots.js';
import { ago, KINDS, moment, STATES } from './words.js';
import { button, confirm, h, icon, toast } from './view.js';

export const address = (desktop) => `/desktop/${encodeURIComponent(desktop.id)}`;

/* Last used first; what was never used, by name. */
function order(a, b) {
    return Number(new Date(b.last_used || 0)) - Number(new Date(a.last_used || 0)) || a.name.localeCompare(b.name);
}

async function download(desktop, control) {
    control.disabled = true;
    control.classList.add('busy');
    try {
        const { blob, name } = await api.viewerFile(desktop.id);
        const link = h('a', { href: URL.createObjectURL(blob), download: name });

        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 10000);
        toast('Open the file within a minute: it is good once.', 'done');
    } catch (error) {
        toast(error.message || 'The file for your viewer could not be made. Please try again.', 'error');
    } finally {
        control.disabled = false;
        control.classList.remove('busy');
    }
}

function state(desktop) {
    /* Who works there may stay, and come back. */
    if (desktop.closed && desktop.state !== 'in-use')
        return h('span', { class: 'state state-closed' }, 'Closed');
    return h('span', { class: `state state-${desktop.state}` }, STATES[desktop.state] ?? desktop.state);
}

async function update(desktop, refresh) {
    if (!await confirm('Take the new version of this desktop?',
        `${desktop.name} is made anew. Everything that is saved on it is gone.`, 'Make it anew'))
        return;
    try {
        await api.updateDesktop(desktop.id);
        toast(`${desktop.name} is new.`, 'done');
    } catch (error) {
        if (error.code !== 'expired')
            toast(error.code === 'busy' ? 'It is in use. End its session first.'
                : error.message || 'This could not be done. Please try again.', 'error');
    }
    refresh();
}

/* Beside cards with a picture, one without keeps its place. */
const blank = (kind) => h('div', { class: 'card-screen blank', 'aria-hidden': 'true' }, icon(kind.icon));

function card(desktop, user, screens, refresh, pictures) {
    const kind = KINDS[desktop.kind] ?? KINDS.dedicated;
    const has = (protocol) => desktop.protocols.includes(protocol);
    const id = `desktop-${desktop.id}`;
    const ways = [];

    if (has('spice'))
        ways.push(button('SPICE viewer', { 'aria-label': `Open ${desktop.name} in a SPICE viewer (downloads a file)`,
            onclick: (event) => download(desktop, event.currentTarget) }, 'download'));
    if (has('vnc'))
        ways.push(button('VNC viewer', { 'aria-label': `Open ${desktop.name} in a VNC viewer`,
            onclick: () => nativeDialog(desktop, user) }, 'viewer'));
    if (desktop.snapshots)
        ways.push(button('Snapshots', { 'aria-label': `Snapshots of ${desktop.name}`,
            onclick: () => snapshotsDialog(desktop) }, 'layers'));
    if (desktop.update)
        ways.push(button('New version', { 'aria-label': `Take the new version of ${desktop.name}`,
            onclick: () => update(desktop, refresh) }, 'refresh'));
    return h('article', { class: 'card', 'aria-labelledby': id, 'data-desktop': desktop.name },
        h('div', { class: 'card-top' },
            h('span', { class: 'card-icon' }, icon(kind.icon)), state(desktop)),
        pictures && !desktop.screen ? blank(kind) : screens.of(desktop),
        h('h2', { id }, desktop.name),
        h('p', { class: 'card-pool' }, desktop.pool === desktop.name ? kind.words : `${desktop.pool} · ${kind.words}`),
        h('p', { class: 'card-detail' }, desktop.detail ? desktop.detail
            : desktop.last_used ? `Last used ${ago(desktop.last_used)}` : 'Not used yet'),
        has('web') ? button('Open', { class: desktop.closed ? 'wide' : 'primary wide', 'aria-label': `Open ${desktop.name} here`,
            title: desktop.last_used ? `Last used ${moment(desktop.last_used)}` : undefined,
            onclick: () => go(address(desktop)) }) : null,
        ways.length ? h('div', { class: 'card-ways' }, ...ways) : null);
}

/* user: who is signed in. */
export function desktopsPage(user) {
    const screens = new Screens((id) => `desktops/${id}/screen`, 30);
    const page = livePage({
        title: 'My desktops',
        loading: 'Looking for your desktops',
        news: 'The list of desktops has changed.',
        fetch: (signal) => api.desktops({ signal }),
        build: (list, refresh) => list.length === 0
            ? errorView({ code: 'none' }, { retry: refresh })
            : h('div', { class: 'cards' }, ...list.sort(order).map((one) => card(one, user, screens, refresh, list.some((any) => any.screen)))),
    });

    return { ...page, leave: () => {
        screens.leave();
        page.leave();
    } };
}
