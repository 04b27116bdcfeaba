/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rfb/rfb_server.h"

#include "fault.h"
#include "rfb_feed.h"
#include "transcript.h"

#include <string.h>

/* A message of the wire a line, in pieces that mean something. */
/* clang-format off */

#define V38 "RFB 003.008\n"
#define V38_HEX "524642203030332e3030380a"
/* type 19, VeNCrypt 0.2, X509Plain */
#define VENCRYPT "\x13" "\0\2" "\0\0\1\6"

/* The caller's part: TLS comes up, any password but "wrong" is good, the screen is 800 x 600. */
static gboolean answer(RfbServer *server, RfbEvent event, Feed *feed, GError *error)
{
	g_autofree char *text = NULL;

	switch (event) {
	case RFB_START_TLS:
		feed_say(feed, "tls");
		rfb_server_secured(server);
		return TRUE;
	case RFB_CREDENTIALS:
		text = server->nobody ? g_strdup("nobody")
				      : g_strdup_printf("[%s][%s]", server->user, server->password);
		feed_say(feed, text);
		if (g_strcmp0(server->password, "wrong") != 0) {
			rfb_server_accept(server, 800, 600, "n", &feed->out);
			return TRUE;
		}
		rfb_server_refuse(server, "no", &feed->out);
		feed_say(feed, "refused");
		return FALSE;
	case RFB_READY:
		feed_say(feed, server->shared ? "shared" : "alone");
		return FALSE;
	default:
		g_assert_cmpint(event, ==, RFB_FAILED);
		g_assert_error(error, FAULT, FAULT_CLIENT);
		rfb_server_refuse(server, "why", &feed->out);
		feed_say(feed, "failed");
		return FALSE;
	}
}

static char *run(const Piece *pieces, gsize n_pieces, gconstpointer data)
{
	RfbServer server;
	Feed feed;
	gboolean on = TRUE;

	feed_init(&feed);
	rfb_server_init(&server, (RfbServerMode)GPOINTER_TO_INT(data));
	for (gsize i = 0; i < n_pieces && on; i++) {
		g_byte_array_append(feed.wire, pieces[i].bytes, (guint)pieces[i].n);
		while (on) {
			g_autoptr(GError) error = NULL;
			RfbEvent event = rfb_server_step(&server, &feed.in, &feed.out, &error);

			if (event != RFB_MORE)
				on = answer(&server, event, &feed, error);
			else if (!feed_need(&feed, rfb_server_need(&server)))
				break;
		}
	}
	if (on)
		feed_say(&feed, "more");
	rfb_server_clear(&server);
	return feed_end(&feed);
}

#define check(mode, bytes, said) \
	transcript_check(bytes, sizeof(bytes) - 1, run, GINT_TO_POINTER(mode), said)

#define SCREEN "0320025820180001" "00ff00ff00ff" "100800" "000000" "00000001" "6e"

static void test_vencrypt(void)
{
	check(RFB_SERVER_VENCRYPT, V38 VENCRYPT "\0\0\0\4\0\0\0\3" "annaabc" "\1",
		"<" V38_HEX "0113" "0002" "00" "01" "00000106" "01> tls [anna][abc] "
		"<00000000" SCREEN "> shared ");
	check(RFB_SERVER_VENCRYPT, "RFB 003.007\n" VENCRYPT "\0\0\0\0\0\0\0\0" "\0",
		"<" V38_HEX "0113" "0002" "00" "01" "00000106" "01> tls [][] "
		"<00000000" SCREEN "> alone ");
}

/* Both in our order; the viewer's word decides, and only for what was offered. */
static void test_lobby(void)
{
	check(RFB_SERVER_LOBBY, V38 "\x13" "\0\2" "\0\0\1\4" "\1",
		"<" V38_HEX "0113" "0002" "00" "02" "00000106" "00000104" "01> tls nobody "
		"<00000000" SCREEN "> shared ");
	check(RFB_SERVER_LOBBY, V38 VENCRYPT "\0\0\0\4\0\0\0\3" "annaabc" "\1",
		"<" V38_HEX "0113" "0002" "00" "02" "00000106" "00000104" "01> tls [anna][abc] "
		"<00000000" SCREEN "> shared ");
	check(RFB_SERVER_LOBBY, V38 "\x13" "\0\2" "\0\0\1\5",
		"<" V38_HEX "0113" "0002" "00" "02" "00000106" "00000104" "01> failed ");
	check(RFB_SERVER_VENCRYPT, V38 "\x13" "\0\2" "\0\0\1\4",
		"<" V38_HEX "0113" "0002" "00" "01" "00000106" "01> failed ");
}

