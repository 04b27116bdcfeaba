# SPDX-License-Identifier: GPL-3.0-or-later
"""A WebSocket client (RFC 6455), as a stream: sendall(), recv(), close()."""

import base64
import hashlib
import os
import socket
import ssl
import struct

BINARY, CLOSE, PING, PONG = 2, 8, 9, 10


class Refused(Exception):
    """The handshake was not answered with 101; .status, .head and .body have what came."""

    def __init__(self, status, head, body):
        super().__init__(f"{status}: {body[:200]!r}")
        self.status, self.head, self.body = status, head, body


def tls(host, port, ca, source=None, timeout=60):
    sock = socket.create_connection((host, port), timeout, (source, 0) if source else None)
    return ssl.create_default_context(cafile=ca).wrap_socket(sock, server_hostname=host)


class WebSocket:
    def __init__(self, sock, path, host, origin=None, protocol="binary"):
        self.sock, self.data, self.ready = sock, b"", b""
        self.closed_with = None
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {host}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
        ]
        if origin:
            lines.append(f"Origin: {origin}")
        if protocol:
            lines.append(f"Sec-WebSocket-Protocol: {protocol}")
        sock.sendall("\r\n".join(lines + ["", ""]).encode())
        while b"\r\n\r\n" not in self.data:
            self._more()
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        self.head = head.decode()
        status = int(self.head.split()[1])
        if status != 101:
            try:
                while True:
                    self._more()
            except (EOFError, OSError):
                raise Refused(status, self.head, self.data) from None
        magic = (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()
        assert base64.b64encode(hashlib.sha1(magic).digest()).decode() in self.head

    def settimeout(self, seconds):
        self.sock.settimeout(seconds)

    def _more(self):
        got = self.sock.recv(65536)
        if not got:
            raise EOFError
        self.data += got

    def frame(self, opcode, payload, masked=True):
        head = bytes([0x80 | opcode])
        flag = 0x80 if masked else 0
        if len(payload) < 126:
            head += bytes([flag | len(payload)])
        elif len(payload) < 65536:
            head += bytes([flag | 126]) + struct.pack(">H", len(payload))
        else:
            head += bytes([flag | 127]) + struct.pack(">Q", len(payload))
        if masked:
            mask = os.urandom(4)
            head += mask
            payload = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
        self.sock.sendall(head + payload)

    def _take(self, n):
        while len(self.data) < n:
            self._more()
        piece, self.data = self.data[:n], self.data[n:]
        return piece

    def receive(self):
        """One frame: opcode and payload."""
        first, second = self._take(2)
        assert not second & 0x80, "a server must not mask"
        n = second & 0x7F
        if n == 126:
            (n,) = struct.unpack(">H", self._take(2))
        elif n == 127:
            (n,) = struct.unpack(">Q", self._take(8))
        return first & 0x0F, self._take(n)

    def sendall(self, data):
        self.frame(BINARY, data)

    def recv(self, n):
        while not self.ready:
            try:
                opcode, payload = self.receive()
            except EOFError:
                return b""
            if opcode == CLOSE:
                self.closed_with = (struct.unpack(">H", payload[:2])[0], payload[2:].decode())
                return b""
            if opcode == PING:
                self.frame(PONG, payload)
            elif opcode in (0, BINARY):
                self.ready = payload
        piece, self.ready = self.ready[:n], self.ready[n:]
        return piece

    def close(self):
        self.sock.close()
