/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clipboard text to and from a VNC desktop, byte by byte: Latin-1, and the extension. */
#include "vnc_clipboard.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "face.h"

#define TEXT    (1u << 0)
#define CAPS    (1u << 24)
#define REQUEST (1u << 25)
#define PEEK    (1u << 26)
#define NOTIFY  (1u << 27)
#define PROVIDE (1u << 28)

typedef struct {
	VncClipboard clipboard;
	rfbClient *client;
	int desktop; /* its end */
} Fixture;

static void set_up(Fixture *f, gconstpointer unused)
{
	static const struct timeval patience = {.tv_sec = 30};
	int pair[2];

	g_assert_no_errno(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	f->desktop = pair[0];
	f->client = rfbGetClient(8, 3, 4);
	f->client->sock = pair[1];
	f->client->readTimeout = 30;
}

static void tear_down(Fixture *f, gconstpointer unused)
{
	vnc_clipboard_clear(&f->clipboard);
	rfbClientCleanup(f->client);
	close(f->desktop);
}

/* A message behind its type. */
static void say(Fixture *f, gint32 length, gconstpointer body, gsize n)
{
	guint8 head[7] = {0};
	gint32 big = GINT32_TO_BE(length);

	memcpy(head + 3, &big, sizeof big);
	g_assert_cmpint(write(f->desktop, head, sizeof head), ==, sizeof head);
	g_assert_cmpint(write(f->desktop, body, n), ==, (gssize)n);
}

static void say_flags(Fixture *f, guint32 flags, gconstpointer data, gsize n)
{
	g_autofree guint8 *body = g_malloc(4 + n);
	guint32 big = GUINT32_TO_BE(flags);

	memcpy(body, &big, 4);
	memcpy(body + 4, data, n);
	say(f, -(gint32)(4 + n), body, 4 + n);
}

static void say_packed(Fixture *f, gconstpointer plain, gsize n)
{
	guint8 packed[256];
	uLongf size = sizeof packed;

	g_assert_cmpint(compress(packed, &size, plain, n), ==, Z_OK);
	say_flags(f, PROVIDE | TEXT, packed, size);
}

static void assert_brings(Fixture *f, const char *wanted)
{
	g_autofree char *text = NULL;

	g_assert_true(vnc_clipboard_take(&f->clipboard, f->client, &text));
	g_assert_cmpstr(text, ==, wanted);
}

static void assert_breaks(Fixture *f)
{
	g_autofree char *text = NULL;

	g_assert_false(vnc_clipboard_take(&f->clipboard, f->client, &text));
	g_assert_null(text);
}

/* What the desktop hears: a ClientCutText of so many bytes. */
static guint8 *hear(Fixture *f, gint32 *out_length)
{
	guint8 head[8], *body;
	gint32 length;

	g_assert_cmpint(recv(f->desktop, head, sizeof head, MSG_WAITALL), ==, sizeof head);
	g_assert_cmpuint(head[0], ==, 6);
	memcpy(&length, head + 4, 4);
	*out_length = length = GINT32_FROM_BE(length);
	body = g_malloc((gsize)ABS(length));
	g_assert_cmpint(recv(f->desktop, body, (gsize)ABS(length), MSG_WAITALL), ==, ABS(length));
	return body;
}

static void assert_hears_flags(Fixture *f, guint32 wanted)
{
	gint32 length;
	g_autofree guint8 *body = hear(f, &length);
	guint32 flags;

	g_assert_cmpint(length, <=, -4);
	memcpy(&flags, body, 4);
	g_assert_cmphex(GUINT32_FROM_BE(flags), ==, wanted);
}

static void exchange_caps(Fixture *f)
{
	say_flags(f, CAPS | REQUEST | NOTIFY | PROVIDE | TEXT, "\0\0\0\0", 4);
	assert_brings(f, NULL);
	assert_hears_flags(f, CAPS | REQUEST | NOTIFY | PROVIDE | TEXT);
}

/* ---- */

static void test_latin1(Fixture *f, gconstpointer unused)
{
	g_autofree guint8 *body = NULL;
	gint32 length;

	say(f, 5, "Gr\374\337e", 5);
	assert_brings(f, "Gr\303\274\303\237e");
	say(f, 0, "", 0);
	assert_brings(f, "");
	/* A euro sign it has not. */
	g_assert_true(vnc_clipboard_offer(&f->clipboard, f->client, "\303\274 \342\202\254"));
	body = hear(f, &length);
	g_assert_cmpmem(body, (gsize)length, "\374 ?", 3);
}

static void test_from_the_desktop(Fixture *f, gconstpointer unused)
{
	static const char plain[] = "\0\0\0\010\342\202\254\r\nab"; /* and its zero */

	exchange_caps(f);
	say_flags(f, NOTIFY | TEXT, "", 0);
	assert_brings(f, NULL);
	assert_hears_flags(f, REQUEST | TEXT);
	say_packed(f, plain, sizeof plain);
	assert_brings(f, "\342\202\254\nab");
	/* Without the zero, and of another kind. */
	say_packed(f, "\0\0\0\2ab", 6);
	assert_brings(f, "ab");
	say_flags(f, NOTIFY | 2, "", 0);
	assert_brings(f, NULL);
}

static void test_to_the_desktop(Fixture *f, gconstpointer unused)
{
	static const char wanted[] = "\0\0\0\007\342\202\254\r\nx";
	g_autofree guint8 *body = NULL;
	guint8 plain[64];
	uLongf n = sizeof plain;
	gint32 length;

	exchange_caps(f);
	/* Nothing is there yet. */
	say_flags(f, PEEK, "", 0);
	assert_brings(f, NULL);
	assert_hears_flags(f, NOTIFY);
	g_assert_true(vnc_clipboard_offer(&f->clipboard, f->client, "\342\202\254\nx"));
	assert_hears_flags(f, NOTIFY | TEXT);
	say_flags(f, REQUEST | TEXT, "", 0);
	assert_brings(f, NULL);
	body = hear(f, &length);
	g_assert_cmpint(length, <, -4);
	g_assert_cmpmem(body, 4, "\020\0\0\1", 4);
	g_assert_cmpint(uncompress(plain, &n, body + 4, (uLong)-length - 4), ==, Z_OK);
	g_assert_cmpmem(plain, n, wanted, sizeof wanted);
}

/* What is broken inside a message is no text; the next message is still understood. */
static void test_broken_texts(Fixture *f, gconstpointer unused)
{
	exchange_caps(f);
	say_flags(f, PROVIDE | TEXT, "no zlib", 7);
	assert_brings(f, NULL);
	say_flags(f, PROVIDE | TEXT, "", 0);
	assert_brings(f, NULL);
	say_packed(f, "\0\0\0\3ab", 6); /* more than there is */
	assert_brings(f, NULL);
	say_packed(f, "\377\377\377\377ab", 6);
	assert_brings(f, NULL);
	say_packed(f, "\0\0", 2);
	assert_brings(f, NULL);
	say_packed(f, "\0\0\0\1\377", 5);
	assert_brings(f, "\357\277\275"); /* no UTF-8 */
}

/* 200 MB of zeros in 200 KB: it is unpacked no further than a text may be long. */
static void test_a_bomb(Fixture *f, gconstpointer unused)
{
	g_autofree guint8 *packed = g_malloc(1 << 19);
	g_autofree guint8 *zeros = g_malloc0(1 << 20);
	z_stream stream = {.next_out = packed, .avail_out = 1 << 19};

	g_assert_cmpint(deflateInit(&stream, 9), ==, Z_OK);
	for (int i = 0; i < 200; i++) {
		stream.next_in = zeros;
		stream.avail_in = 1 << 20;
		g_assert_cmpint(deflate(&stream, i < 199 ? Z_NO_FLUSH : Z_FINISH), >=, Z_OK);
	}
	deflateEnd(&stream);
	say_flags(f, PROVIDE | TEXT, packed, MIN(stream.total_out, 100000));
	assert_brings(f, ""); /* its first four bytes say: of no length */
}

static void test_too_short(Fixture *f, gconstpointer unused)
{
	say(f, -3, "", 0);
	assert_breaks(f);
}

typedef struct {
	Fixture *f;
	gint32 length;
} Speaker;

static gpointer say_much(gpointer data)
{
	Speaker *speaker = data;
	gsize n = (gsize)ABS((gint64)speaker->length);
	g_autofree guint8 *zeros = g_malloc0(n);

	say(speaker->f, speaker->length, zeros, n);
	say(speaker->f, 2, "hi", 2);
	return NULL;
}

/* It is left out, and what comes behind it is understood. */
static void test_too_long(Fixture *f, gconstpointer wanted)
{
	Speaker speaker = {f, GPOINTER_TO_INT(wanted)};
	GThread *thread = g_thread_new("desktop", say_much, &speaker);

	assert_brings(f, NULL);
	assert_brings(f, "hi");
	g_thread_join(thread);
}

/* 2 GiB are announced, and do not come. */
static void test_longest(Fixture *f, gconstpointer unused)
{
	say(f, G_MININT32, "", 0);
	shutdown(f->desktop, SHUT_WR);
	assert_breaks(f);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, data, function) \
	g_test_add("/vnc-clipboard/" name, Fixture, data, set_up, function, tear_down)
	ADD("latin1", NULL, test_latin1);
	ADD("from-the-desktop", NULL, test_from_the_desktop);
	ADD("to-the-desktop", NULL, test_to_the_desktop);
	ADD("broken-texts", NULL, test_broken_texts);
	ADD("a-bomb", NULL, test_a_bomb);
	ADD("too-short", NULL, test_too_short);
	ADD("too-long", GINT_TO_POINTER(1 << 21), test_too_long);
	ADD("too-long-extended", GINT_TO_POINTER(-(1 << 21)), test_too_long);
	ADD("longest", NULL, test_longest);
	return g_test_run();
}
