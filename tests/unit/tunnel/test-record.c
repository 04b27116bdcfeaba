/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record.h"

#include <string.h>

#include "fault.h"

#define SECRET "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Buffer, buffer_clear)

/* Whole, and not before its last byte is there. */
static void check(RecordKind kind, const char *secret, const char *bytes)
{
	g_auto(Buffer) buffer = {0};
	Record record;

	record_add(&buffer, kind, secret, bytes, strlen(bytes));
	for (gsize n = 0; n < buffer_length(&buffer); n++)
		g_assert_cmpint(record_take(buffer_bytes(&buffer), n, &record, NULL), ==, 0);
	buffer_append(&buffer, "more", 4);
	g_assert_cmpint(record_take(buffer_bytes(&buffer), buffer_length(&buffer), &record, NULL),
			==, (gssize)buffer_length(&buffer) - 4);
	g_assert_cmpint(record.kind, ==, kind);
	g_assert_cmpstr(record.secret, ==, secret ? secret : "");
	g_assert_cmpmem(record.bytes, record.n, bytes, strlen(bytes));
}

static void test_round_trip(void)
{
	g_autofree char *most = g_strnfill(RECORD_MAX, 'x');

	check(RECORD_BYTES, NULL, "a");
	check(RECORD_BYTES, NULL, most);
	check(RECORD_DESCRIPTOR, SECRET, "message");
	check(RECORD_END, NULL, "");
}

static void test_wrong(void)
{
	static const struct {
		const char *bytes;
		gsize n;
	} wrong[] = {
		{"\x03", 1},          /* no such kind                */
		{"\0\0\0\0\0", 5},    /* bytes, but none             */
		{"\x01\0\0\0\0", 5},  /* a descriptor with no bytes  */
		{"\x02\0\0\0\1x", 6}, /* an end with bytes           */
		{"\0\0\0\x40\1", 5},  /* too long                    */
		{"\0\xff\xff\xff\xff", 5},
		{"\x01\0\0\0\1abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO/Qx", 49},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		Record record;

		g_assert_cmpint(record_take(wrong[i].bytes, wrong[i].n, &record, &error), ==, -1);
		g_assert_error(error, FAULT, FAULT_BROKER);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/record/round-trip", test_round_trip);
	g_test_add_func("/record/wrong", test_wrong);
	return g_test_run();
}
