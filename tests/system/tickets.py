# SPDX-License-Identifier: GPL-3.0-or-later
"""Viewers that open a desktop with a ticket, byte by byte."""

import rfb
import ws


def web(oriel, ticket, source=None, path="/websockify?token={}"):
    sock = ws.tls(oriel.host, oriel.port, oriel.ca, source)
    place = f"{oriel.host}:{oriel.port}"
    socket = ws.WebSocket(sock, path.format(ticket), place, f"https://{place}")
    return rfb.Rfb(socket)


def vnc(oriel, ticket, source=None):
    viewer = rfb.Rfb.dial(oriel.host, oriel.vnc_port, source)
    viewer.secure(oriel.ca, "ticket", ticket)
    return viewer


def opens_web(viewer):
    viewer.none()
    viewer.init()
    viewer.screen()
