/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * console: a desktop in the browser, from the click to the end. It asks its source for a way in,
 * shows the progress, the picture, or what went wrong, and comes back by itself after a network
 * cut, each time with a new ticket, while the last picture stays on the screen.
 *
 * A source is {name, open(signal, report) -> {url, name, desktop}, again}: again is false for a link
 * that is good only once; desktop is an id, if it is known.
 */
import { Clipboard } from './clipboard.js';
import { Ending } from './ending.js';
import { errorView, judge, passing } from './errors.js';
import { watchEscape } from './keys.js';
import { Link } from './link.js';
import { progressView } from './progress.js';
import { SoftKeyboard } from './softkeyboard.js';
import { Toolbar } from './toolbar.js';
import { announce, button, clearToasts, h, spinner, toast } from './view.js';
import { amount } from './words.js';

/* Seconds before each new try; after the last it goes on with it until PATIENCE is over. */
const BACKOFF = [0.3, 1, 2, 4, 8, 15];
const PATIENCE = 15 * 60 * 1000;
/* A connection that the gateway refuses is not tried more often than this. */
const REFUSALS = 3;
/* A picture that stood this long makes the next cut a new one. */
const SETTLED = 5000;

export class Console {
    node;
    link = null;
    settings;
    clipboard;
    keyboard;
    #source;
    #leave;
    #abort = new AbortController(); /* of the page */
    #attempt = null;                /* of one try */
    #screen;
    #canvas = null; /* noVNC's; outlives its connection as the last picture */
    #frozen;
    #cover;
    #toolbar;
    #progress = null;
    #ending = new Ending();
    #desktop = null;
    #tries = 0;
    #refusals = 0;
    #lostSince = 0;
    #liveSince = 0;
    #timer = 0;

