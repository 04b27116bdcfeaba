/* SPDX-License-Identifier: GPL-3.0-or-later */
/* drive.mjs, as the whole-system tests call it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from './harness.mjs';

const SHOT = resolve(import.meta.dirname, '../out/drive.png');

/* Its answer and exit code. */
async function drive(request) {
    const child = spawn(process.execPath, [resolve(import.meta.dirname, 'drive.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] });
    let text = '';

    child.stdout.on('data', (data) => { text += data; });
    child.stdin.end(JSON.stringify(request));
    const [code] = await once(child, 'close');

    return { ...JSON.parse(text), code };
}

test('drive: signs in, types and keeps the picture', async ({ server }) => {
    server.rounds = [[{ kind: 'secret', text: 'One-time code:' }]];
    const answer = await drive({ url: server.url, ca: server.ca, user: 'ann', password: 'correct horse', answer: ['123456'],
        desktop: 'classroom', type: 'echo "A_b"', screenshot: SHOT, settle: '500', timeout: '90' });

    assert.deepEqual({ ok: answer.ok, code: answer.code, desktop: answer.desktop }, { ok: true, code: 0, desktop: 'classroom' });
    assert.ok(answer.ms.first_picture > 0 && answer.ms.first_picture < answer.ms.total);
    assert.deepEqual(server.answers, [['123456']]);
    assert.equal(String.fromCharCode(...server.desktop.typed().filter((keysym) => keysym < 256)), 'echo "A_b"');
    assert.deepEqual(server.desktop.held(), []);
    assert.equal(readFileSync(SHOT).subarray(1, 4).toString(), 'PNG');
});

test('drive: a wrong password is its failure', async ({ server }) => {
    const answer = await drive({ url: server.url, ca: server.ca, user: 'ann', password: 'wrong', type: 'x', timeout: '90' });

    assert.deepEqual({ ok: answer.ok, code: answer.code, page: answer.page.code }, { ok: false, code: 1, page: 'login' });
});

test('drive: a certificate that the CA has not signed ends it before the password', async ({ server }) => {
    const other = '/etc/ssl/certs/ca-certificates.crt';
    const answer = await drive({ url: server.url, ca: other, user: 'ann', password: 'correct horse', type: 'x', timeout: '90' });

    assert.deepEqual({ ok: answer.ok, code: answer.code }, { ok: false, code: 1 });
    assert.match(answer.error, /certificate/);
    assert.equal(server.signedIn, false);
});
