/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spice_link_client: links to a desktop, in every cut; and to our own link server. */
#include "spice/spice_link_client.h"

#include "spice/spice_link_server.h"
#include "spice/spice_ticket.h"
#include "transcript.h"

static const SpiceLinkMess display = {.connection_id = 7, .type = 2, .common = 9, .channel = 1};

/* The event and the number of bytes that went out; "first" is the message behind the ticket. */
static char *run(const Piece *pieces, gsize n, gconstpointer password)
{
	g_autoptr(GError) error = NULL;
	Buffer in = {0}, out = {0};
	g_autoptr(SpiceLinkClient)
		client = spice_link_client_new(&display, password, "first", 5, &out);
	SpiceLinkClientEvent event = SPICE_LINK_CLIENT_MORE;
	char *said;

	for (gsize i = 0; i < n; i++) {
		buffer_append(&in, pieces[i].bytes, pieces[i].n);
		if (event == SPICE_LINK_CLIENT_MORE)
			event = spice_link_client_step(client, &in, &out, &error);
	}
	if (event == SPICE_LINK_CLIENT_FAILED)
		said = g_strdup_printf("%s: %s", fault_info(fault_code(error))->name,
				       error->message);
	else
		said = g_strdup_printf("%s, out %zu, left %zu",
				       event == SPICE_LINK_CLIENT_READY ? "ready" : "more",
				       buffer_length(&out), buffer_length(&in));
	buffer_clear(&in);
	buffer_clear(&out);
	return said;
}

static GByteArray *reply_of(guint32 error, guint32 common)
{
	SpiceLinkReply reply = {.error = error, .common = common, .channel = 0x1052};
	GByteArray *bytes = g_byte_array_new();
	Buffer out = {0};

	memcpy(reply.key, spice_ticket_key(NULL), sizeof reply.key);
	spice_link_append_reply(&out, &reply);
	g_byte_array_append(bytes, buffer_bytes(&out), (guint)buffer_length(&out));
	buffer_clear(&out);
	return bytes;
}

static void check(GByteArray *bytes, const char *expected)
{
	transcript_check(bytes->data, bytes->len, run, "secret", expected);
	g_byte_array_unref(bytes);
}

static void test_linked(void)
{
	static const guint8 result_and_message[] = {0, 0, 0, 0, 103, 0, 0};
	GByteArray *bytes = reply_of(0, 0xb);

	/* header + mess + 2 words, mechanism + ticket, first; the message stays. */
	g_byte_array_append(bytes, result_and_message, sizeof result_and_message);
	check(bytes, "ready, out 179, left 3");
}

static void test_refused(void)
{
	static const guint8 seven[] = {7, 0, 0, 0};
	GByteArray *bytes = reply_of(0, 0xb);

	g_byte_array_append(bytes, seven, sizeof seven);
	check(bytes, "desktop: the desktop refuses the SPICE ticket (7)");
	check(reply_of(8, 0xb), "desktop: the desktop refuses the SPICE link (8)");
	check(reply_of(0, 0x3),
	      "desktop: the desktop's SPICE server lacks tickets or mini headers (0x3)");
	check(reply_of(0, 0xd),
	      "desktop: the desktop's SPICE server lacks tickets or mini headers (0xd)");
	bytes = reply_of(0, 0xb);
	bytes->data[16 + 4] ^= 0xff;
	check(bytes, "desktop: the desktop's key for the SPICE ticket is not RSA-1024");
	bytes = reply_of(0, 0xb);
	bytes->data[0] = 'X';
	check(bytes, "desktop: not a SPICE 2 link (version 0)");
	bytes = reply_of(0, 0xb);
	bytes->data[16 + 174] = 0xff;
	check(bytes, "desktop: malformed SPICE link reply of 186 bytes");
}

static void test_own_server(void)
{
	g_autoptr(SpiceLinkServer) server = spice_link_server_new(TRUE);
	g_autoptr(GError) error = NULL;
	Buffer up = {0}, down = {0};
	g_autoptr(SpiceLinkClient)
		client = spice_link_client_new(&display, "secret", "first", 5, &up);

	g_assert_cmpint(spice_link_server_step(server, &up, &down, &error), ==,
			SPICE_LINK_SERVER_MORE);
	g_assert_cmpint(spice_link_client_step(client, &down, &up, &error), ==,
			SPICE_LINK_CLIENT_MORE);
	g_assert_cmpint(spice_link_server_step(server, &up, &down, &error), ==,
			SPICE_LINK_SERVER_CREDENTIALS);
	g_assert_cmpstr(spice_link_server_ticket(server), ==, "secret");
	g_assert_cmpmem(buffer_bytes(&up), buffer_length(&up), "first", 5);
	spice_link_server_accept(server, &down);
	g_assert_cmpint(spice_link_client_step(client, &down, &up, &error), ==,
			SPICE_LINK_CLIENT_READY);
	g_assert_cmphex(spice_link_client_reply(client)->channel, ==, 0x1052);
	buffer_clear(&up);
	buffer_clear(&down);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/spice-link-client/linked", test_linked);
	g_test_add_func("/spice-link-client/refused", test_refused);
	g_test_add_func("/spice-link-client/own-server", test_own_server);
	return g_test_run();
}
