/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every message type there and back, cut everywhere; and what must be refused. */
#include "control/control.h"
#include "fault.h"
#include "transcript.h"

/* One of each type, in the order of ControlType; every field of a type is set in one of them. */
#define A_BOND_NAME "0123456789abcdef0123456789abcdef"
#define A_BOND      A_BOND_NAME A_BOND_NAME

static const ControlMessage samples[] = {
	{.type = CONTROL_HELLO, .id = 1, .gateway = (char *)"gw-1"},
	{.type = CONTROL_REDEEM,
	 .id = 2,
	 .ticket = (char *)"T1",
	 .protocol = (char *)"web",
	 .peer = (char *)"[2001:db8::1]:4711"},
	{.type = CONTROL_LOGIN,
	 .id = 3,
	 .user = (char *)"anna",
	 .password = (char *)"p\"\\\n\303\244",
	 .desktop = (char *)"d7",
	 .protocol = (char *)"vnc",
	 .peer = (char *)"192.0.2.1:5"},
	{.type = CONTROL_LOGIN,
	 .id = 3,
	 .user = (char *)"",
	 .password = (char *)"",
	 .protocol = (char *)"spice",
	 .peer = (char *)""},
	{.type = CONTROL_LOBBY, .id = 12, .protocol = (char *)"vnc", .peer = (char *)"p"},
	{.type = CONTROL_LOBBY,
	 .id = 13,
	 .protocol = (char *)"vnc",
	 .peer = (char *)"p",
	 .lease = (char *)"l-1"},
	{.type = CONTROL_JOIN,
	 .id = G_MAXINT64,
	 .ticket = (char *)"T1",
	 .peer = (char *)"p",
	 .client_id = G_MAXUINT32,
	 .channel = (char *)"display:0"},
	{.type = CONTROL_JOIN,
	 .id = 4,
	 .user = (char *)"anna",
	 .password = (char *)"x",
	 .peer = (char *)"p",
	 .client_id = 1,
	 .channel = (char *)"inputs:0"},
	{.type = CONTROL_DIAL, .id = 5, .lease = (char *)"l-1"},
	{.type = CONTROL_LINKED, .id = 6, .lease = (char *)"l-1", .backend_id = 77},
	{.type = CONTROL_STARTED, .lease = (char *)"l-1"},
	{.type = CONTROL_ACTIVE, .lease = (char *)"l-1", .milliseconds = 1500},
	{.type = CONTROL_ENDED,
	 .lease = (char *)"l-1",
	 .channel = (char *)"cursor:0",
	 .fault = (char *)"ended",
	 .reason = (char *)"left",
	 .step = (char *)"relay",
	 .bytes_in = 1,
	 .bytes_out = 1ull << 40,
	 .milliseconds = 0,
	 .again = TRUE},
	{.type = CONTROL_LEASE,
	 .id = 7,
	 .lease = (char *)"l-1",
	 .user = (char *)"anna",
	 .desktop = (char *)"d7",
	 .client_id = 9,
	 .backend_id = 77},
	{.type = CONTROL_LEASE,
	 .id = 8,
	 .lease = (char *)"l-1",
	 .endpoint = {.protocol = (char *)"vnc", .has_fd = TRUE, .password = (char *)"s"}},
	{.type = CONTROL_LEASE,
	 .id = 9,
	 .lease = (char *)"l-1",
	 .endpoint = {.protocol = (char *)"spice",
		      .host = (char *)"10.0.0.7",
		      .port = 65535,
		      .tls = TRUE,
		      .ca = (char *)"-----BEGIN",
		      .username = (char *)"u"}},
	{.type = CONTROL_REFUSE, .id = 10, .fault = (char *)"denied", .reason = (char *)"spent"},
	{.type = CONTROL_REFUSE, .id = 16, .fault = (char *)"busy", .wait = 3600},
	{.type = CONTROL_OK, .id = 11},
	{.type = CONTROL_COUNTS, .counts = {1, 2, 3}},
	{.type = CONTROL_END, .lease = (char *)"l-1", .fault = (char *)"ended"},
	{.type = CONTROL_MOVE,
	 .lease = (char *)"l-1",
	 .to = (char *)"l-2",
	 .user = (char *)"anna",
	 .desktop = (char *)"d8",
	 .endpoint = {.protocol = (char *)"vnc", .has_fd = TRUE}},
	{.type = CONTROL_MOVE,
	 .lease = (char *)"l-1",
	 .to = (char *)"l-2",
	 .again = TRUE,
	 .endpoint = {.protocol = (char *)"spice",
		      .host = (char *)"desk.example.org",
		      .port = 443,
		      .tls = TRUE}},
	{.type = CONTROL_CLIENT, .lease = (char *)"l-1"},
	{.type = CONTROL_LOBBY,
	 .id = 12,
	 .protocol = (char *)"spice",
	 .peer = (char *)"192.0.2.1:5",
	 .ticket = (char *)"",
	 .bond = (char *)A_BOND},
	{.type = CONTROL_JOIN,
	 .id = 14,
	 .bond = (char *)A_BOND,
	 .peer = (char *)"p",
	 .client_id = 1,
	 .channel = (char *)"inputs:0"},
	{.type = CONTROL_LEASE,
	 .id = 15,
	 .lease = (char *)"l-1",
	 .client_id = 9,
	 .bond = (char *)A_BOND},
	{.type = CONTROL_FOLLOW, .bond = (char *)A_BOND_NAME},
	{.type = CONTROL_FOLLOW, .bond = (char *)A_BOND_NAME, .fault = (char *)"ended"},
};

