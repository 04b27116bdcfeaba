/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * settings: how this person likes the console, kept in this browser. Nothing secret.
 */

const KEY = 'oriel-console';
const DEFAULTS = { scaling: 'window', quality: 'balanced', clipboard: false, hinted: false };

function read() {
    try {
        return JSON.parse(localStorage.getItem(KEY)) ?? {};
    } catch {
        return {};
    }
}

export class Settings {
    #values;
    #fixed;

    /* fixed: what a link demands; wins, and is not kept. */
    constructor(fixed = {}) {
        this.#values = { ...DEFAULTS, ...read() };
        this.#fixed = Object.fromEntries(Object.entries(fixed).filter(([, value]) => value !== undefined));
    }

    get(name) {
        return this.#fixed[name] ?? this.#values[name];
    }

    set(name, value) {
        delete this.#fixed[name];
        this.#values[name] = value;
        try {
            localStorage.setItem(KEY, JSON.stringify(this.#values));
        } catch {
            /* A private window: it holds until the page is closed. */
        }
    }

    all() {
        return { ...this.#values, ...this.#fixed };
    }
}