    /* leave(): goes to the list of desktops. */
    constructor(source, settings, leave) {
        const { signal } = this.#abort;

        this.#source = source;
        this.#leave = leave;
        this.settings = settings;
        this.clipboard = new Clipboard(settings, signal);
        this.keyboard = new SoftKeyboard((shown) => this.#toolbar.keyboard(shown));
        this.#toolbar = new Toolbar(this, signal);
        this.#screen = h('div', { class: 'screen' });
        this.#frozen = h('div', { class: 'frozen', 'aria-hidden': 'true' });
        this.#cover = h('div', { class: 'cover' });
        this.node = h('div', { class: 'console' }, this.#frozen, this.#screen, this.#cover, this.#toolbar.node,
            this.#ending.node, this.keyboard.node);
        this.#screen.addEventListener('pointerdown', () => this.#toolbar.dismiss());
        /* The buttons at the side of a mouse belong to the desktop, not to the browser's history. */
        for (const type of ['mousedown', 'mouseup', 'auxclick'])
            this.#screen.addEventListener(type, (event) => {
                if (event.button > 2)
                    event.preventDefault();
            });
        watchEscape(this.#screen, () => this.#toolbar.enter(), signal);
        addEventListener('online', () => this.#hurry(), { signal });
        document.addEventListener('visibilitychange', () => this.#hurry(), { signal });
        this.#begin();
    }

    /* ---- what the toolbar does */

    leave() {
        this.#leave();
    }

    reconnect() {
        this.#tries = 0;
        this.#refusals = 0;
        this.#begin();
    }

    disconnect() {
        this.#stop();
        this.#canvas = null;
        this.#frozen.replaceChildren();
        this.#finish({ code: 'ended', message: 'You have disconnected. Your desktop keeps running for a while.' });
    }

    apply() {
        this.link?.apply(this.settings.all());
    }

    focus() {
        this.link?.focus();
    }

    close() {
        this.#abort.abort();
        this.#stop();
        clearToasts();
        if (document.fullscreenElement)
            document.exitFullscreen().catch(() => {});
    }

    /* ---- one try */

    #stop() {
        clearTimeout(this.#timer);
        this.#timer = 0;
        this.#attempt?.abort();
        this.#attempt = null;
        this.#progress?.stop();
        this.#progress = null;
        this.#ending.stop();
        const link = this.link;

        this.link = null;
        link?.abandon();
    }

    async #begin() {
        this.#stop();
        this.#freeze();
        const attempt = this.#attempt = new AbortController();
        const again = this.#lostSince !== 0;

        this.#toolbar.state('connecting', this.#source.name);
        this.#progress = progressView(this.#source.name, again ? 'Reconnecting' : 'Preparing your desktop',
            [['Cancel', () => this.leave()]]);
        this.#show(this.#progress.node);
        try {
            const way = await this.#source.open(attempt.signal, (view) => {
                if (this.#attempt === attempt)
                    this.#progress?.state(view);
            });

            if (this.#attempt !== attempt)
                return;
            this.#source.name = way.name ?? this.#source.name;
            this.#desktop = way.desktop ?? null;
            this.#progress.say('Connecting to your desktop');
            this.#connect(way.url);
        } catch (error) {
            if (this.#attempt === attempt)
                this.#failed(error);
        }
    }

    #connect(url) {
        const link = this.link = new Link(this.#screen, url, this.settings.all());

        link.addEventListener('live', () => {
            if (this.link === link)
                this.#live();
        });
        link.addEventListener('closed', (event) => {
            if (this.link === link)
                this.#closed(event.detail);
        });
    }

    #live() {
        this.#progress?.stop();
        this.#progress = null;
        this.#liveSince = Date.now();
        if (this.#desktop !== null)
            this.#ending.watch(this.#desktop);
        this.#frozen.replaceChildren();
        this.#cover.replaceChildren();
        this.node.classList.remove('covered');
        this.#toolbar.state('live', this.#source.name);
        this.clipboard.attach(this.link);
        this.keyboard.attach(this.link);
        this.#canvas = this.#screen.querySelector('canvas');
        this.#canvas.setAttribute('role', 'application');
        this.#canvas.setAttribute('aria-label', `${this.#source.name}. All keys go to the desktop. ` +
            'Control, Alt and Shift pressed together lead to the toolbar.');
        this.link.focus();
        announce(`${this.#source.name} is open.`);
        if (!this.settings.get('hinted')) {
            this.settings.set('hinted', true);
            toast(matchMedia('(pointer: coarse)').matches ? 'The toolbar is at the top edge.'
                : 'The toolbar is at the top edge, or press Ctrl + Alt + Shift.');
        }
    }

    /* ---- the end of a try */

    #closed(closed) {
        const verdict = judge(closed);

        this.#freeze();
        this.#ending.stop();
        this.link = null;
        if (closed.live && Date.now() - this.#liveSince > SETTLED)
            this.#tries = this.#lostSince = this.#refusals = 0;
        if (verdict.code === 'refused' && ++this.#refusals >= REFUSALS)
            verdict.again = false;
        if (verdict.again && this.#source.again)
            this.#wait(verdict);
        else
            this.#finish(verdict.code === 'refused' && !this.#source.again ? { code: 'spent', message: '' } : verdict);
    }

    #failed(error) {
        if (error.code === 'aborted' || error.code === 'expired')
            return;
        /* The first try shows its fault at once; after a cut it is worth waiting. */
        if (this.#lostSince && passing(error))
            this.#wait(error);
        else
            this.#finish(error);
    }

    #wait(error) {
        const now = Date.now();

        this.#lostSince ||= now;
        if (now - this.#lostSince > PATIENCE) {
            this.#finish({ code: 'lost', message: '' });
            return;
        }
        const seconds = BACKOFF[Math.min(this.#tries++, BACKOFF.length - 1)] * (0.85 + Math.random() * 0.3);

        this.#toolbar.state('lost', this.#source.name);
        this.#countdown(error, now + seconds * 1000);
    }

    #countdown(error, until) {
        const clock = h('p', { class: 'hint' });

        this.#show(h('section', { class: 'notice reconnect' }, spinner(),
            h('p', { class: 'notice-name' }, this.#source.name),
            h('h1', { tabindex: '-1' }, 'Connection lost'),
            h('p', { class: 'notice-text' }, error.message || 'Your desktop keeps running. You will be back as soon as the network is.'),
            clock,
            h('div', { class: 'actions' },
                button('Reconnect now', { class: 'primary', onclick: () => this.#begin() }, 'refresh'),
                button('My desktops', { onclick: () => this.leave() }))));
        announce('Connection lost. Reconnecting.', true);
        const tick = () => {
            const left = until - Date.now();

            clearTimeout(this.#timer);
            if (left <= 0) {
                this.#begin();
                return;
            }
            clock.textContent = left > 1500 ? `Next try in ${amount(Math.ceil(left / 1000), 's')}` : 'Trying again';
            this.#timer = setTimeout(tick, Math.min(left, 500));
        };

        tick();
    }

    /* The network is back, or somebody looks again: no need to wait any longer. */
    #hurry() {
        if (this.#timer && !document.hidden)
            this.#begin();
    }

    #finish(error) {
        this.#stop();
        this.#lostSince = 0;
        this.#toolbar.state('lost', this.#source.name);
        const page = errorView(error, {
            retry: this.#source.again ? () => this.reconnect() : null,
            actions: [button('My desktops', { onclick: () => this.leave() }, 'back')],
        });

        this.#show(page);
        announce(page.querySelector('h1').textContent, true);
    }

    /* ---- what lies over the picture */

    #show(node) {
        const inside = this.#cover.contains(document.activeElement) || document.activeElement === document.body;

        clearToasts();
        this.node.classList.add('covered');
        this.#cover.replaceChildren(node);
        if (inside || !this.node.contains(document.activeElement))
            node.querySelector('h1')?.focus();
    }

    /* Keeps the last picture, dimmed, while there is no new one. */
    #freeze() {
        if (this.#canvas?.width)
            this.#frozen.replaceChildren(this.#canvas);
        this.#canvas?.removeAttribute('role');
        this.#canvas = null;
    }
}
