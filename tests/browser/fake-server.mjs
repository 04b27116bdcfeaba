/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake-server: gateway and broker as the pages see them (docs/api.yaml), with knobs. It serves the
 * real web root with the real Content-Security-Policy, a self-signed certificate, an in-memory
 * broker and a fake desktop behind /websockify. Tests set its fields and read what it has seen.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { WebSocketServer } from 'ws';
import { FakeAdmin, picture } from './fake-admin.mjs';
import { FakeRfb } from './fake-rfb.mjs';

export const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

export const DESKTOPS = {
    one: { id: 'd-1', name: 'ann-office', pool: 'office', kind: 'dedicated', state: 'ready', detail: '',
        protocols: ['web', 'vnc', 'spice'], last_used: Math.floor(Date.now() / 1000) - 7200, screen: true },
    two: { id: 'p-2', name: 'classroom', pool: 'classroom', kind: 'floating', state: 'off', detail: '',
        protocols: ['web', 'vnc', 'spice'], last_used: 0 },
    three: { id: 'd-3', name: 'lab-pc-07', pool: 'lab machines', kind: 'machines', state: 'in-use', detail: '',
        protocols: ['web', 'vnc'], last_used: Math.floor(Date.now() / 1000) - 86400 * 9 },
    four: { id: 'd-4', name: 'render-station-with-a-rather-long-name', pool: 'graphics', kind: 'dedicated', state: 'failed',
        detail: 'The image of this desktop is missing on its host.', protocols: ['web', 'spice'], last_used: 0 },
};

export class FakeServer {
    password = 'correct horse';
    /* Rounds of further prompts after the password: [[prompt, ...], ...]. */
    rounds = [];
    wanted = [];         /* the answers that a round wants; undefined = any */
    provider = null;     /* what the OpenID provider is called */
    throttle = 0;
    messages = undefined; /* what PAM says beside its verdict */
    down = false;        /* the broker: every call 503 */
    list = [DESKTOPS.one, DESKTOPS.two];
    sessions = [];
    snapshots = [];
    starting = [];       /* [{state, detail}, ...] shown one after the other before a ticket comes */
    connectError = null; /* {status, code, message} */
    rfbFailure = null;
    refuse = false;      /* every ticket: 403 */
    answers = [];
    ended = [];
    looks = [];          /* ids of desktops whose screens were asked for */
    tickets = [];        /* every one handed out */
    spent = [];
    desktops = [];       /* FakeRfb, the last one is current */
    notes = [];          /* messages from administrators */
    admin = null;        /* a FakeAdmin: who signs in is one */
    missing = [];        /* paths that were not there */
    #login = null;
    #conversations = new Map();
    #polls = 0;
    #server;
    #wss;
    #root;
    #dir;

    constructor(root) {
        this.#root = root;
    }

