#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * weight: what a browser fetches before a page is there, and how long that takes on a line of 50 ms
 * and 10 Mbit/s: the sign-in page, and the console of an administrator.
 *
 *   node tests/bench/weight.mjs < STATE/quickstart.json       of config/quickstart, while it runs
 *
 * "again" is a browser that has been there. Needs tests/browser/node_modules.
 */
import { readFileSync } from 'node:fs';
import { launch, trustedKey } from '../browser/browser.mjs';

const ROUNDS = 5;
const LINE = { offline: false, latency: 50, downloadThroughput: 10e6 / 8, uploadThroughput: 10e6 / 8 };
const { url, users, ca } = JSON.parse(readFileSync(0, 'utf8'));
const admin = users.find((user) => user.admin);
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/* Opens a page and waits for `part` of it: {requests, kilobytes, milliseconds}. What is fetched
 * afterwards, while a person reads, does not count. */
async function open(context, path, part) {
    const page = await context.newPage();
    const client = await context.newCDPSession(page);
    const sizes = new Map();

    await client.send('Network.enable');
    await client.send('Network.emulateNetworkConditions', LINE);
    client.on('Network.responseReceived', ({ requestId, response }) => response.fromDiskCache || sizes.set(requestId, 0));
    client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => sizes.has(requestId) && sizes.set(requestId, encodedDataLength));
    await page.goto(url + path, { waitUntil: 'commit' });
    const milliseconds = await page.evaluate((wanted) => new Promise((resolve) => {
        const look = () => document.querySelector(wanted) ? requestAnimationFrame(() => resolve(performance.now())) : requestAnimationFrame(look);

        look();
    }), part);
    const requests = sizes.size;
    const kilobytes = [...sizes.values()].reduce((sum, size) => sum + size, 0) / 1000;

    return { page, requests, kilobytes, milliseconds };
}

async function round(browser, path, part, sign) {
    const context = await browser.newContext();

    if (sign) {
        const login = await context.request.post(new URL('api/v1/login', url).href, { ignoreHTTPSErrors: true, data: { user: admin.name, password: admin.password } });

        if (!login.ok())
            throw new Error(`no login: ${login.status()}`);
    }
    const first = await open(context, path, part);

    /* Whatever else it fetches while nobody does anything. */
    await first.page.waitForLoadState('networkidle').catch(() => {});
    await first.page.close();
    const again = await open(context, path, part);

    await context.close();
    return [first, again];
}

/* A browser keeps nothing of a server that it does not trust. */
const browser = await launch({ spki: await trustedKey(url, ca) });

console.log('| page | | requests | kB | ms |\n|---|---|---|---|---|');
for (const [name, path, part, sign] of [['sign in', '', '#username', false], ['console', '#/admin', '.tile', true]]) {
    const rounds = [];

    for (let i = 0; i < ROUNDS; i++)
        rounds.push(await round(browser, path, part, sign));
    for (const [visit, label] of ['first', 'again'].entries())
        console.log(`| ${name} | ${label} | ${median(rounds.map((one) => one[visit].requests))} | ${median(rounds.map((one) => one[visit].kilobytes)).toFixed(1)} | ${median(rounds.map((one) => one[visit].milliseconds)).toFixed(0)} |`);
}
await browser.close();
