/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A VNC viewer and a desktop at the far ends of two socket pairs, the gateway's front, dial and
 * relay between them. What session.c would do (TLS, connecting, timers) is played here.
 */
#include "front/front_login.h"
#include "rfb-fixture.h"

/* A message of the wire a line, in pieces that mean something. */
/* clang-format off */

#define LOGIN   V38 "\x13" "\0\2" "\0\0\1\6"
#define GREETED V38 "\1\x13" "\0\2" "\0" "\1" "\0\0\1\6" "\1"

/* A viewer that sends each part only after the answer to the one before it, as all do. */
static Step greet(const char *plain, gsize n, GError **error)
{
	static const gsize parts[] = {12, 1, 2, 4};
	gsize at = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_assert_cmpint(front_rfb.greet(&t.s, error), ==, STEP_WAIT);
		say(t.viewer, &LOGIN[at], parts[i]);
		at += parts[i];
	}
	g_assert_cmpint(front_rfb.greet(&t.s, error), ==, STEP_WAIT);
	HEAR(t.viewer, GREETED);
	g_assert_cmpuint(t.client_tls, ==, 1);
	say(t.viewer, plain, n);
	return front_rfb.greet(&t.s, error);
}
#define GREET(plain, error) greet(plain, sizeof(plain) - 1, error)

/* ---- handshakes */

static void test_native(void)
{
	g_autoptr(GError) error = NULL;

	begin();
	g_assert_cmpint(GREET("\0\0\0\5\0\0\0\3" "ann/xabc", &error), ==, STEP_NEXT);
	g_assert_cmpint(t.s.ask.kind, ==, ASK_LOGIN);
	g_assert_cmpstr(t.s.ask.protocol, ==, "vnc");
	g_assert_cmpstr(t.s.ask.user, ==, "ann");
	g_assert_cmpstr(t.s.ask.desktop, ==, "x");
	g_assert_cmpstr(t.s.ask.password, ==, "abc");
	dial();
	/* not before now */
	HEAR(t.viewer, "");
	g_assert_cmpint(front_rfb.welcome(&t.s, &error), ==, STEP_WAIT);
	HEAR(t.viewer, "\0\0\0\0" "\3\x20\2\x58" FORMAT "\0\0\0\4" "QEMU");
	SAY(t.viewer, "\1");
	g_assert_cmpint(front_rfb.welcome(&t.s, &error), ==, STEP_NEXT);
	HEAR(t.viewer, "");
	end();
}

static void test_web(void)
{
	g_autoptr(GError) error = NULL;

	begin();
	t.s.desktop_name = (char *)"office";
	dial();
	g_assert_cmpint(front_rfb.welcome(&t.s, &error), ==, STEP_WAIT);
	HEAR(t.viewer, V38);
	SAY(t.viewer, V38 "\1\1");
	g_assert_cmpint(front_rfb.welcome(&t.s, &error), ==, STEP_NEXT);
	HEAR(t.viewer, "\1\1" "\0\0\0\0" "\3\x20\2\x58" FORMAT "\0\0\0\6" "office");
	g_assert_cmpuint(t.client_tls, ==, 0);
	end();
}

static void test_ticket(void)
{
	g_autoptr(GError) error = NULL;

	begin();
	t.options.vnc_login = FALSE;
	g_assert_cmpint(GREET("\0\0\0\6\0\0\0\4" "ticketT1c2", &error), ==, STEP_NEXT);
	g_assert_cmpint(t.s.ask.kind, ==, ASK_TICKET);
	g_assert_cmpstr(t.s.ask.ticket, ==, "T1c2");
	g_assert_null(t.s.ask.password);
	end();
}

/* A refusal after the login is a SecurityResult with the person's words. */
static void check_denied(gboolean passwords, const char *plain, gsize n)
{
	g_autoptr(GError) error = NULL;
	/* A line for each sentence. */
	const char *words = "Access denied.\nIf you think that you should have it, ask your "
			    "administrator.";
	guint32 length = GUINT32_TO_BE((guint32)strlen(words));
	g_autoptr(GByteArray) expected = g_byte_array_new();

	begin();
	t.options.vnc_login = passwords;
	g_assert_cmpint(greet(plain, n, &error), ==, STEP_FAIL);
	g_assert_error(error, FAULT, FAULT_DENIED);
	front_rfb.goodbye(&t.s, error);
	g_assert_cmpint(peer_flush(&t.s.client, NULL), ==, IO_DONE);
	g_byte_array_append(expected, (const guint8 *)"\0\0\0\1", 4);
	g_byte_array_append(expected, (const guint8 *)&length, 4);
	g_byte_array_append(expected, (const guint8 *)words, (guint)strlen(words));
	hear(t.viewer, expected->data, expected->len);
	end();
}

