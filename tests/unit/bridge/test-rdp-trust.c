/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An RDP server's certificate is believed if the machine's CA has signed it. */
#include "rdp_trust.h"

#include <string.h>

#include "certificate.h"

static void test_trust(void)
{
	g_autofree char *ours = NULL, *theirs = NULL, *key = NULL, *other_key = NULL;

	certificate_make(&ours, &key);
	certificate_make(&theirs, &other_key);
	/* Signed by themselves: each is its own CA. */
	g_assert_true(rdp_trusted(ours, ours, strlen(ours)));
	g_assert_false(rdp_trusted(ours, theirs, strlen(theirs)));
	/* The leaf counts, not what comes after it. */
	{
		g_autofree char *chain = g_strconcat(theirs, ours, NULL);

		g_assert_false(rdp_trusted(ours, chain, strlen(chain)));
	}
	g_assert_false(rdp_trusted(ours, "", 0));
	g_assert_false(rdp_trusted(ours, "nonsense", 8));
	g_assert_false(rdp_trusted("nonsense", ours, strlen(ours)));
	g_assert_true(rdp_trusted(NULL, theirs, strlen(theirs)));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rdp-trust", test_trust);
	return g_test_run();
}
