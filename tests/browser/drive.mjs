#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * drive: what a person does, against a real system: sign in on the page, open a desktop in the
 * browser, wait for its picture, type, keep a screenshot. For the whole-system tests.
 *
 *   node drive.mjs < request.json      {"url","user","password",...}, the options below without "--"
 *   node drive.mjs --url https://127.0.0.1:8443 --user ann --password P --type hello
 *       --screenshot out.png [--desktop NAME] [--spki BASE64] [--answer TEXT]... [--settle MS]
 *       [--ca FILE] [--timeout SECONDS] [--page-shot out.png] [--keep]
 *
 * The text is typed with Enter for each of its line ends and one at its end. The certificate is
 * checked against --ca, or its key against --spki; without both any is taken. Without --desktop the
 * first card is opened, or the only desktop, which opens by itself.
 *
 * Prints one line of JSON: {"ok":true,"desktop","width","height","ms":{...}}, where ms.first_picture
 * is the time from the moment when the console comes up (the click on "Open") to the first picture that is not one plain colour, or
 * {"ok":false,"error","page":{"code","title","text"}}, and exits with 0 or 1.
 * --keep: stays connected after that line until its standard input ends or the session does, and
 * prints a second line: {"ended":null} or {"ended":{"code","title","text"}}.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { launch, trustedKey } from './browser.mjs';
import { CURSOR, settle, type } from './screen.mjs';

const { values } = parseArgs({ options: {
    'url': { type: 'string' }, 'user': { type: 'string' }, 'password': { type: 'string' },
    'type': { type: 'string' }, 'screenshot': { type: 'string' }, 'page-shot': { type: 'string' },
    'desktop': { type: 'string' }, 'spki': { type: 'string' }, 'answer': { type: 'string', multiple: true, default: [] },
    'settle': { type: 'string', default: '1500' }, 'timeout': { type: 'string', default: '120' }, 'keep': { type: 'boolean' },
    'ca': { type: 'string' },
} });
/* A password on standard input is in no process list. */
const options = values.url ? values : { ...values, ...JSON.parse(readFileSync(0, 'utf8')) };
const patience = Number(options.timeout) * 1000;
const quiet = Number(options.settle);

/* What the page says is wrong, if it does. */
const fault = (page) => page.evaluate(() => {
    const notice = document.querySelector('[data-error]');
    const note = document.querySelector('.form-note.error');

    return notice ? { code: notice.dataset.error, title: notice.querySelector('h1').textContent,
        text: notice.querySelector('.notice-text').textContent }
        : note ? { code: 'login', title: document.querySelector('h1').textContent, text: note.textContent } : null;
}).catch(() => null);

class Refused extends Error {}

/* Waits for any of these selectors; a fault on the page ends the wait at once. */
async function until(page, selectors) {
    const hit = await page.waitForFunction((wanted) =>
        document.querySelector('[data-error], .form-note.error') ? 'fault' : wanted.find((one) => document.querySelector(one)),
    selectors, { timeout: patience, polling: 50 });
    const which = await hit.jsonValue();

    if (which === 'fault')
        throw new Refused('the page shows a fault');
    return which;
}

async function signIn(page) {
    await until(page, ['#username']);
    await page.fill('#username', options.user);
    await page.fill('#password', options.password);
    await page.click('[type=submit]');
    const answers = [...options.answer];

    while ((await until(page, ['.card', '.console', '[id^="answer-"]:not(:disabled)'])).startsWith('[')) {
        for (const field of await page.$$('[id^="answer-"]')) {
            if (answers.length === 0)
                throw new Error('the page asks for more than there are answers');
            await field.fill(answers.shift());
        }
        await page.click('[type=submit]');
        await page.waitForFunction(() => !document.querySelector('[id^="answer-"]:not(:disabled)'), null, { timeout: patience });
    }
}