/* The viewer of 3.8 hears why, the one of 3.7 only that. */
static void test_wrong_password(void)
{
	check(RFB_SERVER_VENCRYPT, V38 VENCRYPT "\0\0\0\1\0\0\0\5" "awrong",
		"<" V38_HEX "0113" "0002" "00" "01" "00000106" "01> tls [a][wrong] "
		"<00000001" "00000002" "6e6f> refused ");
	check(RFB_SERVER_VENCRYPT, "RFB 003.007\n" VENCRYPT "\0\0\0\1\0\0\0\5" "awrong",
		"<" V38_HEX "0113" "0002" "00" "01" "00000106" "01> tls [a][wrong] "
		"<00000001> refused ");
}

static void test_none(void)
{
	check(RFB_SERVER_NONE, V38 "\1\1", "<" V38_HEX "> nobody <0101" "00000000" SCREEN "> shared ");
	check(RFB_SERVER_NONE, "RFB 003.889\n" "\1\1",
		"<" V38_HEX "> nobody <0101" "00000000" SCREEN "> shared ");
	check(RFB_SERVER_NONE, "RFB 003.007\n" "\1\1",
		"<" V38_HEX "> nobody <0101" SCREEN "> shared ");
	check(RFB_SERVER_NONE, "RFB 003.003\n" "\1",
		"<" V38_HEX "> nobody <00000001" SCREEN "> shared ");
	check(RFB_SERVER_NONE, "RFB 003.005\n" "\1",
		"<" V38_HEX "> nobody <00000001" SCREEN "> shared ");
}

static void test_bad_viewers(void)
{
	const char *plain = "<" V38_HEX "0113" "0002" "00" "01" "00000106" "01> tls "
			    "<00000001" "00000003" "776879> failed ";

	check(RFB_SERVER_VENCRYPT, "GET / HTTP/1", "<" V38_HEX "00" "00000003" "776879> failed ");
	check(RFB_SERVER_VENCRYPT, "RFB 002.008\n", "<" V38_HEX "00" "00000003" "776879> failed ");
	check(RFB_SERVER_VENCRYPT, V38 "\x13" "\0\1",
		"<" V38_HEX "0113" "0002" "00" "01" "00000106" "01> failed ");
	check(RFB_SERVER_VENCRYPT, V38 "\x13" "\0\2" "\0\0\1\3",
		"<" V38_HEX "0113" "0002" "00" "01" "00000106" "01> failed ");
	check(RFB_SERVER_NONE, V38 "\2",
		"<" V38_HEX "> nobody <0101" "00000000" SCREEN "> failed ");
	check(RFB_SERVER_NONE, "RFB 003.007\n" "\2",
		"<" V38_HEX "> nobody <0101" SCREEN "> failed ");
	/* lengths over the bounds, and what is no text */
	check(RFB_SERVER_VENCRYPT, V38 VENCRYPT "\0\0\2\1\0\0\0\1", plain);
	check(RFB_SERVER_VENCRYPT, V38 VENCRYPT "\0\0\0\1\xff\xff\xff\xff", plain);
	check(RFB_SERVER_VENCRYPT, V38 VENCRYPT "\0\0\0\1\0\0\0\1" "\xff" "a", plain);
	check(RFB_SERVER_VENCRYPT, V38 VENCRYPT "\0\0\0\1\0\0\0\2" "a" "\0" "b", plain);
}

/* Who can have no VeNCrypt is told what is missing. */
static void test_too_old(void)
{
	Piece piece = {"RFB 003.003\n", RFB_VERSION_SIZE};
	g_autofree char *said = run(&piece, 1, GINT_TO_POINTER(RFB_SERVER_VENCRYPT));

	g_assert_true(g_str_has_prefix(said, "<" V38_HEX "00000000"));
	g_assert_nonnull(strstr(said, "58353039506c61696e")); /* "X509Plain" */
	g_assert_true(g_str_has_suffix(said, "> failed "));
}