static char *message_text(const ControlMessage *m)
{
	const Endpoint *e = &m->endpoint;

	return g_strdup_printf(
		"%s id=%" G_GUINT64_FORMAT " gateway=%s ticket=%s user=%s password=%s "
		"desktop=%s protocol=%s peer=%s lease=%s to=%s bond=%s client=%u backend=%u "
		"channel=%s fault=%s reason=%s wait=%u step=%s %" G_GUINT64_FORMAT
		" %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " (%s %d %s %u %d %s %s %s)\n",
		control_type_name(m->type), m->id, m->gateway, m->ticket, m->user, m->password,
		m->desktop, m->protocol, m->peer, m->lease, m->to, m->bond, m->client_id,
		m->backend_id, m->channel, m->fault, m->reason, m->wait, m->step, m->bytes_in,
		m->bytes_out, m->milliseconds, e->protocol, e->has_fd, e->host, e->port, e->tls,
		e->ca, e->username, e->password);
}

static char *run(const Piece *pieces, gsize n_pieces, gconstpointer data)
{
	g_autoptr(GByteArray) in = g_byte_array_new();
	GString *said = g_string_new(NULL);

	for (gsize i = 0; i < n_pieces; i++) {
		g_byte_array_append(in, pieces[i].bytes, (guint)pieces[i].n);
		for (;;) {
			g_auto(ControlMessage) message = {0};
			g_autoptr(GError) error = NULL;
			g_autofree char *text = NULL;
			gssize used = control_decode(in->data, in->len, &message, &error);

			if (used == 0)
				break;
			if (used < 0) {
				g_assert_error(error, FAULT, FAULT_BROKER);
				g_string_append_printf(said, "refused: %s", error->message);
				return g_string_free(said, FALSE);
			}
			text = message_text(&message);
			g_string_append(said, text);
			g_byte_array_remove_range(in, 0, (guint)used);
		}
	}
	return g_string_free(said, FALSE);
}

static void test_round_trip(void)
{
	gboolean seen[CONTROL_FOLLOW + 1] = {FALSE};

	for (gsize i = 0; i < G_N_ELEMENTS(samples); i++) {
		GByteArray *bytes = control_encode(&samples[i]);
		g_autofree char *expected = message_text(&samples[i]);

		transcript_check(bytes->data, bytes->len, run, NULL, expected);
		seen[samples[i].type] = TRUE;
		control_wipe(bytes);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(seen); i++)
		g_assert_true(seen[i]);
}

static void test_bond_name(void)
{
	g_autofree char *name = control_bond_name(A_BOND);

	g_assert_cmpstr(name, ==, A_BOND_NAME);
	g_assert_true(control_bond_is(A_BOND, name));
	name[CONTROL_BOND_NAME - 1] = '0';
	g_assert_false(control_bond_is(A_BOND, name));
	g_assert_false(control_bond_is(NULL, name));
}

