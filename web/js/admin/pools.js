/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pools: how many desktops of which kind, and who may use them. */
import { livePage } from '../livepage.js';
import { KINDS } from '../words.js';
import { button, h, icon } from '../view.js';
import * as calls from './calls.js';
import { attempt, confirmed, formDialog } from './form.js';
import { subscribeTo } from './live.js';
import { closedNote, closing, maintenanceItem } from './maintenance.js';
import { menu } from './menu.js';
import { meter } from './meter.js';
import { editPlacement, editPlan, planWords } from './rules.js';

const KIND_CHOICES = [['floating', 'Floating'], ['dedicated', 'Dedicated'], ['machines', 'Machines']];
const KIND_HINTS = { floating: 'A clean one each time.', dedicated: 'Everybody keeps their own.', machines: 'Computers that are there already.' };
const PROVIDERS = [['qemu', 'QEMU on this machine'], ['libvirt', 'libvirt'], ['container', 'Containers']];
const made = (values) => values.kind !== 'machines';

/* pool null = a new one. Name, kind and provider of one that exists stay. */
function poolFields(pool, images) {
    return [
        { name: 'name', label: 'Name', required: true, value: pool?.name, fixed: pool !== null, autofocus: pool === null },
        { name: 'kind', label: 'Kind', value: pool?.kind ?? 'floating',
            choices: pool ? KIND_CHOICES.filter(([kind]) => kind === pool.kind) : KIND_CHOICES, hint: ({ kind }) => KIND_HINTS[kind] },
        { name: 'image', label: 'Image', value: pool?.image, when: made, choices: [...new Set(images.map((one) => one.name))].map((name) => [name, name]) },
        { name: 'max', label: 'Desktops at most', type: 'number', value: String(pool?.max ?? 10), min: 1, half: true, hint: 'For everybody together.' },
        { name: 'spare', label: 'Kept ready', type: 'number', value: String(pool?.spare ?? 1), min: 0, half: true, when: (values) => values.kind === 'floating',
            hint: 'These open at once.' },
        { name: 'provider', label: 'Runs on', value: pool?.provider ?? 'qemu', when: made, more: true,
            choices: PROVIDERS.filter(([name]) => !pool || name === pool.provider) },
        { name: 'uri', label: 'Address', value: pool?.uri, fixed: pool !== null, more: true, placeholder: 'qemu+tls://host/system', when: (values) => made(values) && values.provider !== 'qemu',
            hint: 'Of libvirt or of the container engine. None if the pool runs on named hosts.' },
        { name: 'instant', label: 'Start', check: 'As copies of a booted desktop, where the guest helps', value: pool?.instant ?? false, more: true,
            when: (values) => made(values) && values.provider === 'qemu' },
    ];
}

async function editPool(pool, images, refresh) {
    if (await formDialog(pool ? `Change ${pool.name}` : 'Add a pool', { fields: poolFields(pool, images), unfolded: pool !== null && (pool.provider === 'libvirt' || pool.provider === 'container'),
        action: pool ? 'Save' : 'Add', done: pool ? 'The pool was changed.' : 'The pool was added.', send: calls.addPool }))
        refresh();
}

/* Which version the pool's desktops are made from. */
async function publish(pool, images, refresh) {
    const choices = images.map((one) => [`${one.version} ${one.name}`, `${one.name}, version ${one.version}`]);
    const fields = [{ name: 'what', label: 'Image', value: `${pool.version} ${pool.image}`, choices,
        hint: 'Free desktops go over at once, others when they are next reset. Nobody is interrupted.' }];

    if (await formDialog(`Publish to ${pool.name}`, { fields, action: 'Publish', done: 'The pool goes over to it.',
        send: ({ what }) => calls.publish(pool.name, { version: parseInt(what, 10), image: what.slice(what.indexOf(' ') + 1) }) }))
        refresh();
}

async function addMachine(pool, refresh) {
    const fields = [
        { name: 'name', label: 'Name', required: true, autofocus: true },
        { name: 'protocol', label: 'Protocol', value: 'vnc', choices: [['vnc', 'VNC'], ['spice', 'SPICE'], ['rdp', 'RDP']] },
        { name: 'address', label: 'Address', required: true, placeholder: 'pc-17.example.org:5900', hint: 'For RDP with the account: name@pc-17.example.org:3389.' },
        { name: 'secret', label: 'Password of its display', type: 'password', hint: 'Kept by the broker. People never see it.' },
        { name: 'power', label: 'Switched by', placeholder: 'wol:52:54:00:12:34:56', hint: 'wol:MAC, ipmi:USER@HOST or redfish:https://USER@HOST. Nothing: it is always on.' },
        { name: 'power_secret', label: 'Password of that user', type: 'password', when: ({ power }) => /^(ipmi|redfish):/.test(power) },
    ];

    if (await formDialog(`Add a computer to ${pool.name}`, { fields, action: 'Add', done: 'The computer was added.',
        send: (values) => calls.addMachine({ ...values, pool: pool.name }) }))
        refresh();
}

async function entitle(pool, refresh) {
    const fields = [
        { name: 'whose', label: 'Who', value: 'group', choices: [['group', 'A group'], ['user', 'A user']] },
        { name: 'name', label: 'Name', required: true, autofocus: true },
    ];

    if (await formDialog(`Who may use ${pool.name}`, { fields, action: 'Allow', done: 'They may use it from now on.',
        send: ({ whose, name }) => calls.entitle({ pool: pool.name, [whose]: name }) }))
        refresh();
}

