/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes wrong between a person and a desktop: each has its page, and the passing ones pass. */
import assert from 'node:assert/strict';
import { test } from './harness.mjs';

for (const [status, code, message, retry] of [
    [403, 'denied', 'You may not use this desktop.', false],
    [404, 'not-found', 'There is no such desktop, or it is not yours.', false],
    [503, 'busy', 'Everything is in use right now. Please try again in a few minutes.', true],
    [502, 'desktop', 'Your desktop cannot be reached. Try again; if it stays so, tell your administrator.', true],
    [504, 'timeout', 'This took too long. Please try again.', true],
    [500, 'bug', 'Something went wrong on our side. Please tell your administrator.', true],
])
    test(`faults: connect answers ${status} ${code}`, async ({ page, server, person }) => {
        server.connectError = { status, code, message };
        await person.signIn('/#/desktops');
        await page.click('.card .primary');
        await person.fault(code);
        await person.sees('.notice-text', message);
        assert.equal(await page.locator('.console button:has-text("Try again")').count(), retry ? 1 : 0);
        server.connectError = null;
        if (retry) {
            await page.click('button:has-text("Try again")');
            await person.live();
        } else {
            await page.click('.console .notice button:has-text("My desktops")');
            await page.waitForSelector('.card');
        }
    });

for (const path of ['%', '%E0%A4%A', '%2F..', 'no-such-desktop'])
    test(`faults: an address that leads nowhere, /desktop/${path}`, async ({ page, person }) => {
        await person.signIn(`/#/desktop/${path}`);
        await person.fault('not-found');
        await page.click('.console .notice button:has-text("My desktops")');
        await page.waitForSelector('.card');
    });

test('faults: the broker is down when the page is opened', async ({ page, server, person }) => {
    server.down = true;
    await person.visit();
    await person.fault('broker');
    server.down = false;
    await page.click('button:has-text("Try again")');
    await page.waitForSelector('#username');
});

test('faults: the broker goes away while one looks, and comes back', async ({ page, server, person }) => {
    await person.signIn('/#/desktops');
    await page.waitForSelector('.card');
    server.down = true;
    await page.waitForSelector('[data-error="broker"]');
    server.down = false;
    await page.waitForSelector('.card');
});

test('faults: a cut line comes back by itself, with a new ticket and the old picture', async ({ page, server, person }) => {
    await person.openDesktop();
    server.down = true; /* until both have been seen */
    server.desktop.cut();
    await page.waitForSelector('.frozen canvas', { state: 'attached' });
    await person.sees('h1', /Connection lost|Reconnecting/);
    server.down = false;
    await person.eventually(() => assert.equal(server.desktops.length, 2));
    await person.live();
    await person.eventually(async () => assert.equal(await page.locator('.frozen canvas').count(), 0));
    assert.equal(new Set(server.spent).size, 2);
    await page.keyboard.type('on');
    await person.eventually(() => assert.equal(server.desktop.typed().length, 2));
});

test('faults: cut, and the broker is down for a while', async ({ page, server, person }) => {
    await person.openDesktop();
    server.down = true;
    server.desktop.cut();
    await person.sees('.hint', 'Next try in');
    await page.waitForTimeout(1500);
    assert.equal(server.desktops.length, 1);
    server.down = false;
    await person.eventually(() => assert.equal(server.desktops.length, 2));
    await person.live();
});

test('faults: cut many times in a row', async ({ page, server, person }) => {
    await person.openDesktop();
    for (let i = 2; i < 5; i++) {
        server.desktop.cut();
        await person.eventually(() => assert.equal(server.desktops.length, i));
        await person.live();
    }
    assert.equal(await page.locator('.screen canvas').count(), 1);
});

test('faults: cut, and the login has expired meanwhile', async ({ page, server, person }) => {
    await person.openDesktop();
    server.expire();
    server.desktop.cut();
    await person.sees('.form-note.info', 'expired');
    await page.fill('#username', 'ann');
    await page.fill('#password', 'correct horse');
    await page.keyboard.press('Enter');
    await person.live();
});

test('faults: ended by the administrator', async ({ page, server, person }) => {
    await person.openDesktop();
    server.desktop.close(1001, 'ended by an administrator');
    await person.fault('ended');
    await person.sees('.notice-text', 'An administrator has ended this session.');
    await page.waitForTimeout(1000);
    assert.equal(server.tickets.length, 1);
    await page.click('button:has-text("Open it again")');
    await person.live();
});

test('faults: taken over by another device', async ({ page, server, person }) => {
    await person.openDesktop();
    server.desktop.close(1001, 'taken over');
    await person.fault('taken');
    await page.waitForTimeout(1000);
    assert.equal(server.tickets.length, 1);
    await page.click('.notice button:has-text("Use it here")');
    await person.live();
});

test('faults: the gateway restarts', async ({ server, person }) => {
    await person.openDesktop();
    server.desktop.close(1001, 'the gateway is shutting down');
    await person.eventually(() => assert.equal(server.desktops.length, 2));
    await person.live();
});

test('faults: a desktop that stops is started again', async ({ server, person }) => {
    await person.openDesktop();
    server.connectError = { status: 504, code: 'timeout', message: '' };
    server.desktop.close(1001, 'Your desktop cannot be reached.');
    await person.sees('.reconnect .hint', 'Next try in');
    server.connectError = null;
    await person.eventually(() => assert.equal(server.desktops.length, 2));
    await person.live();
});

test('faults: a desktop that fails in the handshake gives its reason', async ({ page, server, person }) => {
    server.rfbFailure = 'Your desktop cannot be reached. Try again; if it stays so, tell your administrator.';
    await person.signIn('/#/desktops');
    await page.click('.card .primary');
    await person.fault('desktop');
    await person.sees('.notice-text', server.rfbFailure);
    server.rfbFailure = null;
    await page.click('button:has-text("Try again")');
    await person.live();
});

test('faults: a refused ticket is tried a few times, then told', async ({ page, server, person }) => {
    server.refuse = true;
    await person.signIn('/#/desktops');
    await page.click('.card .primary');
    await page.waitForSelector('[data-error="refused"]');
    assert.equal(server.tickets.length, 3);
    server.refuse = false;
    await page.click('button:has-text("Try again")');
    await person.live();
});
