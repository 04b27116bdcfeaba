/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A VNC desktop that changes its size, and whose screen has the number 0: QEMU, and others. */
#include "source.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
	guint32 *pixels;
	int width, height;
	guint changes; /* of this picture */
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

#define SAY(fd, bytes) g_assert_cmpint(write(fd, bytes, sizeof bytes - 1), ==, sizeof bytes - 1)

/* The next SetEncodings, whatever else is asked before it. */
static GArray *take_encodings(int fd)
{
	static const guint8 rest[] = {19, 0, 3, 9};
	guint8 type, body[19];
	GArray *list = g_array_new(FALSE, FALSE, sizeof(gint32));

	for (take(fd, &type, 1); type != 2; take(fd, &type, 1)) {
		g_assert_cmpuint(type, <, sizeof rest);
		take(fd, body, rest[type]);
	}
	take(fd, body, 3);
	g_array_set_size(list, (guint)body[1] << 8 | body[2]);
	take(fd, list->data, list->len * sizeof(gint32));
	for (guint i = 0; i < list->len; i++)
		g_array_index(list, gint32, i) =
			(gint32)GUINT32_FROM_BE(g_array_index(list, guint32, i));
	return list;
}

static gboolean has(const GArray *list, gint32 encoding)
{
	for (guint i = 0; i < list->len; i++)
		if (g_array_index(list, gint32, i) == encoding)
			return TRUE;
	return FALSE;
}

typedef struct {
	int fd;
	const char *name; /* of 4 letters */
} Desktop;

static gpointer run_desktop(gpointer data)
{
	const Desktop *desktop = data;
	int fd = desktop->fd;
	g_autoptr(GArray) first = NULL;
	g_autoptr(GArray) second = NULL;
	guint8 bytes[12];

	SAY(fd, "RFB 003.008\n");
	take(fd, bytes, 12);
	SAY(fd, "\1\1");
	take(fd, bytes, 1);
	SAY(fd, "\0\0\0\0");
	take(fd, bytes, 1);
	SAY(fd, "\0\2\0\1"
		"\40\30\0\1\0\377\0\377\0\377\20\10\0\0\0\0"
		"\0\0\0\4");
	g_assert_cmpint(write(fd, desktop->name, 4), ==, 4);
	first = take_encodings(fd);
	/* QEMU's keys, then its size with a screen of number 0, each in an update. */
	SAY(fd, "\0\0\0\1"
		"\0\0\0\0\0\2\0\1"
		"\377\377\376\376");
	SAY(fd, "\0\0\0\1"
		"\0\0\0\0\0\2\0\1"
		"\377\377\376\314"
		"\1\0\0\0"
		"\0\0\0\0\0\0\0\0\0\2\0\1\0\0\0\0");
	second = take_encodings(fd);
	g_assert_true(has(first, -308));
	g_assert_false(has(second, -308));
	g_assert_true(has(second, -223));
	g_assert_true(has(second, -258));
	/* The older way, and a pixel outside what was. */
	SAY(fd, "\0\0\0\1"
		"\0\0\0\0\0\3\0\2"
		"\377\377\377\41");
	SAY(fd, "\0\0\0\1"
		"\0\2\0\1\0\1\0\1"
		"\0\0\0\0"
		"\1\2\3\0");
	return NULL;
}

static void test_a_new_size(gconstpointer name)
{
	static const struct timeval patience = {.tv_sec = 30};
	g_autoptr(GError) error = NULL;
	Seen seen = {0};
	Endpoint endpoint = {0};
	GThread *thread;
	Source *source;
	int pair[2];
	Desktop desktop = {.name = name};

	g_assert_no_errno(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	desktop.fd = pair[0];
	thread = g_thread_new("desktop", run_desktop, &desktop);
	source = source_vnc.open(&endpoint, pair[1], &events, &seen, &error);
	g_assert_no_error(error);
	g_assert_cmpint(seen.width, ==, 2);
	while ((seen.width != 3 || seen.changes == 0) && !seen.over)
		g_main_context_iteration(NULL, TRUE);
	g_assert_false(seen.over);
	g_assert_cmpint(seen.width, ==, 3);
	g_assert_cmpint(seen.height, ==, 2);
	g_assert_cmpuint(seen.pixels[5] & 0xffffff, ==, 0x030201);
	g_thread_join(thread);
	source_vnc.close(source);
	close(pair[0]);
	g_free(seen.pixels);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/source-vnc/a-new-size/qemu", "QEMU", test_a_new_size);
	g_test_add_data_func("/source-vnc/a-new-size/another", "else", test_a_new_size);
	return g_test_run();
}
