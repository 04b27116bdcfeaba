#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * provider: a real OpenID provider (npm oidc-provider) for the whole-system tests. Whoever gives a name
 * is that person; its pages are those that come with it.
 *
 *   node provider.mjs < settings.json   {"port", "certificate", "key", "client", "secret", "base",
 *                                        "groups": {"user": ["group", ...]}}
 *
 * Names and groups are in the ID token. SIGUSR2: new keys, the old ones are gone, and names and groups are
 * at the userinfo endpoint alone. Prints "ready" and, after that, "renewed".
 */
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import Provider from 'oidc-provider';

const settings = JSON.parse(readFileSync(0, 'utf8'));
let generation = 0;

function makeKey() {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

    return { ...privateKey.export({ format: 'jwk' }), kid: `key-${++generation}`, use: 'sig', alg: 'RS256' };
}

const person = (id) => ({ sub: `u-${id}`, preferred_username: id, groups: settings.groups[id] ?? [] });

function make({ inToken }) {
    return new Provider(`https://127.0.0.1:${settings.port}`, {
        clients: [{ client_id: settings.client, client_secret: settings.secret, redirect_uris: [`${settings.base}api/v1/oidc/return`],
            post_logout_redirect_uris: [settings.base], grant_types: ['authorization_code'], response_types: ['code'] }],
        claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
        conformIdTokenClaims: !inToken,
        findAccount: (context, id) => ({ accountId: id, claims: () => person(id) }),
        cookies: { keys: ['only for tests'] },
        jwks: { keys: [makeKey()] },
        pkce: { required: () => true },
        features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    }).callback();
}

let answer = make({ inToken: true });
const server = createServer({ cert: readFileSync(settings.certificate), key: readFileSync(settings.key) },
    (request, response) => answer(request, response));

process.on('SIGUSR2', () => {
    answer = make({ inToken: false });
    console.log('renewed');
});
server.listen(settings.port, '127.0.0.1', () => console.log('ready'));