/* Bytes behind the choice of TLS came in the clear: nobody may treat them as protected. */
static void test_injection(void)
{
	g_autoptr(GError) error = NULL;
	Buffer in = {0}, out = {0};
	RfbServer server;

	rfb_server_init(&server, RFB_SERVER_VENCRYPT);
	buffer_append(&in, V38 VENCRYPT "x", sizeof(V38 VENCRYPT "x") - 1);
	g_assert_cmpint(rfb_server_step(&server, &in, &out, &error), ==, RFB_FAILED);
	g_assert_error(error, FAULT, FAULT_CLIENT);
	buffer_consume(&out, buffer_length(&out));
	rfb_server_refuse(&server, "no", &out);
	g_assert_cmpuint(buffer_length(&out), ==, 0);
	buffer_clear(&in);
	rfb_server_clear(&server);
}

/* Before a word was said, a refusal can go out with the version: no types, and why. */
static void test_refuse_at_once(void)
{
	RfbServer server;
	Feed feed;
	g_autofree char *said = NULL;

	feed_init(&feed);
	rfb_server_init(&server, RFB_SERVER_VENCRYPT);
	rfb_server_refuse(&server, "full", &feed.out);
	feed_say(&feed, "refused");
	said = feed_end(&feed);
	g_assert_cmpstr(said, ==, "<" V38_HEX "00" "00000004" "66756c6c> refused ");
	rfb_server_clear(&server);
}

static void test_password_is_wiped(void)
{
	Buffer in = {0}, out = {0};
	RfbServer server;
	guint8 *at;

	rfb_server_init(&server, RFB_SERVER_VENCRYPT);
	server.state = RFB_SERVER_PLAIN_LENGTHS;
	buffer_append(&in, "\0\0\0\1\0\0\0\6" "asecret?", 16);
	at = buffer_bytes(&in);
	g_assert_cmpint(rfb_server_step(&server, &in, &out, NULL), ==, RFB_CREDENTIALS);
	g_assert_cmpstr(server.password, ==, "secret");
	g_assert_cmpint(memcmp(at + 9, "\0\0\0\0\0\0?", 7), ==, 0);
	buffer_clear(&in);
	rfb_server_clear(&server);
}

/* A viewer that knows no VeNCrypt, by what it says first; the password it knows. What came of it. */
static RfbEvent vnc_authentication(const char *version, const char *type, const char *password,
				   Buffer *out)
{
	guint8 response[RFB_CHALLENGE];
	g_autoptr(GError) error = NULL;
	Buffer in = {0};
	RfbServer server;
	RfbEvent event;

	rfb_server_init(&server, RFB_SERVER_LOBBY);
	server.vnc_password = "let us in";
	buffer_append(&in, version, RFB_VERSION_SIZE);
	g_assert_cmpint(rfb_server_step(&server, &in, out, NULL), ==, RFB_MORE);
	buffer_append(&in, type, strlen(type));
	g_assert_cmpint(rfb_server_step(&server, &in, out, NULL), ==, RFB_MORE);
	g_assert_cmpint(rfb_server_need(&server), ==, RFB_CHALLENGE);
	g_assert_true(rfb_challenge_answer(
		password, buffer_bytes(out) + buffer_length(out) - RFB_CHALLENGE, response));
	buffer_consume(out, buffer_length(out) - RFB_CHALLENGE);
	g_assert_cmpint(memcmp(buffer_bytes(out), server.challenge, RFB_CHALLENGE), ==, 0);
	buffer_consume(out, RFB_CHALLENGE);
	buffer_append(&in, response, sizeof response);
	event = rfb_server_step(&server, &in, out, &error);
	if (event == RFB_CREDENTIALS) {
		g_assert_true(server.nobody && server.user == NULL);
		rfb_server_accept(&server, 800, 600, "n", out);
	} else {
		g_assert_error(error, FAULT, FAULT_DENIED);
		rfb_server_refuse(&server, "no", out);
	}
	buffer_clear(&in);
	rfb_server_clear(&server);
	return event;
}

static void test_vnc_authentication(void)
{
	Buffer out = {0};

	for (unsigned old = 0; old < 2; old++) {
		const char *version = old ? "RFB 003.003\n" : V38, *type = old ? "" : "\x02";

		/* Eight bytes count. */
		g_assert_cmpint(vnc_authentication(version, type, "let us i", &out), ==,
				RFB_CREDENTIALS);
		g_assert_cmpmem(buffer_bytes(&out), 6, "\0\0\0\0\x03\x20", 6);
		buffer_consume(&out, buffer_length(&out));
		g_assert_cmpint(vnc_authentication(version, type, "let us", &out), ==, RFB_FAILED);
		g_assert_cmpmem(buffer_bytes(&out), buffer_length(&out), "\0\0\0\1\0\0\0\2no",
				old ? 4 : 10);
		buffer_consume(&out, buffer_length(&out));
	}
	buffer_clear(&out);
}

