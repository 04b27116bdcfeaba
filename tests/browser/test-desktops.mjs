/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cards, the ways into a desktop, the sessions. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { DESKTOPS } from './fake-server.mjs';
import { test } from './harness.mjs';

test('desktops: cards say what is there, last used first', async ({ page, server, person }) => {
    server.list = Object.values(DESKTOPS);
    await person.signIn();
    await page.waitForSelector('.card');
    assert.deepEqual(await page.locator('.card h2').allTextContents(),
        ['ann-office', 'lab-pc-07', 'classroom', 'render-station-with-a-rather-long-name']);
    assert.deepEqual(await page.locator('.card .state').allTextContents(), ['Ready', 'In use', 'Switched off', 'Failed']);
    await person.sees('[data-desktop="render-station-with-a-rather-long-name"]', 'The image of this desktop is missing');
    assert.equal(await page.locator('[data-desktop="lab-pc-07"] >> text=SPICE viewer').count(), 0);
    assert.equal(await page.locator('[data-desktop="lab-pc-07"] >> text=VNC viewer').count(), 1);
});

test('desktops: a picture of what is mine and runs; what is closed says so', async ({ page, server, person }) => {
    server.list = [DESKTOPS.one, { ...DESKTOPS.two, state: 'ready', closed: true, detail: 'New cables until noon.' }];
    await person.signIn('/#/desktops');
    const screen = page.locator('[data-desktop="ann-office"] .card-screen img');
    const blank = page.locator('[data-desktop="classroom"] .card-screen.blank');

    await person.eventually(async () => assert.equal(await screen.evaluate((image) => image.naturalWidth), 320));
    assert.deepEqual([...new Set(server.looks)], ['d-1']);
    assert.equal(await blank.count(), 1);
    await person.sees('[data-desktop="classroom"] .state', 'Closed');
    await person.sees('[data-desktop="classroom"]', 'New cables until noon.');
    server.list = [{ ...DESKTOPS.one, state: 'off', screen: false }, DESKTOPS.two];
    await blank.waitFor({ state: 'detached' });
    assert.equal(await page.locator('.card-screen').count(), 0);
});

test('desktops: the only one opens at once, and "back" stays at the cards', async ({ page, server, person }) => {
    server.list = [DESKTOPS.one];
    await person.signIn();
    await person.live();
    await page.mouse.move(640, 2);
    await page.click('[aria-label="My desktops"]');
    await page.waitForSelector('.card');
    await page.waitForTimeout(300);
    assert.equal(await page.locator('.console').count(), 0);
    assert.equal(server.tickets.length, 1);
    await page.reload();
    await page.waitForSelector('.card');
});

for (const path of ['/#/desktops', '/#/desktop/p-2'])
    test(`desktops: who waits reads its name from the first moment, ${path}`, async ({ page, server, person }) => {
        await page.addInitScript(() => {
            window.labels = [];
            new MutationObserver(() => {
                const label = document.querySelector('.notice.progress .notice-name');

                if (label && document.querySelector('.progress h1').checkVisibility())
                    window.labels.push(label.textContent);
            }).observe(document, { childList: true, subtree: true, characterData: true });
        });
        server.starting = [{ state: 'starting', detail: 'Booting' }];
        await person.signIn(path);
        if (path.endsWith('desktops'))
            await page.click('[aria-label="Open classroom here"]');
        await person.live();
        const labels = await page.evaluate(() => window.labels);

        /* Behind a bookmark it takes one question. */
        assert.equal(labels[path.endsWith('desktops') ? 0 : labels.length - 1], 'classroom');
    });

test('desktops: an administrator sees the cards, also with only one', async ({ page, server, person }) => {
    server.appoint();
    server.list = [DESKTOPS.one];
    await person.signIn();
    await page.waitForSelector('.card');
    await page.click('nav >> text=Administration');
    await page.waitForSelector('.tile');
    assert.equal(server.tickets.length, 0);
});

test('desktops: none is told kindly and comes by itself', async ({ page, server, person }) => {
    server.list = [];
    await person.signIn();
    await person.fault('none');
    server.list = [DESKTOPS.two];
    await page.click('button:has-text("Try again")');
    await page.waitForSelector('.card');
});

test('desktops: a change of state is shown without a reload and keeps the focus', async ({ page, server, person }) => {
    await person.signIn('/#/desktops');
    await page.focus('[aria-label="Open classroom here"]');
    server.list = [DESKTOPS.one, { ...DESKTOPS.two, state: 'starting', detail: 'Booting' }];
    await person.eventually(async () =>
        assert.equal(await page.textContent('[data-desktop="classroom"] .state'), 'Starting'));
    assert.equal(await person.focused(), 'Open classroom here');
});