/* Measures in the page itself, so that our own channel to it does not count. */
function stopwatch() {
    const small = Object.assign(document.createElement('canvas'), { width: 160, height: 100 }).getContext('2d', { willReadFrequently: true });
    let began = 0;

    new MutationObserver((changes, observer) => {
        if (!document.querySelector('.console'))
            return;
        began = performance.now();
        observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
    const timer = setInterval(() => {
        const canvas = document.querySelector('.screen canvas');

        if (!began || !canvas?.width || !canvas.height)
            return;
        small.drawImage(canvas, 0, 0, 160, 100);
        const { data } = small.getImageData(0, 0, 160, 100);

        for (let i = 4; i < data.length; i += 4) {
            if (data[i] !== data[0] || data[i + 1] !== data[1] || data[i + 2] !== data[2]) {
                clearInterval(timer);
                window.firstPicture = performance.now() - began;
                return;
            }
        }
    }, 20);
}

/* Opens the wanted desktop, unless the only one has opened by itself. */
async function open(page) {
    if (await page.$('.console') === null) {
        const card = options.desktop ? `.card[data-desktop="${options.desktop}"]` : '.card';

        await page.click(`${card} .primary`);
    }
    await page.waitForFunction(() => window.firstPicture !== undefined || document.querySelector('[data-error]'), null,
        { timeout: patience, polling: 50 });
    const ms = await page.evaluate(() => window.firstPicture);

    if (ms === undefined)
        throw new Refused('the desktop did not open');
    return ms;
}

const picture = (page) => page.evaluate(() => document.querySelector('.screen canvas')?.toDataURL('image/png') ?? '');

/* Types until the desktop shows something for it: one that still boots reads no keys. */
async function say(page, text) {
    const end = Date.now() + patience;

    for (let again = false; ; again = true) {
        await page.focus('.screen canvas');
        if (again)
            await page.keyboard.press('Control+U');
        /* Looked at before Enter, too: an answer that is there already would come as no news. */
        await type(page, text.replace(/\n$/, ''));
        const echo = await settle(page, quiet, patience);

        await type(page, '\n');
        if (echo + await settle(page, quiet, patience) > CURSOR)
            return;
        if (Date.now() > end)
            throw new Error('the desktop shows nothing of what was typed');
    }
}

async function keep(page) {
    const input = new Promise((resolve) => process.stdin.resume().on('end', resolve).on('close', resolve));
    const over = page.waitForSelector('[data-error]', { timeout: 0 }).catch(() => {});

    await Promise.race([input, over]);
    console.log(JSON.stringify({ ended: await fault(page) }));
}

const began = Date.now();
let browser = null;
let page = null;

try {
    browser = await launch({ spki: options.ca ? await trustedKey(options.url, options.ca) : options.spki });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.addInitScript(stopwatch);
    await page.goto(new URL(options.desktop ? '/#/desktops' : '/', options.url).href, { timeout: patience });
    const loaded = Date.now();

    await signIn(page);
    const signedIn = Date.now();
    const ms = await open(page);
    await settle(page, quiet, patience);
    if (options.type !== undefined)
        await say(page, options.type);
    if (options.screenshot)
        writeFileSync(options.screenshot, Buffer.from((await picture(page)).split(',')[1], 'base64'));
    if (options['page-shot'])
        await page.screenshot({ path: options['page-shot'] });
    const shown = await page.evaluate(() => {
        const { width, height } = document.querySelector('.screen canvas');

        return { desktop: document.querySelector('.bar-name').textContent, width, height };
    });

    console.log(JSON.stringify({ ok: true, ...shown, ms: { page: loaded - began, sign_in: signedIn - loaded,
        first_picture: Math.round(ms), total: Date.now() - began } }));
    if (options.keep)
        await keep(page);
} catch (error) {
    console.log(JSON.stringify({ ok: false, error: error.message.split('\n')[0], page: page && await fault(page) }));
    if (page && options['page-shot'])
        await page.screenshot({ path: options['page-shot'] }).catch(() => {});
    process.exitCode = 1;
} finally {
    await browser?.close();
    process.stdin.pause();
}
