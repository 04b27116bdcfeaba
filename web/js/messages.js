/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * messages: what administrators say to this person, on whatever page they are, also over a desktop.
 * Each is shown until it is closed, and then never again in this browser.
 */
import * as api from './api.js';
import { announce, button, h, icon } from './view.js';

const LOOK = 30000;
const SEEN = 'oriel.messages';
const KEPT = 100;

export class Messages {
    #place = h('div', { class: 'messages', role: 'region', 'aria-label': 'Messages' });
    #there = new Set();
    #timer = 0;

    constructor() {
        document.body.append(this.#place);
        document.addEventListener('visibilitychange', () => this.#timer && this.#look());
    }

    /* From here on there is somebody. */
    start() {
        if (!this.#timer)
            this.#look();
    }

    stop() {
        clearTimeout(this.#timer);
        this.#timer = 0;
        this.#there.clear();
        this.#place.replaceChildren();
        announce('', true);
    }

    async #look() {
        clearTimeout(this.#timer);
        const mine = this.#timer = setTimeout(() => this.#look(), LOOK);

        if (document.hidden)
            return;
        try {
            const list = await api.messages();

            /* Else somebody else is here by now. */
            if (this.#timer === mine)
                list.forEach((one) => this.#show(one));
        } catch {
            /* The next look will do; an expired login is the page's to tell. */
        }
    }

    #show({ id, text }) {
        if (this.#there.has(id) || this.#seen().includes(id))
            return;
        const node = h('section', { class: 'message', 'aria-label': 'A message from your administrator' }, icon('info'),
            h('div', {}, h('strong', {}, 'From your administrator'), h('p', {}, text)),
            button('Close', { onclick: () => {
                node.remove();
                localStorage.setItem(SEEN, JSON.stringify([...this.#seen(), id].slice(-KEPT)));
            } }));

        this.#there.add(id);
        this.#place.append(node);
        announce(`A message from your administrator: ${text}`, true);
    }

    #seen() {
        try {
            return JSON.parse(localStorage.getItem(SEEN)) ?? [];
        } catch {
            return [];
        }
    }
}
