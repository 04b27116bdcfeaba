/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The desktop in the browser: picture, keys, clipboard, size, touch, links. */
import assert from 'node:assert/strict';
import { test } from './harness.mjs';

const text = (server) => String.fromCharCode(...server.desktop.typed().filter((keysym) => keysym < 256));

test('console: a picture, and keys that arrive', async ({ page, server, person }) => {
    await person.openDesktop();
    await page.keyboard.type('hello');
    await page.keyboard.press('Alt+Tab');
    await person.eventually(() => assert.equal(text(server), 'hello'));
    await person.eventually(() => assert.ok(server.desktop.typed().includes(0xff09)));
    await person.eventually(() => assert.deepEqual(server.desktop.held(), []));
});

test('console: the toolbar goes away and comes back', async ({ page, person }) => {
    await person.openDesktop();
    await page.mouse.move(640, 500);
    await page.waitForSelector('.toolbar.away');
    await page.mouse.move(640, 2);
    await page.waitForSelector('.toolbar:not(.away)');
});

test('console: Ctrl+Alt+Shift leads out, Escape back in, and no key stays down', async ({ page, server, person }) => {
    await person.openDesktop();
    for (const key of ['Control', 'Alt', 'Shift'])
        await page.keyboard.down(key);
    for (const key of ['Control', 'Alt', 'Shift'])
        await page.keyboard.up(key);
    await person.eventually(async () => assert.equal(await person.focused(), 'My desktops'));
    await page.keyboard.press('ArrowRight');
    assert.notEqual(await person.focused(), 'My desktops');
    await person.eventually(() => assert.deepEqual(server.desktop.held(), []));
    await page.keyboard.press('Escape');
    await page.keyboard.type('x');
    await person.eventually(() => assert.equal(text(server), 'x'));
});

test('console: a combination with Ctrl+Alt+Shift and a key is the desktop\'s', async ({ page, server, person }) => {
    await person.openDesktop();
    await page.keyboard.press('Control+Alt+Shift+K');
    await page.waitForTimeout(200);
    assert.match(await person.focused(), /All keys go to the desktop/);
    await person.eventually(() => assert.deepEqual(server.desktop.held(), []));
});

test('console: Ctrl-Alt-Del from the menu', async ({ page, server, person }) => {
    await person.openDesktop();
    await person.tool('Key combinations');
    await page.click('text=Ctrl + Alt + Delete');
    await person.eventually(() => assert.deepEqual(server.desktop.keys,
        [[0xffe3, true], [0xffe9, true], [0xffff, true], [0xffff, false], [0xffe9, false], [0xffe3, false]]));
});

test('console: the clipboard panel, both ways', async ({ page, server, person }) => {
    await person.openDesktop();
    await person.tool('Clipboard');
    server.desktop.copy('from the desktop');
    await person.eventually(async () => assert.equal(await page.inputValue('#clipboard-text'), 'from the desktop'));
    await page.fill('#clipboard-text', 'to the desktop');
    await page.click('text=Send to the desktop');
    await person.eventually(() => assert.deepEqual(server.desktop.texts, ['to the desktop']));
    await page.keyboard.press('Escape');
    assert.equal(await person.focused(), 'Clipboard');
});

test('console: the clipboard by itself, once it is wanted', async ({ page, context, server, person }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await person.openDesktop();
    await page.evaluate(() => navigator.clipboard.writeText('before'));
    server.desktop.copy('stays away');
    await person.tool('Clipboard');
    await person.eventually(async () => assert.equal(await page.inputValue('#clipboard-text'), 'stays away'));
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'before');
    await page.click('text=Copy automatically');
    await person.eventually(() => assert.deepEqual(server.desktop.texts, ['before']));
    server.desktop.copy('comes along');
    await person.eventually(async () => assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'comes along'));
    await page.evaluate(() => navigator.clipboard.writeText('goes along'));
    await page.evaluate(() => dispatchEvent(new Event('focus')));
    await person.eventually(() => assert.deepEqual(server.desktop.texts, ['before', 'goes along']));
}, { alone: true });

test('console: the desktop takes the window\'s size, or is scaled, or neither', async ({ page, person }) => {
    const size = () => page.evaluate(() => {
        const canvas = document.querySelector('.screen canvas');

        return [canvas.width, canvas.height, Math.round(canvas.getBoundingClientRect().width)];
    });

    await person.openDesktop();
    await person.eventually(async () => assert.deepEqual(await size(), [1280, 800, 1280]));
    await page.setViewportSize({ width: 900, height: 600 });
    await person.eventually(async () => assert.deepEqual(await size(), [900, 600, 900]));
    await person.tool('Picture');
    await page.check('[name=scaling][value=fit]');
    await page.setViewportSize({ width: 600, height: 400 });
    await person.eventually(async () => assert.deepEqual(await size(), [900, 600, 600]));
    await page.check('[name=scaling][value=off]');
    await person.eventually(async () => assert.deepEqual(await size(), [900, 600, 900]));
});

test('console: settings are kept', async ({ page, server, person }) => {
    await person.openDesktop();
    await person.tool('Picture');
    await page.check('[name=quality][value=saving]');
    await page.reload();
    await person.live();
    /* JPEG quality level 2 and compression level 9, as pseudo-encodings. */
    assert.ok(server.desktop.encodings.includes(-32 + 2));
    assert.ok(server.desktop.encodings.includes(-256 + 9));
});