static void test_denied(void)
{
	check_denied(FALSE, "\0\0\0\3\0\0\0\3" "annabc", 14);
	check_denied(TRUE, "\0\0\0\2\0\0\0\1" "/xa", 11);
	check_denied(TRUE, "\0\0\0\6\0\0\0\0" "ticket", 14);
}

static void check_words(AskKind kind, Fault fault, unsigned wait, const char *said,
			const char *unsaid)
{
	g_autoptr(GError) error = g_error_new_literal(FAULT, (int)fault, "no");
	Session s = {.ask.kind = kind};
	g_autofree char *words = NULL;

	fault_set_wait(&error, wait);
	words = front_login_words(&s, error);
	g_assert_nonnull(strstr(words, said));
	g_assert_null(strstr(words, unsaid));
}

/* What to do is said by what was shown: a password, or a ticket; or by how long it takes. */
static void test_words(void)
{
	check_words(ASK_LOGIN, FAULT_DENIED, 0, "password is not right", "ticket");
	check_words(ASK_TICKET, FAULT_DENIED, 0, "ticket", "password");
	check_words(ASK_LOGIN, FAULT_BUSY, 0, fault_info(FAULT_BUSY)->words, "attempts");
	check_words(ASK_LOGIN, FAULT_BUSY, 1, "Too many attempts. Please try again in 1 second,",
		    "in use");
	check_words(ASK_LOGIN, FAULT_BUSY, 59, "in 59 seconds,", "in use");
	check_words(ASK_LOGIN, FAULT_BUSY, 60, "in 1 minute,", "in use");
	check_words(ASK_LOGIN, FAULT_BUSY, 61, "in 2 minutes,", "in use");
}

/* In TLS nothing of RFB can be said; before the first word everything can. */
static void test_goodbye(void)
{
	g_autoptr(GError) error = g_error_new_literal(FAULT, FAULT_BUSY, "full");
	guint8 got[256];

	begin();
	front_rfb.goodbye(&t.s, error);
	g_assert_cmpint(peer_flush(&t.s.client, NULL), ==, IO_DONE);
	g_assert_cmpint(recv(t.viewer, got, sizeof got, MSG_DONTWAIT), >, 20);
	g_assert_cmpmem(got, 16, V38 "\0" "\0\0\0", 16);
	end();
}

static void test_desktop_tls(void)
{
	g_autoptr(GError) error = NULL;

	begin();
	t.s.endpoint.tls = TRUE;
	SAY(t.desktop, V38 "\2\1\2");
	g_assert_cmpint(desktop_rfb.dial(&t.s, &error), ==, STEP_FAIL);
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	end();

	begin();
	g_clear_error(&error);
	t.s.endpoint.tls = TRUE;
	t.s.endpoint.username = (char *)"u";
	t.s.endpoint.password = (char *)"pw";
	SAY(t.desktop, V38 "\1\x13" "\0\2" "\0\1" "\0\0\1\6" "\1");
	g_assert_cmpint(desktop_rfb.dial(&t.s, &error), ==, STEP_WAIT);
	g_assert_cmpuint(t.desktop_tls, ==, 1);
	HEAR(t.desktop, V38 "\x13" "\0\2" "\0\0\1\6" "\0\0\0\1\0\0\0\2" "upw");
	end();
}

/* A desktop that closes in the handshake, or is none. */
static void test_bad_desktop(void)
{
	g_autoptr(GError) error = NULL;

	begin();
	SAY(t.desktop, V38);
	close(t.desktop);
	t.desktop = -1;
	g_assert_cmpint(desktop_rfb.dial(&t.s, &error), ==, STEP_FAIL);
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	end();

	begin();
	g_clear_error(&error);
	t.s.endpoint.protocol = (char *)"spice";
	g_assert_cmpint(desktop_rfb.dial(&t.s, &error), ==, STEP_FAIL);
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	end();
}