static void test_stream(void)
{
	g_autoptr(GByteArray) all = g_byte_array_new();
	g_autoptr(GString) expected = g_string_new(NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(samples); i++) {
		GByteArray *bytes = control_encode(&samples[i]);
		g_autofree char *text = message_text(&samples[i]);

		g_byte_array_append(all, bytes->data, bytes->len);
		g_string_append(expected, text);
		control_wipe(bytes);
	}
	transcript_check(all->data, all->len, run, NULL, expected->str);
}

static GByteArray *framed(const char *json)
{
	GByteArray *bytes = g_byte_array_new();
	guint32 head = GUINT32_TO_BE((guint32)strlen(json));

	g_byte_array_append(bytes, (const guint8 *)&head, 4);
	g_byte_array_append(bytes, (const guint8 *)json, (guint)strlen(json));
	return bytes;
}

static void refuse(const char *json, const char *why)
{
	g_autoptr(GByteArray) bytes = framed(json);
	g_autofree char *expected = g_strconcat("refused: ", why, NULL);

	transcript_check(bytes->data, bytes->len, run, NULL, expected);
}

/* For what is too long to cut at every position. */
static void refuse_whole(const char *json, const char *why)
{
	g_autoptr(GByteArray) bytes = framed(json);
	g_autofree char *expected = g_strconcat("refused: ", why, NULL);
	Piece whole = {bytes->data, bytes->len};
	g_autofree char *said = run(&whole, 1, NULL);

	g_assert_cmpstr(said, ==, expected);
}

