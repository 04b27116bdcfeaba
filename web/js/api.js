/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * api: the broker's REST interface (docs/api.yaml), one function per call. The login lives in an
 * HttpOnly cookie; this file never sees or keeps a token. A changing call carries the header that
 * no foreign page can set.
 */

const BASE = new URL('api/v1/', document.baseURI);
const PATIENCE = 20000;

/* code: a fault of the broker's (errors.js), or "expired", "credentials", "throttled", "offline",
 * "aborted". */
export class ApiError extends Error {
    constructor(code, message = '', extra = {}) {
        super(message);
        this.code = code;
        Object.assign(this, extra);
    }
}

const BY_STATUS = { 400: 'client', 403: 'denied', 404: 'not-found', 408: 'timeout', 410: 'ended',
    429: 'throttled', 500: 'bug', 502: 'broker', 503: 'broker', 504: 'timeout' };

let expired = () => {};

/* What to do when the broker does not know the login any more. */
export function onExpired(act) {
    expired = act;
}

async function problem(response) {
    const extra = { status: response.status, retryAfter: Number(response.headers.get('Retry-After')) || 0 };
    let error = {};

    try {
        const answer = await response.json();

        error = answer.error ?? {};
        extra.messages = answer.messages;
    } catch {
        /* Not from the broker: the gateway or a proxy in between answered. */
    }
    return new ApiError(response.status === 429 ? 'throttled'
        : response.status === 401 ? 'expired'
            : error.code ?? BY_STATUS[response.status] ?? 'bug', error.message, extra);
}

async function request(method, path, { body, signal, patience = PATIENCE } = {}) {
    const deadline = AbortSignal.timeout(patience);
    const headers = {};

    if (method !== 'GET')
        headers['X-Oriel-CSRF'] = '1';
    if (body !== undefined)
        headers['Content-Type'] = 'application/json';
    try {
        return await fetch(new URL(path, BASE), {
            method,
            headers,
            body: body === undefined ? undefined : JSON.stringify(body),
            credentials: 'same-origin',
            cache: 'no-store',
            signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
        });
    } catch {
        if (signal?.aborted)
            throw new ApiError('aborted');
        throw new ApiError(deadline.aborted ? 'timeout' : 'offline');
    }
}

/* What desktops were called in the last list. */
const names = new Map();

/* The next who signs in on this page may be somebody else. */
function over() {
    names.clear();
    expired();
}

/* What is cut short, or is no answer of ours (the page of a hotel's network), is as none. */
async function read(take) {
    try {
        return await take();
    } catch {
        throw new ApiError('offline');
    }
}

export async function call(method, path, options) {
    const response = await request(method, path, options);

    if (response.status === 401)
        over();
    if (!response.ok)
        throw await problem(response);
    if (response.status === 204)
        return null;
    return read(async () => {
        const text = await response.text();

        return text ? JSON.parse(text) : null;
    });
}

/* One round of a login: {done: {user, admin, messages}} or {conversation, prompts}. */
async function round(path, body) {
    /* PAM delays refusals on purpose, and a directory may be slow. */
    const response = await request('POST', path, { body, patience: 60000 });

    if (response.status === 401) {
        const refused = await problem(response);

        refused.code = 'credentials';
        throw refused;
    }
    if (!response.ok)
        throw await problem(response);
    const answer = await read(() => response.json());

    return response.status === 202 ? answer : { done: answer };
}

const part = encodeURIComponent;

export const login = (user, password) => round('login', { user, password });
export const answer = (conversation, answers) => round(`login/${part(conversation)}`, { answers });
export const session = (options) => call('GET', 'session', options);
/* What the site's OpenID provider is called; null where there is none. */
export const provider = () => call('GET', 'oidc').then((answer) => answer.label).catch(() => null);
export const providerLogin = new URL('oidc/login', BASE).href;

/* Null, or {redirect}: where to sign out as well. */
export async function logout() {
    const answer = await call('POST', 'logout');

    names.clear();
    return answer;
}

export async function desktops(options) {
    const list = await call('GET', 'desktops', options);

    for (const { id, name } of list)
        names.set(id, name);
    return list;
}

/* '' for one that was in no list yet. */
export const desktopName = (id) => names.get(id) ?? '';
export const desktop = (id, options) => call('GET', `desktops/${part(id)}`, options);
export const messages = () => call('GET', 'messages');
export const sessions = (options) => call('GET', 'sessions', options);
export const extendSession = (id) => call('POST', `sessions/${part(id)}/extend`);
export const endSession = (id) => call('DELETE', `sessions/${part(id)}`);

export const snapshots = (id) => call('GET', `desktops/${part(id)}/snapshots`);
export const takeSnapshot = (id, name) => call('POST', `desktops/${part(id)}/snapshots`, { body: { name }, patience: 180000 });
export const revertSnapshot = (id, snapshot) =>
    call('POST', `desktops/${part(id)}/snapshots/${part(snapshot)}/revert`, { patience: 180000 });
export const removeSnapshot = (id, snapshot) => call('DELETE', `desktops/${part(id)}/snapshots/${part(snapshot)}`, { patience: 180000 });
export const updateDesktop = (id) => call('POST', `desktops/${part(id)}/update`, { patience: 180000 });

/* May take as long as the desktop takes to start. */
export const connect = (id, protocol, options) =>
    call('POST', `desktops/${part(id)}/connect`, { body: { protocol }, patience: 180000, ...options });

/* The .vv file: {blob, name}. */
export async function viewerFile(id, options) {
    const response = await request('GET', `desktops/${part(id)}/console.vv`, { patience: 180000, ...options });

    if (response.status === 401)
        over();
    if (!response.ok)
        throw await problem(response);
    const name = /filename="?([^";]+)"?/.exec(response.headers.get('Content-Disposition') ?? '')?.[1];

    return { blob: await read(() => response.blob()), name: name ?? 'console.vv' };
}

/* The WebSocket that one ticket opens. */
export function socketUrl(ticket) {
    const url = new URL('websockify', document.baseURI);

    url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
    url.searchParams.set('token', ticket);
    return url;
}
