/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The administration: who may see it, tables, changes, what is refused, live news. */
import assert from 'node:assert/strict';
import { test } from './harness.mjs';

/* An admin on one of the pages. */
async function open({ page, server, person }, path) {
    const admin = server.appoint();

    await person.signIn(`/#/admin${path}`);
    await page.waitForSelector('.subnav');
    return admin;
}

/* Something in the menu of a thing. */
async function choose(page, what, whom) {
    await page.click(`[aria-label="Actions: ${whom}"]`);
    await page.click(`[aria-label="${what}: ${whom}"]`);
}

const names = (page) => page.locator('.table tbody th').allTextContents();

test('admin: not for others', async ({ page, person }) => {
    await person.signIn('/#/admin');
    await page.waitForSelector('.card');
    assert.equal(await page.locator('text=Administration').count(), 0);
    assert.equal(await page.evaluate(() => location.hash), '#/desktops');
});

test('admin: a slash more leads to the same page', async (given) => {
    await open(given, '/');
    await given.page.waitForSelector('.tile');
    await given.person.visit('/#/admin/pools//');
    await given.page.waitForSelector('.pool');
    assert.equal(await given.page.getAttribute('.header [href="#/admin"]', 'aria-current'), 'page');
});

test('admin: overview counts, and leads on', async (given) => {
    await open(given, '');
    await given.person.sees('.tile', '3');
    await given.person.sees('.panel-box.bad', 'The image office-12 is missing');
    await given.person.sees('.tile.warn', /^\s*1of 3 pools full: classroom$/);
    await given.person.sees('.tile.bad', /^\s*1of 3 hosts down: rack-3$/);
    await given.person.sees('.tile.bad', /^\s*1desktop failed/);
    await given.page.click('.tile.bad');
    await given.page.waitForSelector('.table');
});

test('admin: a session is ended after a question', async (given) => {
    const admin = await open(given, '/sessions');

    await given.person.eventually(async () => assert.equal(await given.page.locator('.table tbody tr').count(), 3));
    await given.page.click('[aria-label="End the session: ben on classroom-2"]');
    await given.person.sees('.dialog', 'ben loses the connection');
    await given.page.click('.dialog >> text=End session');
    await given.page.waitForSelector('[data-id="s-2"]', { state: 'detached' });
    assert.deepEqual(admin.calls, [['DELETE sessions/s-2', {}]]);
});

test('admin: filter and order stay while the data change', async (given) => {
    const { page, person } = given;
    const admin = await open(given, '/desktops');
    const shows = (list) => person.eventually(async () => assert.deepEqual(await names(page), list));

    await page.fill('.filter', 'classroom');
    await shows(['classroom-2', 'classroom-3', 'classroom-4']);
    await page.click('[aria-label="Sort by name"]');
    await shows(['classroom-4', 'classroom-3', 'classroom-2']);
    assert.equal(await page.getAttribute('th[aria-sort]', 'aria-sort'), 'descending');
    await person.sees('[data-id="d-2"] [data-title="Remarks"]', 'MAC 02:5e:10:00:00:02');
    admin.desktops = admin.desktops.filter((one) => one.name !== 'classroom-3');
    admin.tell('desktops');
    await shows(['classroom-4', 'classroom-2']);
    assert.equal(await page.inputValue('.filter'), 'classroom');
    await page.fill('.filter', 'no such thing');
    await person.sees('.empty', 'Nothing fits');
});

test('admin: of twenty thousand desktops those are fetched that are looked at', async (given) => {
    const { page, person } = given;
    const admin = await open(given, '');
    const [one] = admin.desktops;

    admin.desktops = Array.from({ length: 20000 }, (_, n) => ({ ...one, id: `d-${n}`, name: `lab-${n}`, owner: `person-${n}` }));
    await page.click('.subnav >> text=Desktops');
    await page.waitForSelector('.table tbody tr');
    assert.equal(await page.locator('.table tbody tr').count(), 200);
    await person.sees('.page-body', 'These are the first 200');
    await page.fill('.filter', 'person-19999');
    await person.eventually(async () => assert.deepEqual(await names(page), ['lab-19999']));
});