test('desktops: a new version is taken only after a question', async ({ page, server, person }) => {
    server.list = [{ ...DESKTOPS.one, update: true }, DESKTOPS.two];
    await person.signIn('/#/desktops');
    await page.click('[aria-label="Take the new version of ann-office"]');
    await page.click('.dialog >> text=Cancel');
    assert.equal(server.list[0].update, true);
    await page.click('[aria-label="Take the new version of ann-office"]');
    await page.click('.dialog >> text="Make it anew"');
    await person.sees('.toast', 'ann-office is new');
    await person.eventually(async () => assert.equal(await page.locator('[aria-label="Take the new version of ann-office"]').count(), 0));
});

test('desktops: progress in words while it starts', async ({ page, server, person }) => {
    server.starting = [{ state: 'off', detail: '' }, ...Array(60).fill({ state: 'starting', detail: 'Booting the system' })];
    await person.signIn('/#/desktops');
    await page.click('.card .primary');
    await person.sees('.progress h1', 'Starting your desktop');
    await person.sees('.progress .notice-text', 'Booting the system');
    server.starting = []; /* it has */
    await person.live();
});

test('desktops: cancel while it starts', async ({ page, server, person }) => {
    server.starting = [...Array(60)].map(() => ({ state: 'starting', detail: 'Booting' }));
    await person.signIn('/#/desktops');
    await page.click('.card .primary');
    await page.click('button:has-text("Cancel")');
    await page.waitForSelector('.card');
    assert.equal(server.tickets.length, 0);
});

test('desktops: the SPICE file', async ({ page, person }) => {
    await person.signIn('/#/desktops');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-desktop="ann-office"] >> text=SPICE viewer')]);

    assert.equal(download.suggestedFilename(), 'ann-office.vv');
    assert.match(readFileSync(await download.path(), 'utf8'), /^\[virt-viewer\]/);
});

test('desktops: a SPICE file that cannot be made is told', async ({ page, server, person }) => {
    server.connectError = { status: 502, code: 'desktop', message: 'The desktop did not start.' };
    await person.signIn('/#/desktops');
    await page.click('[data-desktop="ann-office"] >> text=SPICE viewer');
    await person.sees('.toast-error', 'The desktop did not start.');
});

test('desktops: how to use a VNC viewer', async ({ page, context, server, person }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await person.signIn('/#/desktops');
    await page.click('[data-desktop="ann-office"] >> text=VNC viewer');
    await person.sees('.dialog code', 'desktops.example.org::5900');
    await person.sees('.dialog code', 'ann/ann-office');
    await person.sees('.dialog code', server.tickets[0]);
    await page.click('[aria-label="Copy: Password"]');
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), server.tickets[0]);
    await page.keyboard.press('Escape');
    await page.waitForSelector('.dialog', { state: 'detached' });
}, { alone: true });

test('sessions: listed, and ended after a question', async ({ page, server, person }) => {
    server.sessions = [
        { id: 's1', desktop_name: 'ann-office', protocol: 'web', peer: '203.0.113.7:50122', started_at: Math.floor(Date.now() / 1000) - 4000, state: 'live' },
        { id: 's2', desktop_name: 'classroom', protocol: 'spice', peer: '[2001:db8::7]:4444', started_at: Math.floor(Date.now() / 1000), state: 'connecting' },
    ];
    await person.signIn('/#/sessions');
    await person.sees('.session', 'Browser from 203.0.113.7');
    await person.sees('.session', 'SPICE viewer from 2001:db8::7');
    await page.click('[aria-label="End the session on ann-office"]');
    await page.click('.dialog >> text=Cancel');
    assert.deepEqual(server.ended, []);
    await page.click('[aria-label="End the session on ann-office"]');
    await page.click('.dialog >> text=End session');
    await page.waitForSelector('[data-session="s1"]', { state: 'detached' });
    assert.deepEqual(server.ended, ['s1']);
});

test('desktops: snapshots of one\'s own are taken by name, up to the limit', async ({ page, server, person }) => {
    server.list = [{ ...DESKTOPS.one, snapshots: 1 }, DESKTOPS.two];
    await person.signIn('/#/desktops');
    await page.waitForSelector('.card');
    assert.equal(await page.locator('.card >> text=Snapshots').count(), 1);
    await page.click(`[aria-label="Snapshots of ${DESKTOPS.one.name}"]`);
    await page.fill('[aria-label="Name of the snapshot"]', 'before the exam');
    await page.click('.snapshot-form button');
    await person.sees('.dialog [data-snapshot]', 'before the exam');
    assert.equal(await page.locator('.snapshot-form').count(), 0);
    assert.equal(await person.focused(), 'dialog-title');
    await page.focus('.dialog [aria-label^="Remove before the exam"]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.snapshot-form');
    assert.equal(await person.focused(), 'dialog-title');
});
