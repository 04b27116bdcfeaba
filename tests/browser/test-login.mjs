/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signing in: every prompt, every refusal, the end of a login and the way back. */
import assert from 'node:assert/strict';
import { DESKTOPS } from './fake-server.mjs';
import { test } from './harness.mjs';

test('login: a wrong password says so and keeps the name', async ({ page, person }) => {
    await person.signIn('/', 'wrong');
    await person.sees('.form-note.error', 'not right');
    assert.equal(await page.inputValue('#username'), 'ann');
    assert.equal(await page.inputValue('#password'), '');
    assert.equal(await person.focused(), 'password');
    await page.keyboard.type('correct horse');
    await page.keyboard.press('Enter');
    await person.sees('h1', 'My desktops');
});

test('login: password managers find their fields', async ({ page, person }) => {
    await person.visit();
    assert.equal(await page.getAttribute('#username', 'autocomplete'), 'username');
    assert.equal(await page.getAttribute('#password', 'autocomplete'), 'current-password');
    assert.equal(await person.focused(), 'username');
    await page.fill('#password', 'shown');
    await page.click('[aria-label="Show what I type"]');
    assert.equal(await page.getAttribute('#password', 'type'), 'text');
});

test('login: the way to an OpenID provider, and back without a login', async ({ page, server, person }) => {
    await person.visit();
    assert.equal(await page.locator('.provider').count(), 0);
    server.provider = 'Example';
    await page.reload();
    await person.sees('.provider', 'Sign in with Example');
    assert.equal(new URL(await page.getAttribute('.provider', 'href')).pathname, '/api/v1/oidc/login');
    await person.visit('/#/signin-failed/denied');
    await person.sees('.form-note', 'You were not signed in');
    await page.goto('about:blank');
    await person.visit('/#/signin-failed/broker');
    await person.sees('.form-note', 'cannot be reached');
    assert.equal(new URL(page.url()).hash, '#/');
});

test('login: every prompt is asked in order and answered one to one', async ({ page, server, person }) => {
    server.rounds = [
        [{ kind: 'info', text: 'Maintenance on Sunday.' }, { kind: 'secret', text: 'Verification code: ' }],
        [{ kind: 'error', text: 'Your password has expired.' }, { kind: 'secret', text: 'New password:' },
            { kind: 'secret', text: 'Retype new password:' }, { kind: 'visible', text: 'Department:' }],
        [{ kind: 'info', text: 'Your password was changed.' }],
    ];
    await person.signIn('/#/desktops');
    await person.sees('.form-note.info', 'Maintenance on Sunday.');
    assert.equal(await page.getAttribute('#answer-0', 'autocomplete'), 'one-time-code');
    assert.equal(await person.focused(), 'answer-0');
    await page.keyboard.type('123456');
    await page.keyboard.press('Enter');
    await person.sees('.form-note.error', 'Your password has expired.');
    assert.equal(await page.getAttribute('#answer-0', 'autocomplete'), 'new-password');
    assert.equal(await page.getAttribute('#answer-1', 'autocomplete'), 'new-password');
    assert.equal(await page.getAttribute('#answer-0', 'type'), 'password');
    assert.equal(await page.getAttribute('#answer-2', 'type'), 'text');
    await page.fill('#answer-0', 'new one');
    await page.fill('#answer-1', 'new one');
    await page.fill('#answer-2', 'Physics');
    await page.keyboard.press('Enter');
    await person.sees('.form-note.info', 'Your password was changed.');
    await page.click('text=Continue');
    await person.sees('h1', 'My desktops');
    assert.deepEqual(server.answers, [['123456'], ['new one', 'new one', 'Physics'], []]);
});

test('login: a wrong code leads back to the start', async ({ page, server, person }) => {
    server.rounds = [[{ kind: 'secret', text: 'One-time code:' }]];
    server.wanted = [['123456']];
    await person.signIn();
    await page.fill('#answer-0', '000000');
    await page.keyboard.press('Enter');
    await person.sees('.form-note.error', 'not right');
    assert.equal(await page.inputValue('#username'), 'ann');
    assert.equal(await person.focused(), 'password');
});

test('login: markup in a prompt stays text', async ({ page, server, person }) => {
    server.rounds = [[{ kind: 'info', text: '<img src=x onerror=alert(1)>' }, { kind: 'visible', text: '<b>Name</b>' }]];
    await person.signIn();
    await person.sees('.form-note.info', '<img src=x onerror=alert(1)>');
    assert.equal(await page.locator('.login-form img, .login-form b').count(), 0);
});

test('login: what PAM says beside its verdict is shown', async ({ page, server, person }) => {
    server.messages = [{ kind: 'error', text: 'Your account is locked until noon.' }];
    await person.signIn('/', 'wrong');
    await person.sees('.form-note.error', 'Your account is locked until noon.');
    server.messages = [{ kind: 'info', text: 'Your password expires in 3 days.' }];
    await page.fill('#password', 'correct horse');
    await page.keyboard.press('Enter');
    await person.sees('.toast', 'Your password expires in 3 days.');
});

