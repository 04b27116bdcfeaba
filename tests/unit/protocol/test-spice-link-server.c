/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_link_server: whole links of viewers, in every cut, with tickets and with SASL. */
#include "spice/spice_link_server.h"

#include "spice/spice_ticket.h"
#include "transcript.h"

#define REPLY(caps) (16 + 178 + 4 * (caps)) /* bytes of a reply with so many words */

static gboolean with_sasl = TRUE, without_sasl = FALSE;

static void feed(SpiceLinkServer *server, const Piece *pieces, gsize n, Buffer *out, GString *said)
{
	g_autoptr(GError) error = NULL;
	SpiceLinkServerEvent event = SPICE_LINK_SERVER_MORE;
	Buffer in = {0};

	for (gsize i = 0; i < n && event == SPICE_LINK_SERVER_MORE; i++) {
		buffer_append(&in, pieces[i].bytes, pieces[i].n);
		event = spice_link_server_step(server, &in, out, &error);
		if (event == SPICE_LINK_SERVER_MORE)
			g_assert_cmpuint(buffer_length(&in), <, spice_link_server_needs(server));
	}
	if (event == SPICE_LINK_SERVER_FAILED)
		g_string_append_printf(said, "%s: %s", fault_info(fault_code(error))->name,
				       error->message);
	else if (event == SPICE_LINK_SERVER_MORE)
		g_string_append_printf(said, "more %zu", spice_link_server_needs(server));
	buffer_clear(&in);
}

/* What the server said: the event, the credentials, and how its answers look. */
static char *run(const Piece *pieces, gsize n, gconstpointer data)
{
	g_autoptr(SpiceLinkServer) server = spice_link_server_new(*(const gboolean *)data);
	GString *said = g_string_new(NULL);
	const SpiceLinkMess *mess = spice_link_server_mess(server);
	Buffer out = {0};

	feed(server, pieces, n, &out, said);
	if (said->len == 0) {
		const char *ticket = spice_link_server_ticket(server);

		g_string_append_printf(said, "%s:%u id %u ", spice_link_channel_name(mess->type),
				       mess->id, mess->connection_id);
		if (ticket != NULL)
			g_string_append_printf(said, "ticket %s", ticket);
		else
			g_string_append_printf(said, "user %s password %s",
					       spice_link_server_user(server),
					       spice_link_server_password(server));
	}
	g_string_append_printf(said, ", out %zu", buffer_length(&out));
	buffer_clear(&out);
	return g_string_free(said, FALSE);
}

static GByteArray *link_of(guint32 connection_id, guint8 type, guint32 common)
{
	SpiceLinkMess mess = {connection_id, type, 0, common, type == 1 ? 0xf : 0};
	GByteArray *bytes = g_byte_array_new();
	Buffer out = {0};

	spice_link_append_mess(&out, &mess);
	g_byte_array_append(bytes, buffer_bytes(&out), (guint)buffer_length(&out));
	buffer_clear(&out);
	return bytes;
}

static void add_u32(GByteArray *bytes, guint32 value)
{
	guint32 le = GUINT32_TO_LE(value);

	g_byte_array_append(bytes, (guint8 *)&le, 4);
}

static void add_sasl(GByteArray *bytes, const char *mechanism, const char *data, gsize n)
{
	add_u32(bytes, 2);
	add_u32(bytes, (guint32)strlen(mechanism));
	g_byte_array_append(bytes, (const guint8 *)mechanism, (guint)strlen(mechanism));
	add_u32(bytes, (guint32)n);
	g_byte_array_append(bytes, (const guint8 *)data, (guint)n);
}

static void check(GByteArray *bytes, gboolean *sasl, const char *expected)
{
	transcript_check(bytes->data, bytes->len, run, sasl, expected);
	g_byte_array_unref(bytes);
}

