#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tour: an administrator walks through the console of a real system, then stays at the quotas until
 * one of this name is there, which no page has asked for: its clock never tells it to look again, so
 * it has been told. For the whole-system tests.
 *
 *   node tour.mjs < request.json      {"url","user","password","quota","pages": ["sessions", ...]}
 *
 * Prints {"at": "quotas"} when it waits, and at the end {"pages": {"": words, "sessions": words, ...},
 * "wrong": [...]}: what stands on each page, and script errors, refused files and faults of all.
 * Exits with 1 if it came to no end.
 */
import { readFileSync } from 'node:fs';
import { launch } from './browser.mjs';

const { url, user, password, quota, pages } = JSON.parse(readFileSync(0, 'utf8'));
const browser = await launch();
const seen = {};
const wrong = [];

try {
    const page = await browser.newPage({ ignoreHTTPSErrors: true });

    page.setDefaultTimeout(60000);
    await page.addInitScript(() => {
        const { setTimeout } = window;

        window.setTimeout = (call, ms, ...more) => ms === 5000 ? 0 : setTimeout(call, ms, ...more);
    });
    page.on('pageerror', (error) => wrong.push(`script: ${error.message}`));
    page.on('response', (response) => response.status() >= 400 && response.status() !== 401 && wrong.push(`${response.status()} ${response.url()}`));
    await page.goto(new URL('#/admin', url).href);
    await page.fill('#username', user);
    await page.fill('#password', password);
    await page.click('[type=submit]');
    for (const name of ['', ...pages]) {
        await page.waitForSelector('.subnav');
        await page.click(`.subnav [href="${name ? `#/admin/${name}` : '#/admin'}"]`);
        await page.waitForSelector(`.subnav [aria-current][href="${name ? `#/admin/${name}` : '#/admin'}"]`);
        await page.waitForSelector('.page-body:not(:has(> .loading))');
        seen[name] = await page.locator('.page-body').innerText();
        if (await page.$('[data-error]'))
            wrong.push(`${name}: ${seen[name]}`);
    }
    await page.click('.subnav [href="#/admin/quotas"]');
    await page.waitForSelector('.page-body:not(:has(> .loading))');
    console.log(JSON.stringify({ at: 'quotas' }));
    await page.waitForSelector(`tr:has-text("${quota}")`);
    console.log(JSON.stringify({ pages: seen, wrong }));
} catch (error) {
    console.log(JSON.stringify({ pages: seen, wrong: [...wrong, error.message.split('\n')[0]] }));
    process.exitCode = 1;
} finally {
    await browser.close();
}
