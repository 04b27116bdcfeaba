#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signin: a person signs in at the site's OpenID provider, looks at the portal and signs out at both.
 *
 *   node signin.mjs URL NAME
 *
 * Prints {"user", "admin", "again"}: as whom the portal greets them, whether it shows the
 * administration, and whether the sign-in page is back afterwards.
 */
import { launch } from './browser.mjs';

const [url, name] = process.argv.slice(2);
const browser = await launch();

try {
    const page = await browser.newPage({ ignoreHTTPSErrors: true });

    page.setDefaultTimeout(60000);
    await page.goto(url);
    await page.click('.provider');
    await page.fill('[name=login]', name);
    await page.fill('[name=password]', 'anything');
    await page.click('[type=submit]');
    await page.click('[type=submit]:has-text("Continue")');
    await page.waitForSelector('.header-user');
    const user = await page.textContent('.header-user');
    const admin = await page.locator('text=Administration').count() > 0;

    await page.click('text=Sign out');
    await page.click('button:has-text("Yes")');
    await page.waitForSelector('.provider');
    const again = await page.locator('.header-user').count() === 0 && new URL(page.url()).origin === new URL(url).origin;

    console.log(JSON.stringify({ user, admin, again }));
} finally {
    await browser.close();
}
