/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake-admin: the admin's part of the broker as the pages see it (docs/api.yaml): lists that tests
 * fill, calls that change them, and server-sent events.
 */
const NOW = Math.floor(Date.now() / 1000);

const session = (n, user, desktop, pool, protocol, more = {}) => ({ id: `s-${n}`, user, desktop: `d-${n}`, desktop_name: desktop, pool,
    protocol, via: 'vnc', peer: `203.0.113.${n}:50${n}22`, gateway: 'gate-1', state: 'live', started_at: NOW - 700 * n, ended_at: 0,
    reason: null, round_trip: [0, 18400, 134000, 412000][n], bytes_in: 12000 * n, bytes_out: 7400000 * n, ...more });
const desktop = (n, name, pool, kind, state, owner, more = {}) => ({ id: `d-${n}`, name, pool, kind, state, detail: '', owner,
    address: null, protocol: null, identity: `i${n}`, mac: null, screen: false, last_used: owner ? NOW - 3600 * n : 0, ...more });

/* A picture of 320x200: a dark screen with a window. */
export function picture(response) {
    response.writeHead(200, { 'Content-Type': 'image/svg+xml' });
    return response.end('<svg xmlns="http://www.w3.org/2000/svg" width="320" height="200"><rect width="320" height="200" fill="#246"/>'
        + '<rect x="40" y="30" width="200" height="120" fill="#eef"/></svg>');
}

export class FakeAdmin {
    sessions = [session(1, 'ann', 'ann-office', 'office', 'web'), session(2, 'ben', 'classroom-2', 'classroom', 'spice'),
        session(3, 'carla', 'lab-pc-07', 'lab machines', 'vnc')];
    desktops = [desktop(1, 'ann-office', 'office', 'dedicated', 'in-use', 'ann'), desktop(2, 'classroom-2', 'classroom', 'floating', 'in-use', 'ben', { mac: '02:5e:10:00:00:02' }),
        desktop(3, 'lab-pc-07', 'lab machines', 'machines', 'in-use', 'carla', { address: '192.0.2.7:5900', protocol: 'vnc' }),
        desktop(4, 'classroom-3', 'classroom', 'floating', 'ready', null, { screen: true }), desktop(5, 'dora-office', 'office', 'dedicated', 'off', 'dora'),
        desktop(6, 'classroom-4', 'classroom', 'floating', 'failed', null, { detail: 'The image office-12 is missing on its host.' })];
    pools = [{ name: 'office', kind: 'dedicated', image: 'office', version: 2, previous_image: 'office',
        previous_version: 1, provider: 'qemu', uri: '', max: 40, spare: 0, total: 12, busy: 5, stale: 3, ready: 4, failed: 1 },
        { name: 'classroom', kind: 'floating', image: 'office', version: 1, previous_image: null,
            previous_version: 0, provider: 'libvirt', uri: 'qemu+tls://host-2/system', max: 24, spare: 4, total: 24, busy: 24, stale: 0 },
        { name: 'lab machines', kind: 'machines', image: null, provider: 'machine', uri: '', max: 10, spare: 0, total: 6, busy: 1 }];
    images = [2, 1].map((version) => ({ name: 'office', version, disk: `/srv/images/office-1${version}.qcow2`, kernel: null, initrd: null, cmdline: null,
        xml: null, memory: 2048, cpus: 2, video: 'qxl', network: 'user', copied: false, added_at: NOW - 90000 }));
    entitlements = [{ pool: 'office', user: null, group: 'staff' }, { pool: 'classroom', user: 'ben', group: null },
        { pool: 'classroom', user: null, group: 'students' }];
    bans = [{ user: null, address: '203.0.113.9', until: NOW + 600, failures: 30, admin: null, reason: null },
        { user: 'mallory', address: null, until: 0, failures: 0, admin: 'root', reason: 'left the company' }];
    hosts = [{ name: 'rack-1', provider: 'libvirt', uri: 'qemu+tls://rack-1/system', broker: null, storage: 'san', state: 'up', detail: '', cpus: 64, memory: 262144,
        cpu_ratio: 400, memory_ratio: 100, desktops: 71, used_cpus: 142, used_memory: 145408,
        hypervisor: 'QEMU', can: ['vnc', 'spice', 'images', 'disks', 'power', 'suspend', 'migrate', 'password', 'weight', 'events'] },
    { name: 'rack-2', provider: 'libvirt', uri: 'qemu+tls://rack-2/system', broker: null, storage: 'san', state: 'drain', detail: '', cpus: 64, memory: 262144,
        cpu_ratio: 400, memory_ratio: 100, desktops: 1, used_cpus: 2, used_memory: 2048, hypervisor: null, can: [] },
    { name: 'rack-3', provider: 'libvirt', uri: 'qemu+tls://rack-3.a-long-name-of-a-data-centre.example.org/system', broker: null, storage: null, state: 'down',
        detail: 'unable to connect to server at rack-3:16514: Connection refused', cpus: 16, memory: 65536, cpu_ratio: 200, memory_ratio: 120, desktops: 32, used_cpus: 32, used_memory: 65536 }];
    quotas = [{ kind: 'user', name: '*', desktops: 2, sessions: 3, memory: 0, cpus: 0 }, { kind: 'group', name: 'engineering', desktops: 6, sessions: 6, memory: 65536, cpus: 32 },
        { kind: 'pool', name: 'classroom', desktops: 0, sessions: 24, memory: 0, cpus: 0 }];
    plans = ['office', 'classroom', 'lab machines'].map((pool, i) => ({ pool, disconnect: ['nothing', 'reset', 'nothing'][i], disconnect_after: 600 * i, idle: 'nothing',
        idle_after: 0, logout: 'nothing', logout_after: 0, length: i === 1 ? 28800 : 0, warn: 300, extend: 600, snapshots: i === 0 ? 3 : 0 }));
    maintenance = [];
    placements = { office: { hosts: ['rack-1'], placement: 'spread', apart: 0 } };
    log = Array.from({ length: 230 }, (_, i) => ({ id: 230 - i, at: (NOW - 97 * i) * 1000, peer: `203.0.113.${i % 200}`, session: null,
        event: ['login', 'ticket', 'session-start', 'session-end', 'login-refused', 'admin'][i % 6], user: ['ann', 'ben', 'carla'][i % 3],
        desktop: i % 6 === 0 ? null : 'ann-office', detail: i % 6 === 5 ? 'pool office: max 40' : null, bytes_in: 4000, bytes_out: 9e6, milliseconds: 5000 }));
    messages = [];
    reads = {};          /* how often a list was asked for */
    looks = [];          /* ids of desktops whose screens were asked for */
    calls = [];          /* [method and path, body] of what changed something */
    refusal = null;      /* {status, code, message} for the next change */
    #streams = new Set();

