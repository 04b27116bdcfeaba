/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * native: how to open a desktop in a VNC viewer: an address, a name and a password to copy. Asks
 * for a ticket when the dialogue opens, which also starts the desktop, so the viewer gets in at
 * once. The person's own password is never shown: they know it.
 */
import { explain } from './errors.js';
import { PROGRESS } from './words.js';
import { announce, dialog, h, icon, spinner } from './view.js';
import { prepare } from './progress.js';

async function copy(text, control) {
    const before = control.getAttribute('aria-label');

    try {
        await navigator.clipboard.writeText(text);
        control.replaceChildren(icon('check'));
        announce('Copied');
    } catch {
        getSelection().selectAllChildren(control.previousElementSibling);
        announce('Press Ctrl+C to copy');
    }
    setTimeout(() => {
        control.replaceChildren(icon('copy'));
        control.setAttribute('aria-label', before);
    }, 2000);
}

/* A line that is too short for an address ends before its port. */
function row(label, text) {
    return h('div', { class: 'copy-row' },
        h('dt', {}, label),
        h('dd', {}, h('code', {}, ...text.split(/(?=::)/).map((part) => [part, h('wbr')])),
            h('button', { type: 'button', class: 'icon-button', 'aria-label': `Copy: ${label}`,
                onclick: (event) => copy(text, event.currentTarget) }, icon('copy'))));
}

/* Counts down to the end of the ticket, then says so. */
function lifetime(expires) {
    const node = h('p', { class: 'hint' });
    const end = typeof expires === 'number' ? expires * 1000 : Date.parse(expires);
    const tick = () => {
        const left = Math.ceil((end - Date.now()) / 1000);

        if (!node.isConnected && tick.seen)
            return clearInterval(timer);
        tick.seen = node.isConnected;
        node.textContent = left > 0
            ? `The one-time password works for ${left} more seconds.`
            : 'The one-time password is over. Close this and open it again for a new one.';
        return left > 0 ? undefined : clearInterval(timer);
    };
    const timer = setInterval(tick, 1000);

    tick();
    return node;
}

function howto(answer, desktop, user) {
    const host = answer.host || location.hostname;
    const port = answer.vnc_port || answer.port || location.port || 443;

    return [
        h('p', {}, 'In TigerVNC, Remmina or another VNC viewer, open this address:'),
        h('dl', { class: 'copy-rows' }, row('Address', `${host}::${port}`)),
        h('h3', {}, 'Sign in with your own account'),
        h('dl', { class: 'copy-rows' }, row('User name', `${user}/${answer.desktop?.name ?? desktop.name}`)),
        h('p', { class: 'hint' }, 'The password is the one you use here.'),
        h('h3', {}, 'Or with a one-time password'),
        h('dl', { class: 'copy-rows' }, row('User name', 'ticket'), row('Password', answer.ticket)),
        lifetime(answer.expires_at),
    ];
}

export async function nativeDialog(desktop, user) {
    const abort = new AbortController();
    const words = h('span', {}, 'Getting the address');
    const body = h('div', { class: 'dialog-body' }, h('p', { class: 'loading', role: 'status' }, spinner(), words));
    const done = dialog(`${desktop.name} in a VNC viewer`, () => body);

    done.then(() => abort.abort());
    try {
        const answer = await prepare(desktop.id, 'vnc', abort.signal, (view) => {
            words.textContent = view.detail || PROGRESS[view.state] || words.textContent;
        });

        body.replaceChildren(...howto(answer, desktop, user));
    } catch (error) {
        if (error.code !== 'aborted')
            body.replaceChildren(h('p', { class: 'form-note error', role: 'alert' }, icon('warning'),
                h('span', {}, error.message || explain(error.code).text)));
    }
    await done;
}
