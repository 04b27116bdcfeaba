/* SPDX-License-Identifier: GPL-3.0-or-later */
/* images: what desktops are made of. */
import { livePage } from '../livepage.js';
import { ago, amount, moment } from '../words.js';
import { button, h } from '../view.js';
import * as calls from './calls.js';
import { confirmed, formDialog, rowButton } from './form.js';
import { subscribeTo } from './live.js';
import { filterField, table, two, Wish } from './table.js';

const FIELDS = [
    { name: 'name', label: 'Name', required: true, autofocus: true },
    { name: 'disk', label: 'Disk', placeholder: '/srv/images/office.qcow2', hint: 'A file on the host: qcow2 or raw. It is never written to.' },
    { name: 'memory', label: 'Memory, MiB', type: 'number', value: '2048', min: 16 },
    { name: 'cpus', label: 'Processors', type: 'number', value: '2', min: 1 },
    { name: 'video', label: 'Graphics card', value: 'qxl', choices: [['qxl', 'QXL, for SPICE'], ['virtio', 'virtio'], ['std', 'Standard VGA']] },
    { name: 'network', label: 'Network', placeholder: 'as oriel.conf says', hint: 'none, user (a private network behind the host) or bridge:NAME.' },
    { name: 'kernel', label: 'Kernel', hint: 'Only to boot without a boot loader.' },
    { name: 'initrd', label: 'Initial RAM disk' },
    { name: 'cmdline', label: 'Kernel command line' },
    { name: 'copy', label: 'Files', value: '', choices: [['', 'Stay where they are'], ['yes', 'Are copied by Oriel']],
        hint: ({ copy }) => copy ? 'The ones named here may go.' : 'They must never change.' },
];

/* The pools whose desktops are made from this version. */
const users = (image, pools) => pools.filter((pool) => pool.image === image.name && pool.version === image.version).map((pool) => pool.name);

async function publish(image, pools, refresh) {
    const fields = [{ name: 'pool', label: 'Pool', choices: pools.filter((pool) => pool.image).map((pool) => [pool.name, `${pool.name}, now ${pool.image}, version ${pool.version}`]),
        hint: 'Free desktops go over at once, others when they are next reset. Nobody is interrupted.' }];

    if (await formDialog(`Publish ${image.name}, version ${image.version}`, { fields, action: 'Publish', done: 'The pool goes over to it.',
        send: ({ pool }) => calls.publish(pool, { image: image.name, version: image.version }) }))
        refresh();
}

export function imagesPage(before) {
    const wish = new Wish('Name');
    const columns = (refresh, pools) => [
        { title: 'Name', main: true, value: (one) => one.name },
        { title: 'Version', number: true, value: (one) => one.version },
        { title: 'Made of', value: (one) => one.disk || one.kernel || one.xml || '', cell: (one) => two(h('code', {}, one.disk || one.kernel || one.xml || ''), one.copied && 'a copy of Oriel’s own') },
        { title: 'Memory', number: true, value: (one) => one.memory, cell: (one) => amount(one.memory, 'MiB') },
        { title: 'CPUs', number: true, value: (one) => one.cpus },
        { title: 'Network', value: (one) => one.network },
        { title: 'Added', value: (one) => one.added_at, cell: (one) => h('span', { title: moment(one.added_at) }, ago(one.added_at)) },
        { title: 'Used by', value: (one) => users(one, pools).join(', ') },
        { title: 'Actions', cell: (one) => h('span', { class: 'buttons' },
            rowButton('Publish to a pool', `${one.name}, version ${one.version}`, 'layers', () => publish(one, pools, refresh)), rowButton('Remove', `${one.name}, version ${one.version}`, 'trash', () => confirmed('Remove this image?',
            `Oriel forgets ${one.name} with all its versions. Files that it has not copied stay.`, 'Remove', () => calls.removeImage(one.name), `${one.name} was removed.`, refresh))) },
    ];

    return livePage({
        title: 'Images',
        before,
        loading: 'Looking for images',
        news: 'The list of images has changed.',
        subscribe: subscribeTo('pools'),
        tools: ({ refresh, rebuild }) => {
            wish.rebuild = rebuild;
            return h('div', { class: 'tools' }, filterField(wish, rebuild, 'Name, file'),
                button('Add an image or a version', { class: 'primary', onclick: async () => {
                    if (await formDialog('Add an image or a version', { fields: FIELDS, action: 'Add', done: 'It was added. Publish it to a pool.',
                        send: ({ copy, ...image }) => calls.addImage(copy ? { ...image, copy: true } : image) }))
                        refresh();
                } }, 'add'));
        },
        fetch: async (signal) => {
            const [rows, pools] = await Promise.all([calls.images(signal), calls.pools(signal)]);

            return { rows, pools: pools.map(({ name, image, version }) => ({ name, image, version })) };
        },
        build: ({ rows, pools }, refresh) => table({ caption: 'Images', columns: columns(refresh, pools), rows, id: (one) => `${one.name} ${one.version}`, wish,
            rebuild: wish.rebuild, empty: 'There is no image yet.' }),
    });
}