test('admin: desktops are started, and reset only after a question', async (given) => {
    const { page, person } = given;
    const admin = await open(given, '/desktops');

    await page.click('[aria-label="Start: dora-office"]');
    await person.sees('.toast', 'dora-office starts.');
    await choose(page, 'Reset', 'ann-office');
    await page.click('.dialog >> text=Cancel');
    await choose(page, 'Take it from its user', 'ann-office');
    await page.click('.dialog >> text="Take it back"');
    await person.sees('.toast', 'no owner any more');
    assert.deepEqual(admin.calls.map(([call]) => call), ['POST desktops/d-5/start', 'POST desktops/d-1/release']);
});

test('admin: screens are seen where they are shown, live and large', async (given) => {
    const { page, person } = given;
    const admin = await open(given, '/desktops');
    const screen = page.locator('[aria-label="Screen of classroom-3"]');

    assert.equal(await page.locator('.thumb').count(), 1);
    await person.eventually(async () => assert.equal(await screen.locator('img').evaluate((image) => image.naturalWidth), 320));
    const small = (await screen.boundingBox()).width;
    await screen.click();
    await person.eventually(async () => assert.ok((await screen.boundingBox()).width > 2 * small));
    admin.desktops = admin.desktops.map((one) => one.id === 'd-4' ? { ...one, state: 'in-use', owner: 'ann', screen: false } : one);
    admin.tell('desktops');
    await screen.waitFor({ state: 'detached' });
    assert.deepEqual([...new Set(admin.looks)], ['d-4']);
    await page.click('.subnav >> text=Sessions');
    const before = admin.looks.length;
    await page.waitForSelector('[data-id="s-1"]');
    assert.equal(admin.looks.length, before);
});

test('admin: a menu closes by Escape, by a click elsewhere, and stays while the data change', async (given) => {
    const { page, person } = given;
    const admin = await open(given, '/pools');
    const shown = () => page.locator('.menu[open]').count();

    await page.focus('[aria-label="Actions: office"]');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.equal(await person.focused(), 'Publish an image: office');
    await page.keyboard.press('Escape');
    assert.equal(await shown(), 0);
    assert.equal(await person.focused(), 'Actions: office');
    await page.click('[aria-label="Actions: classroom"]');
    admin.pools[0].busy = 6;
    admin.tell('pools');
    await person.sees('[data-pool="office"]', '6 in use');
    assert.equal(await page.locator('[data-pool="classroom"] .menu[open]').count(), 1);
    await page.click('h1');
    assert.equal(await shown(), 0);
});

test('admin: hosts tell what they have promised, are drained and closed', async (given) => {
    const { page, person } = given;
    const admin = await open(given, '/hosts');

    await person.sees('[data-host="rack-1"]', '142 of 256 (64, 400 %)');
    await person.sees('[data-host="rack-1"]', '142 GiB of 256 GiB');
    await person.sees('[data-host="rack-1"]', 'QEMU: VNC, SPICE, disks of their own, suspend, live migration, weights; no snapshots, instant copies');
    await person.sees('[data-host="rack-3"] .bad-words', 'Connection refused');
    await choose(page, 'Drain', 'rack-1');
    await page.click('.dialog >> text="Drain"');
    await person.sees('[data-host="rack-1"] .state', 'Draining');
    await choose(page, 'Take desktops again', 'rack-2');
    await person.sees('[data-host="rack-2"] .state', 'Up');
    await choose(page, 'Close for maintenance', 'rack-2');
    await page.fill('#field-words', 'New memory until noon.');
    await page.click('.dialog >> text="Close"');
    await person.sees('[data-host="rack-2"] .closed-note', 'one session is still open. New memory until noon.');
    await choose(page, 'Open again', 'rack-2');
    await page.waitForSelector('.closed-note', { state: 'detached' });
    await page.click('text=Add a host');
    await page.fill('#field-name', 'rack-4');
    await page.fill('#field-uri', 'qemu+tls://rack-4/system');
    await page.click('.dialog >> text="Add"');
    await person.sees('.host h2', 'rack-4');
    assert.deepEqual(admin.calls, [['POST hosts/rack-1/drain', {}], ['POST hosts/rack-2/resume', {}],
        ['POST maintenance', { kind: 'host', name: 'rack-2', words: 'New memory until noon.' }], ['DELETE maintenance?kind=host&name=rack-2', {}],
        ['POST hosts', { name: 'rack-4', provider: 'libvirt', uri: 'qemu+tls://rack-4/system', cpus: 0, cpu_ratio: 400, memory: 0, memory_ratio: 100 }]]);
});