static void test_refused(void)
{
	g_autofree char *lng = g_strnfill(CONTROL_TEXT + 1, 'x');
	g_autofree char *hello =
		g_strconcat("{\"type\":\"hello\",\"id\":1,\"gateway\":\"", lng, "\"}", NULL);
	g_autofree char *ca = g_strnfill(CONTROL_CA + 1, 'x');
	g_autofree char *lease =
		g_strconcat("{\"type\":\"lease\",\"id\":1,\"lease\":\"l\",\"endpoint\":"
			    "{\"protocol\":\"vnc\",\"has_fd\":true,\"ca\":\"",
			    ca, "\"}}", NULL);
	g_autofree char *deep = g_strnfill(5000, '[');

	refuse("[]", "a message that is not an object");
	refuse("{}", "no known type");
	refuse("{\"type\":7}", "no known type");
	refuse("{\"type\":\"nonsense\"}", "no known type");
	refuse("{\"type\":\"ok\"}", "ok: no id");
	refuse("{\"type\":\"ok\",\"id\":1,\"id\":2}", "a message that is not JSON");
	refuse("{\"type\":\"ok\",\"id\":1}x", "a message that is not JSON");
	refuse("{\"type\":\"ok\",\"id\":1,\"x\":2}", "ok: an unknown key");
	refuse("{\"type\":\"ok\",\"id\":1,\"lease\":\"l\"}", "ok: an unknown key");
	refuse("{\"type\":\"ok\",\"id\":-1}", "ok: a bad id");
	refuse("{\"type\":\"ok\",\"id\":1.0}", "ok: a bad id");
	refuse("{\"type\":\"ok\",\"id\":\"1\"}", "ok: a bad id");
	refuse("{\"type\":\"ok\",\"id\":null}", "ok: a bad id");
	refuse("{\"type\":\"hello\",\"id\":1,\"gateway\":\"a\\u0000b\"}",
	       "a message that is not JSON");
	refuse("{\"type\":\"hello\",\"id\":1,\"gateway\":\"\377\"}", "a message that is not JSON");
	refuse("{\"type\":\"refuse\",\"id\":1,\"fault\":\"nobody\"}", "refuse: a bad fault");
	refuse("{\"type\":\"redeem\",\"id\":1,\"ticket\":\"t\",\"peer\":\"p\",\"protocol\":"
	       "\"rdp\"}",
	       "redeem: a bad protocol");
	refuse("{\"type\":\"linked\",\"id\":1,\"lease\":\"l\",\"backend_id\":4294967296}",
	       "linked: a bad backend_id");
	refuse("{\"type\":\"join\",\"id\":1,\"peer\":\"p\",\"client_id\":1,\"channel\":\"main:0\"}",
	       "join: not one of ticket, login and bond");
	refuse("{\"type\":\"join\",\"id\":1,\"peer\":\"p\",\"client_id\":1,\"channel\":\"main:0\","
	       "\"ticket\":\"t\",\"user\":\"u\"}",
	       "join: not one of ticket, login and bond");
	refuse("{\"type\":\"join\",\"id\":1,\"peer\":\"p\",\"client_id\":1,\"channel\":\"main:0\","
	       "\"ticket\":\"t\",\"bond\":\"" A_BOND "\"}",
	       "join: not one of ticket, login and bond");
	refuse("{\"type\":\"join\",\"id\":1,\"peer\":\"p\",\"client_id\":1,\"channel\":\"main:0\","
	       "\"bond\":\"" A_BOND_NAME "\"}",
	       "join: a bad bond");
	refuse("{\"type\":\"follow\",\"bond\":\"" A_BOND "\"}", "follow: a bad bond");
	refuse("{\"type\":\"follow\",\"bond\":\"0123456789abcdef\\n123456789abcdef\"}",
	       "follow: a bad bond");
	refuse("{\"type\":\"follow\",\"bond\":\"" A_BOND_NAME "\",\"lease\":\"s-1\"}",
	       "follow: an unknown key");
	refuse("{\"type\":\"lease\",\"id\":1,\"lease\":\"l\",\"endpoint\":{\"protocol\":\"vnc\"}}",
	       "lease: neither descriptor nor address");
	refuse("{\"type\":\"lease\",\"id\":1,\"lease\":\"l\",\"endpoint\":"
	       "{\"protocol\":\"vnc\",\"has_fd\":true,\"host\":\"h\"}}",
	       "lease: a descriptor and an address");
	refuse("{\"type\":\"lease\",\"id\":1,\"lease\":\"l\",\"endpoint\":"
	       "{\"protocol\":\"vnc\",\"host\":\"h\",\"port\":65536}}",
	       "lease: a bad port");
	refuse("{\"type\":\"lease\",\"id\":1,\"lease\":\"l\",\"endpoint\":"
	       "{\"protocol\":\"vnc\",\"has_fd\":true,\"x\":1}}",
	       "lease: an unknown key");
	refuse("{\"type\":\"lease\",\"id\":1,\"lease\":\"l\",\"endpoint\":7}",
	       "lease: a bad endpoint");
	refuse("{\"type\":\"counts\"}", "counts: no counts");
	refuse("{\"type\":\"counts\",\"counts\":{}}", "counts: a bad counts");
	refuse("{\"type\":\"counts\",\"counts\":[1,-1]}", "counts: a bad counts");
	refuse("{\"type\":\"counts\",\"counts\":[1.5]}", "counts: a bad counts");
	refuse("{\"type\":\"counts\",\"counts\":[9007199254740993]}", "counts: a bad counts");
	refuse(hello, "hello: a bad gateway");
	refuse_whole(lease, "lease: a bad ca");
	refuse_whole(deep, "a message that is not JSON");
}

static void test_lengths(void)
{
	transcript_check("\0\0\0\1{", 5, run, NULL, "refused: a message of 1 bytes");
	transcript_check("\0\4\0\1{", 5, run, NULL, "refused: a message of 262145 bytes");
	transcript_check("\377\377\377\377", 4, run, NULL,
			 "refused: a message of 4294967295 bytes");
	transcript_check("\0\0\0\2{", 5, run, NULL, "");
}

