#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch: noVNC in a browser on an X display, which it fills, until it is stopped. For the benchmarks.
 *
 *   node watch.mjs PAGE_URL WEBSOCKET_URL     PAGE_URL: a web root with noVNC (build/gcc/web)
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { launch } from './browser.mjs';

const [pageUrl, socketUrl] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../web/node_modules/@novnc/novnc/package.json')));
const browser = await launch({ headless: false, args: ['--ozone-platform=x11'] });

process.on('SIGTERM', () => browser.close().then(() => process.exit(0)));
const page = await browser.newPage({ viewport: null, permissions: ['local-network-access'] });

/* An empty page: the portal's own would go on to the sign-in. */
await page.route('**/watch', route => route.fulfill({ contentType: 'text/html', body: '' }));
await page.goto(new URL('/watch', pageUrl).href);
await page.evaluate(async ([module, url]) => {
    const { default: RFB } = await import(module);

    document.body.replaceChildren();
    document.body.style = 'margin: 0';
    const rfb = new RFB(document.body, url, { shared: true, wsProtocols: ['binary'] });

    rfb.addEventListener('connect', () => rfb.focus());
}, [new URL(`/novnc/${version}/core/rfb.js`, pageUrl).href, socketUrl]);

const control = await page.context().newCDPSession(page);
const { windowId } = await control.send('Browser.getWindowForTarget');

await control.send('Browser.setWindowBounds', { windowId, bounds: { windowState: 'fullscreen' } });
await page.bringToFront();