test('admin: quotas are set, changed and removed', async (given) => {
    const { page, person } = given;
    const admin = await open(given, '/quotas');

    await person.sees('.table', 'Everybody else');
    await page.click('[aria-label="Change: group engineering"]');
    await page.fill('#field-sessions', '8');
    await page.click('.dialog >> text="Save"');
    await person.sees('.toast', 'holds from now on');
    await page.click('[aria-label="Remove: pool classroom"]');
    await page.click('.dialog >> text="Remove"');
    await page.waitForSelector('[data-id="pool classroom"]', { state: 'detached' });
    assert.deepEqual(admin.calls, [['POST quotas', { kind: 'group', name: 'engineering', desktops: 6, sessions: 8, memory: 65536, cpus: 32 }],
        ['DELETE quotas/pool/classroom', {}]]);
});

test('admin: what becomes of a pool, and where it runs', async (given) => {
    const { page, person } = given;
    const admin = await open(given, '/pools');

    await person.sees('[data-pool="classroom"]', 'Reset after 10 min when left · lasts at most 8 h');
    await choose(page, 'What becomes of desktops', 'classroom');
    await page.selectOption('#field-disconnect', 'suspend');
    await page.fill('#field-disconnect_after', '60');
    await page.click('.dialog >> text="Save"');
    await person.sees('.toast', 'next event');
    await choose(page, 'Where it runs', 'classroom');
    await page.check('text=rack-2');
    await page.selectOption('#field-placement', 'pack');
    await page.click('.dialog >> text="Save"');
    await person.eventually(() => assert.equal(admin.calls.length, 2));
    assert.equal(admin.calls[0][0], 'POST pools/classroom/plan');
    assert.deepEqual([admin.calls[0][1].disconnect, admin.calls[0][1].disconnect_after, admin.calls[0][1].length], ['suspend', 60, 28800]);
    assert.deepEqual(admin.calls[1], ['POST pools/classroom/hosts', { hosts: ['rack-2'], placement: 'pack', apart: 0 }]);
});

test('admin: sessions tell of bridges, move, and are there when they are over', async (given) => {
    const { page, person } = given;
    const admin = await open(given, '/sessions');

    await person.sees('[data-id="s-2"]', 'bridge to VNC');
    await person.sees('[data-id="s-1"] [data-title="Line"]', '18 ms');
    await person.sees('[data-id="s-3"] .line-failed', '412 ms');
    assert.equal(await page.locator('[data-id="s-1"] >> text=bridge').count(), 0);
    assert.equal(await page.locator('[aria-label="Move to another desktop: ben on classroom-2"]').count(), 0);
    await page.click('[aria-label="Move to another desktop: ann on ann-office"]');
    await page.selectOption('#field-desktop', 'classroom');
    await page.click('.dialog >> text="Move"');
    await person.sees('.toast', 'goes on there');
    assert.deepEqual(admin.calls, [['POST sessions/s-1/move', { desktop: 'classroom' }]]);
    admin.sessions.push({ ...admin.sessions[0], id: 's-9', state: 'ended', ended_at: admin.sessions[0].started_at + 60, reason: 'taken over' });
    await page.selectOption('[aria-label="Which sessions"]', 'ended');
    await person.sees('[data-id="s-9"]', 'taken over');
    assert.equal(await page.locator('[data-id="s-9"] button').count(), 0);
});

