/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake-rfb: the least RFB 3.8 server (RFC 6143) that a browser can be tested against: paints a
 * test picture, remembers keys, pointer and texts, follows SetDesktopSize, and can fail in every
 * way that a console must explain.
 */

const KEY_EVENT = 4;
const LENGTHS = { 0: 20, 3: 10, 4: 8, 5: 6 };

export class FakeRfb {
    keys = [];       /* [keysym, down] */
    texts = [];      /* what the client has put on the clipboard */
    buttons = new Set();
    encodings = [];
    #socket;
    #buffer = Buffer.alloc(0);
    #step = 'version';
    #width = 1024;
    #height = 640;
    #resized = null;
    #presses = 0;
    #failure;

    /* failure: a reason for which the security handshake fails. */
    constructor(socket, { failure = null } = {}) {
        this.#socket = socket;
        this.#failure = failure;
        socket.on('message', (data) => {
            this.#buffer = Buffer.concat([this.#buffer, data]);
            while (this.#take());
        });
        socket.send(Buffer.from('RFB 003.008\n'));
    }

    /* A text on the desktop's clipboard (Latin-1, as the plain message has it). */
    copy(text) {
        const bytes = Buffer.from(text, 'latin1');

        this.#socket.send(Buffer.concat([Buffer.from([3, 0, 0, 0]), u32(bytes.length), bytes]));
    }

    close(code, reason) {
        this.#socket.close(code, reason);
    }

    /* As a cut cable: no goodbye. */
    cut() {
        this.#socket.terminate();
    }

    typed() {
        return this.keys.filter(([, down]) => down).map(([keysym]) => keysym);
    }

    held() {
        const down = new Set();

        for (const [keysym, pressed] of this.keys)
            pressed ? down.add(keysym) : down.delete(keysym);
        return [...down];
    }

    #eat(n) {
        const head = this.#buffer.subarray(0, n);

        this.#buffer = this.#buffer.subarray(n);
        return head;
    }

    /* One step or message; false when more bytes are needed. */
    #take() {
        const have = this.#buffer.length;

        switch (this.#step) {
        case 'version':
            if (have < 12)
                return false;
            this.#eat(12);
            if (this.#failure !== null) {
                const reason = Buffer.from(this.#failure);

                this.#socket.send(Buffer.concat([Buffer.from([0]), u32(reason.length), reason]));
                this.#socket.close(1000);
                this.#step = 'over';
                return false;
            }
            this.#socket.send(Buffer.from([1, 1]));
            this.#step = 'security';
            return true;
        case 'security':
            if (have < 1)
                return false;
            this.#eat(1);
            this.#socket.send(u32(0));
            this.#step = 'init';
            return true;
        case 'init':
            if (have < 1)
                return false;
            this.#eat(1);
            this.#serverInit();
            this.#step = 'live';
            return true;
        case 'live':
            return this.#message(have);
        default:
            return false;
        }
    }

    #serverInit() {
        const name = Buffer.from('Fake desktop');

        this.#socket.send(Buffer.concat([u16(this.#width), u16(this.#height),
            Buffer.from([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]), u32(name.length), name]));
    }

    #message(have) {
        if (have < 1)
            return false;
        const type = this.#buffer[0];

        if (type === 2) {
            if (have < 4 || have < 4 + 4 * this.#buffer.readUInt16BE(2))
                return false;
            const message = this.#eat(4 + 4 * this.#buffer.readUInt16BE(2));

            for (let i = 4; i < message.length; i += 4)
                this.encodings.push(message.readInt32BE(i));
            this.#resized = 0;
            return true;
        }
        if (type === 6) {
            if (have < 8 || have < 8 + this.#buffer.readUInt32BE(4))
                return false;
            this.texts.push(this.#eat(8 + this.#buffer.readUInt32BE(4)).subarray(8).toString('latin1'));
            return true;
        }
        if (type === 251) {
            if (have < 8 || have < 8 + 16 * this.#buffer[6])
                return false;
            const message = this.#eat(8 + 16 * this.#buffer[6]);

            this.#width = message.readUInt16BE(2);
            this.#height = message.readUInt16BE(4);
            this.#resized = 1;
            this.#update();
            return true;
        }
        const length = LENGTHS[type];

        if (length === undefined)
            throw new Error(`a message of type ${type} from the client`);
        if (have < length)
            return false;
        const message = this.#eat(length);

        if (type === KEY_EVENT) {
            this.keys.push([message.readUInt32BE(4), message[1] === 1]);
            this.#presses += message[1];
            this.#update();
        } else if (type === 5) {
            this.buttons.add(message[1]);
        } else if (type === 3 && message[1] === 0) {
            this.#update();
        }
        return true;
    }

    /* The whole picture, after a new size if there is one. */
    #update() {
        const rects = [];

        if (this.#resized !== null)
            rects.push(Buffer.concat([u16(this.#resized), u16(0), u16(this.#width), u16(this.#height), s32(-308),
                Buffer.from([1, 0, 0, 0]), u32(1), u16(0), u16(0), u16(this.#width), u16(this.#height), u32(0)]));
        this.#resized = null;
        rects.push(Buffer.concat([u16(0), u16(0), u16(this.#width), u16(this.#height), s32(0), this.#picture()]));
        this.#socket.send(Buffer.concat([Buffer.from([0, 0]), u16(rects.length), ...rects]));
    }

    /* A calm gradient with a window on it; one more square for every key pressed. */
    #picture() {
        const [w, h] = [this.#width, this.#height];
        const pixels = Buffer.alloc(w * h * 4);

        for (let y = 0; y < h; y++)
            for (let x = 0; x < w; x++) {
                const at = (y * w + x) * 4;
                const bar = y > h - 32;
                const window = x > w / 8 && x < w / 1.6 && y > h / 8 && y < h / 1.4;
                const square = window && (x - w / 8) % 24 > 8 && Math.floor((x - w / 8) / 24) < this.#presses
                    && y > h / 8 + 48 && y < h / 8 + 64;

                pixels[at] = square ? 40 : window ? (y < h / 8 + 24 ? 90 : 245) : bar ? 50 : 90 + y * 80 / h;
                pixels[at + 1] = square ? 120 : window ? (y < h / 8 + 24 ? 80 : 245) : bar ? 40 : 80 + x * 60 / w;
                pixels[at + 2] = square ? 220 : window ? (y < h / 8 + 24 ? 70 : 245) : bar ? 30 : 40;
            }
        return pixels;
    }
}

function u16(n) {
    const bytes = Buffer.alloc(2);

    bytes.writeUInt16BE(n);
    return bytes;
}

function u32(n) {
    const bytes = Buffer.alloc(4);

    bytes.writeUInt32BE(n);
    return bytes;
}

function s32(n) {
    const bytes = Buffer.alloc(4);

    bytes.writeInt32BE(n);
    return bytes;
}
