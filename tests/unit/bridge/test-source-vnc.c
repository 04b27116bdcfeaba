/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A VNC desktop that changes its size, and whose screen has the number 0, as QEMU's: by itself, and
 * because its viewer wishes it. */
#include "source.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
	guint32 *pixels;
	int width, height;
	guint changes; /* of this picture */
	guint stills;  /* how often its sound has ended */
	gboolean over;
} Seen;

static guint32 *on_picture(gpointer owner, int width, int height)
{
	Seen *seen = owner;

	seen->width = width;
	seen->height = height;
	seen->changes = 0;
	seen->pixels = g_renew(guint32, seen->pixels, width * height);
	return seen->pixels;
}

static void on_changed(gpointer owner, const FaceRect *rect)
{
	((Seen *)owner)->changes++;
}

static void on_sound(gpointer owner, const gint16 *frames, gsize n, guint rate)
{
	((Seen *)owner)->stills++;
}

static void on_title(gpointer owner, const char *title)
{
}

static gboolean on_full(gpointer owner)
{
	return FALSE;
}

static void on_ended(gpointer owner, Fault fault, const char *reason)
{
	((Seen *)owner)->over = TRUE;
}

static const SourceEvents events = {.picture = on_picture,
				    .changed = on_changed,
				    .title = on_title,
				    .sound = on_sound,
				    .full = on_full,
				    .ended = on_ended};

/* ---- the desktop, in a thread: it opens while the source does */

static void take(int fd, void *bytes, gsize n)
{
	for (gsize at = 0; at < n;) {
		gssize got = read(fd, (guint8 *)bytes + at, n - at);

		g_assert_cmpint(got, >, 0);
		at += (gsize)got;
	}
}

#define SAY(desktop, bytes) say(desktop, bytes, sizeof bytes - 1)

/* The next message of this type, whatever else is asked before it. */
static void take_message(int fd, guint8 wanted, guint8 *out_body, gsize n)
{
	static const guint8 rest[] = {19, 0, 3, 9};
	guint8 type, body[19];

	for (take(fd, &type, 1); type != wanted; take(fd, &type, 1)) {
		g_assert_cmpuint(type, <, sizeof rest);
		take(fd, body, rest[type]);
		if (type == 2)
			for (guint i = body[1] << 8 | body[2]; i > 0; i--)
				take(fd, body, 4);
	}
	take(fd, out_body, n);
}

static gboolean can_tell_of_sizes(int fd)
{
	guint8 head[3], encoding[4];
	gboolean can = FALSE;

	take_message(fd, 2, head, sizeof head);
	for (guint i = head[1] << 8 | head[2]; i > 0; i--) {
		take(fd, encoding, sizeof encoding);
		can = can || memcmp(encoding, "\377\377\376\314", 4) == 0;
	}
	return can;
}

typedef struct {
	int fd;
	gsize piece; /* what it writes at once */
} Desktop;

static void say(const Desktop *desktop, const char *bytes, gsize n)
{
	for (gsize at = 0; at < n; at += MIN(desktop->piece, n - at)) {
		gsize piece = MIN(desktop->piece, n - at);

		g_assert_cmpint(write(desktop->fd, bytes + at, piece), ==, (gssize)piece);
		if (piece < n)
			g_usleep(1000);
	}
}

/* Up to the greeting. */
static void shake_hands(const Desktop *desktop)
{
	guint8 bytes[12];

	SAY(desktop, "RFB 003.008\n");
	take(desktop->fd, bytes, 12);
	SAY(desktop, "\1\1");
	take(desktop->fd, bytes, 1);
	SAY(desktop, "\0\0\0\0");
	take(desktop->fd, bytes, 1);
}

/* Of a picture of 2x1; then comes a name of four letters. */
#define GREETING "\0\2\0\1\40\30\0\1\0\377\0\377\0\377\20\10\0\0\0\0\0\0\0\4"

static gpointer run_desktop(gpointer data)
{
	const Desktop *desktop = data;
	int fd = desktop->fd;
	guint8 bytes[23];

	shake_hands(desktop);
	SAY(desktop, GREETING "QEMU");
	g_assert_true(can_tell_of_sizes(fd));
	/* An update of nothing; that it has QEMU's sound and keys, in a size that it has not told
	 * yet; then its size with a screen of number 0. */
	SAY(desktop, "\0\0\0\0"
		     "\0\0\0\1"
		     "\0\0\0\0\0\4\0\3"
		     "\377\377\376\375"
		     "\0\0\0\1"
		     "\0\0\0\0\0\4\0\3"
		     "\377\377\376\376"
		     "\0\0\0\1"
		     "\0\0\0\0\0\2\0\1"
		     "\377\377\376\314"
		     "\1\0\0\0"
		     "\0\0\0\0\0\0\0\0\0\2\0\1\0\0\0\7");
	/* What was wished before: 3x2, with that screen and its flags. */
	take_message(fd, 251, bytes, sizeof bytes);
	g_assert_cmpmem(bytes, sizeof bytes,
			"\0\0\3\0\2\1\0"
			"\0\0\0\0\0\0\0\0\0\3\0\2\0\0\0\7",
			sizeof bytes);
	/* It refuses, and is as it was; then it has a size of its own, and a pixel outside what
	 * was. */
	SAY(desktop, "\0\0\0\1"
		     "\0\1\0\3\0\7\0\7"
		     "\377\377\376\314"
		     "\1\0\0\0"
		     "\0\0\0\0\0\0\0\0\0\2\0\1\0\0\0\0"
		     "\0\0\0\1"
		     "\0\0\0\0\0\3\0\2"
		     "\377\377\376\314"
		     "\2\0\0\0"
		     "\0\0\0\0\0\0\0\0\0\2\0\2\0\0\0\0"
		     "\0\0\0\1\0\2\0\0\0\1\0\2\0\0\0\0"
		     "\0\0\0\1"
		     "\0\2\0\1\0\1\0\1"
		     "\0\0\0\0"
		     "\1\2\3\0");
	return NULL;
}