/* ---- the relay */

static void test_relay_passes(void)
{
	begin();
	run();
	SAY(t.viewer, "\3\1\0\0\0\0\3\x20\2\x58" "\4\1\0\0\0\0\0a" "\5\1\0\1\0\2");
	run();
	HEAR(t.desktop, "\3\1\0\0\0\0\3\x20\2\x58" "\4\1\0\0\0\0\0a" "\5\1\0\1\0\2");
	/* what is not whole is not passed */
	SAY(t.desktop, "\2" "\0\0\0\1" RECT("\0\0\0\0") "\1\2\3");
	run();
	HEAR(t.viewer, "\2" "\0\0\0\1");
	SAY(t.desktop, "\4" "\2");
	run();
	HEAR(t.viewer, RECT("\0\0\0\0") "\1\2\3\4" "\2");
	/* an idle session holds nothing */
	g_assert_null(t.s.client.in.data);
	g_assert_null(t.s.desktop.in.data);
	g_assert_cmpint(t.s.client.waits, ==, STREAM_READABLE);
	end();
}

#define FORMAT16       "\0\0\0\0" "\x10\x10\0\1\0\x1f\0\x3f\0\x1f\x0b\5\0\0\0\0"
#define MARK(serial)   "\xf8\0\0\0" "\x80\0\0\1" "\2" "o" serial
#define ANSWER(serial) "\xf8\0\0\0" "\0\0\0\1" "\2" "o" serial

static void test_relay_filters(void)
{
	begin();
	/* Hextile, JPEG, Fence, ContinuousUpdates, Raw between two keys */
	SAY(t.viewer, "\4\1\0\0\0\0\0a" "\2\0\0\5" "\0\0\0\5" "\0\0\0\x15" "\xff\xff\xfe\xc8"
		"\xff\xff\xfe\xc7" "\0\0\0\0" "\4\0\0\0\0\0\0a");
	run();
	HEAR(t.desktop, "\4\1\0\0\0\0\0a" "\2\0\0\2" "\0\0\0\5" "\0\0\0\0" "\4\0\0\0\0\0\0a");
	/* the last two are between the viewer and us */
	HEAR(t.viewer, MARK("\0") "\x96");
	/* neither answers what nobody asked for */
	SAY(t.desktop, "\x96" "\2" "\xf8\0\0\0\0\0\0\0\0" "\2" "\xfa\0\1\1" "\xff\1\0\1" "\2");
	run();
	HEAR(t.viewer, "\2\2\2");
	SAY(t.viewer, "\x96\1\0\0\0\0\1\0\1\0" "\xf8\0\0\0\0\0\0\0\0" "\5\0\0\1\0\1");
	run();
	HEAR(t.desktop, "\5\0\0\1\0\1");
	end();
}

/* A viewer that wants to be kept up to date: the desktop is asked in its place, each update is
 * followed by a fence, and what changes the format waits for what was asked before. */
static void test_relay_continuous(void)
{
#define ASKED  "\3\1\0\0\0\0\3\x20\2\x58"
#define UPDATE "\0\0\0\1" RECT("\0\0\0\0") "1234"
	begin();
	SAY(t.viewer, "\2\0\0\3" "\0\0\0\0" "\xff\xff\xfe\xc8" "\xff\xff\xfe\xc7" "\3\0\0\0\0\0\3\x20\2\x58");
	run();
	HEAR(t.desktop, "\2\0\0\1" "\0\0\0\0" "\3\0\0\0\0\0\3\x20\2\x58");
	HEAR(t.viewer, MARK("\0") "\x96");
	SAY(t.viewer, ANSWER("\0") "\x96\1\0\0\0\0\3\x20\2\x58");
	run();
	HEAR(t.desktop, "");
	SAY(t.desktop, UPDATE "\2");
	run();
	HEAR(t.viewer, UPDATE MARK("\1") "\2");
	HEAR(t.desktop, ASKED);
	/* nothing is said inside an update */
	SAY(t.desktop, "\0\0\0\2" RECT("\0\0\0\0") "1234");
	run();
	HEAR(t.viewer, "\0\0\0\2" RECT("\0\0\0\0") "1234");
	SAY(t.viewer, ANSWER("\1") "\xf8\0\0\0" "\x80\0\0\1" "\1" "q");
	run();
	HEAR(t.viewer, "");
	SAY(t.desktop, RECT("\0\0\0\0") "1234");
	run();
	HEAR(t.viewer, RECT("\0\0\0\0") "1234" "\xf8\0\0\0" "\0\0\0\1" "\1" "q" MARK("\2"));
	HEAR(t.desktop, ASKED);
	/* off, and another format: not before the last update in the old one */
	SAY(t.viewer, "\x96\0\0\0\0\0\0\0\0\0" FORMAT16 "\3\0\0\0\0\0\0\1\0\1");
	run();
	HEAR(t.desktop, "");
	HEAR(t.viewer, "");
	SAY(t.desktop, UPDATE);
	run();
	HEAR(t.viewer, UPDATE "\x96");
	HEAR(t.desktop, FORMAT16 "\3\0\0\0\0\0\0\1\0\1");
	SAY(t.desktop, "\0\0\0\1" RECT("\0\0\0\0") "12");
	run();
	HEAR(t.viewer, "\0\0\0\1" RECT("\0\0\0\0") "12");
	g_assert_null(t.s.client.in.data);
	g_assert_null(t.s.client.out.data);
	g_assert_null(t.s.desktop.out.data);
	end();
}

