#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pictures: takes the pictures of README.md from a quickstart that runs with its X desktop.
 *
 *   node pictures.mjs DIRECTORY < quickstart.json          (tests/browser/pictures does)
 *
 * ben is at a desktop of the shared pool, anna at her own (desktop.png); then she looks at her cards
 * (portal.png), and the admin at the console (administration.png).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { colours, launch } from './browser.mjs';
import { settle, type } from './screen.mjs';

const PATIENCE = 240000;
const QUIET = 5000; /* an emulated desktop takes its time */

const [directory] = process.argv.slice(2);
const { url, users } = JSON.parse(readFileSync(0, 'utf8'));
const browser = await launch();

/* A page of this user's, signed in; each has a browser of their own. */
async function enter(name, height) {
    const context = await browser.newContext({ viewport: { width: 1280, height }, colorScheme: 'light', ignoreHTTPSErrors: true });
    const page = await context.newPage();

    page.setDefaultTimeout(PATIENCE);
    await page.goto(url);
    await page.fill('#username', name);
    await page.fill('#password', users.find((user) => user.name === name).password);
    await page.click('[type=submit]');
    await page.waitForSelector('.card, .console');
    return page;
}

/* Anew at another place, with all that it shows there. */
async function visit(page, place, wanted) {
    await page.goto(new URL(place, url).href);
    await page.waitForSelector(wanted);
    await page.waitForFunction(() => [...document.images].every((image) => image.complete));
}

/* Unless the only one has opened by itself. */
async function open(page, pool) {
    if (await page.$('.console') === null)
        await page.click(`.card:has([id^="desktop-"]:has-text("${pool}")) .primary`);
    /* Its wallpaper is there; what boots has a few colours only. */
    for (const end = Date.now() + PATIENCE; await colours(page) < 32; await page.waitForTimeout(500)) {
        if (Date.now() > end)
            throw new Error(`${pool}: no desktop to be seen`);
    }
    await settle(page, QUIET, PATIENCE);
}

async function say(page, text) {
    await type(page, `${text}\n`);
    await settle(page, QUIET, PATIENCE);
}

const keep = (page, file) => page.screenshot({ path: join(directory, file) });

try {
    const ben = await enter('ben', 800);
    const anna = await enter('anna', 800);

    await open(ben, 'shared');
    await open(anna, 'personal');
    await anna.focus('.screen canvas');
    await say(anna, 'setsid -f xclock -geometry 220x220-60+80');
    await say(anna, 'clear; uname -sr; uptime; free -m; df -h /');
    await anna.hover('.bar-handle');
    await anna.waitForTimeout(500); /* it comes down */
    await keep(anna, 'desktop.png');
    const cards = await enter('anna', 720);

    await visit(cards, '#/desktops', '.card img');
    await keep(cards, 'portal.png');
    const console = await enter('admin', 800);

    await visit(console, '#/admin', '.page-body:not(:has(> .loading))');
    await keep(console, 'administration.png');
} finally {
    await browser.close();
}