test('login: too many tries in the middle keep the question', async ({ page, server, person }) => {
    server.rounds = [[{ kind: 'secret', text: 'One-time code:' }]];
    await person.signIn();
    await page.fill('#answer-0', '123456');
    server.throttle = 1;
    await page.keyboard.press('Enter');
    await person.sees('.form-note.error', 'Too many attempts');
    assert.equal(await page.inputValue('#answer-0'), '123456');
    server.throttle = 0;
    await person.sees('[type=submit]', 'Continue');
    await page.focus('#answer-0');
    await page.keyboard.press('Enter');
    await person.sees('h1', 'My desktops');
});

test('login: too many tries counts down', async ({ page, server, person }) => {
    server.throttle = 2;
    await person.signIn();
    await person.sees('.form-note.error', 'ask your administrator');
    assert.equal(await page.isDisabled('[type=submit]'), true);
    assert.equal(await person.focused(), 'password');
    server.throttle = 0;
    await person.sees('.form-note.info', 'You can try again now.');
    assert.equal(await page.isDisabled('[type=submit]'), false);
});

test('login: what is no answer of ours is told in words', async ({ page, person }) => {
    await page.route('**/api/v1/login', (route) => route.fulfill({ contentType: 'text/html', body: '<h1>Welcome to the hotel</h1>' }));
    await person.signIn();
    await person.sees('.form-note.error', 'The desktop service cannot be reached.');
    await page.unroute('**/api/v1/login');
    await page.fill('#password', 'correct horse');
    await page.keyboard.press('Enter');
    await person.sees('h1', 'My desktops');
});

test('login: an hour is no number of seconds', async ({ server, person }) => {
    server.throttle = 3600;
    await person.signIn();
    await person.sees('[type=submit]', /Wait (1\sh|59\smin)/);
});

test('login: a broker that is down says so and can be tried again', async ({ page, server, person }) => {
    await person.visit();
    await page.waitForSelector('#username');
    server.down = true;
    await page.fill('#username', 'ann');
    await page.fill('#password', 'correct horse');
    await page.keyboard.press('Enter');
    await person.sees('.form-note.error', 'not available');
    server.down = false;
    await page.fill('#password', 'correct horse');
    await page.keyboard.press('Enter');
    await person.sees('h1', 'My desktops');
});

test('login: the end of a login leads back to where one was', async ({ page, server, person }) => {
    await person.signIn('/#/sessions');
    await person.sees('h1', 'My sessions');
    server.expire();
    await person.sees('.form-note.info', 'expired');
    await page.fill('#username', 'ann');
    await page.fill('#password', 'correct horse');
    await page.keyboard.press('Enter');
    await person.sees('h1', 'My sessions');
});

test('login: signing out ends it', async ({ page, server, person }) => {
    await person.signIn('/#/desktops');
    await page.click('text=Sign out');
    await person.sees('.login-card .form-note.info', 'You are signed out.');
    assert.equal(await page.locator('.toast').count(), 0);
    assert.equal(await person.focused(), 'username');
    assert.equal(server.signedIn, false);
    await page.reload();
    await page.waitForSelector('#username');
});

test('login: who signs in next does not read what the one before had', async ({ page, server, person }) => {
    await person.signIn('/#/desktops');
    await page.waitForSelector('.card');
    await page.click('text=Sign out');
    server.list = [DESKTOPS.two, DESKTOPS.three];
    await page.fill('#username', 'ben');
    await page.fill('#password', 'correct horse');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.card');
    await person.visit(`/#/desktop/${DESKTOPS.one.id}`);
    await person.fault('not-found');
    assert.ok(!(await page.title()).includes(DESKTOPS.one.name));
    assert.ok(!(await page.content()).includes(DESKTOPS.one.name));
});

test('login: who signs in in another tab is who is here, too', async ({ page, person }) => {
    await person.signIn('/#/desktops');
    await person.sees('.header-user', 'ann');
    await page.evaluate(async () => {
        await fetch('/api/v1/login', { method: 'POST', headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify({ user: 'ben', password: 'correct horse' }) });
        dispatchEvent(new Event('focus'));
    });
    await person.sees('.header-user', 'ben');
});

test('login: a message is of who it was for', async ({ page, server, person }) => {
    server.notes = [{ id: 'm-1', text: 'Your badge is ready.', at: 1 }];
    await person.signIn('/#/desktops');
    await person.sees('.message', 'Your badge is ready.');
    await page.click('text=Sign out');
    await page.waitForSelector('#username');
    assert.ok(!(await page.content()).includes('badge'));
});

test('login: nothing secret is left in the browser', async ({ page, context, person }) => {
    await person.openDesktop();
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie + location.href);

    assert.ok(!/correct horse|token|oriel=/.test(kept), kept);
    assert.ok((await context.cookies()).every((cookie) => cookie.httpOnly && cookie.secure));
});