/* ---- the source and its desktop */

typedef struct {
	Desktop desktop;
	GThread *thread;
	Source *source;
	Seen seen;
} Pair;

static void open_pair(Pair *p, GThreadFunc run, gsize piece)
{
	static const struct timeval patience = {.tv_sec = 30};
	const Endpoint endpoint = {0};
	g_autoptr(GError) error = NULL;
	int fds[2];

	g_assert_no_errno(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	p->desktop = (Desktop){.fd = fds[0], .piece = piece};
	p->thread = g_thread_new("desktop", run, &p->desktop);
	p->source = source_vnc.open(&endpoint, fds[1], &events, &p->seen, &error);
	g_assert_no_error(error);
}

static void close_pair(Pair *p)
{
	g_thread_join(p->thread);
	source_vnc.close(p->source);
	close(p->desktop.fd);
	g_free(p->seen.pixels);
}

static void test_a_new_size(gconstpointer piece)
{
	Pair p = {0};

	open_pair(&p, run_desktop, GPOINTER_TO_SIZE(piece));
	g_assert_cmpint(p.seen.width, ==, 2);
	source_vnc.window(p.source, 3, 2);
	while ((p.seen.width != 3 || p.seen.changes == 0) && !p.seen.over)
		g_main_context_iteration(NULL, TRUE);
	g_assert_false(p.seen.over);
	g_assert_cmpint(p.seen.width, ==, 3);
	g_assert_cmpint(p.seen.height, ==, 2);
	g_assert_cmpuint(p.seen.pixels[5] & 0xffffff, ==, 0x030201);
	close_pair(&p);
}

/* Its first picture comes in one piece with its greeting, before anybody has asked. */
static gpointer run_hasty(gpointer data)
{
	const Desktop *desktop = data;

	shake_hands(desktop);
	SAY(desktop, GREETING "evil"
			      "\0\0\0\1"
			      "\0\1\0\0\0\1\0\1"
			      "\0\0\0\0"
			      "\1\2\3\0");
	return NULL;
}

static void test_a_hasty_desktop(void)
{
	Pair p = {0};

	open_pair(&p, run_hasty, 4096);
	while (p.seen.changes == 0 && !p.seen.over)
		g_main_context_iteration(NULL, TRUE);
	g_assert_false(p.seen.over);
	g_assert_cmpuint(p.seen.pixels[1] & 0xffffff, ==, 0x030201);
	close_pair(&p);
}

/* After a bell it sends sound without end that nobody wants to hear, so that of every piece that is
 * read half a message is left. */
static gpointer run_restless(gpointer data)
{
	enum { MESSAGE = 4096, BYTES = 64 * MESSAGE };
	static const char over[] = {-1, 1, 0, 0}, samples[] = {-1, 1, 0, 2, 0, 0, 15, -12};
	const Desktop *desktop = data;
	g_autofree char *bytes = g_malloc0(1 + BYTES);

	*bytes = 2;
	for (char *at = bytes + 1; at < bytes + 1 + BYTES; at += MESSAGE) {
		memcpy(at, over, sizeof over);
		memcpy(at + sizeof over, samples, sizeof samples);
	}
	shake_hands(desktop);
	SAY(desktop, GREETING "evil");
	g_assert_cmpint(send(desktop->fd, bytes, 1 + BYTES, MSG_NOSIGNAL), ==, 1 + BYTES);
	while (send(desktop->fd, bytes + 1, BYTES, MSG_NOSIGNAL) > 0)
		;
	return NULL;
}

static void test_a_restless_desktop(void)
{
	Pair p = {0};

	open_pair(&p, run_restless, G_MAXSIZE);
	for (guint i = 0; i < 100; i++) {
		guint before = p.seen.stills;

		g_main_context_iteration(NULL, TRUE);
		g_assert_cmpuint(p.seen.stills - before, <, 100); /* others have a turn */
	}
	g_assert_cmpuint(p.seen.stills, >, 0);
	shutdown(p.desktop.fd, SHUT_RDWR);
	close_pair(&p);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/source-vnc/a-hasty-desktop", test_a_hasty_desktop);
	g_test_add_func("/source-vnc/a-restless-desktop", test_a_restless_desktop);
	g_test_add_data_func("/source-vnc/a-new-size/at-once", GSIZE_TO_POINTER(4096),
			     test_a_new_size);
	g_test_add_data_func("/source-vnc/a-new-size/in-pieces", GSIZE_TO_POINTER(5),
			     test_a_new_size);
	return g_test_run();
}
