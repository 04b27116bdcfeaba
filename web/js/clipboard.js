/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clipboard: text both ways. The panel always works; where the browser allows it and the person
 * has agreed, texts travel by themselves: ours when the desktop gets the focus, the desktop's when
 * it is copied there. Pictures and files do not travel in RFB.
 */
import { button, h, toast } from './view.js';

/* QEMU closes a connection that sends more than a megabyte. */
const MOST = 500000;

async function state(name) {
    try {
        return (await navigator.permissions.query({ name })).state;
    } catch {
        /* Firefox and Safari ask the person for every read: no automatic there. */
        return 'unsupported';
    }
}

export class Clipboard {
    #link = null;
    #last = null;
    #settings;
    #text;
    #box;
    #automatic;

    /* settings.clipboard: true once the person has asked for automatic copies. */
    constructor(settings, signal) {
        this.#settings = settings;
        this.#text = h('textarea', { id: 'clipboard-text', rows: '7', spellcheck: 'false', autocapitalize: 'none',
            'aria-describedby': 'clipboard-help' });
        this.#automatic = h('input', { type: 'checkbox', id: 'clipboard-auto', onchange: () => this.#toggle() });
        this.#automatic.checked = settings.get('clipboard');
        this.#box = h('div', { class: 'panel-body' },
            h('label', { for: 'clipboard-text' }, 'Text'),
            this.#text,
            h('p', { id: 'clipboard-help', class: 'hint' }, 'What is copied in the desktop appears here. Text typed or pasted here can be sent to it.'),
            h('div', { class: 'actions' },
                button('Send to the desktop', { class: 'primary', onclick: () => this.#send() }),
                button('Copy', { onclick: () => this.#copy() }, 'copy')),
            h('label', { class: 'check' }, this.#automatic, h('span', {}, 'Copy automatically in both directions')));
        addEventListener('focus', () => this.pull(), { signal });
        this.#offer();
    }

    async #offer() {
        if (await state('clipboard-read') === 'unsupported')
            this.#automatic.closest('label').hidden = true;
    }

    get node() {
        return this.#box;
    }

    attach(link) {
        this.#link = link;
        this.#last = null;
        link.addEventListener('clipboard', (event) => this.#received(event.detail));
        this.pull();
    }

    async #received(text) {
        if (text === this.#last)
            return;
        this.#last = text;
        this.#text.value = text;
        if (!this.#settings.get('clipboard'))
            return;
        try {
            await navigator.clipboard.writeText(text);
        } catch {
            /* Not focused, or not allowed: it waits in the panel. */
        }
    }

    /* Ours to the desktop, if it is new; never asks. */
    async pull() {
        if (!this.#link || !this.#settings.get('clipboard') || await state('clipboard-read') !== 'granted')
            return;
        try {
            const text = await navigator.clipboard.readText();

            if (text && text !== this.#last && text.length <= MOST) {
                this.#last = text;
                this.#text.value = text;
                this.#link.paste(text);
            }
        } catch {
            /* Not focused right now: the next focus brings it. */
        }
    }

    #send() {
        const text = this.#text.value;

        if (text.length > MOST) {
            toast('This text is too long for the clipboard of a desktop.', 'error');
            return;
        }
        this.#last = text;
        this.#link?.paste(text);
        toast('Sent. Paste it in the desktop now.', 'done');
    }

    async #copy() {
        try {
            await navigator.clipboard.writeText(this.#text.value);
            toast('Copied.', 'done');
        } catch {
            this.#text.select();
            toast('Press Ctrl+C to copy.');
        }
    }

    /* The tick of the box is the gesture that lets a browser ask. */
    async #toggle() {
        let on = this.#automatic.checked;

        if (on) {
            try {
                await navigator.clipboard.readText();
            } catch {
                on = false;
                this.#automatic.checked = false;
                toast('Your browser does not allow this page to read the clipboard.', 'error');
            }
        }
        this.#settings.set('clipboard', on);
        this.pull();
    }
}