test('admin: of five thousand sessions those are fetched that are looked at', async (given) => {
    const { page, person } = given;
    const admin = await open(given, '');
    const [one] = admin.sessions;

    admin.sessions = Array.from({ length: 5000 }, (_, n) => ({ ...one, id: `s-${n}`, user: `person-${n % 4000}`, started_at: one.started_at - n }));
    admin.tell('sessions');
    await person.sees('.tiles', '4000');
    await page.click('.subnav >> text=Sessions');
    await page.waitForSelector('.table tbody tr');
    assert.equal(await page.locator('.table tbody tr').count(), 200);
    await person.sees('.page-body', 'These are the first 200');
    await page.fill('input.filter', 'person-3999');
    await person.eventually(async () => assert.deepEqual(await names(page), ['person-3999']));
    await page.fill('input.filter', 'no such thing');
    await person.sees('.empty', 'Nothing fits');
});

test('admin: a version of an image is published, and a machine gets a token', async (given) => {
    const { page, person } = given;
    const admin = await open(given, '/images');

    await person.sees('[data-id="office 2"] [data-title="Used by"]', 'office');
    await page.click('[aria-label="Publish to a pool: office, version 2"]');
    await page.selectOption('#field-pool', 'classroom');
    await page.click('.dialog >> text="Publish"');
    await person.sees('.toast', 'goes over');
    assert.deepEqual(admin.calls, [['POST pools/classroom/publish', { image: 'office', version: 2 }]]);
    await page.click('.subnav >> text=Desktops');
    await choose(page, 'New token', 'lab-pc-07');
    await person.sees('.dialog code', 'Zk3v9fWq7TnB2xLr8YhD');
});

test('admin: a message is sent', async (given) => {
    const admin = await open(given, '/sessions');

    await given.page.click('[aria-label="Send a message: ben on classroom-2"]');
    await given.page.fill('#field-text', 'The server restarts at noon.');
    await given.page.click('.dialog >> text="Send"');
    await given.person.sees('.toast', 'on its way');
    assert.deepEqual(admin.calls, [['POST messages', { user: 'ben', text: 'The server restarts at noon.' }]]);
});

test('a message is shown until it is closed, once', async ({ page, server, person }) => {
    server.notes = [{ id: 'm-1', text: 'The server restarts <b>at noon</b>.', at: 1 }];
    await person.signIn('/#/desktops');
    await person.sees('.message', 'The server restarts <b>at noon</b>.');
    await page.click('.message >> text=Close');
    assert.equal(await page.locator('.message').count(), 0);
    await page.reload();
    await page.waitForSelector('.card');
    server.notes.push({ id: 'm-2', text: 'It is back.', at: 2 });
    await page.reload();
    await person.sees('.message', 'It is back.');
    assert.equal(await page.locator('.message').count(), 1);
});

test('admin: a pool is added, with the fields of its kind alone', async (given) => {
    const { page, person } = given;
    const admin = await open(given, '/pools');

    await page.click('text=Add a pool');
    await page.fill('#field-name', 'lab');
    await page.selectOption('#field-kind', 'machines');
    assert.equal(await page.locator('#field-image').isVisible(), false);
    await page.selectOption('#field-kind', 'floating');
    await page.fill('#field-max', '7');
    await page.click('.dialog >> text="Add"');
    await person.sees('.pool h2', 'lab');
    assert.deepEqual(admin.calls, [['POST pools', { name: 'lab', kind: 'floating', image: 'office', provider: 'qemu', max: 7, spare: 1, instant: false }]]);
});