/* A viewer that asks more than we answer at once is not listened to until the answers have gone
 * out; then it is, also if the desktop has nothing to say. */
static void test_relay_deaf(void)
{
	enum { FENCES = 1000, BYTES = 9 };
	g_autofree char *all = g_malloc(FENCES * BYTES);
	gsize answered = 0;

	begin();
	SAY(t.viewer, "\2\0\0\3" "\0\0\0\0" "\xff\xff\xfe\xc8" "\xff\xff\xfe\xc7");
	run();
	HEAR(t.desktop, "\2\0\0\1" "\0\0\0\0");
	HEAR(t.viewer, MARK("\0") "\x96");
	for (unsigned i = 0; i < FENCES; i++)
		memcpy(all + i * BYTES, "\xf8\0\0\0" "\x80\0\0\1" "\0", BYTES);
	say(t.viewer, all, FENCES * BYTES);
	while (answered < FENCES * BYTES) {
		gssize got;

		t.wakes = 0;
		t.s.client.waits = 0;
		run();
		g_assert_true(t.wakes > 0 || (t.s.client.waits & STREAM_READABLE));
		got = recv(t.viewer, all, FENCES * BYTES, MSG_DONTWAIT);
		g_assert_cmpint(got, >, 0);
		answered += (gsize)got;
	}
	g_assert_cmpuint(answered, ==, FENCES * BYTES);
	end();
}

/* A message reaches a desktop only once that desktop has announced it. */
static void test_relay_features(void)
{
#define EXT_DOWN "\xff\0\0\1\0\0\0a\0\0\0\x1e"
#define SIZE     "\xfb\0\4\0\3\0\0\0"
#define CAPS     "\xff\xff\xff\xfc\1\0\0\0"
	begin();
	SAY(t.viewer, "\2\0\0\5" "\xff\xff\xfe\xfe" "\xff\xff\xfe\xfd" "\xff\xff\xfe\xcc"
		"\xff\xff\xfe\xcb" "\xc0\xa1\xe5\xce");
	run();
	HEAR(t.desktop, "\2\0\0\5" "\xff\xff\xfe\xfe" "\xff\xff\xfe\xfd" "\xff\xff\xfe\xcc"
		"\xff\xff\xfe\xcb" "\xc0\xa1\xe5\xce");
	SAY(t.viewer, EXT_DOWN SIZE "\xff\1\0\0" "\xfa\0\1\2" "\6\0\0\0" CAPS
		"\xff\0\0\0\0\0\0\0\0\0\0\x1e");
	run();
	HEAR(t.desktop, "\4\1\0\0\0\0\0a");
	SAY(t.desktop, "\0\0\0\3" RECT("\xff\xff\xfe\xfe") RECT("\xff\xff\xfe\xfd")
		RECT("\xff\xff\xfe\xcc") "\0\0\0\0" "\xfa\0\1\1" "\3\0\0\0" CAPS);
	run();
	HEAR(t.viewer, "\0\0\0\3" RECT("\xff\xff\xfe\xfe") RECT("\xff\xff\xfe\xfd")
		RECT("\xff\xff\xfe\xcc") "\0\0\0\0" "\xfa\0\1\1" "\3\0\0\0" CAPS);
	SAY(t.viewer, EXT_DOWN SIZE "\xff\1\0\0" "\xfa\0\1\2" "\6\0\0\0" CAPS);
	run();
	HEAR(t.desktop, EXT_DOWN SIZE "\xff\1\0\0" "\xfa\0\1\2" "\6\0\0\0" CAPS);
	end();
}