static char *take(Buffer *out)
{
	GString *hex = g_string_new(NULL);

	feed_take_hex(out, hex);
	return g_string_free(hex, FALSE);
}

#define expect(server, bytes, event, said)                                             \
	G_STMT_START                                                                   \
	{                                                                              \
		g_autofree char *text = NULL;                                          \
		buffer_append(&in, bytes, sizeof(bytes) - 1);                          \
		g_assert_cmpint(rfb_server_step(server, &in, &out, NULL), ==, event);  \
		text = take(&out);                                                     \
		g_assert_cmpstr(text, ==, said);                                       \
	}                                                                              \
	G_STMT_END

/* Nobody waits for an answer that is settled. */
static void test_ahead(void)
{
	Buffer in = {0}, out = {0};
	RfbServer server;
	g_autofree char *said = NULL, *none = NULL;

	rfb_server_init(&server, RFB_SERVER_VENCRYPT);
	expect(&server, "", RFB_MORE, V38_HEX);
	expect(&server, V38, RFB_MORE, "0113" "0002" "00" "01" "00000106" "01");
	expect(&server, VENCRYPT, RFB_START_TLS, "");
	rfb_server_secured(&server);
	expect(&server, "\0\0\0\1\0\0\0\1" "ab", RFB_CREDENTIALS, "");
	rfb_server_accept(&server, 800, 600, "n", &out);
	said = take(&out);
	g_assert_cmpstr(said, ==, "00000000" SCREEN);
	expect(&server, "\1", RFB_READY, "");
	rfb_server_clear(&server);

	rfb_server_init(&server, RFB_SERVER_NONE);
	expect(&server, V38, RFB_CREDENTIALS, V38_HEX);
	rfb_server_accept(&server, 800, 600, "n", &out);
	none = take(&out);
	g_assert_cmpstr(none, ==, "0101" "00000000" SCREEN);
	expect(&server, "\1\1", RFB_READY, "");
	rfb_server_clear(&server);

	/* With two types to choose from, the choice is waited for. */
	rfb_server_init(&server, RFB_SERVER_LOBBY);
	server.vnc_password = "let us in";
	expect(&server, V38, RFB_MORE, V38_HEX "02" "1302");
	expect(&server, "\x13", RFB_MORE, "0002" "00" "02" "00000106" "00000104" "01");
	rfb_server_clear(&server);
	buffer_clear(&in);
	buffer_clear(&out);
}

/* A desktop that cannot be reached: the browser hears of it instead of types to choose from. */
static void test_refuse_none(void)
{
	static const char *versions[] = {V38, "RFB 003.007\n", "RFB 003.003\n"};

	for (unsigned i = 0; i < G_N_ELEMENTS(versions); i++) {
		Buffer in = {0}, out = {0};
		RfbServer server;
		g_autofree char *said = NULL;

		rfb_server_init(&server, RFB_SERVER_NONE);
		buffer_append(&in, versions[i], RFB_VERSION_SIZE);
		g_assert_cmpint(rfb_server_step(&server, &in, &out, NULL), ==, RFB_CREDENTIALS);
		buffer_consume(&out, buffer_length(&out));
		rfb_server_refuse(&server, "no", &out);
		said = take(&out);
		g_assert_cmpstr(said, ==, i < 2 ? "00" "00000002" "6e6f" : "00000000" "00000002" "6e6f");
		buffer_clear(&in);
		buffer_clear(&out);
		rfb_server_clear(&server);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rfb-server/vencrypt", test_vencrypt);
	g_test_add_func("/rfb-server/lobby", test_lobby);
	g_test_add_func("/rfb-server/vnc-authentication", test_vnc_authentication);
	g_test_add_func("/rfb-server/wrong-password", test_wrong_password);
	g_test_add_func("/rfb-server/none", test_none);
	g_test_add_func("/rfb-server/bad-viewers", test_bad_viewers);
	g_test_add_func("/rfb-server/ahead", test_ahead);
	g_test_add_func("/rfb-server/refuse-none", test_refuse_none);
	g_test_add_func("/rfb-server/too-old", test_too_old);
	g_test_add_func("/rfb-server/injection", test_injection);
	g_test_add_func("/rfb-server/refuse-at-once", test_refuse_at_once);
	g_test_add_func("/rfb-server/password-is-wiped", test_password_is_wiped);
	return g_test_run();
}
