/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * errors: every way in which something can go wrong, in words, and what a person can do about it.
 * The codes are the broker's faults (base/fault.c) and a few that only a browser sees. Also the
 * judgement on a closed WebSocket: is it worth trying again by itself?
 */
import { button, h, icon } from './view.js';

const TABLE = {
    'denied': { title: 'Access denied', text: 'You may not use this desktop. If you think you should, ask your administrator.', icon: 'lock' },
    'not-found': { title: 'No such desktop', text: 'It does not exist any more, or it is not yours.', icon: 'desktop' },
    'busy': { title: 'Everything is in use', text: 'There is no free desktop right now. Please try again in a few minutes.', icon: 'layers', retry: true },
    'quota': { title: 'You have all that you may have', text: 'Close or give back a desktop first.', icon: 'layers', retry: true },
    'maintenance': { title: 'This desktop is being worked on', text: 'Please try again later.', icon: 'warning', retry: true },
    'desktop': { title: 'Your desktop cannot be reached', text: 'It did not start, or it does not answer. Try again; if it stays so, tell your administrator.', icon: 'warning', retry: true },
    'broker': { title: 'The desktop service is not available', text: 'It should be back in a moment.', icon: 'unplugged', retry: true, passing: true },
    'offline': { title: 'No connection', text: 'The desktop service cannot be reached from here. Check your network.', icon: 'unplugged', retry: true, passing: true },
    'timeout': { title: 'This took too long', text: 'Your desktop did not become ready in time. It may still be starting: try again.', icon: 'warning', retry: true, passing: true },
    'config': { title: 'The service is not set up correctly', text: 'Please tell your administrator.', icon: 'warning' },
    'bug': { title: 'Something went wrong on our side', text: 'Please tell your administrator.', icon: 'warning', retry: true },
    'client': { title: 'This page and the service do not understand each other', text: 'Reload the page. If it stays so, tell your administrator.', icon: 'warning', retry: true },
    'ended': { title: 'The session has ended', text: 'It was ended from outside this page.', icon: 'leave', retry: 'Open it again' },
    'taken': { title: 'Open somewhere else', text: 'This desktop was opened in another window or on another device. It goes on there as you left it here.', icon: 'viewer', retry: 'Use it here' },
    'refused': { title: 'The gateway refused the connection', text: 'The way to your desktop could not be opened. Try again; if it stays so, tell your administrator.', icon: 'warning', retry: true },
    'spent': { title: 'This link is not good any more', text: 'A link to a desktop is good once, and only for a short time. Open the desktop again from your list.', icon: 'lock' },
    'link': { title: 'This link is not complete', text: 'It has no ticket, or is for another gateway. Open the desktop from your list.', icon: 'warning' },
    'lost': { title: 'Connection lost', text: 'The network did not come back. Your desktop keeps running.', icon: 'unplugged', retry: true },
    'none': { title: 'No desktop is assigned to you', text: 'Ask your administrator for one. This page will show it as soon as it is there.', icon: 'desktop', retry: true },
};

export function explain(code) {
    return TABLE[code] ?? TABLE.bug;
}

/* Worth waiting for: the fault goes away by itself. */
export function passing(error) {
    return explain(error.code).passing === true;
}

/*
 * A page for a fault. The server's own words are shown when it has any that are not ours already.
 * actions: buttons; {retry: f} adds "Try again", or what the table calls it, where that makes sense.
 */
export function errorView(error, { retry = null, actions = [] } = {}) {
    const known = explain(error.code);
    const buttons = [...actions];

    if (retry && known.retry)
        buttons.unshift(button(known.retry === true ? 'Try again' : known.retry,
            { class: 'primary', onclick: retry, autofocus: true }, 'refresh'));
    return h('section', { class: 'notice', 'data-error': error.code },
        h('div', { class: 'notice-icon' }, icon(known.icon)),
        h('h1', { tabindex: '-1' }, known.title),
        h('p', { class: 'notice-text' }, error.message || known.text),
        h('div', { class: 'actions' }, ...buttons));
}

/* Why the broker and the gateway end a session on purpose, and how a person reads it. */
const ENDINGS = [
    [/taken over/, 'taken', ''],
    [/ended by its user/, 'ended', 'You have ended this session.'],
    [/ended by an administrator/, 'ended', 'An administrator has ended this session.'],
    [/stopped by an administrator/, 'ended', 'An administrator has stopped this desktop.'],
    [/reset by an administrator/, 'ended', 'An administrator has reset this desktop.'],
    [/went back to a snapshot/, 'ended', 'This desktop went back to a snapshot.'],
    [/^not used for/, 'ended', 'It was not used for a while.'],
    [/^its longest time/, 'ended', 'The longest time for a session was over.'],
    [/was removed/, 'not-found', 'An administrator has removed this desktop.'],
];

/*
 * What a closed connection means.
 * closed: {live, opened, code, reason, security}: was there a picture, did the WebSocket open, the
 * close code and reason (RFC 6455, 7.4), the reason of an RFB security failure.
 * Returns {code, message, again}; again = reconnect without asking.
 */
export function judge(closed) {
    const reason = closed.reason ?? '';

    if (closed.security !== undefined)
        return { code: 'desktop', message: closed.security, again: false };
    if (!closed.opened)
        return { code: 'refused', message: '', again: true };
    for (const [pattern, code, message] of ENDINGS) {
        if (pattern.test(reason))
            return { code, message, again: false };
    }
    /* 1000: over in good order; 1008: by a rule. Everything else is a fault, and may pass. */
    if (closed.code === 1000 || closed.code === 1008)
        return { code: 'ended', message: reason, again: false };
    return { code: 'lost', message: closed.code === 1001 && /[.]$/.test(reason) ? reason : '', again: true };
}