/* The viewer's pixel format counts from the first update behind it. */
static void test_relay_pixel_format(void)
{
	begin();
	SAY(t.desktop, "\0\0\0\2" RECT("\0\0\0\0") "1234");
	run();
	HEAR(t.viewer, "\0\0\0\2" RECT("\0\0\0\0") "1234");
	SAY(t.viewer, FORMAT16 "\3\0\0\0\0\0\0\1\0\1");
	run();
	HEAR(t.desktop, FORMAT16 "\3\0\0\0\0\0\0\1\0\1");
	SAY(t.desktop, RECT("\0\0\0\0") "1234" "\0\0\0\1" RECT("\0\0\0\0") "12" "\2");
	run();
	HEAR(t.viewer, RECT("\0\0\0\0") "1234" "\0\0\0\1" RECT("\0\0\0\0") "12" "\2");
	SAY(t.viewer, "\0\0\0\0" "\x18\x18\0\1\0\xff\0\xff\0\xff\x10\x08\0\0\0\0");
	run_fails(FAULT_CLIENT);
	end();
}

static void test_relay_faults(void)
{
	begin();
	SAY(t.desktop, "\0\0\0\1" RECT("\0\0\0\x15"));
	run_fails(FAULT_DESKTOP);
	end();
	begin();
	SAY(t.viewer, "\x47");
	run_fails(FAULT_CLIENT);
	end();
}

/* A desktop that ends is a fault, but what it said last arrives; a viewer that leaves is none. */
static void test_relay_ends(void)
{
	begin();
	run();
	SAY(t.desktop, "\2" "\3\0\0\0");
	close(t.desktop);
	t.desktop = -1;
	SAY(t.viewer, "\5\0\0\1\0\1");
	run_fails(FAULT_DESKTOP);
	HEAR(t.viewer, "\2");
	end();

	begin();
	run();
	close(t.viewer);
	t.viewer = -1;
	g_assert_cmpint(relay_rfb.run(&t.s, NULL), ==, STEP_END);
	end();
}

/* An update larger than any buffer, to a viewer that takes little at a time: it arrives as it was
 * sent, in bursts, and the desktop is not read faster than the viewer takes it. */
static void test_relay_bulk(void)
{
	static const struct {
		const char *head; /* of the rectangle, its length included */
		gsize body;
	} rows[] = {
		{"\0\0\0\0\4\0\4\0" "\0\0\0\0", 4 * 1024 * 1024},               /* Raw, 1024 x 1024 */
		{"\0\0\0\0\4\0\4\0" "\0\0\0\x10" "\0\x40\0\0", 4 + 4 * 1024 * 1024}, /* ZRLE, 4 MiB  */
	};

	for (unsigned row = 0; row < G_N_ELEMENTS(rows); row++) {
		gsize length = 4 + 12 + rows[row].body + 1, sent = 0, got = 0;
		gsize head_n = row == 0 ? 12 : 16;
		g_autofree guint8 *stream = g_malloc(length);
		guint8 piece[300000];

		begin();
		memcpy(stream, "\0\0\0\1", 4);
		memcpy(stream + 4, rows[row].head, head_n);
		for (gsize i = 4 + head_n; i < length; i++)
			stream[i] = (guint8)(i * 2654435761u >> 24);
		stream[length - 1] = 2; /* a bell */
		for (unsigned turn = 0; got < length; turn++) {
			ssize_t n = send(t.desktop, stream + sent, length - sent,
				MSG_DONTWAIT | MSG_NOSIGNAL);

			if (n > 0)
				sent += (gsize)n;
			run();
			if (row == 0)
				g_assert_cmpuint(buffer_length(&t.s.desktop.in), <=, BUFFER_CHUNK);
			n = recv(t.viewer, piece, turn % 3 ? sizeof piece : 1000, MSG_DONTWAIT);
			if (n > 0) {
				g_assert_cmpuint(got + (gsize)n, <=, length);
				g_assert_cmpmem(piece, n, stream + got, n);
				got += (gsize)n;
			}
			g_assert_cmpuint(turn, <, 100000);
		}
		run();
		g_assert_null(t.s.desktop.in.data);
		g_assert_cmpuint(t.s.client.bytes_out, ==, length);
		end();
	}
}

