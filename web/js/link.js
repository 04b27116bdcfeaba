/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * link: one connection to a desktop: a WebSocket with noVNC on it. It knows how and why it ended,
 * which noVNC alone does not tell. Never reconnects: that is the console's decision.
 *
 * Events: "live", "closed" (detail: see errors.js judge()), "clipboard", "name".
 */
import { RFB } from './novnc.js';

/* To open the socket and to show the first picture's frame. */
const OPEN_DEADLINE = 20000;
/* Bytes that stay in the send queue this long mean that nobody is at the other end any more. */
const STUCK = 10000;
const XK_SHIFT_L = 0xffe1;

export class Link extends EventTarget {
    #socket;
    #rfb;
    #end = { live: false, opened: false, code: 1006, reason: '', security: undefined };
    #deadline;
    #pulse;
    #over = false;

    constructor(screen, url, settings) {
        super();
        this.#socket = new WebSocket(url, ['binary']);
        this.#socket.addEventListener('open', () => { this.#end.opened = true; });
        this.#socket.addEventListener('close', (event) => {
            this.#end.code = event.code;
            this.#end.reason = event.reason;
        });
        this.#rfb = new RFB(screen, this.#socket, { shared: true });
        this.#rfb.background = 'transparent';
        this.apply(settings);
        this.#rfb.addEventListener('connect', () => this.#live());
        this.#rfb.addEventListener('disconnect', () => this.#closed());
        this.#rfb.addEventListener('securityfailure', (event) => {
            this.#end.security = event.detail.reason ?? '';
        });
        this.#rfb.addEventListener('credentialsrequired', () => {
            this.#end.security = 'The desktop asks for a password that the service does not have.';
            this.#rfb.disconnect();
        });
        this.#rfb.addEventListener('clipboard', (event) => this.#tell('clipboard', event.detail.text));
        this.#rfb.addEventListener('desktopname', (event) => this.#tell('name', event.detail.name));
        this.#deadline = setTimeout(() => this.close(), OPEN_DEADLINE);
    }

    #tell(type, detail) {
        this.dispatchEvent(new CustomEvent(type, { detail }));
    }

    #live() {
        clearTimeout(this.#deadline);
        this.#end.live = true;
        this.#watch();
        this.#tell('live');
    }

    #closed() {
        if (this.#over)
            return;
        this.#over = true;
        clearTimeout(this.#deadline);
        clearInterval(this.#pulse);
        this.#tell('closed', this.#end);
    }

    /*
     * A browser does not notice a line that died without a goodbye (a laptop that slept, a changed
     * network) until it sends. After a gap in time one harmless key-up is sent: it either arrives
     * or brings the truth.
     */
    #watch() {
        const period = 2000;
        let last = Date.now();
        let queued = 0;

        this.#pulse = setInterval(() => {
            const now = Date.now();

            if (now - last > 5 * period)
                this.key(XK_SHIFT_L, 'ShiftLeft', false);
            last = now;
            if (this.#socket.bufferedAmount === 0)
                queued = 0;
            else if (queued === 0)
                queued = now;
            else if (now - queued > STUCK)
                this.abandon();
        }, period);
    }

    /* settings: {scaling: "window"|"fit"|"off", quality: "best"|"balanced"|"saving", viewOnly} or
     * numbers in quality and compression, as noVNC's links have them. */
    apply(settings) {
        const preset = { best: [9, 1], balanced: [6, 2], saving: [2, 9] }[settings.quality];

        this.#rfb.scaleViewport = settings.scaling !== 'off';
        this.#rfb.resizeSession = settings.scaling === 'window';
        [this.#rfb.qualityLevel, this.#rfb.compressionLevel] =
            preset ?? [Number(settings.quality), Number(settings.compression ?? 2)];
        this.#rfb.viewOnly = settings.viewOnly === true;
        this.#rfb.showDotCursor = true;
    }

    focus() {
        this.#rfb.focus({ preventScroll: true });
    }

    key(keysym, code, down) {
        this.#rfb.sendKey(keysym, code, down);
    }

    paste(text) {
        this.#rfb.clipboardPasteFrom(text);
    }

    close() {
        this.#rfb.disconnect();
    }

    /* Over now, without waiting for a peer that is not there. */
    abandon() {
        this.#rfb.disconnect();
        this.#closed();
    }
}