test('admin: a form is calm, and its buttons stay in a low window', async (given) => {
    const { page, person } = given;

    await open(given, '/pools');
    await page.click('text=Add a pool');
    assert.ok((await page.locator('.dialog').boundingBox()).height < 680);
    assert.equal(await page.locator('#field-provider').isVisible(), false);
    await page.click('text=More settings');
    await page.selectOption('#field-provider', 'libvirt');
    await page.setViewportSize({ width: 1280, height: 480 });
    for (const field of ['name', 'uri']) {
        await page.focus(`#field-${field}`);
        await person.eventually(async () => assert.deepEqual(await page.evaluate((id) => {
            const [area, add] = [`#${id}`, '.dialog [type=submit]'].map((one) => document.querySelector(one).getBoundingClientRect());

            return [area.bottom < add.top, add.bottom < innerHeight];
        }, `field-${field}`), [true, true]));
    }
    assert.match(await page.getAttribute('#field-uri', 'aria-describedby'), /hint-uri/);
    await page.selectOption('#field-kind', 'machines');
    assert.equal(await page.locator('text=More settings').isVisible(), false);
});

test('admin: a pool\'s card has no hole, and pictures have a heading', async (given) => {
    const { page } = given;

    await open(given, '/pools');
    const gaps = await page.locator('.pool').evaluateAll((cards) => cards.map((one) => {
        const heading = one.querySelector('h3');

        return heading.getBoundingClientRect().top - heading.previousElementSibling.getBoundingClientRect().bottom;
    }));

    assert.ok(gaps.length > 1 && gaps.every((gap) => gap < 30), String(gaps));
    await page.click('.subnav >> text=Desktops');
    await page.waitForSelector('.thumb');
    assert.equal((await page.locator('thead th >> text=Screen').boundingBox()).width > 20, true);
});

test('admin: a pool goes over to another version, and back', async (given) => {
    const { page, person } = given;
    const admin = await open(given, '/pools');

    await person.sees('[data-pool="office"]', '3 still on another version');
    await choose(page, 'Publish an image', 'office');
    await page.selectOption('#field-what', '1 office');
    await page.click('.dialog >> text="Publish"');
    await person.sees('.toast', 'goes over');
    await choose(page, 'Go back to the image before', 'office');
    await page.click('.dialog >> text="Go back"');
    await person.sees('.toast', 'office goes back');
    assert.deepEqual(admin.calls, [['POST pools/office/publish', { version: 1, image: 'office' }], ['POST pools/office/rollback', {}]]);
});

test('admin: what the broker refuses is told in the dialogue, which stays', async (given) => {
    const { page, person } = given;
    const admin = await open(given, '/images');

    admin.refusal = { status: 400, code: 'client', message: 'disk: /nowhere is not there' };
    await page.click('text=Add an image or a version');
    await page.fill('#field-name', 'new');
    await page.fill('#field-disk', '/nowhere');
    await page.click('.dialog >> text="Add"');
    await person.sees('.dialog .form-note', '/nowhere is not there');
    admin.refusal = null;
    await page.click('.dialog >> text="Add"');
    await person.eventually(async () => assert.ok((await names(page)).includes('new')));
});

test('admin: a dialogue goes with its page', async (given) => {
    const { page, server, person } = given;

    await open(given, '/pools');
    await page.click('.subnav >> text=Quotas');
    await page.click('text=Set a quota');
    await page.goBack();
    await page.waitForSelector('.pool');
    assert.equal(await page.locator('.dialog').count(), 0);
    await page.click('text=Add a pool');
    await page.fill('#field-name', 'late');
    server.expire();
    await page.click('.dialog >> text="Add"');
    await person.sees('.form-note.info', 'expired');
    await page.fill('#username', 'ann');
    await page.fill('#password', 'correct horse');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.pool');
});