/* One run moves no more than a burst, and asks for the next. */
static void test_relay_takes_turns(void)
{
	const gsize n = 3 * 1024 * 1024;
	g_autofree guint8 *bells = g_malloc(n);
	int room = 8 * 1024 * 1024;

	begin();
	setsockopt(t.desktop, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
	setsockopt(t.s.client.stream->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
	memset(bells, 2, n);
	if (send(t.desktop, bells, n, MSG_DONTWAIT | MSG_NOSIGNAL) < (ssize_t)n) {
		g_test_skip("no right to widen a socket");
		end();
		return;
	}
	run();
	g_assert_cmpuint(t.wakes, ==, 1);
	g_assert_cmpuint(t.s.client.bytes_out, <, n);
	for (unsigned i = 0; i < 32; i++)
		run();
	g_assert_cmpuint(t.s.client.bytes_out, ==, n);
	end();
}

/* Nor so many pieces that each would be a send: every second word is dropped, either way. */
static void test_relay_in_pieces(void)
{
	enum { WORDS = 1500 };
	static const char bell[] = "\2" "\xf8\0\0\0\0\0\0\0";
	static const char key[] = "\4\0\0\0\0\0\0a" "\xf8\0\0\0\0\0\0\0";
	g_autoptr(GByteArray) bells = g_byte_array_new();
	g_autoptr(GByteArray) keys = g_byte_array_new();
	int room = 8 * 1024 * 1024;

	for (unsigned i = 0; i < WORDS; i++) {
		g_byte_array_append(bells, (const guint8 *)bell, sizeof bell); /* with its NUL */
		g_byte_array_append(keys, (const guint8 *)key, sizeof key);
	}
	begin();
	if (setsockopt(t.s.client.stream->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) < 0 ||
		setsockopt(t.s.desktop.stream->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) < 0) {
		g_test_skip("no right to widen a socket");
		end();
		return;
	}
	say(t.desktop, bells->data, bells->len);
	say(t.viewer, keys->data, keys->len);
	run();
	g_assert_cmpuint(t.wakes, >, 0);
	g_assert_cmpuint(t.s.client.bytes_out, <, WORDS / 2);
	g_assert_cmpuint(t.s.desktop.bytes_out, <, 8 * WORDS / 2);
	for (unsigned i = 0; i < 16; i++)
		run();
	g_assert_cmpuint(t.s.client.bytes_out, ==, WORDS);
	g_assert_cmpuint(t.s.desktop.bytes_out, ==, 8 * WORDS);
	end();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rfb/native", test_native);
	g_test_add_func("/rfb/web", test_web);
	g_test_add_func("/rfb/ticket", test_ticket);
	g_test_add_func("/rfb/denied", test_denied);
	g_test_add_func("/rfb/words", test_words);
	g_test_add_func("/rfb/goodbye", test_goodbye);
	g_test_add_func("/rfb/desktop-tls", test_desktop_tls);
	g_test_add_func("/rfb/bad-desktop", test_bad_desktop);
	g_test_add_func("/rfb/relay/passes", test_relay_passes);
	g_test_add_func("/rfb/relay/filters", test_relay_filters);
	g_test_add_func("/rfb/relay/continuous", test_relay_continuous);
	g_test_add_func("/rfb/relay/deaf", test_relay_deaf);
	g_test_add_func("/rfb/relay/features", test_relay_features);
	g_test_add_func("/rfb/relay/pixel-format", test_relay_pixel_format);
	g_test_add_func("/rfb/relay/faults", test_relay_faults);
	g_test_add_func("/rfb/relay/ends", test_relay_ends);
	g_test_add_func("/rfb/relay/bulk", test_relay_bulk);
	g_test_add_func("/rfb/relay/takes-turns", test_relay_takes_turns);
	g_test_add_func("/rfb/relay/in-pieces", test_relay_in_pieces);
	return g_test_run();
}
