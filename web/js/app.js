/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * app: the portal. Knows who is signed in, draws the header and ties pages to addresses:
 *
 *   #/              my one desktop if I have just one and look after nothing else, else the cards
 *   #/desktops      the cards, always (so that "back" does not lead in circles)
 *   #/desktop/ID    a desktop in the browser
 *   #/sessions      what is open
 *   #/admin...      the administration, for those who may (admin/pages.js)
 */
import * as api from './api.js';
import { desktopsPage, address } from './desktops.js';
import { errorView } from './errors.js';
import { keepHere } from './kiosk.js';
import { loginPage } from './login.js';
import { prepare } from './progress.js';
import { Messages } from './messages.js';
import * as router from './router.js';
import { sessionsPage } from './sessions.js';
import { button, h, icon, toast } from './view.js';

let who = null;

/* noVNC is some forty files: fetched while the person reads or types. */
const loadConsole = () => Promise.all([import('./console.js'), import('./settings.js')]);

function signIn(note) {
    return loginPage((session) => {
        who = session;
        /* Back to where one was; the address has not changed. */
        router.show();
    }, note);
}

/* A page for those who are signed in; everybody else signs in first. */
function guarded(page) {
    return async (...parameters) => {
        try {
            who ??= await api.session();
        } catch (error) {
            if (error.code === 'expired')
                return signIn('');
            return { node: h('div', { class: 'page' }, errorView(error, { retry: router.show })), title: 'Oriel', full: true };
        }
        try {
            return await page(...parameters);
        } catch (error) {
            if (error.code === 'expired')
                return null;
            return { node: h('div', { class: 'page' }, errorView(error, { retry: router.show })), title: 'Oriel' };
        }
    };
}

/* Back from the OpenID provider, without a login. */
function signInFailed(code) {
    history.replaceState(null, '', '#/');
    return signIn(code === 'denied' ? 'You were not signed in. Please try again, or ask your administrator.'
        : 'The sign-in service cannot be reached right now. Please try again in a moment.');
}

async function home() {
    const list = await api.desktops();

    if (list.length === 1 && list[0].protocols.includes('web') && !who.admin)
        router.go(address(list[0]), { replace: true });
    else
        router.go('/desktops', { replace: true });
    return null;
}

async function desktopPage(id) {
    const [{ Console }, { Settings }] = await loadConsole();
    const source = {
        name: api.desktopName(id),
        again: true,
        async open(signal, report) {
            const answer = await prepare(id, 'web', signal, (view) => {
                source.name = view.name ?? source.name;
                report(view);
            });

            return { url: api.socketUrl(answer.ticket), name: answer.desktop?.name, desktop: answer.desktop?.id };
        },
    };
    const view = new Console(source, new Settings(), () => router.go('/desktops'));

    return { node: view.node, title: source.name || 'Desktop', full: true, leave: () => view.close() };
}

async function adminPage(name) {
    if (!who.admin) {
        router.go('/desktops', { replace: true });
        return null;
    }
    return (await import('./admin/pages.js')).adminPage(name);
}

async function signOut() {
    try {
        const answer = await api.logout();

        if (answer?.redirect) {
            location.assign(answer.redirect);
            return;
        }
    } catch (error) {
        if (error.code !== 'expired') {
            toast('You could not be signed out. Please try again.', 'error');
            return;
        }
    }
    who = null;
    history.replaceState(null, '', '#/');
    router.put(signIn('You are signed out.'));
}

const messages = new Messages();

function header() {
    const bar = document.getElementById('header');

    if (who)
        messages.start();
    else
        messages.stop();

    if (!who) {
        bar.replaceChildren();
        return;
    }
    const here = router.path();
    const link = (to, label, glyph) => h('a', { href: `#${to}`, class: 'nav-link',
        'aria-current': here === to || here.startsWith(`${to}/`) ? 'page' : undefined }, icon(glyph), h('span', {}, label));

    bar.replaceChildren(h('header', { class: 'header' },
        h('a', { href: '#/desktops', class: 'brand', 'aria-label': 'Oriel: my desktops' }, icon('logo'), h('span', {}, 'Oriel')),
        h('nav', { 'aria-label': 'Pages', class: who.admin ? 'many' : undefined }, link('/desktops', 'Desktops', 'desktop'), link('/sessions', 'Sessions', 'activity'),
            who.admin ? link('/admin', 'Administration', 'settings') : null),
        h('span', { class: 'header-user' }, icon('user'), h('span', {}, who.user)),
        button('Sign out', { class: 'quiet', 'aria-label': 'Sign out', onclick: signOut }, 'signout')));
}

/* The login is over: sign in again, and go on with the page that one is on. */
api.onExpired(() => {
    if (who === null)
        return;
    who = null;
    router.put(signIn('Your login has expired. Please sign in again: you will be back where you were.'));
});

/* Tabs share one login: in another one somebody else may have signed in since. Nothing of who was
 * here before stays. */
async function lookWho() {
    const known = who;

    try {
        if (known !== null && (await api.session()).user !== known.user && who === known)
            location.reload();
    } catch {
        /* The end of a login is told by itself, and the page says what else is wrong. */
    }
}

addEventListener('focus', lookWho);
addEventListener('pageshow', (event) => event.persisted && lookWho());
keepHere();
document.querySelector('.skip').addEventListener('click', (event) => {
    event.preventDefault();
    document.getElementById('main').focus();
});
router.start([
    [/^\/$/, guarded(home)],
    [/^\/desktops$/, guarded(() => desktopsPage(who.user))],
    [/^\/desktop\/([^/]+)$/, guarded(desktopPage)],
    [/^\/sessions$/, guarded(sessionsPage)],
    [/^\/admin(?:\/([a-z]+))?$/, guarded((name) => adminPage(name ?? ''))],
    [/^\/signin-failed\/([a-z-]+)$/, signInFailed],
    [/.*/, guarded(() => router.go('/desktops', { replace: true }))],
], header);
(globalThis.requestIdleCallback ?? setTimeout)(() => loadConsole().catch(() => {}));
