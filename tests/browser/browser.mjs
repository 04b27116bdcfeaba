/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * browser: Debian's Chromium under playwright-core, kept off every network but this machine's.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { chromium } from 'playwright-core';

/* spki: base64 SHA-256 of the certificate's public key that may be trusted; without it any. */
export async function launch({ spki = null, args = [], headless = true } = {}) {
    return await chromium.launch({
        executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
        headless,
        args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
            '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
            ...(spki ? [`--ignore-certificate-errors-spki-list=${spki}`] : ['--ignore-certificate-errors']), ...args],
    });
}

/* Pixels of the console's canvas, reduced to what a test asks: how many colours there are. */
export async function colours(page) {
    return await page.evaluate(() => {
        const canvas = document.querySelector('.screen canvas');

        if (!canvas || !canvas.width || !canvas.height)
            return 0;
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        const seen = new Set();

        for (let i = 0; i < data.length && seen.size < 64; i += 4 * 7)
            seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
        return seen.size;
    });
}

/* The key that stands on the network, if the certificate on it is good. */
export async function trustedKey(url, ca) {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port || 443), ca: readFileSync(ca),
        servername: /[a-z]/i.test(hostname) ? hostname : '' });

    await once(socket, 'secureConnect');
    const key = socket.getPeerX509Certificate().publicKey.export({ type: 'spki', format: 'der' });

    socket.destroy();
    return createHash('sha256').update(key).digest('base64');
}
