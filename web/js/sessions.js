/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sessions: what is open under this person's name, from where, and the way to end it.
 */
import * as api from './api.js';
import { livePage } from './livepage.js';
import { ago, moment, PROTOCOLS } from './words.js';
import { button, confirm, h, icon, toast } from './view.js';

/* "203.0.113.7:50122" -> "203.0.113.7": the port says nothing to a person. */
function place(peer) {
    return (peer ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

function row(session, end, stay) {
    return h('li', { class: 'session', 'data-session': session.id },
        h('span', { class: 'card-icon' }, icon(session.protocol === 'web' ? 'desktop' : 'viewer')),
        h('div', { class: 'session-words' },
            h('h2', {}, session.desktop_name),
            h('p', {}, `${PROTOCOLS[session.protocol] ?? session.protocol} from ${place(session.peer)}`),
            h('p', { class: 'hint', title: moment(session.started_at) },
                session.state === 'connecting' ? 'Connecting' : `Since ${moment(session.started_at)} (${ago(session.started_at)})`),
            session.warned ? h('p', { class: 'card-detail', role: 'status' }, session.ends_why === 'idle' ? `Ends at ${moment(session.ends_at)} unless it is used`
                : `Ends at ${moment(session.ends_at)}: its longest time is over`) : null),
        session.warned && session.extendable ? button('Stay', { class: 'primary', 'aria-label': `Keep the session on ${session.desktop_name}`, onclick: stay }) : null,
        button('End', { 'aria-label': `End the session on ${session.desktop_name}`, onclick: end }));
}

async function end(session, refresh) {
    if (!await confirm('End this session?',
        `The connection to ${session.desktop_name} closes. A desktop from a shared pool is cleaned: what is open there is lost.`,
        'End session'))
        return;
    try {
        await api.endSession(session.id);
        toast('The session has ended.', 'done');
    } catch (error) {
        if (error.code !== 'not-found')
            toast(error.message || 'The session could not be ended. Please try again.', 'error');
    }
    refresh();
}

async function stay(session, refresh) {
    try {
        await api.extendSession(session.id);
    } catch (error) {
        toast(error.message || 'The session could not be kept. Please try again.', 'error');
    }
    refresh();
}

export function sessionsPage() {
    return livePage({
        title: 'My sessions',
        loading: 'Looking for your sessions',
        news: 'The list of sessions has changed.',
        fetch: async (signal) => (await api.sessions({ signal })).filter((session) => session.state !== 'ended')
            .map(({ idle, ends_in: left, ...session }) => ({ ...session, warned: left !== null && left <= session.ends_at - session.warn_at })),
        build: (list, refresh) => list.length === 0
            ? h('p', { class: 'empty' }, 'Nothing is open right now.')
            : h('ul', { class: 'session-list' }, ...list.map((session) => row(session, () => end(session, refresh), () => stay(session, refresh)))),
    });
}
