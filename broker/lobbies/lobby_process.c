/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lobby_process: see lobby_process.h. */
#include "lobbies/lobby_process.h"

#include "control/jsonframe.h"
#include "secret.h"

gboolean lobby_process_start(LobbyProcess *process, const char *program, const char *face,
			     GError **error)
{
	const char *const argv[] = {program, face, NULL};
	const char *const environment[] = {"LANG=C.UTF-8", "HOME=/", NULL};

	return child_start(process, argv, environment, error);
}

gboolean lobby_process_send(LobbyProcess *process, const LobbyMessage *message, int fd)
{
	GByteArray *bytes = lobby_encode(message);
	gboolean sent = child_send(process, bytes->data, bytes->len, fd);

	jsonframe_wipe(bytes);
	return sent;
}

int lobby_process_receive(LobbyProcess *process, LobbyMessage *out, GError **error)
{
	guint8 *bytes = g_malloc(LOBBY_MAX);
	gssize n = child_receive(process, bytes, LOBBY_MAX);
	int verdict = n == 0 ? 0 : n > 0 && lobby_decode(bytes, (gsize)n, out, error) ? 1 : -1;

	if (n > 0)
		secret_wipe(bytes, (gsize)n);
	g_free(bytes);
	return verdict;
}

void lobby_process_stop(LobbyProcess *process)
{
	child_stop(process, "lobby");
}
