/* SPDX-License-Identifier: GPL-3.0-or-later */
/* desktops: all there are, what they do, whose they are; start, stop, reset, give back. */
import { livePage } from '../livepage.js';
import { ago, moment, STATES } from '../words.js';
import { h } from '../view.js';
import * as calls from './calls.js';
import { attempt, confirmed, rowButton } from './form.js';
import { subscribeTo } from './live.js';
import { Screens } from './screens.js';
import { filterField, table, Wish } from './table.js';

function actions(one, refresh) {
    const off = one.state === 'off' || one.state === 'failed';
    const buttons = [];

    if (one.kind === 'machines')
        return [rowButton('Remove the computer', one.name, 'trash', () => confirmed('Remove this computer?',
            `${one.name} is not offered any more. The computer itself stays as it is.`, 'Remove',
            () => calls.removeMachine(one.id), 'The computer was removed.', refresh))];
    if (off)
        buttons.push(rowButton('Start', one.name, 'play', () => attempt(() => calls.act(one.id, 'start'), `${one.name} starts.`, refresh)));
    else
        buttons.push(rowButton('Stop', one.name, 'power', () => confirmed('Stop this desktop?',
            one.state === 'in-use' ? `Somebody works on ${one.name} right now: what is not saved there is lost.` : `${one.name} is switched off.`,
            'Stop', () => calls.act(one.id, 'stop'), `${one.name} was stopped.`, refresh)));
    buttons.push(rowButton('Reset', one.name, 'refresh', () => confirmed('Reset this desktop?',
        `${one.name} goes back to its image. Everything that was changed or saved on it is lost.`,
        'Reset', () => calls.act(one.id, 'reset'), `${one.name} was reset.`, refresh)));
    if (one.kind === 'dedicated' && one.owner)
        buttons.push(rowButton('Take it from its user', one.name, 'user', () => confirmed('Take this desktop back?',
            `${one.name} is ${one.owner}'s no longer. It stays as it is until somebody else gets it.`,
            'Take it back', () => calls.act(one.id, 'release'), `${one.name} has no owner any more.`, refresh)));
    return buttons;
}

function columns(refresh, screens) {
    return [
        { title: 'Name', main: true, value: (one) => one.name },
        { title: 'Screen', value: (one) => one.screen ? 'shown' : '', cell: (one) => screens.of(one) },
        { title: 'State', value: (one) => STATES[one.state] ?? one.state,
            cell: (one) => h('span', { class: `state state-${one.state}` }, STATES[one.state] ?? one.state) },
        { title: 'Pool', value: (one) => one.pool },
        { title: 'User', value: (one) => one.owner || '' },
        { title: 'Last used', value: (one) => one.last_used,
            cell: (one) => h('span', { title: moment(one.last_used) }, one.last_used ? ago(one.last_used) : 'never') },
        { title: 'Remarks', value: (one) => one.detail || one.address || '' },
        { title: 'Actions', cell: (one) => h('span', { class: 'buttons' }, ...actions(one, refresh)) },
    ];
}

export function desktopsPage(before) {
    const wish = new Wish('Name');
    const screens = new Screens();
    const page = livePage({
        title: 'Desktops',
        before,
        loading: 'Looking for desktops',
        news: 'The list of desktops has changed.',
        subscribe: subscribeTo('desktops', 'sessions', 'pools'),
        tools: ({ rebuild }) => {
            wish.rebuild = rebuild;
            return h('div', { class: 'tools' }, filterField(wish, rebuild, 'Name, pool, user, state'));
        },
        fetch: (signal) => calls.desktops(signal),
        build: (rows, refresh) => table({ caption: 'Desktops', columns: columns(refresh, screens).filter((column) => column.title !== 'Screen' || rows.some((one) => one.screen)), rows, id: (one) => one.id, wish,
            rebuild: wish.rebuild, empty: 'There is no desktop yet. A pool makes them.' }),
    });

    return { ...page, leave: () => {
        screens.leave();
        page.leave();
    } };
}
