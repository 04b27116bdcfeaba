/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * guest_identity: telling a guest that is a copy of another who it is, over a serial port that it
 * listens at (docs/protocol-identity.md), and believing nothing that it has not told back. Lines of
 * text, a word and a value. Blocking, with deadlines (g_get_monotonic_time()).
 *
 * Errors: FAULT_DESKTOP (the guest hangs up, speaks nonsense or is not who it should be),
 * FAULT_TIMEOUT.
 */
#pragma once

#include <glib.h>

typedef struct {
	const char *host;
	char *machine_id; /* 32 hex digits */
} GuestIdentity;
void guest_identity_clear(GuestIdentity *identity);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(GuestIdentity, guest_identity_clear)

/* host is borrowed; the machine id is made of the UUID. */
GuestIdentity guest_identity_of(const char *host, const char *uuid);

/* Returns when the guest says that it has booted. */
gboolean guest_identity_await(int fd, gint64 deadline, GError **error);

/* Says who it is, what time it is, and something random. The guest need not run yet. */
gboolean guest_identity_tell(int fd, const GuestIdentity *identity, gint64 deadline,
			     GError **error);

/* Returns when the guest has told the same back. *out_random (g_free): what its kernel makes of
 * chance; no two guests say the same, unless they are still one. */
gboolean guest_identity_confirm(int fd, const GuestIdentity *identity, gint64 deadline,
				char **out_random, GError **error);
