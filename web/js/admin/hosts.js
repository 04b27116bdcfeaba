/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hosts: the machines that desktops run on: what they have, what they have promised, draining. */
import { livePage } from '../livepage.js';
import { button, h, icon } from '../view.js';
import { amount } from '../words.js';
import * as calls from './calls.js';
import { attempt, confirmed, formDialog } from './form.js';
import { subscribeTo } from './live.js';
import { closedNote, closing, maintenanceItem } from './maintenance.js';
import { menu } from './menu.js';
import { meter } from './meter.js';

const PROVIDERS = { qemu: 'QEMU', libvirt: 'libvirt', container: 'Containers' };
const STATES = { up: ['ready', 'Up'], drain: ['starting', 'Draining'], down: ['failed', 'Down'] };
const URIS = { libvirt: 'qemu+tls://host-7/system', container: 'unix:///run/podman/podman.sock' };

/* What people know of what a hypervisor can, in the words of the API and of a page. */
const ABILITIES = { vnc: 'VNC', spice: 'SPICE', disks: 'disks of their own', suspend: 'suspend', snapshot: 'snapshots', instant: 'instant copies',
    migrate: 'live migration', weight: 'weights' };

/* "QEMU: VNC, suspend; no snapshots". */
function ability({ hypervisor, can = [] }) {
    const words = (has) => Object.entries(ABILITIES).filter(([word]) => can.includes(word) === has).map(([, said]) => said).join(', ');

    return [`${hypervisor}: ${words(true)}`, words(false) && `no ${words(false)}`].filter(Boolean).join('; ');
}

/* MiB as a person says it. */
const memory = (mib) => mib >= 1024 ? amount((mib / 1024).toFixed(mib % 1024 ? 1 : 0), 'GiB') : amount(mib, 'MiB');

/* host null = a new one. Provider and address of one that exists stay. */
function fields(host) {
    return [
        { name: 'name', label: 'Name', required: true, value: host?.name, fixed: host !== null, autofocus: host === null },
        { name: 'provider', label: 'Runs', value: host?.provider ?? 'libvirt',
            choices: Object.entries(PROVIDERS).filter(([name]) => !host || name === host.provider) },
        { name: 'uri', label: 'Address', value: host?.uri, fixed: host !== null, placeholder: URIS.libvirt, when: ({ provider }) => provider !== 'qemu' },
        { name: 'cpus', half: true, label: 'Processors', type: 'number', value: String(host?.cpus ?? 0), min: 0, hint: '0 = as many as it has.' },
        { name: 'cpu_ratio', half: true, label: 'Processors promised, %', type: 'number', value: String(host?.cpu_ratio ?? 400), min: 1, max: 10000, hint: '400 = four for each.' },
        { name: 'memory', half: true, label: 'Memory, MiB', type: 'number', value: String(host?.memory ?? 0), min: 0, hint: '0 = all that it has.' },
        { name: 'memory_ratio', half: true, label: 'Memory promised, %', type: 'number', value: String(host?.memory_ratio ?? 100), min: 1, max: 10000, hint: '100 = what there is.' },
        { name: 'storage', label: 'Shared storage', value: host?.storage, hint: 'A name that hosts with the same storage have in common: their desktops can start on each other.' },
    ];
}

async function edit(host, refresh) {
    if (await formDialog(host ? `Change ${host.name}` : 'Add a host', { fields: fields(host), action: host ? 'Save' : 'Add',
        done: host ? 'The host was changed.' : 'The host has answered and was added.', send: calls.addHost }))
        refresh();
}

function actions(host, entry, refresh) {
    const draining = host.state === 'drain';

    return menu(host.name, [
        draining ? { label: 'Take desktops again', glyph: 'play', act: () => attempt(() => calls.resumeHost(host.name), `${host.name} takes desktops again.`, refresh) }
            : { label: 'Drain', glyph: 'leave', act: () => confirmed('Drain this host?',
                `${host.name} gets nothing new. What can move, moves to other hosts while people work; the rest goes when it is left.`,
                'Drain', () => calls.drainHost(host.name), `${host.name} is being drained.`, refresh) },
        maintenanceItem(entry, 'host', host.name, host.name, refresh),
        { label: 'Change', glyph: 'edit', act: () => edit(host, refresh) },
        { label: 'Remove', glyph: 'trash', danger: true, act: () => confirmed('Remove this host?',
            `Oriel forgets ${host.name}. It must be empty: drain it first.`, 'Remove', () => calls.removeHost(host.name), `${host.name} was removed.`, refresh) },
    ]);
}

function capacity(label, used, has, ratio, say) {
    const most = has * ratio / 100;

    return h('div', {}, h('p', { class: 'meter-words' }, h('span', {}, label), h('span', { class: 'hint' },
        ratio === 100 ? `${say(used)} of ${say(has)}` : `${say(used)} of ${say(most)} (${say(has)}, ${amount(ratio, '%')})`)),
    meter(`${label}: ${say(used)} of ${say(most)} promised`, most, [[used > 0.9 * most ? 'full' : 'busy', used]]));
}

function card(host, all, refresh) {
    const [look, words] = STATES[host.state] ?? ['off', host.state];
    const entry = closing(all, 'host', host.name);

    return h('article', { class: 'card host', 'data-host': host.name, 'aria-label': host.name },
        h('div', { class: 'card-top' }, h('span', { class: 'card-icon' }, icon('host')),
            h('span', { class: 'buttons' }, h('span', { class: `state state-${look}` }, words), actions(host, entry, refresh))),
        h('h2', {}, host.name),
        h('p', { class: 'card-pool' }, [PROVIDERS[host.provider] ?? host.provider, host.uri, host.broker && `with broker ${host.broker}`, host.storage && `storage ${host.storage}`].filter(Boolean).join(' · ')),
        host.hypervisor ? h('p', { class: 'card-detail' }, ability(host)) : null,
        host.detail ? h('p', { class: 'card-detail bad-words' }, host.detail) : null,
        closedNote(entry),
        capacity('Processors', host.used_cpus, host.cpus, host.cpu_ratio, String),
        capacity('Memory', host.used_memory, host.memory, host.memory_ratio, memory),
        h('p', { class: 'card-detail' }, host.desktops === 1 ? 'One desktop' : `${host.desktops} desktops`));
}

export function hostsPage(before) {
    return livePage({
        title: 'Hosts',
        before,
        loading: 'Looking for hosts',
        news: 'The list of hosts has changed.',
        subscribe: subscribeTo('hosts', 'desktops'),
        tools: ({ refresh }) => h('div', { class: 'tools' }, button('Add a host', { class: 'primary', onclick: () => edit(null, refresh) }, 'add')),
        fetch: async (signal) => {
            const [hosts, closed] = await Promise.all([calls.hosts(signal), calls.closed(signal)]);

            return { hosts, closed };
        },
        build: ({ hosts, closed }, refresh) => hosts.length === 0
            ? h('p', { class: 'empty' }, 'No host is named. Pools run where they say themselves: on the broker’s machine, or at their libvirt address. Name hosts here to spread a pool over many.')
            : h('div', { class: 'cards' }, ...hosts.map((host) => card(host, closed, refresh))),
    });
}
