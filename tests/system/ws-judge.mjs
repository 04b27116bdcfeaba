// SPDX-License-Identifier: GPL-3.0-or-later
// ws-judge: what the npm package ws, which noVNC's users meet in many places, thinks of ws-echo.
//
//   node ws-judge.mjs MODULES PORT      prints a line for each check; ends with 1 if one failed
import {createRequire} from 'node:module';
import {strict as assert} from 'node:assert';

const require = createRequire(process.argv[2] + '/');
const WebSocket = require('ws');
const url = `ws://127.0.0.1:${process.argv[3]}/`;

function open(options = {}) {
    return new Promise((resolve, reject) => {
        const socket = new WebSocket(url, ['binary'], {perMessageDeflate: true, ...options});
        socket.once('open', () => resolve(socket));
        socket.once('error', reject);
    });
}

function closed(socket) {
    return new Promise(resolve => socket.once('close', (code, reason) => resolve({code, reason: String(reason)})));
}

// The bytes of as many messages as it takes.
function echoed(socket, n) {
    return new Promise(resolve => {
        const pieces = [];
        let length = 0;
        const take = (data, binary) => {
            assert(binary, 'an echo that is text');
            pieces.push(data);
            length += data.length;
            if (length >= n) {
                socket.off('message', take);
                resolve(Buffer.concat(pieces));
            }
        };
        socket.on('message', take);
    });
}

function noise(n) {
    return Buffer.from(Array.from({length: n}, (_, i) => (i * 31 + (i >> 8)) & 255));
}

async function ends(socket) {
    const end = closed(socket);
    socket.close(1000);
    assert.equal((await end).code, 1000);
}

const checks = {
    async 'no extension, and our subprotocol'() {
        const socket = await open();
        assert.equal(socket.extensions, '');
        assert.equal(socket.protocol, 'binary');
        await ends(socket);
    },
    async 'messages of every form of length'() {
        const socket = await open();
        for (const n of [1, 2, 125, 126, 127, 128, 65535, 65536, 65537, 1 << 20]) {
            const bytes = noise(n), answer = echoed(socket, n);
            socket.send(bytes);
            assert((await answer).equals(bytes), `${n} bytes`);
        }
        await ends(socket);
    },
    async 'an empty message says nothing and disturbs nothing'() {
        const socket = await open(), answer = echoed(socket, 3);
        socket.send(Buffer.alloc(0));
        socket.send(Buffer.from('abc'));
        assert.equal(String(await answer), 'abc');
        await ends(socket);
    },
    async 'fragments with pings between them'() {
        const socket = await open(), bytes = noise(5000), answer = echoed(socket, bytes.length);
        const pongs = [];
        socket.on('pong', data => pongs.push(String(data)));
        for (let i = 0; i < 5; i++) {
            socket.send(bytes.subarray(i * 1000, i * 1000 + 1000), {binary: true, fin: i === 4});
            socket.ping(`number ${i}`);
        }
        assert((await answer).equals(bytes));
        while (pongs.length < 5)
            await new Promise(resolve => socket.once('pong', resolve));
        assert.deepEqual(pongs, [0, 1, 2, 3, 4].map(i => `number ${i}`));
        await ends(socket);
    },
    async 'pings of every length'() {
        const socket = await open();
        for (const n of [0, 1, 124, 125]) {
            const pong = new Promise(resolve => socket.once('pong', resolve));
            socket.ping(noise(n));
            assert((await pong).equals(noise(n)), `${n} bytes`);
        }
        await ends(socket);
    },
    async 'an unasked pong is no harm'() {
        const socket = await open(), answer = echoed(socket, 1);
        socket.pong('nobody asked');
        socket.send(Buffer.from('x'));
        assert.equal(String(await answer), 'x');
        await ends(socket);
    },
    async 'text is refused with 1003'() {
        const socket = await open(), end = closed(socket);
        socket.send('text');
        assert.equal((await end).code, 1003);
    },
    async 'a close is answered with its code'() {
        for (const code of [1000, 1001, 3000, 4999]) {
            const socket = await open(), end = closed(socket);
            socket.close(code, 'goodbye');
            assert.equal((await end).code, code);
        }
        const socket = await open(), end = closed(socket);
        socket.close();
        assert.equal((await end).code, 1005);
    },
};

// What no client may send, as bytes: [what it is, the frame, the code that it is closed with].
const MASK = [1, 2, 3, 4];
const wrong = [
    ['a reserved bit', [0xc2, 0x80, ...MASK], 1002],
    ['another reserved bit', [0xa2, 0x80, ...MASK], 1002],
    ['the third', [0x92, 0x80, ...MASK], 1002],
    ['opcode 3', [0x83, 0x80, ...MASK], 1002],
    ['opcode 7', [0x87, 0x80, ...MASK], 1002],
    ['opcode 11', [0x8b, 0x80, ...MASK], 1002],
    ['opcode 15', [0x8f, 0x80, ...MASK], 1002],
    ['no mask', [0x82, 0x01, 0x61], 1002],
    ['a continuation of nothing', [0x80, 0x80, ...MASK], 1002],
    ['a message in another', [0x02, 0x80, ...MASK, 0x82, 0x80, ...MASK], 1002],
    ['a ping in pieces', [0x09, 0x80, ...MASK], 1002],
    ['a ping of 126 bytes', [0x89, 0xfe, 0, 126, ...MASK], 1002],
    ['a close in pieces', [0x08, 0x80, ...MASK], 1002],
    ['a close of one byte', [0x88, 0x81, 0, 0, 0, 0, 3], 1002],
    ['a close with code 999', [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe7], 1002],
    ['a close with code 1005', [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xed], 1002],
    ['a close with code 5000', [0x88, 0x82, 0, 0, 0, 0, 0x13, 0x88], 1002],
    ['a close that is no UTF-8', [0x88, 0x84, 0, 0, 0, 0, 0x03, 0xe8, 0xc3, 0x28], 1002],
    ['a length in too many bytes', [0x82, 0xfe, 0, 125, ...MASK], 1002],
    ['a length in far too many', [0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...MASK], 1002],
    ['a frame of 2^63 bytes', [0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, ...MASK], 1009],
];
for (const [what, bytes, code] of wrong) {
    checks[`${what} is closed with ${code}`] = async () => {
        const socket = await open(), end = closed(socket);
        socket._socket.write(Buffer.from(bytes));
        assert.equal((await end).code, code);
    };
}

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
    const late = new Promise((_, reject) => setTimeout(reject, 20000, new Error('took over 20 s')).unref());
    try {
        await Promise.race([check(), late]);
        console.log(`ok ${name}`);
    } catch (error) {
        failed++;
        console.log(`FAILED ${name}: ${error.message}`);
    }
}
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
