/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * softkeyboard: typing on a tablet or phone. A hidden field brings the system's keyboard up; what
 * it does to the field's text becomes key presses. Touch keyboards report words, corrections and
 * swipes instead of keys, so the field's text before and after is compared. Above the keyboard is
 * a row with the keys that it lacks.
 */
import { sendNamed } from './keys.js';
import { keysyms, KeyTable } from './novnc.js';
import { h } from './view.js';

/* Something to delete must stand in the field, or BackSpace changes nothing. */
const PAD = '_'.repeat(64);
const HELD = ['Ctrl', 'Alt', 'Shift', 'Super'];
const PRESSED = ['Esc', 'Tab', 'Left', 'Up', 'Down', 'Right', 'Delete'];
const GLYPH = { Left: '←', Up: '↑', Down: '↓', Right: '→' };
const DIRECT = { Enter: 'Enter', Tab: 'Tab', Escape: 'Esc', ArrowLeft: 'Left', ArrowRight: 'Right', ArrowUp: 'Up',
    ArrowDown: 'Down', Delete: 'Delete' };

export class SoftKeyboard {
    node;
    #field;
    #row;
    #link = null;
    #before = PAD;
    #held = new Map();
    #onchange;

    constructor(onchange) {
        this.#onchange = onchange;
        this.#field = h('textarea', { class: 'unseen soft-field', autocapitalize: 'off', autocomplete: 'off',
            autocorrect: 'off', spellcheck: 'false', 'aria-label': 'Type into the desktop', tabindex: '-1' });
        this.#field.addEventListener('input', () => this.#typed());
        this.#field.addEventListener('keydown', (event) => this.#pressed(event));
        this.#field.addEventListener('blur', () => this.#onchange(this.shown));
        this.#row = h('div', { class: 'soft-row', role: 'toolbar', 'aria-label': 'More keys', hidden: true },
            ...HELD.map((name) => this.#holder(name)),
            ...PRESSED.map((name) => this.#key(name)));
        this.node = h('div', { class: 'soft' }, this.#field, this.#row);
        this.#reset();
    }

    attach(link) {
        this.#link = link;
        this.#release();
    }

    get shown() {
        return !this.#row.hidden;
    }

    toggle() {
        this.#row.hidden = !this.#row.hidden;
        if (this.shown) {
            this.#reset();
            this.#field.focus({ preventScroll: true });
        } else {
            this.#release();
            this.#field.blur();
            this.#link?.focus();
        }
        this.#onchange(this.shown);
    }

    /* The keys of the row must not take the focus from the field: the keyboard would go away. */
    #make(name, press) {
        const key = h('button', { type: 'button', class: 'soft-key', 'aria-label': name }, GLYPH[name] ?? name);

        key.addEventListener('pointerdown', (event) => event.preventDefault());
        key.addEventListener('click', press);
        return key;
    }

    #holder(name) {
        const key = this.#make(name, () => {
            if (this.#held.has(name)) {
                this.#release(name);
            } else {
                this.#held.set(name, key);
                key.setAttribute('aria-pressed', 'true');
                this.#named(name, true);
            }
        });

        key.setAttribute('aria-pressed', 'false');
        return key;
    }

    #key(name) {
        return this.#make(name, () => {
            this.#named(name);
            this.#release();
        });
    }

    #named(name, down) {
        if (this.#link)
            sendNamed(this.#link, name, down);
    }

    #release(only) {
        for (const [name, key] of [...this.#held]) {
            if (only && name !== only)
                continue;
            this.#held.delete(name);
            key.setAttribute('aria-pressed', 'false');
            this.#named(name, false);
        }
    }

    #pressed(event) {
        const name = DIRECT[event.key];

        if (!name)
            return;
        event.preventDefault();
        this.#named(name);
        this.#release();
    }

    #typed() {
        const now = this.#field.value;
        let same = 0;

        while (same < now.length && now[same] === this.#before[same])
            same++;
        for (let gone = [...this.#before.slice(same)].length; gone > 0; gone--)
            this.#named('BackSpace');
        for (const character of now.slice(same))
            this.#character(character);
        this.#before = now;
        if (now.length > same)
            this.#release();
        /* Changing the field in the middle of a word confuses its suggestions: only when it must. */
        if (now.length < 16 || now.length > 2000)
            this.#reset();
    }

    #character(character) {
        if (character === '\n') {
            this.#named('Enter');
            return;
        }
        const keysym = keysyms.lookup(character.codePointAt(0)) ?? KeyTable.XK_space;

        this.#link?.key(keysym, null, true);
        this.#link?.key(keysym, null, false);
    }

    #reset() {
        this.#before = PAD;
        this.#field.value = PAD;
        this.#field.setSelectionRange(PAD.length, PAD.length);
    }
}
