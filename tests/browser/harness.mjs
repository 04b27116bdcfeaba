/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * harness: one fake server and one fresh browser context per test, and what must hold in all of
 * them: no script error, nothing that the Content-Security-Policy stops, no file that is missing.
 */
import assert from 'node:assert/strict';
import { FakeServer } from './fake-server.mjs';
import { colours, launch } from './browser.mjs';

/* How many at once: most of a test is waiting. */
const LANES = 3;

const tests = [];

/* options: what playwright's newContext() takes. alone: it uses what all pages share (the
 * clipboard). */
export function test(name, run, { alone = false, ...options } = {}) {
    tests.push({ name, run, options, alone });
}

async function one(browser, root, { run, options }) {
    const server = await new FakeServer(root).start();
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const page = await context.newPage();
    const wrong = [];

    page.setDefaultTimeout(60000);
    page.on('pageerror', (error) => wrong.push(`script error: ${error.message}`));
    page.on('console', (message) => {
        if (message.type() === 'error' && !/Failed to load resource|WebSocket connection|^Failed when connecting|Security negotiation failed/.test(message.text()))
            wrong.push(`console: ${message.text()}`);
        if (/Content.Security.Policy/i.test(message.text()))
            wrong.push(message.text());
    });
    try {
        await run({ server, page, context, person: new Person(page, server) });
        assert.deepEqual(wrong, []);
        assert.deepEqual(server.missing, []);
    } finally {
        await context.close();
        await server.stop();
    }
}

/* What a person does on the pages. */
export class Person {
    constructor(page, server) {
        this.page = page;
        this.server = server;
    }

    async visit(path = '/') {
        await this.page.goto(this.server.url + path);
    }

    async signIn(path = '/', password = 'correct horse') {
        await this.visit(path);
        await this.page.fill('#username', 'ann');
        await this.page.fill('#password', password);
        await this.page.keyboard.press('Enter');
    }

    /* In front of the picture of a desktop. */
    async openDesktop() {
        await this.signIn('/#/desktops');
        await this.page.click('.card .primary');
        await this.live();
    }

    async live() {
        await this.page.waitForSelector('.console:not(.covered) .screen canvas');
        await this.eventually(async () => assert.ok(await colours(this.page) > 8));
    }

    /* The bar goes away by itself unless the mouse is on it. */
    async tool(label) {
        const middle = this.page.viewportSize().width / 2;

        await this.page.mouse.move(middle, 300);
        await this.page.mouse.move(middle, 2);
        await this.page.click(`.toolbar [aria-label="${label}"]`);
    }

    async sees(selector, text) {
        await this.page.locator(selector, { hasText: text }).first().waitFor();
    }

    async fault(code) {
        await this.page.waitForSelector(`[data-error="${code}"]`);
    }

    async focused() {
        return await this.page.evaluate(() => document.activeElement.id || document.activeElement.getAttribute('aria-label')
            || document.activeElement.tagName);
    }

    /* Repeats a check until it holds; its last complaint counts. */
    async eventually(check, patience = 60000) {
        const end = Date.now() + patience;

        for (;;) {
            try {
                return await check();
            } catch (error) {
                if (Date.now() > end)
                    throw error;
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
        }
    }
}

/* Runs all, or those whose name has `only` in it. Returns the number of failures. */
export async function runAll(root, only = '') {
    const browser = await launch();
    const wanted = tests.filter(({ name }) => name.includes(only));
    let passed = 0;
    let failed = 0;

    const lane = async (queue) => {
        for (let entry = queue.shift(); entry; entry = queue.shift()) {
            const began = Date.now();

            try {
                await one(browser, root, entry);
                passed++;
                console.log(`ok     ${entry.name} (${Date.now() - began} ms)`);
            } catch (error) {
                failed++;
                console.log(`FAILED ${entry.name}\n${error.stack.replace(/^/gm, '       ')}`);
            }
        }
    };

    try {
        const together = wanted.filter(({ alone }) => !alone);

        await lane(wanted.filter(({ alone }) => alone));
        await Promise.all(Array.from({ length: LANES }, () => lane(together)));
    } finally {
        await browser.close();
    }
    console.log(`${passed} passed, ${failed} failed`);
    return failed;
}
