/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * screens: small pictures of what desktops show, taken anew from time to time while somebody can see
 * them, and only then: each is a question to its QEMU. They stay in place while the page around them
 * is built anew.
 */
import { h } from './view.js';

export class Screens {
    #shown = new Map(); /* id -> {node, image, seen} */
    #large = null;      /* the id of the one that was clicked */
    #address;
    #zoom;
    #timer;
    #watcher = new IntersectionObserver((entries) => {
        for (const { target, isIntersecting } of entries) {
            const one = this.#shown.get(target.dataset.screen);

            if (one && isIntersecting && !one.seen)
                this.#load(target.dataset.screen, one);
            if (one)
                one.seen = isIntersecting;
        }
    });

    /* address(id): of the picture; seconds: between two; zoom: a click makes one large. */
    constructor(address, seconds, { zoom = false } = {}) {
        this.#address = address;
        this.#zoom = zoom;
        this.#timer = setInterval(() => this.#refresh(), seconds * 1000);
    }

    /* The node for a desktop; empty where its screen is not shown. */
    of(desktop) {
        let one = this.#shown.get(desktop.id);

        if (!desktop.screen) {
            this.#forget(desktop.id);
            return '';
        }
        if (one === undefined) {
            const image = h('img', { alt: '', onerror: () => image.removeAttribute('src') });

            one = { image, seen: false, node: !this.#zoom ? h('div', { class: 'card-screen', 'data-screen': desktop.id }, image) : h('button', { type: 'button', class: 'thumb', 'data-screen': desktop.id,
                'aria-label': `Screen of ${desktop.name}`, 'aria-expanded': 'false', onclick: () => this.#toggle(desktop.id) }, image) };
            this.#shown.set(desktop.id, one);
            this.#watcher.observe(one.node);
        }
        return one.node;
    }

    leave() {
        clearInterval(this.#timer);
        this.#watcher.disconnect();
        this.#shown.clear();
    }

    #forget(id) {
        const one = this.#shown.get(id);

        if (one)
            this.#watcher.unobserve(one.node);
        this.#shown.delete(id);
    }

    #toggle(id) {
        this.#large = this.#large === id ? null : id;
        for (const [key, one] of this.#shown)
            one.node.setAttribute('aria-expanded', String(key === this.#large));
    }

    #load(id, one) {
        one.image.src = new URL(`api/v1/${this.#address(encodeURIComponent(id))}?at=${Date.now()}`, document.baseURI).href;
    }

    #refresh() {
        for (const [id, one] of this.#shown) {
            if (one.seen && one.node.isConnected && !document.hidden)
                this.#load(id, one);
        }
    }
}
