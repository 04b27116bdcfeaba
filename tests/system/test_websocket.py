# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway's WebSocket code below an echo (ws-echo.c), before judges who know nothing of Oriel:
python3-websockets and the npm package ws."""

import asyncio
import os
import random
import subprocess

import deployment
import pytest
import websockets

HERE = deployment.SOURCE / "tests/system"
MODULES = deployment.SOURCE / "tests/browser"
BYTES = 3 << 20


@pytest.fixture(scope="module")
def port():
    echo = subprocess.Popen([deployment.BUILD / "tests/system/ws-echo"], stdout=subprocess.PIPE, text=True)
    yield int(echo.stdout.readline())
    echo.terminate()
    echo.wait(60)


def test_ws_of_npm(port):
    done = subprocess.run(["node", HERE / "ws-judge.mjs", MODULES, str(port)], capture_output=True,
                          text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "29 passed, 0 failed"


def connect(port, **options):
    return websockets.connect(f"ws://127.0.0.1:{port}/", subprotocols=["binary"], max_size=None,
                              open_timeout=60, **options)


async def take(socket, n):
    data = b""
    while len(data) < n:
        piece = await asyncio.wait_for(socket.recv(), 60)
        assert isinstance(piece, bytes)
        data += piece
    return data


def test_websockets_of_python(port):
    """Random pieces, fragmented at random, with pings between: all comes back, in order."""
    chance = random.Random(6455)
    whole = os.urandom(BYTES)

    async def say(socket):
        at = 0
        while at < BYTES:
            cuts = [chance.choice((1, 7, 125, 126, 1000, 65535, 65536)) for _ in range(chance.randrange(1, 5))]
            pieces = []
            for n in cuts:
                pieces.append(whole[at:at + n])
                at += len(pieces[-1])
            await socket.send([piece for piece in pieces if piece] or b"")
            if chance.random() < 0.2:
                await asyncio.wait_for(await socket.ping(os.urandom(chance.randrange(126))), 60)

    async def main():
        async with connect(port, compression="deflate") as socket:
            assert socket.subprotocol == "binary" and not socket.extensions
            saying = asyncio.create_task(say(socket))
            assert await take(socket, BYTES) == whole
            await saying
            await socket.close(4321, "enough")
            assert socket.close_code == 4321

    asyncio.run(asyncio.wait_for(main(), 300))


def test_text_is_none_of_ours(port):
    async def main():
        async with connect(port) as socket:
            await socket.send("text")
            with pytest.raises(websockets.ConnectionClosedError) as closed:
                await socket.recv()
            assert closed.value.rcvd.code == 1003

    asyncio.run(asyncio.wait_for(main(), 90))