    async start() {
        this.#dir = mkdtempSync(join(tmpdir(), 'oriel-fake-'));
        execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
            '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
            '-keyout', 'key.pem', '-out', 'cert.pem'], { cwd: this.#dir, stdio: 'ignore' });
        this.#server = createServer({ key: readFileSync(join(this.#dir, 'key.pem')), cert: readFileSync(join(this.#dir, 'cert.pem')) },
            (request, response) => this.#http(request, response));
        this.#wss = new WebSocketServer({ noServer: true, perMessageDeflate: false });
        this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
        await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
        this.ca = join(this.#dir, 'cert.pem');
        this.url = `https://127.0.0.1:${this.#server.address().port}`;
        return this;
    }

    async stop() {
        for (const client of this.#wss.clients)
            client.terminate();
        this.#server.closeAllConnections();
        await new Promise((resolve) => this.#server.close(resolve));
        rmSync(this.#dir, { recursive: true, force: true });
    }

    get desktop() {
        return this.desktops.at(-1);
    }

    get signedIn() {
        return this.#login !== null;
    }

    /* From here on who signs in is an admin. */
    appoint() {
        this.admin = new FakeAdmin();
        return this.admin;
    }

    expire() {
        this.#login = null;
    }

    async #http(request, response) {
        const url = new URL(request.url, this.url);

        if (url.pathname.startsWith('/api/v1/')) {
            let body = '';

            for await (const chunk of request)
                body += chunk;
            await this.#api(request, url, body ? JSON.parse(body) : {}, response);
            return;
        }
        /* As the broker does: /v/VERSION/x is x, and may be kept for ever. */
        const path = normalize(url.pathname === '/' ? '/index.html' : url.pathname.replace(/^\/v\/[^/]+/, ''));

        try {
            const bytes = readFileSync(join(this.#root, path));

            response.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream',
                'Content-Security-Policy': CSP, 'X-Content-Type-Options': 'nosniff' });
            response.end(bytes);
        } catch {
            this.missing.push(path);
            response.writeHead(404).end();
        }
    }

    #upgrade(request, socket, head) {
        const token = new URL(request.url, this.url).searchParams.get('token');

        if (this.refuse || !this.tickets.includes(token) || this.spent.includes(token)) {
            socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
            return;
        }
        this.spent.push(token);
        this.#wss.handleUpgrade(request, socket, head, (client) =>
            this.desktops.push(new FakeRfb(client, { failure: this.rfbFailure })));
    }

    /* A ticket, as "connect" gives one. */
    ticket() {
        this.tickets.push(randomBytes(32).toString('hex').slice(0, 43));
        return this.tickets.at(-1);
    }

    async #api(request, url, body, response) {
        const send = (status, answer, headers = {}) => {
            response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers });
            response.end(answer === undefined ? '' : JSON.stringify(answer));
        };
        const fail = (status, code, message = '', headers = {}) => send(status, { error: { code, message } }, headers);
        const [, what, id, verb] = url.pathname.slice('/api/v1'.length).split('/').map(decodeURIComponent);
        const call = `${request.method} ${what}${id ? '/ID' : ''}${verb ? `/${verb}` : ''}`;

        if (this.down)
            return fail(503, 'broker', 'The desktop service is not available right now. Please try again in a moment.');
        if (call === 'POST login')
            return this.#start(body, send, fail);
        if (call === 'POST login/ID')
            return this.#answer(id, body, send, fail);
        if (call === 'GET oidc')
            return send(200, { label: this.provider });
        if (!this.#login || !(request.headers.cookie ?? '').includes(`oriel=${this.#login.token}`))
            return fail(401, 'denied', 'Not signed in.');
        if (request.method !== 'GET' && request.headers['x-oriel-csrf'] !== '1')
            return fail(403, 'denied', 'The X-Oriel-CSRF header is missing.');

        if (what === 'admin')
            return this.admin ? this.admin.answer(request, url, url.pathname.split('/').slice(4).map(decodeURIComponent), body, response, { send, fail })
                : fail(403, 'denied');
        const desktop = this.list.find((one) => one.id === id);

        switch (call) {
        case 'GET session':
            return send(200, { user: this.#login.user, admin: this.admin !== null });
        case 'POST logout':
            this.#login = null;
            return send(204, undefined, { 'Set-Cookie': 'oriel=; Max-Age=0; Path=/' });
        case 'GET messages':
            return send(200, this.notes);
        case 'GET desktops':
            return send(200, this.list);
        case 'GET desktops/ID':
            return desktop ? send(200, { ...desktop, ...this.starting[Math.min(this.#polls++, this.starting.length - 1)] })
                : fail(404, 'not-found', 'There is no such desktop, or it is not yours.');
        case 'POST desktops/ID/connect':
            return this.#connect(desktop, request, send, fail);
        case 'POST desktops/ID/update':
            this.list = this.list.map((one) => one.id === id ? { ...one, update: false, state: 'off' } : one);
            return send(204);
        case 'GET desktops/ID/screen':
            this.looks.push(id);
            return desktop?.screen ? picture(response) : fail(404, 'not-found');
        case 'GET desktops/ID/console.vv':
            if (this.connectError)
                return fail(this.connectError.status, this.connectError.code, this.connectError.message);
            response.writeHead(200, { 'Content-Type': 'application/x-virt-viewer', 'Content-Disposition': `attachment; filename="${desktop.name}.vv"` });
            return response.end('[virt-viewer]\ntype=spice\n');
        case 'GET sessions':
            return send(200, this.sessions);
        case 'GET desktops/ID/snapshots':
            return send(200, this.snapshots);
        case 'POST desktops/ID/snapshots':
            this.snapshots.unshift({ id: `n-${this.snapshots.length}`, name: body.name, taken_at: Math.floor(Date.now() / 1000) });
            return send(201, { id: this.snapshots[0].id });
        case 'DELETE desktops/ID/snapshots':
            this.snapshots = this.snapshots.filter((one) => !url.pathname.endsWith(`/${one.id}`));
            return send(204);
        case 'POST sessions/ID/extend': {
            const session = this.sessions.find((one) => one.id === id);

            session.ends_at += 600;
            session.ends_in += 600;
            session.warn_at += 600;
            return send(200, session);
        }
        case 'DELETE sessions/ID':
            this.ended.push(id);
            this.sessions = this.sessions.filter((session) => session.id !== id);
            return send(204);
        default:
            return fail(404, 'not-found');
        }
    }

    async #connect(desktop, request, send, fail) {
        if (!desktop)
            return fail(404, 'not-found', 'There is no such desktop, or it is not yours.');
        this.#polls = 0;
        /* One poll more than there are states, so that each of them was on the screen. */
        while (this.starting.length && this.#polls <= this.starting.length && !request.socket.destroyed)
            await new Promise((resolve) => setTimeout(resolve, 50));
        if (request.socket.destroyed)
            return undefined;
        if (this.connectError)
            return fail(this.connectError.status, this.connectError.code, this.connectError.message);
        return send(200, { ticket: this.ticket(), expires_at: Math.floor(Date.now() / 1000) + 60,
            desktop: { id: 'd-1', name: desktop.name }, host: 'desktops.example.org', port: 443, vnc_port: 5900 });
    }

    #held(fail) {
        return fail(429, 'busy', 'Too many attempts. Please try again in 1 minute, or ask your administrator.', { 'Retry-After': String(this.throttle) });
    }

    #start({ user, password }, send, fail) {
        if (this.throttle)
            return this.#held(fail);
        if (!user || password !== this.password)
            return send(401, { error: { code: 'denied', message: 'User name or password is not right, or the account is locked.' }, messages: this.messages });
        return this.#next({ user, round: 0 }, send);
    }

    #answer(id, { answers }, send, fail) {
        if (this.throttle)
            return this.#held(fail);
        const conversation = this.#conversations.get(id);

        this.#conversations.delete(id);
        if (!conversation)
            return fail(404, 'not-found', 'This sign-in is over. Please start again.');
        this.answers.push(answers);
        const wanted = this.wanted[conversation.round - 1];

        if (wanted && JSON.stringify(wanted) !== JSON.stringify(answers))
            return fail(401, 'denied', 'User name or password is not right, or the account is locked.');
        return this.#next(conversation, send);
    }

    #next(conversation, send) {
        if (conversation.round < this.rounds.length) {
            const id = randomBytes(8).toString('hex');

            this.#conversations.set(id, conversation);
            return send(202, { conversation: id, prompts: this.rounds[conversation.round++] });
        }
        this.#login = { user: conversation.user, token: randomBytes(16).toString('hex') };
        return send(200, { token: this.#login.token, user: conversation.user, admin: this.admin !== null, messages: this.messages },
            { 'Set-Cookie': `oriel=${this.#login.token}; Path=/; HttpOnly; Secure; SameSite=Strict` });
    }
}
