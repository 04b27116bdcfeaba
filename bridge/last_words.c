/* SPDX-License-Identifier: GPL-3.0-or-later */
/* last_words: see last_words.h. The packet is made beforehand: a process that dies allocates
 * nothing. */
#include "last_words.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct {
	int fd;
	guint8 packet[2048];
	volatile gsize n; /* 0 = there is nothing to say */
} words = {.fd = -1};

static void say(void)
{
	gsize n = words.n;

	words.n = 0;
	if (n > 0)
		send(words.fd, words.packet, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* The signal comes again, and then ends the process. */
static void on_signal(int number)
{
	say();
}

void last_words_init(int fd)
{
	static const int fatal[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};
	const struct sigaction ours = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	struct sigaction there;

	words.fd = fd;
	for (gsize i = 0; i < G_N_ELEMENTS(fatal); i++)
		if (sigaction(fatal[i], NULL, &there) == 0 && there.sa_handler == SIG_DFL)
			sigaction(fatal[i], &ours, NULL);
	/* libjpeg's way. */
	atexit(say);
}

void last_words_set(const ControlMessage *message)
{
	GByteArray *bytes;

	words.n = 0;
	if (message == NULL)
		return;
	bytes = control_encode(message);
	if (bytes->len <= sizeof words.packet) {
		memcpy(words.packet, bytes->data, bytes->len);
		words.n = bytes->len;
	}
	control_wipe(bytes);
}