static void test_ticket(void)
{
	GByteArray *bytes = link_of(0, 1, 0xd);
	guint8 cipher[SPICE_TICKET_BYTES];
	char expected[64];

	g_assert_true(spice_ticket_seal(spice_ticket_key(NULL), "tick", cipher, NULL));
	add_u32(bytes, 1);
	g_byte_array_append(bytes, cipher, sizeof cipher);
	g_snprintf(expected, sizeof expected, "main:0 id 0 ticket tick, out %d", REPLY(2));
	check(g_byte_array_ref(bytes), &without_sasl, expected);
	check(bytes, &with_sasl, expected);

	bytes = link_of(77, 3, 0xd);
	add_u32(bytes, 1);
	g_byte_array_append(bytes, cipher, sizeof cipher);
	g_snprintf(expected, sizeof expected, "inputs:0 id 77 ticket tick, out %d", REPLY(2));
	check(bytes, &without_sasl, expected);
}

static void test_sasl(void)
{
	GByteArray *bytes = link_of(0, 1, 0xd);
	char expected[80];

	/* As spice-gtk sends it: its user twice, and the closing NUL is counted. */
	add_sasl(bytes, "PLAIN", "anna\0anna\0pass word", 20);
	g_snprintf(expected, sizeof expected, "main:0 id 0 user anna password pass word, out %d",
		   REPLY(2) + 9);
	check(bytes, &with_sasl, expected);

	bytes = link_of(9, 4, 0xd);
	add_sasl(bytes, "PLAIN", "\0b\0", 3);
	g_snprintf(expected, sizeof expected, "cursor:0 id 9 user b password , out %d",
		   REPLY(1) + 9);
	check(bytes, &with_sasl, expected);
}

static void test_sasl_refused(void)
{
	static const struct {
		const char *data;
		gsize n;
		const char *said;
	} lies[] = {
		{"anna", 4, "client: malformed SASL PLAIN of 4 bytes"},
		{"a\0anna", 6, "client: malformed SASL PLAIN of 6 bytes"},
		{"\0anna\0pw\0more", 13, "client: malformed SASL PLAIN of 13 bytes"},
		{"\0\377\0pw", 5, "client: malformed SASL PLAIN of 5 bytes"},
		{"root\0anna\0pw", 12, "denied: asks to act as another user"},
		{"\0\0pw", 4, "denied: no user name"},
	};
	char expected[80];
	GByteArray *bytes;

	for (unsigned i = 0; i < G_N_ELEMENTS(lies); i++) {
		bytes = link_of(0, 1, 0xd);
		add_sasl(bytes, "PLAIN", lies[i].data, lies[i].n);
		g_snprintf(expected, sizeof expected, "%s, out %d", lies[i].said, REPLY(2) + 9);
		check(bytes, &with_sasl, expected);
	}
	bytes = link_of(0, 1, 0xd);
	add_sasl(bytes, "LOGIN", "", 0);
	g_snprintf(expected, sizeof expected,
		   "client: a SASL mechanism that was not offered, out %d", REPLY(2) + 9);
	check(bytes, &with_sasl, expected);
	for (unsigned i = 0; i < 2; i++) {
		guint32 size = i == 0 ? 0 : 1025;

		bytes = link_of(0, 1, 0xd);
		add_sasl(bytes, "PLAIN", "", 0);
		size = GUINT32_TO_LE(size);
		memcpy(bytes->data + bytes->len - 4, &size, 4);
		g_snprintf(expected, sizeof expected, "client: SASL PLAIN of %d bytes, out %d",
			   i == 0 ? 0 : 1025, REPLY(2) + 9);
		check(bytes, &with_sasl, expected);
	}
}

static void test_mechanism_refused(void)
{
	GByteArray *bytes = link_of(0, 1, 0xd);
	char expected[80];

	add_u32(bytes, 2);
	g_snprintf(expected, sizeof expected, "client: unknown SPICE login mechanism 2, out %d",
		   REPLY(2));
	check(bytes, &without_sasl, expected);
}

