/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ending: warns a person before a rule of the pool ends the session that they look at, and lets
 * them stay. It asks the broker when there may be something to say, not all the time.
 */
import * as api from './api.js';
import { announce, button, h } from './view.js';

const FIRST = 3;    /* s after the picture: the broker has heard of it by then */
const WARNING = 5;  /* between two looks while the warning is shown: who moves the mouse stays */
const FAILED = 30;
const NO_RULE = 300;

const WHY = {
    idle: 'Nobody is using this desktop.',
    length: 'The longest time for a session is nearly over.',
};

export class Ending {
    node = h('section', { class: 'ending', hidden: true, 'aria-label': 'This session ends soon' });
    #desktop = null;
    #timer = 0;
    #clock = 0;

    /* The id of the desktop whose picture is there. */
    watch(desktop) {
        this.stop();
        this.#desktop = desktop;
        this.#later(FIRST);
    }

    stop() {
        this.#desktop = null;
        clearTimeout(this.#timer);
        this.#hide();
    }

    #later(seconds) {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#look(), seconds * 1000);
    }

    async #look() {
        const desktop = this.#desktop;

        try {
            const list = await api.sessions();

            if (this.#desktop === desktop)
                this.#judge(list.find((one) => one.desktop === desktop && one.protocol === 'web' && one.state === 'live'));
        } catch (error) {
            if (this.#desktop === desktop && error.code !== 'expired')
                this.#later(FAILED);
        }
    }

    #judge(session) {
        const left = session?.ends_in ?? null;

        if (left === null) {
            this.#hide();
            this.#later(NO_RULE);
            return;
        }
        const quiet = left - (session.ends_at - session.warn_at);

        if (quiet > 0) {
            this.#hide();
            this.#later(Math.max(1, Math.min(quiet, NO_RULE)));
            return;
        }
        this.#show(session, left);
        this.#later(WARNING);
    }

    #show(session, left) {
        const until = Date.now() + left * 1000;
        const clock = h('strong');
        const tick = () => {
            const seconds = Math.max(0, Math.round((until - Date.now()) / 1000));

            clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
        };

        if (this.node.hidden)
            announce(`${WHY[session.ends_why] ?? ''} It ends in ${Math.round(left)} seconds.`, true);
        clearInterval(this.#clock);
        tick();
        this.#clock = setInterval(tick, 1000);
        this.node.replaceChildren(h('p', {}, `${WHY[session.ends_why] ?? ''} It ends in `, clock, '.'),
            session.extendable ? button('Stay', { class: 'primary', onclick: () => this.#stay(session.id) }) : '');
        this.node.hidden = false;
    }

    async #stay(id) {
        const desktop = this.#desktop;

        try {
            const session = await api.extendSession(id);

            if (this.#desktop === desktop)
                this.#judge(session);
        } catch {
            if (this.#desktop === desktop)
                this.#later(1);
        }
    }

    #hide() {
        clearInterval(this.#clock);
        this.node.hidden = true;
        this.node.replaceChildren();
    }
}
