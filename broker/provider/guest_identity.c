/* SPDX-License-Identifier: GPL-3.0-or-later */
/* guest_identity: see guest_identity.h. */
#include "guest_identity.h"

#include <errno.h>
#include <openssl/rand.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dial.h"
#include "fault.h"
#include "secret.h"

#define WHAT         "the guest's identity"
#define LINE_BYTES   256
#define LINES        16 /* in one answer */
#define SEED_BYTES   32
#define CLOCK_OFF_BY 60 /* s, between its telling and our hearing */

GuestIdentity guest_identity_of(const char *host, const char *uuid)
{
	g_auto(GStrv) parts = g_strsplit(uuid, "-", -1);

	return (GuestIdentity){.host = host, .machine_id = g_strjoinv("", parts)};
}

void guest_identity_clear(GuestIdentity *identity)
{
	g_clear_pointer(&identity->machine_id, g_free);
}

/* Byte by byte: what follows the line stays for the next. A guest sends a hundred bytes in all. */
static gboolean read_line(int fd, char *line, gsize size, gint64 deadline, GError **error)
{
	for (gsize n = 0; n < size; n++) {
		ssize_t got;

		do {
			if (!dial_wait(fd, POLLIN, deadline, WHAT, error))
				return FALSE;
			got = recv(fd, line + n, 1, MSG_DONTWAIT);
		} while (got < 0 && (errno == EINTR || errno == EAGAIN));
		if (got <= 0) {
			g_set_error(error, FAULT, FAULT_DESKTOP, WHAT ": QEMU hung up");
			return FALSE;
		}
		if (line[n] == '\n') {
			line[n] = '\0';
			return TRUE;
		}
	}
	g_set_error(error, FAULT, FAULT_DESKTOP, WHAT ": a line without an end");
	return FALSE;
}

gboolean guest_identity_await(int fd, gint64 deadline, GError **error)
{
	char line[LINE_BYTES];

	if (!read_line(fd, line, sizeof(line), deadline, error))
		return FALSE;
	if (g_str_equal(line, "ready"))
		return TRUE;
	g_set_error(error, FAULT, FAULT_DESKTOP, WHAT ": it does not say that it is ready");
	return FALSE;
}

static void append_seed(GString *words)
{
	guint8 bytes[SEED_BYTES];

	g_assert(RAND_bytes(bytes, sizeof(bytes)) == 1);
	g_string_append(words, "seed ");
	for (gsize i = 0; i < sizeof(bytes); i++)
		g_string_append_printf(words, "%02x", bytes[i]);
	g_string_append_c(words, '\n');
	secret_wipe(bytes, sizeof(bytes));
}

gboolean guest_identity_tell(int fd, const GuestIdentity *identity, gint64 deadline, GError **error)
{
	g_autoptr(GString) words = g_string_sized_new(512);
	gsize at = 0;

	append_seed(words);
	g_string_append_printf(words, "host %s\nmachine-id %s\ntime %" G_GINT64_FORMAT "\napply\n",
			       identity->host, identity->machine_id,
			       g_get_real_time() / G_USEC_PER_SEC);
	while (at < words->len) {
		ssize_t sent = send(fd, words->str + at, words->len - at, MSG_NOSIGNAL);

		if (sent > 0)
			at += (gsize)sent;
		else if (errno != EINTR &&
			 (errno != EAGAIN || !dial_wait(fd, POLLOUT, deadline, WHAT, error)))
			break;
	}
	secret_wipe(words->str, words->len);
	if (at == words->len)
		return TRUE;
	if (error && !*error)
		fault_set_errno(error, FAULT_DESKTOP, WHAT);
	return FALSE;
}

static gboolean differs(const char *what, GError **error)
{
	g_set_error(error, FAULT, FAULT_DESKTOP, "the guest has not taken over its %s", what);
	return FALSE;
}

static gboolean clock_right(const char *text)
{
	gint64 now = g_get_real_time() / G_USEC_PER_SEC;

	return text && g_ascii_string_to_signed(text, 10, now - CLOCK_OFF_BY, now + CLOCK_OFF_BY,
						NULL, NULL);
}

gboolean guest_identity_confirm(int fd, const GuestIdentity *identity, gint64 deadline,
				char **out_random, GError **error)
{
	g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	const char *random;

	for (int n = 0; n < LINES; n++) {
		char line[LINE_BYTES];
		char *value;

		if (!read_line(fd, line, sizeof(line), deadline, error))
			return FALSE;
		if (g_str_equal(line, "done"))
			break;
		value = strchr(line, ' ');
		if (value) {
			*value++ = '\0';
			g_hash_table_replace(told, g_strdup(line), g_strdup(value));
		}
	}
	random = g_hash_table_lookup(told, "random");
	if (g_strcmp0(g_hash_table_lookup(told, "host"), identity->host) != 0)
		return differs("host name", error);
	if (g_strcmp0(g_hash_table_lookup(told, "machine-id"), identity->machine_id) != 0)
		return differs("machine id", error);
	if (!clock_right(g_hash_table_lookup(told, "time")))
		return differs("clock", error);
	if (!random || !g_uuid_string_is_valid(random))
		return differs("random seed", error);
	*out_random = g_strdup(random);
	return TRUE;
}