static void test_link_refused(void)
{
	check(link_of(5, 1, 0xd), &with_sasl,
	      "client: SPICE channel main with connection id 5, out 0");
	check(link_of(0, 2, 0xd), &with_sasl,
	      "client: SPICE channel display with connection id 0, out 0");
	check(link_of(0, 7, 0xd), &with_sasl, "client: unknown SPICE channel type 7, out 0");
	check(link_of(0, 1, 0x5), &with_sasl,
	      "client: the viewer is too old: SPICE capabilities 0x5, out 0");
	check(link_of(0, 1, 0xc), &with_sasl,
	      "client: the viewer is too old: SPICE capabilities 0xc, out 0");
}

/* Every state of a link, left in the middle and refused. */
static void test_refuse(void)
{
	g_autoptr(GByteArray) ticket = link_of(0, 1, 0xd), sasl = link_of(0, 1, 0xd);
	guint8 cipher[SPICE_TICKET_BYTES] = {0};

	add_u32(ticket, 1);
	g_byte_array_append(ticket, cipher, sizeof cipher);
	add_sasl(sasl, "PLAIN", "\0a\0b", 4);
	for (unsigned which = 0; which < 2; which++) {
		const GByteArray *bytes = which == 0 ? ticket : sasl;

		for (guint n = 0; n <= bytes->len; n++) {
			g_autoptr(SpiceLinkServer) server = spice_link_server_new(TRUE);
			g_autoptr(GString) said = g_string_new(NULL);
			Piece piece = {bytes->data, n};
			Buffer out = {0};
			gsize before, expected = 0;

			feed(server, &piece, 1, &out, said);
			before = buffer_length(&out);
			spice_link_server_refuse(server, 9, TRUE, &out);
			if (before == 0)
				expected = REPLY(0);
			else if (n == bytes->len)
				expected = which == 0 ? 4 : 9;
			g_assert_cmpuint(buffer_length(&out) - before, ==, expected);
			/* Once is enough. */
			spice_link_server_refuse(server, 9, TRUE, &out);
			g_assert_cmpuint(buffer_length(&out) - before, ==, expected);
			if (before == 0)
				g_assert_cmpuint(buffer_bytes(&out)[16], ==, 9);
			else if (n == bytes->len)
				g_assert_cmpuint(buffer_bytes(&out)[buffer_length(&out) - 4], ==,
						 7);
			buffer_clear(&out);
		}
	}
}

static void test_accept(void)
{
	static const guint8 sasl_end[] = {0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
	g_autoptr(GByteArray) bytes = link_of(0, 1, 0xd);
	g_autoptr(SpiceLinkServer) server = spice_link_server_new(TRUE);
	g_autoptr(GString) said = g_string_new(NULL);
	Piece piece;
	Buffer out = {0};

	add_sasl(bytes, "PLAIN", "\0a\0b", 4);
	piece = (Piece){bytes->data, bytes->len};
	feed(server, &piece, 1, &out, said);
	g_assert_cmpstr(said->str, ==, "");
	g_assert_cmpuint(spice_link_server_needs(server), ==, 0);
	buffer_clear(&out);
	spice_link_server_accept(server, &out);
	g_assert_cmpmem(buffer_bytes(&out), buffer_length(&out), sasl_end, sizeof sasl_end);
	/* Nothing can be taken back afterwards. */
	spice_link_server_refuse(server, 7, TRUE, &out);
	g_assert_cmpuint(buffer_length(&out), ==, sizeof sasl_end);
	buffer_clear(&out);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/spice-link-server/ticket", test_ticket);
	g_test_add_func("/spice-link-server/sasl", test_sasl);
	g_test_add_func("/spice-link-server/sasl-refused", test_sasl_refused);
	g_test_add_func("/spice-link-server/mechanism-refused", test_mechanism_refused);
	g_test_add_func("/spice-link-server/link-refused", test_link_refused);
	g_test_add_func("/spice-link-server/refuse", test_refuse);
	g_test_add_func("/spice-link-server/accept", test_accept);
	return g_test_run();
}