test('admin: what a choice means stands below it', async (given) => {
    const { page, person } = given;

    await open(given, '/pools');
    await page.click('text=Add a pool');
    for (const [kind, hint] of [['dedicated', 'Everybody keeps their own'], ['machines', 'there already'], ['floating', 'A clean one']]) {
        await page.selectOption('#field-kind', kind);
        await person.sees('#hint-kind', hint);
    }
    await page.click('.dialog >> text=Cancel');
    await choose(page, 'What becomes of desktops', 'classroom');
    await person.sees('#hint-length', '8 h');
    await page.fill('#field-length', '5400');
    await person.sees('#hint-length', '1 h 30 min');
    await page.fill('#field-length', '0');
    await person.sees('#hint-length', 'As long as its user likes');
});

test('admin: entitlements are given and withdrawn', async (given) => {
    const { page, person } = given;
    const admin = await open(given, '/pools');

    await person.sees('.chip', 'students');
    await page.click('[aria-label="Allow somebody to use office"]');
    await page.fill('#field-name', 'guests');
    await page.click('.dialog >> text="Allow"');
    await person.sees('.chip', 'guests');
    await page.click('[aria-label="Withdraw classroom from ben"]');
    await person.eventually(() => assert.deepEqual(admin.calls.map(([call]) => call),
        ['POST entitlements', 'DELETE entitlements?pool=classroom&user=ben']));
    assert.deepEqual(admin.calls[0][1], { pool: 'office', group: 'guests' });
});

test('admin: who is locked out is seen, banned and unlocked', async (given) => {
    const { page, person } = given;
    const admin = await open(given, '/bans');

    await person.sees('.table', 'left the company');
    await person.sees('.table', '30 refused logins');
    await page.click('text=Ban somebody');
    await page.selectOption('#field-whose', 'address');
    await page.fill('#field-name', '198.51.100.7');
    /* No number is not 0, which is for good. */
    await page.fill('#field-minutes', '');
    await page.click('.dialog >> text="Ban"');
    assert.equal(await person.focused(), 'field-minutes');
    assert.deepEqual(admin.calls, []);
    await page.fill('#field-minutes', '0');
    await page.click('.dialog >> text="Ban"');
    await person.sees('.table', '198.51.100.7');
    await page.click('[aria-label="Unlock: 203.0.113.9"]');
    await person.sees('.toast', '203.0.113.9 may log in again');
    assert.deepEqual(admin.calls, [['POST bans', { address: '198.51.100.7', minutes: 0 }], ['DELETE bans?address=203.0.113.9', {}]]);
});

test('admin: the log is searched by the broker and read page by page', async (given) => {
    const { page, person } = given;

    await open(given, '/audit');
    await person.eventually(async () => assert.equal(await page.locator('.event').count(), 100));
    await page.click('text=Show more');
    await person.eventually(async () => assert.equal(await page.locator('.event').count(), 200));
    await page.click('text=Show more');
    await person.eventually(async () => assert.equal(await page.locator('.event').count(), 230));
    assert.equal(await page.locator('text=Show more').count(), 0);
    await page.fill('.filter', 'max 40');
    await person.eventually(async () => assert.equal(await page.locator('.event').count(), 38));
});

test('admin: news without end is no flood of questions', async (given) => {
    const { page, person } = given;
    const admin = await open(given, '/quotas');

    await page.waitForSelector('.table');
    const before = admin.reads.quotas;
    const began = Date.now();

    for (let i = 0; i < 40; i++) {
        admin.tell('quotas');
        await page.waitForTimeout(25);
    }
    admin.quotas.push({ kind: 'user', name: 'the last', desktops: 1, sessions: 0, memory: 0, cpus: 0 });
    admin.tell('quotas');
    await person.sees('.table', 'the last');
    /* Two a second, and those at the beginning and the end. */
    assert.ok(admin.reads.quotas - before <= 4 + (Date.now() - began) / 500, `${admin.reads.quotas - before} looks`);
});
