/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rfb-fixture: a session between a VNC viewer and a desktop at the far ends of two socket pairs.
 * What session.c would do (TLS, connecting, timers) is played here, and the clock stands still: the
 * relay never waits for a time that it has measured.
 */
#pragma once

#include "desktop/desktop_rfb.h"
#include "worker.h"

typedef struct {
	Session s;
	int viewer, desktop; /* the far ends */
	unsigned client_tls, desktop_tls, wakes;
	Options options;
} RfbFixture;
extern RfbFixture t;

/* A peer over one end of a socket pair; the other is the test's. */
void open_pair(Peer *near, int *far);
void begin(void);
void end(void);

void say(int fd, const void *bytes, gsize n);
#define SAY(fd, text) say(fd, text, sizeof(text) - 1)
/* These bytes have come, and no more. */
void hear(int fd, const void *expected, gsize n);
#define HEAR(fd, text) hear(fd, text, sizeof(text) - 1)

#define V38    "RFB 003.008\n"
#define FORMAT "\x20\x18\0\1\0\xff\0\xff\0\xff\x10\x08\0\0\0\0"
/* The desktop's whole side of a handshake without security. */
void dial(void);

/* A run of the relay, which waits then; or fails so. */
void run(void);
void run_fails(int code);

#define RECT(encoding) "\0\0\0\0\0\1\0\1" encoding
