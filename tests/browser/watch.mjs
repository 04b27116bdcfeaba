#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch: noVNC in a browser, looking at a desktop until it is stopped. For the benchmarks.
 *
 *   node watch.mjs PAGE_URL WEBSOCKET_URL     PAGE_URL: a web root with noVNC (build/gcc/web)
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { launch } from './browser.mjs';

const [pageUrl, socketUrl] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../web/node_modules/@novnc/novnc/package.json')));
const browser = await launch();

process.on('SIGTERM', () => browser.close().then(() => process.exit(0)));
const page = await browser.newPage();

await page.goto(pageUrl);
await page.evaluate(async ([module, url]) => {
    const { default: RFB } = await import(module);

    document.body.replaceChildren();
    new RFB(document.body, url, { shared: true, wsProtocols: ['binary'] });
}, [new URL(`/novnc/${version}/core/rfb.js`, pageUrl).href, socketUrl]);
