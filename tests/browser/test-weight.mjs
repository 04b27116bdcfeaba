/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes before the first picture of a page: all of it asked for at once, and not too much. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from './harness.mjs';

const WEB = resolve(import.meta.dirname, '../../web');
/* Bytes with gzip that the sign-in page may need. It is a page that people wait for. */
const MOST = 40 * 1024;

const source = (path) => readFileSync(join(WEB, readdirSync(join(WEB, dirname(path))).includes(path.split('/').at(-1)) ? path : `${path}.in`), 'utf8');

/* Modules that this one needs, itself included; noVNC's own are many and kept for ever. */
function closure(entry, found = new Set()) {
    if (found.has(entry) || entry.startsWith('novnc/'))
        return found;
    found.add(entry);
    for (const [, to] of source(entry).matchAll(/^(?:import|export)\s[^;]*?from '([^']+)'/gm))
        closure(normalize(join(dirname(entry), to)), found);
    return found;
}

for (const [page, entry] of [['index.html', 'js/app.js'], ['vnc.html', 'js/vnc.js']])
    test(`weight: ${page} names all its modules`, async () => {
        const named = [...source(page).matchAll(/<link rel="modulepreload" href="v\/@VERSION@\/([^"]+)">/g)].map(([, path]) => path);

        assert.deepEqual(named.toSorted(), [...closure(entry)].filter((path) => path !== entry).toSorted());
    });

test('weight: the sign-in page is light', async () => {
    const files = ['index.html', 'style.css', 'admin.css', 'icons.svg', 'oriel.svg', 'favicon.svg', ...closure('js/app.js')];
    const bytes = files.reduce((sum, path) => sum + gzipSync(source(path), { level: 9 }).length, 0);

    assert.ok(bytes < MOST, `${bytes} bytes in ${files.length} files`);
});
