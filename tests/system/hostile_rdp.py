# SPDX-License-Identifier: GPL-3.0-or-later
"""An RDP desktop that means harm (MS-RDPBCGR): like others up to one step of the handshake, or up to its picture,
and then it says what it was given, and nothing more."""

import datetime
import functools
import socket
import ssl
import struct
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from peer import read_exactly

STEPS = ("confirm", "tls", "mcs", "attach", "join", "license", "capabilities", "activation", "shown")
TLS, NLA = 1, 2
USER, GLOBAL = 1007, 1003
SHARE = struct.pack("<I", 0x103EA)
SYNCHRONIZE, CONTROL, FONT_MAP, POINTER = 31, 20, 40, 27


@functools.cache
def certificate(name="pc"):
    """Of its own making, as such servers have them; with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.utcnow()
    made = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
            .serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256()))
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption())
    return private + made.public_bytes(serialization.Encoding.PEM)


@functools.cache
def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(certificate())
        file.flush()
        made.load_cert_chain(file.name)
    return made


# ---- what things are wrapped in, the innermost last

def tpkt(body, length=None):
    return struct.pack(">BBH", 3, 0, 4 + len(body) if length is None else length) + body


def x224(body):
    return tpkt(b"\2\xf0\x80" + body)


def per(n):
    return struct.pack(">H", n | 0x8000)


def ber(n):
    return b"\x82" + struct.pack(">H", n)


def said(channel, body, length=None):
    """To the viewer, on a channel."""
    return x224(struct.pack(">BHHB", 0x68, USER - 1001, channel, 0x70) + per(len(body) if length is None else length)
                + body)


def control(kind, body, length=None):
    return said(GLOBAL, struct.pack("<HHH", 6 + len(body) if length is None else length, kind, 1002) + body)


def data(kind, body, packed=0, length=None):
    return control(0x17, SHARE + struct.pack("<BBHBBH", 0, 1, 18 + len(body) if length is None else length, kind,
                                             packed, 0) + body)


def fast(kind, body, packed=None, fragment=0, length=None):
    """An update the short way; packed: the byte that says how."""
    head = struct.pack("<B", kind | fragment << 4 | (0x80 if packed is not None else 0))
    if packed is not None:
        head += struct.pack("<B", packed)
    body = head + struct.pack("<H", len(body) if length is None else length) + body
    return struct.pack(">BH", 0, (3 + len(body)) | 0x8000) + body


def channel_said(channel, body, total=None, flags=3):
    return said(channel, struct.pack("<II", len(body) if total is None else total, flags) + body)


# ---- the handshake

def confirm(protocol):
    return tpkt(bytes([14, 0xD0, 0, 0, 0x12, 0x34, 0]) + struct.pack("<BBHI", 2, 1, 8, protocol))


DOMAIN = b"\x30\x1a\2\1\x22\2\1\3\2\1\0\2\1\1\2\1\0\2\1\1\2\3\0\xff\xf8\2\1\2"


def block(kind, body, length=None):
    return struct.pack("<HH", kind, 4 + len(body) if length is None else length) + body


def core(asked=TLS):
    return block(0x0C01, struct.pack("<II", 0x80004, asked))


def security(body=bytes(8)):
    return block(0x0C02, body)


def net(n):
    """n static channels, from the one behind GLOBAL on."""
    ids = b"".join(struct.pack("<H", GLOBAL + 1 + i) for i in range(n))
    return block(0x0C03, struct.pack("<HH", GLOBAL, n) + ids + bytes(2 * (n % 2)))


def connect_response(blocks, user_length=None, gcc_length=None, octets=None):
    gcc = b"\0\5\0\x14\x7c\0\1" + per(14 + len(blocks) if gcc_length is None else gcc_length)
    gcc += b"\x14\x76\x0a\1\1\0\1\xc0\0McDn" + per(len(blocks) if user_length is None else user_length) + blocks
    body = b"\x0a\1\0\2\1\0" + DOMAIN + b"\4" + (ber(len(gcc)) if octets is None else octets) + gcc
    return x224(b"\x7f\x66" + ber(len(body)) + body)


LICENSED = said(GLOBAL, b"\x80\0\0\0" + b"\xff\3\x10\0\7\0\0\0\2\0\0\0\x28\x14\0\0")


def capability(kind, body, length=None):
    return struct.pack("<HH", kind, 4 + len(body) if length is None else length) + body


def sized(width, height, depth=32):
    return capability(2, struct.pack("<HHHHHHHHBBHHH", depth, 1, 1, 1, width, height, 0, 1, 1, 0, 0, 1, 0))


GENERAL = capability(1, struct.pack("<HHHHHHHHHBB", 1, 3, 0x200, 0, 0, 0x041D, 0, 0, 0, 1, 1))
ORDERS = capability(3, bytes(20) + struct.pack("<HHHHHH", 1, 20, 0, 1, 0, 0x2A) + b"\1" * 32 + bytes(20))
POINTERS = capability(8, struct.pack("<HHH", 1, 25, 25))
BIG_POINTERS = capability(27, struct.pack("<H", 3))
CHANNELS = capability(20, struct.pack("<II", 1, 1600))
INPUT = capability(13, struct.pack("<HHIIII", 0x35, 0, 0x409, 4, 0, 12) + bytes(64))
UPDATES = capability(26, struct.pack("<I", 0x400000))
SURFACES = capability(28, struct.pack("<II", 0x52, 0))


def codecs():
    """NSCodec and RemoteFX, so that the viewer takes both."""
    nsc = bytes.fromhex("b91b8dca0f004f15589fae2d1a87e2d6") + struct.pack("<BH", 1, 3) + b"\1\1\3"
    rfx = bytes.fromhex("122f777672bd6344afb3b73c9c6f7886") + struct.pack("<BH", 3, 4) + bytes(4)
    return capability(29, b"\2" + nsc + rfx)


def usual(width, height):
    return [GENERAL, sized(width, height), ORDERS, POINTERS, BIG_POINTERS, CHANNELS, INPUT, UPDATES, SURFACES, codecs()]


def demand(sets, n=None, source=None, combined=None):
    joined = b"".join(sets)
    return control(0x11, SHARE + struct.pack("<HH", 4 if source is None else source,
                                             4 + len(joined) if combined is None else combined)
                   + b"RDP\0" + struct.pack("<HH", len(sets) if n is None else n, 0) + joined + bytes(4))


DEACTIVATE = control(0x16, SHARE + struct.pack("<H", 1) + b"\0")
ACTIVATION = (data(SYNCHRONIZE, struct.pack("<HH", 1, 1002)) + data(CONTROL, struct.pack("<HHI", 4, 0, 0))
              + data(CONTROL, struct.pack("<HHI", 2, USER, 1002))
              + data(FONT_MAP, struct.pack("<HHHH", 0, 0, 3, 4)))


def redirection(host):
    """To another one."""
    name = (host + "\0").encode("utf-16le")
    return control(0x1A, bytes(2) + struct.pack("<HHIII", 0x400, 16 + len(name), 1, 1, len(name)) + name + b"\0")


def reactivation(width, height):
    return DEACTIVATE + demand(usual(width, height)) + ACTIVATION


# ---- pictures

BITMAP, SURFACE, LARGE_POINTER = 1, 4, 12
RAW, NSCODEC = 0, 1


def bitmap(width, height, body, depth=16, flags=0x401):
    """At the top left of the desktop, packed."""
    return fast(BITMAP, struct.pack("<HHHHHHHHHHH", 1, 1, 0, 0, 63, 63, width, height, depth, flags, len(body)) + body)


def bits(codec, width, height, body, right=64, bottom=64):
    return fast(SURFACE, struct.pack("<HHHHHBBBBHHI", 1, 0, 0, right, bottom, 32, 0, 0, codec, width, height, len(body))
                + body)


def nscodec(width, height):
    """One colour."""
    plane = b"\0\0\xff" + struct.pack("<I", width * height - 4) + bytes(4)
    body = struct.pack("<IIIIBBH", *[len(plane)] * 4, 1, 0, 0) + plane * 4
    return bits(NSCODEC, width, height, body)


def pointer(width, height):
    return fast(LARGE_POINTER, struct.pack("<HHHHHHII", 32, 0, 0, 0, width, height, 0xffffffff, 0xffffffff))


class Handshake:
    """STEPS as methods: each reads what the viewer says, and answers as others do."""

    def __init__(self, sock, size, chosen):
        self.sock, self.size, self.chosen = sock, size, chosen
        self.channels = 0

    def hear(self):
        head = read_exactly(self.sock, 4)
        return read_exactly(self.sock, struct.unpack(">H", head[2:])[0] - 4)

    def confirm(self):
        self.hear()
        self.sock.sendall(confirm(self.chosen))

    def tls(self):
        self.sock = context().wrap_socket(self.sock, server_side=True)

    def mcs(self):
        initial = self.hear()
        at = initial.find(b"\x03\xc0", 300)  # the list of static channels
        self.channels = struct.unpack_from("<I", initial, at + 4)[0]
        self.sock.sendall(connect_response(core() + security() + net(self.channels)))

    def attach(self):
        self.hear()
        self.hear()
        self.sock.sendall(x224(struct.pack(">BBH", 0x2E, 0, USER - 1001)))

    def join(self):
        for _ in range(2 + self.channels):
            wanted = self.hear()[-4:]
            self.sock.sendall(x224(b"\x3e\0" + wanted + wanted[2:]))

    def license(self):
        self.hear()
        self.sock.sendall(LICENSED)

    def capabilities(self):
        self.sock.sendall(demand(usual(*self.size)))

    def activation(self):
        self.sock.sendall(ACTIVATION)

    def shown(self):
        pass


def drain(sock):
    """What the viewer has said meanwhile is of no interest, but must go somewhere. One thread does both: a TLS
    connection is not for two."""
    sock.setblocking(False)
    try:
        while sock.recv(1 << 16):
            pass
    except (BlockingIOError, ssl.SSLWantReadError):
        pass
    finally:
        sock.setblocking(True)


def say(sock, words, stay):
    for word in words:
        for at in range(0, len(word), 1 << 14):
            drain(sock)
            sock.sendall(word[at:at + (1 << 14)])
    if not stay:
        sock.shutdown(socket.SHUT_WR)
    while sock.recv(1 << 16):
        pass


def rdp(*words, at="shown", size=(64, 64), chosen=TLS, stay=True):
    """Instead of step `at`, and what follows, these words; then it leaves, or stays and is silent."""
    def serve(sock):
        handshake = Handshake(sock, size, chosen)
        for step in STEPS[:STEPS.index(at)]:
            getattr(handshake, step)()
        say(handshake.sock, words, stay)

    return serve