    /* Tells every page that something has changed. */
    tell(topic) {
        for (const stream of this.#streams)
            stream.write(`event: ${topic}\ndata: 1\n\n`);
    }

    events(response) {
        response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
        response.write(': hello\n\n');
        this.#streams.add(response);
        response.on('close', () => this.#streams.delete(response));
    }

    #screen(id, response, fail) {
        this.looks.push(id);
        if (!this.desktops.find((one) => one.id === id)?.screen)
            return fail(404, 'not-found');
        return picture(response);
    }

    #audit(url) {
        const before = Number(url.searchParams.get('before') ?? Infinity);
        const text = (url.searchParams.get('text') ?? '').toLowerCase();

        return this.log.filter((one) => one.id < before && JSON.stringify(one).toLowerCase().includes(text))
            .slice(0, Number(url.searchParams.get('limit')));
    }

    /* keys: what an order goes by, if that is called otherwise. */
    #some(rows, keys, url) {
        const get = (name) => url.searchParams.get(name);
        const key = (one) => String(one[keys[get('order')] ?? get('order')] ?? '');
        const words = (get('text') ?? '').toLowerCase().split(/\s+/);
        const found = rows.filter((one) => words.every((word) => JSON.stringify(Object.values(one)).toLowerCase().includes(word)))
            .sort((a, b) => key(a).localeCompare(key(b)) * (get('down') === '1' ? -1 : 1));

        return found.slice(0, Number(get('limit')) || found.length);
    }

    /* Answers what comes below /api/v1/admin/. words: the path from there on. */
    answer(request, url, [what, id, action], body, response, { send, fail }) {
        if (request.method === 'GET') {
            this.reads[what] = (this.reads[what] ?? 0) + 1;
            if (what === 'events')
                return this.events(response);
            if (action === 'screen')
                return this.#screen(id, response, fail);
            if (what === 'pools' && action === 'hosts')
                return send(200, this.placements[id] ?? { hosts: [], placement: 'spread', apart: 0 });
            if (what === 'audit')
                return send(200, this.#audit(url));
            if (what === 'desktops')
                return send(200, this.#some(this.desktops, { user: 'owner', used: 'last_used' }, url));
            if (what === 'sessions' && id === 'count')
                return send(200, { sessions: this.sessions.length, people: new Set(this.sessions.map((one) => one.user)).size });
            if (what === 'sessions')
                return send(200, this.#some(this.sessions, { desktop: 'desktop_name', client: 'protocol', from: 'peer', since: 'started_at' }, url));
            return what in this ? send(200, this[what]) : fail(404, 'not-found');
        }
        if (this.refusal)
            return fail(this.refusal.status, this.refusal.code, this.refusal.message);
        this.calls.push([`${request.method} ${[what, id, action].filter(Boolean).join('/')}${url.search}`, body]);
        if (request.method === 'DELETE') {
            if (what === 'maintenance')
                this.maintenance = this.maintenance.filter((one) => one.name !== url.searchParams.get('name'));
            else if (what === 'quotas')
                this.quotas = this.quotas.filter((one) => one.kind !== id || one.name !== action);
            else if (id)
                this[what] = this[what].filter((one) => (one.id ?? one.name) !== id);
            return send(204);
        }
        if (what === 'machines' && action === 'token')
            return send(201, { token: 'Zk3v9fWq7TnB2xLr8YhD' });
        if (what === 'hosts' && action)
            this.hosts = this.hosts.map((one) => one.name === id ? { ...one, state: action === 'drain' ? 'drain' : 'up' } : one);
        if (action)
            return send(204);
        if (what === 'hosts')
            this.hosts.push({ broker: null, storage: null, state: 'up', detail: '', desktops: 0, used_cpus: 0, used_memory: 0, ...body, cpus: 8, memory: 16384 });
        else if (what === 'maintenance')
            this.maintenance.push({ words: 'This desktop is being worked on. Please try again later.', since: NOW, sessions: 1, ...body });
        else if (what !== 'machines')
            this[what].push(what === 'pools' ? { uri: '', total: 0, busy: 0, ...body } : { user: null, group: null, ...body });
        return send(201, { name: body.name });
    }
}
