/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fake-person: see fake-person.h. */
#include "fake-person.h"

#include <glib-unix.h>
#include <sys/socket.h>

#include "control/jsonframe.h"

static void read_all(int fd, void *bytes, gsize n)
{
	g_assert_true(g_unix_set_fd_nonblocking(fd, FALSE, NULL));
	g_assert_cmpint(recv(fd, bytes, n, MSG_WAITALL), ==, n);
}

void person_hear(int client, LobbyType type, LobbyMessage *out)
{
	for (;;) {
		g_autofree char *bytes = NULL;
		g_autoptr(GError) error = NULL;
		guint32 n;

		read_all(client, &n, sizeof n);
		bytes = g_malloc(n);
		read_all(client, bytes, n);
		lobby_decode(bytes, n, out, &error);
		g_assert_no_error(error);
		if (out->type == type)
			return;
		g_assert_cmpstr(lobby_type_name(out->type), ==, "progress");
		lobby_clear(out);
	}
}

void person_expect(int client, LobbyType type)
{
	g_auto(LobbyMessage) message = {0};

	person_hear(client, type, &message);
}

void person_say(int client, const LobbyMessage *message)
{
	GByteArray *bytes = lobby_encode(message);
	guint32 n = bytes->len;

	g_assert_cmpint(send(client, &n, sizeof n, MSG_NOSIGNAL), ==, sizeof n);
	g_assert_cmpint(send(client, bytes->data, n, MSG_NOSIGNAL), ==, n);
	jsonframe_wipe(bytes);
}
