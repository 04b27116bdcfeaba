#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run: the pages in a real browser against the fake server.
 *
 *   node run.mjs [--root WEB_ROOT] [--only TEXT]
 *
 * Closes with "N passed, N failed". Screenshots go to tests/out/.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runAll } from './harness.mjs';
import './test-login.mjs';
import './test-desktops.mjs';
import './test-admin.mjs';
import './test-console.mjs';
import './test-faults.mjs';
import './test-looks.mjs';
import './test-drive.mjs';
import './test-weight.mjs';

const { values: options } = parseArgs({ options: {
    root: { type: 'string', default: resolve(import.meta.dirname, '../../build/web') },
    only: { type: 'string', default: '' },
} });

if (!existsSync(resolve(options.root, 'js/novnc.js'))) {
    console.error(`${options.root} is not a complete web root: run "npm ci --prefix web --omit=dev", configure and build`);
    process.exit(2);
}
process.exitCode = await runAll(options.root, options.only) ? 1 : 0;