test('console: disconnect, and open again', async ({ page, server, person }) => {
    await person.openDesktop();
    await person.sees('.toast', 'The toolbar is at the top edge');
    await person.tool('Disconnect');
    await person.fault('ended');
    assert.equal(await page.locator('.toast').count(), 0);
    await page.waitForTimeout(500);
    assert.equal(server.tickets.length, 1);
    await page.click('button:has-text("Open it again")');
    await person.live();
    assert.equal(server.tickets.length, 2);
});

test('console: an on-screen keyboard types on a tablet', async ({ page, server, person }) => {
    await person.openDesktop();
    await person.tool('On-screen keyboard');
    assert.equal(await person.focused(), 'Type into the desktop');
    await page.keyboard.insertText('swipe');
    await page.keyboard.press('Backspace');
    await page.click('[aria-label="Ctrl"]');
    assert.equal(await page.getAttribute('[aria-label="Ctrl"]', 'aria-pressed'), 'true');
    await page.keyboard.insertText('c');
    await page.keyboard.press('Enter');
    await person.eventually(() => assert.equal(text(server), 'swipec'));
    await person.eventually(() => assert.deepEqual(server.desktop.typed().filter((keysym) => keysym > 255), [0xff08, 0xffe3, 0xff0d]));
    await person.eventually(() => assert.deepEqual(server.desktop.held(), []));
    assert.equal(await person.focused(), 'Type into the desktop');
}, { hasTouch: true, viewport: { width: 800, height: 1100 } });

test('link: noVNC\'s vnc.html with a ticket in its path', async ({ page, server, person }) => {
    await person.visit(`/vnc.html?autoconnect=true&resize=scale&path=${encodeURIComponent(`websockify?token=${server.ticket()}`)}`);
    await person.live();
    await page.keyboard.type('hi');
    await person.eventually(() => assert.equal(text(server), 'hi'));
    assert.ok(!page.url().includes('token'), page.url());
    assert.equal(await page.evaluate(() => document.querySelector('.screen canvas').width), 1024);
});

test('link: view only', async ({ page, server, person }) => {
    await person.visit(`/vnc.html?view_only=1&path=${encodeURIComponent(`websockify?token=${server.ticket()}`)}`);
    await person.live();
    await page.keyboard.type('hi');
    await page.mouse.click(500, 500);
    await page.waitForTimeout(200);
    assert.deepEqual(server.desktop.keys, []);
});

/* Anybody can send a link to a desktop of his own: what the person has agreed to is for theirs. */
test('link: the clipboard does not travel by itself', async ({ page, context, server, person }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await person.openDesktop();
    await person.tool('Clipboard');
    await page.evaluate(() => navigator.clipboard.writeText('mine'));
    await page.click('text=Copy automatically');
    await person.eventually(() => assert.deepEqual(server.desktop.texts, ['mine']));
    await page.evaluate(() => navigator.clipboard.writeText('secret'));
    await person.visit(`/vnc.html?path=${encodeURIComponent(`websockify?token=${server.ticket()}`)}`);
    await person.live();
    server.desktop.copy('theirs');
    await person.tool('Clipboard');
    await person.eventually(async () => assert.equal(await page.inputValue('#clipboard-text'), 'theirs'));
    await page.evaluate(() => dispatchEvent(new Event('focus')));
    await page.click('text=Send to the desktop');
    await person.eventually(() => assert.deepEqual(server.desktop.texts, ['theirs']));
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'secret');
}, { alone: true });

test('link: a spent ticket says so and is not tried again', async ({ server, person }) => {
    await person.visit('/vnc.html#path=websockify%3Ftoken%3Dspent');
    await person.fault('spent');
    await person.sees('.notice-text', 'Open the desktop again from your list.');
    assert.equal(server.desktops.length, 0);
});

test('link: another host is not called', async ({ page, person }) => {
    const sockets = [];

    page.on('websocket', (socket) => sockets.push(socket.url()));
    await person.visit('/vnc.html?path=wss%3A%2F%2Fevil.example%2Fwebsockify%3Ftoken%3Dx');
    await person.fault('link');
    assert.deepEqual(sockets, []);
});

test('console: a warning before the end, and a way to stay', async ({ page, server, person }) => {
    const now = Math.floor(Date.now() / 1000);

    server.sessions = [{ id: 's-1', desktop: 'd-1', desktop_name: 'ann-office', protocol: 'web', state: 'live', peer: '203.0.113.7:1',
        started_at: now, ends_at: now + 50, warn_at: now - 10, ends_in: 50, ends_why: 'idle', extendable: true, idle: 9 }];
    await person.openDesktop();
    await person.sees('.ending', 'Nobody is using this desktop. It ends in 0:');
    await page.click('.ending button:has-text("Stay")');
    await page.waitForSelector('.ending', { state: 'hidden' });
    assert.equal(server.sessions[0].ends_in, 650);
});

test('console: who has left before the answer is asked about no more', async ({ page, server, person }) => {
    const now = Math.floor(Date.now() / 1000);
    let answer = null;
    let looks = 0;

    server.sessions = [{ id: 's-1', desktop: 'd-1', desktop_name: 'ann-office', protocol: 'web', state: 'live', peer: '203.0.113.7:1',
        started_at: now, ends_at: now + 50, warn_at: now - 10, ends_in: 50, ends_why: 'idle', extendable: true, idle: 9 }];
    await page.route('**/extend', (route) => { answer = route; });
    await person.openDesktop();
    await page.click('.ending button:has-text("Stay")');
    await person.eventually(() => assert.ok(answer));
    await page.goBack();
    await page.waitForSelector('.card');
    page.on('request', (request) => { looks += request.url().endsWith('/api/v1/sessions') ? 1 : 0; });
    await answer.abort();
    await page.waitForTimeout(2000); /* it would look after one second */
    assert.equal(looks, 0);
});
