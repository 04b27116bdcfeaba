/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a client and a broker may do to a lobby, in any order: keys, scan codes, the pointer, sizes,
 * pasted bytes, every kind of screen. The picture is drawn each time. */
#include "lobby.h"

#include "autofd.h"
#include "paper.h"

#include <string.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

#define STEPS 200

static const char *const said[] = {
	"{\"type\":\"open\"}",
	"{\"type\":\"open\",\"user\":\"anna\",\"text\":\"It ended\\nat noon\",\"hint\":\"h\"}",
	"{\"type\":\"prompts\",\"prompts\":["
	"{\"text\":\"Note\",\"question\":false,\"echo\":false,\"error\":true},"
	"{\"text\":\"Code: \",\"question\":true,\"echo\":true,\"error\":false},"
	"{\"text\":\"\",\"question\":true,\"echo\":false,\"error\":false}]}",
	"{\"type\":\"desktops\",\"desktops\":["
	"{\"id\":\"1\",\"name\":\"\\u202e one\",\"pool\":\"p\",\"state\":\"s\",\"last_used\":0},"
	"{\"id\":\"2\",\"name\":\"\",\"pool\":\"\",\"state\":\"\",\"last_used\":9},"
	"{\"id\":\"3\",\"name\":\"\\u0e01\\u4e2d\",\"pool\":\"\",\"state\":\"s\",\"last_used\":1},"
	"{\"id\":\"4\",\"name\":\"d\",\"pool\":\"\",\"state\":\"s\",\"last_used\":1}]}",
	"{\"type\":\"desktops\",\"desktops\":[]}",
	"{\"type\":\"progress\",\"text\":\"t\",\"percent\":-1}",
	"{\"type\":\"progress\",\"text\":\"t\",\"percent\":100}",
	"{\"type\":\"error\",\"text\":\"No.\",\"hint\":\"Again.\"}",
	"{\"type\":\"warning\",\"seconds\":90,\"extend\":true}",
	"{\"type\":\"warning\",\"seconds\":0,\"extend\":false}",
	"{\"type\":\"extend\"}",
};

typedef struct {
	const guint8 *at;
	gsize left;
} Input;

static guint32 take(Input *input, gsize n)
{
	guint32 value = 0;

	for (; n > 0 && input->left > 0; n--, input->left--)
		value = value << 8 | *input->at++;
	return value;
}

static void paste(Input *input)
{
	gsize wanted = take(input, 1), n = MIN(wanted, input->left);
	g_autofree char *text = g_utf8_make_valid((const char *)input->at, (gssize)n);

	input->at += n;
	input->left -= n;
	paper.events->clipboard(paper.owner, text);
}

static void step(Input *input, int broker)
{
	const char *message;
	guint32 x, y;

	switch (take(input, 1) % 7) {
	case 0: paper.events->key(paper.owner, take(input, 4), 0, TRUE); break;
	case 1: paper.events->key(paper.owner, 0xff00 | take(input, 1), 0, TRUE); break;
	case 2:
		x = take(input, 2);
		paper.events->key(paper.owner, 0, x & 0x7fff, x >> 15);
		break;
	case 3:
		x = take(input, 2) % (guint)paper.width;
		y = take(input, 2) % (guint)paper.height;
		paper.events->pointer(paper.owner, (int)x, (int)y, take(input, 1));
		break;
	case 4:
		x = take(input, 2) % 700 + 1;
		paper.follows = x & 1;
		paper.events->window(paper.owner, (int)x, (int)(take(input, 2) % 700 + 1));
		break;
	case 5: paste(input); break;
	default:
		message = said[take(input, 1) % G_N_ELEMENTS(said)];
		send(broker, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT);
	}
}

static void on_ended(gpointer ended, const GError *error)
{
	*(gboolean *)ended = TRUE;
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	Input input = {data, size};
	char bin[4096];
	gboolean ended = FALSE;
	autofd int broker = -1;
	Lobby *lobby;
	int ends[2];

	g_assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	broker = ends[0];
	lobby = lobby_new(&face_paper, TRUE, ends[1], on_ended, &ended, NULL);
	for (unsigned i = 0; i < STEPS && input.left > 0 && !ended; i++) {
		step(&input, broker);
		while (g_main_context_iteration(NULL, FALSE))
			;
		while (recv(broker, bin, sizeof bin, MSG_DONTWAIT) > 0)
			;
	}
	lobby_free(lobby);
	return 0;
}
