/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads what vv_write() wrote with the same parser that virt-viewer uses. */
#include "vv.h"

#include "secret.h"

static const char pem[] = "-----BEGIN CERTIFICATE-----\nMIIB\\x\n-----END CERTIFICATE-----\n";

static char *get(GKeyFile *file, const char *key)
{
	return g_key_file_get_string(file, "virt-viewer", key, NULL);
}

static void check(const char *desktop, const char *ca)
{
	static const char *const fixed[][2] = {
		{"type", "spice"},
		{"host", "vdi.test"},
		{"tls-port", "8443"},
		{"username", "ticket"},
		{"password", "TICKET123"},
		{"delete-this-file", "1"},
		{"secure-channels",
		 "main;inputs;cursor;playback;record;display;usbredir;smartcard"},
		{"toggle-fullscreen", "shift+f11"},
		{"release-cursor", "shift+f12"},
		{"secure-attention", "ctrl+alt+end"},
	};
	autosecret char *text = vv_write(&(Vv){.host = "vdi.test",
					       .port = 8443,
					       .ticket = "TICKET123",
					       .desktop = desktop,
					       .ca = ca});
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_auto(GStrv) groups = NULL;
	g_auto(GStrv) keys = NULL;
	g_autofree char *title = NULL;
	g_autofree char *got_ca = NULL;

	g_assert_true(g_key_file_load_from_data(file, text, (gsize)-1, G_KEY_FILE_NONE, NULL));
	groups = g_key_file_get_groups(file, NULL);
	g_assert_cmpuint(g_strv_length(groups), ==, 1);
	keys = g_key_file_get_keys(file, "virt-viewer", NULL, NULL);
	g_assert_cmpuint(g_strv_length(keys), ==, G_N_ELEMENTS(fixed) + 1 + (ca != NULL));
	for (gsize i = 0; i < G_N_ELEMENTS(fixed); i++) {
		g_autofree char *value = get(file, fixed[i][0]);

		g_assert_cmpstr(value, ==, fixed[i][1]);
	}
	title = get(file, "title");
	g_assert_true(g_str_has_prefix(title, desktop));
	got_ca = get(file, "ca");
	g_assert_cmpstr(got_ca, ==, ca);
}

static void test_plain(void)
{
	check("office", NULL);
	check("office", pem);
}

/* A desktop's name cannot add a key. */
static void test_names(void)
{
	check("a\nproxy=http://evil.test", NULL);
	check("\r\n[other]\nx=1", NULL);
	check("  two  ", NULL);
	check("back\\slash\ttab", NULL);
	check("B\303\274ro", NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/vv/plain", test_plain);
	g_test_add_func("/vv/names", test_names);
	return g_test_run();
}
