/* SPDX-License-Identifier: GPL-3.0-or-later */
/* desktops: all there are, what they do, whose they are; start, stop, reset, give back. */
import { livePage } from '../livepage.js';
import { Screens } from '../screens.js';
import { ago, moment, STATES } from '../words.js';
import { button, dialog, h, toast } from '../view.js';
import * as calls from './calls.js';
import { attempt, confirmed, rowButton } from './form.js';
import { subscribeTo } from './live.js';
import { closing, maintenanceItem } from './maintenance.js';
import { menu } from './menu.js';
import { filterField, two, windowed, windowedTable, Wish } from './table.js';

/* Shown once: Oriel keeps only its digest. */
async function token(one) {
    const { token: text } = await calls.machineToken(one.id);

    dialog(`Token of ${one.name}`, (close) => h('div', { class: 'dialog-body' },
        h('p', {}, `With it ${one.name} says who sits at it. Put it there now: it is not shown again, and the one before is void.`),
        h('p', { class: 'copy-row single' }, h('code', {}, text)),
        h('div', { class: 'actions' }, button('Copy', { class: 'primary', onclick: () => navigator.clipboard.writeText(text).then(() => toast('Copied.', 'done'),
            () => toast('The browser does not let this page copy. Mark it by hand.', 'error')) }, 'copy'), button('Close', { onclick: () => close() }))));
}

function actions(one, closed, refresh) {
    const off = one.state === 'off' || one.state === 'failed';
    const machine = one.kind === 'machines';
    const busy = one.state === 'in-use' ? `Somebody works on ${one.name} right now: what is not saved there is lost.` : `${one.name} is switched off.`;

    return h('span', { class: 'buttons' },
        machine ? null : off ? rowButton('Start', one.name, 'play', () => attempt(() => calls.act(one.id, 'start'), `${one.name} starts.`, refresh))
            : rowButton('Stop', one.name, 'power', () => confirmed('Stop this desktop?', busy,
                'Stop', () => calls.act(one.id, 'stop'), `${one.name} was stopped.`, refresh)),
        menu(one.name, [
            machine ? { label: 'New token', glyph: 'lock', act: () => attempt(() => token(one), null, () => {}) } : { label: 'Reset', glyph: 'refresh', act: () => confirmed('Reset this desktop?',
                `${one.name} goes back to its image. Everything that was changed or saved on it is lost.`,
                'Reset', () => calls.act(one.id, 'reset'), `${one.name} was reset.`, refresh) },
            one.kind === 'dedicated' && one.owner ? { label: 'Take it from its user', glyph: 'user', act: () => confirmed('Take this desktop back?',
                `${one.name} is ${one.owner}'s no longer. It stays as it is until somebody else gets it.`,
                'Take it back', () => calls.act(one.id, 'release'), `${one.name} has no owner any more.`, refresh) } : null,
            maintenanceItem(closing(closed, 'desktop', one.id), 'desktop', one.id, one.name, refresh),
            machine ? { label: 'Remove the computer', glyph: 'trash', danger: true, act: () => confirmed('Remove this computer?',
                `${one.name} is not offered any more. The computer itself stays as it is.`, 'Remove',
                () => calls.removeMachine(one.id), 'The computer was removed.', refresh) } : null,
        ]));
}

const ORDERS = { Name: 'name', Pool: 'pool', State: 'state', User: 'user', 'Last used': 'used' };

function columns(refresh, screens, closed) {
    const shut = (one) => closing(closed, 'desktop', one.id);

    return [
        { title: 'Name', main: true, value: (one) => one.name },
        { title: 'Screen', cell: (one) => screens.of(one) },
        { title: 'State', value: (one) => STATES[one.state] ?? one.state,
            cell: (one) => h('span', { class: `state state-${one.state}` }, STATES[one.state] ?? one.state) },
        { title: 'Pool', value: (one) => one.pool, cell: (one) => two(one.pool, one.image && `${one.image}, version ${one.version}`) },
        { title: 'User', value: (one) => one.owner || '' },
        { title: 'Last used', value: (one) => one.last_used,
            cell: (one) => h('span', { title: moment(one.last_used) }, one.last_used ? ago(one.last_used) : 'never') },
        { title: 'Remarks', text: (one) => [shut(one) && `Closed: ${shut(one).words}`, one.detail || one.address, one.mac && `MAC ${one.mac}`].filter(Boolean).join(' · ') },
        { title: 'Actions', cell: (one) => actions(one, closed, refresh) },
    ];
}

export function desktopsPage(before) {
    const wish = new Wish('Name');
    const screens = new Screens((id) => `admin/desktops/${id}/screen`, 5, { zoom: true });
    const page = livePage({
        title: 'Desktops',
        before,
        loading: 'Looking for desktops',
        news: 'The list of desktops has changed.',
        subscribe: subscribeTo('desktops', 'sessions', 'pools', 'hosts'),
        tools: ({ refresh }) => {
            wish.rebuild = refresh;
            return h('div', { class: 'tools' }, filterField(wish, refresh, 'Name, pool, user, state'));
        },
        fetch: async (signal) => {
            const { words } = wish;
            const [rows, closed] = await Promise.all([calls.desktops(signal, windowed(wish, ORDERS)), calls.closed(signal)]);

            return { rows, words, closed: closed.filter((one) => one.kind === 'desktop') };
        },
        build: ({ rows, words, closed }, refresh) => windowedTable({ caption: 'Desktops', rows, id: (one) => one.id, wish, rebuild: wish.rebuild,
            columns: columns(refresh, screens, closed).filter((column) => column.title !== 'Screen' || rows.some((one) => one.screen)),
            empty: words ? 'Nothing fits these words.' : 'There is no desktop yet. A pool makes them.' }),
    });

    return { ...page, leave: () => {
        screens.leave();
        page.leave();
    } };
}
