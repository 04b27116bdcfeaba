/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * serve: a desktop without a picture, for measuring what stands before it. VNC: answers a
 * FramebufferUpdateRequest with one Raw rectangle of just the size that was asked for. SPICE: links
 * anything and answers a message of type SERVE_ASK with one of as many bytes as it asks for. A
 * thread for each handshake, blocking; whoever is through stands in an epoll loop of the caller's.
 */
#pragma once

#include "ready.h"

#include <glib.h>

#define SERVE_ASK 60000 /* no SPICE message has this type */

/* Listens at a socket of the file system, in whose place there may be an old one, and takes what
 * comes from then on. epoll: gets a Ready for each viewer. FALSE: errno says why. */
gboolean serve_start(const char *path, gboolean spice, int epoll);