/* The worst texts that a client can bring: longer than the bound, escaped in full, not UTF-8. */
static void test_worst_texts(void)
{
	g_autofree char *text = g_strnfill(5000, '\1');
	g_autofree char *ca = g_strnfill(CONTROL_CA + 5, '\2');
	ControlMessage message = {.type = CONTROL_LEASE,
				  .id = G_MAXUINT64,
				  .lease = text,
				  .user = text,
				  .desktop = text,
				  .endpoint = {.protocol = (char *)"vnc",
					       .host = text,
					       .port = 1,
					       .tls = TRUE,
					       .ca = ca,
					       .username = text,
					       .password = text}};
	ControlMessage login = {.type = CONTROL_LOGIN,
				.user = (char *)"a\377\303",
				.password = (char *)"",
				.protocol = (char *)"vnc",
				.peer = (char *)"p"};
	g_auto(ControlMessage) back = {0}, back_login = {0};
	g_autoptr(GError) error = NULL;
	GByteArray *bytes = control_encode(&message);

	g_assert_cmpint(control_decode(bytes->data, bytes->len, &back, &error), ==, bytes->len);
	g_assert_no_error(error);
	g_assert_cmpuint(strlen(back.user), ==, CONTROL_TEXT);
	g_assert_cmpuint(strlen(back.endpoint.ca), ==, CONTROL_CA);
	control_wipe(bytes);

	bytes = control_encode(&login);
	g_assert_cmpint(control_decode(bytes->data, bytes->len, &back_login, &error), ==,
			bytes->len);
	g_assert_cmpstr(back_login.user, ==, "a??");
	control_wipe(bytes);
}

/* A gateway may be older or newer than its broker: what is missing is 0, what is more is
 * left out. */
static void test_counts(void)
{
	static const char older[] = "\0\0\0\"{\"type\":\"counts\",\"counts\":[7,0,9]}";
	ControlMessage message = {.type = CONTROL_COUNTS};
	g_autoptr(GString) newer = g_string_new("{\"type\":\"counts\",\"counts\":[0");
	g_auto(ControlMessage) back = {0}, from_older = {0}, from_newer = {0};
	g_autoptr(GError) error = NULL;
	guint32 length;
	GByteArray *bytes;

	for (unsigned i = 0; i < COUNTS_N; i++)
		message.counts[i] = i * 1000;
	message.counts[COUNTS_N - 1] = G_MAXUINT64;
	bytes = control_encode(&message);
	g_assert_cmpint(control_decode(bytes->data, bytes->len, &back, &error), ==, bytes->len);
	g_assert_no_error(error);
	g_assert_cmpuint(back.counts[COUNTS_RELAYING], ==, COUNTS_RELAYING * 1000);
	g_assert_cmpuint(back.counts[COUNTS_N - 1], ==, (guint64)1 << 53);
	control_wipe(bytes);

	g_assert_cmpint(control_decode(older, sizeof older - 1, &from_older, &error), ==,
			sizeof older - 1);
	g_assert_cmpuint(from_older.counts[COUNTS_CONNECTIONS], ==, 7);
	g_assert_cmpuint(from_older.counts[COUNTS_BYTES_IN], ==, 9);
	g_assert_cmpuint(from_older.counts[COUNTS_N - 1], ==, 0);

	for (unsigned i = 1; i < COUNTS_N + 5; i++)
		g_string_append_printf(newer, ",%u", i);
	g_string_append(newer, "]}");
	length = GUINT32_TO_BE(newer->len);
	g_string_prepend_len(newer, (const char *)&length, sizeof length);
	g_assert_cmpint(control_decode(newer->str, newer->len, &from_newer, &error), ==,
			newer->len);
	g_assert_cmpuint(from_newer.counts[COUNTS_N - 1], ==, COUNTS_N - 1);
}

/* Every step has its place, and every place its step. */
static void test_steps(void)
{
	for (unsigned i = 0; counts_step_name(i) != NULL; i++)
		g_assert_cmpuint(counts_step(counts_step_name(i)), ==, i);
	g_assert_cmpuint(counts_step("nonsense"), ==, 0);
	g_assert_cmpstr(counts_step_name(counts_step("welcome")), ==, "welcome");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/control/round-trip", test_round_trip);
	g_test_add_func("/control/stream", test_stream);
	g_test_add_func("/control/bond-name", test_bond_name);
	g_test_add_func("/control/refused", test_refused);
	g_test_add_func("/control/lengths", test_lengths);
	g_test_add_func("/control/worst-texts", test_worst_texts);
	g_test_add_func("/control/counts", test_counts);
	g_test_add_func("/control/steps", test_steps);
	return g_test_run();
}