const bar = (pool) => meter(`${pool.busy} of ${pool.total} desktops in use, at most ${pool.max}`, pool.max, [['total', pool.total], ['busy', pool.busy]]);

function grant(one, refresh) {
    const whom = one.user ?? one.group;

    return h('li', { class: 'chip' }, icon(one.user ? 'user' : 'users'), h('span', {}, whom),
        h('button', { type: 'button', class: 'chip-remove', 'aria-label': `Withdraw ${one.pool} from ${whom}`,
            onclick: () => attempt(() => calls.withdraw(one), `${whom} may not use ${one.pool} any more.`, refresh) }, icon('close')));
}

function actions(pool, { images, plans, hosts, closed }, refresh) {
    const plan = plans.find((one) => one.pool === pool.name);

    return menu(pool.name, [
        pool.kind === 'machines' ? { label: 'Add a computer', glyph: 'add', act: () => addMachine(pool, refresh) } : null,
        pool.image ? { label: 'Publish an image', glyph: 'disc', act: () => publish(pool, images, refresh) } : null,
        pool.previous_image ? { label: 'Go back to the image before', glyph: 'refresh', act: () => confirmed('Go back?',
            `The desktops of ${pool.name} are made from ${pool.previous_image}, version ${pool.previous_version}, again.`,
            'Go back', () => calls.rollback(pool.name), `${pool.name} goes back.`, refresh) } : null,
        { label: 'Change', glyph: 'edit', act: () => editPool(pool, images, refresh) },
        plan ? { label: 'What becomes of desktops', glyph: 'clock', act: () => editPlan(plan, refresh) } : null,
        pool.kind === 'machines' ? null : { label: 'Where it runs', glyph: 'host', act: () => attempt(() => editPlacement(pool, hosts, refresh), null, () => {}) },
        maintenanceItem(closing(closed, 'pool', pool.name), 'pool', pool.name, pool.name, refresh),
        { label: 'Remove', glyph: 'trash', danger: true, act: () => confirmed('Remove this pool?',
            `${pool.name} and all its desktops are removed, with everything that is saved on them.`,
            'Remove', () => calls.removePool(pool.name), `${pool.name} was removed.`, refresh) },
    ]);
}

function card(pool, data, refresh) {
    const kind = KINDS[pool.kind] ?? KINDS.dedicated;
    const grants = data.entitlements.filter((one) => one.pool === pool.name);
    const rules = planWords(data.plans.find((one) => one.pool === pool.name));

    return h('article', { class: 'card pool', 'data-pool': pool.name, 'aria-label': pool.name },
        h('div', { class: 'card-top' }, h('span', { class: 'card-icon' }, icon(kind.icon)), actions(pool, data, refresh)),
        h('h2', {}, pool.name),
        h('p', { class: 'card-pool' }, [kind.words, pool.image && `${pool.image}, version ${pool.version}`, pool.provider === 'libvirt' || pool.provider === 'container' ? pool.uri || pool.provider : null, pool.instant && 'instant copies'].filter(Boolean).join(' · ')),
        closedNote(closing(data.closed, 'pool', pool.name)),
        bar(pool),
        h('p', { class: 'card-detail' }, `${pool.busy} in use, ${pool.total} there, at most ${pool.max}${pool.kind === 'floating' ? `; ${pool.spare} kept ready` : ''}${pool.stale ? `; ${pool.stale} still on another version` : ''}`),
        rules ? h('p', { class: 'card-detail' }, rules) : null,
        h('h3', {}, 'May use it'),
        h('ul', { class: 'chips' }, grants.length ? null : h('li', { class: 'hint' }, 'Nobody yet.'), ...grants.map((one) => grant(one, refresh)),
            h('li', {}, button('Allow', { class: 'small', 'aria-label': `Allow somebody to use ${pool.name}`, onclick: () => entitle(pool, refresh) }, 'add'))));
}

export function poolsPage(before) {
    let images = [];

    return livePage({
        title: 'Pools',
        before,
        loading: 'Looking for pools',
        news: 'The list of pools has changed.',
        subscribe: subscribeTo('pools', 'desktops', 'sessions', 'hosts'),
        tools: ({ refresh }) => h('div', { class: 'tools' },
            button('Add a pool', { class: 'primary', onclick: () => editPool(null, images, refresh) }, 'add')),
        fetch: async (signal) => {
            const [pools, entitlements, all, plans, hosts, closed] = await Promise.all([calls.pools(signal), calls.entitlements(signal), calls.images(signal),
                calls.plans(signal), calls.hosts(signal), calls.closed(signal)]);

            images = all;
            /* A host's load is no news here. */
            return { pools, entitlements, images, plans, hosts: hosts.map(({ name, provider }) => ({ name, provider })), closed };
        },
        build: (data, refresh) => data.pools.length === 0 ? h('p', { class: 'empty' }, 'There is no pool yet. Add an image first, then a pool of desktops made from it.')
            : h('div', { class: 'cards' }, ...data.pools.map((pool) => card(pool, data, refresh))),
    });
}
