/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vv: the connection file of SPICE viewers (remote-viewer(1), "CONNECTION FILE"): one group of a
 * key file, with the ticket as password.
 */
#pragma once

#include <glib.h>

typedef struct {
	const char *host;
	int port;            /* the shared TLS port        */
	const char *ticket;  /* secret                     */
	const char *desktop; /* name, for the title       */
	const char *ca;      /* PEM text; NULL = none      */
} Vv;

/* The file's text, a secret: secret_free() it. Values are escaped as GLib's key files want. */
char *vv_write(const Vv *vv);
