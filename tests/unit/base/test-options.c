/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fault.h"
#include "options.h"

#include <glib/gstdio.h>
#include <unistd.h>

static Options *load(const char *text, GError **error)
{
	g_autofree char *path = NULL;
	int fd = g_file_open_tmp("oriel-XXXXXX", &path, NULL);
	Options *options;

	g_assert_cmpint(fd, >=, 0);
	close(fd);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	options = options_load(path, error);
	g_unlink(path);
	return options;
}

static void test_defaults(void)
{
	g_autoptr(Options) o = options_load(NULL, NULL);

	g_assert_nonnull(o);
	g_assert_cmpint(o->rfb_silence, ==, 1500);
	g_assert_cmpstr(o->listen[0], ==, "[::]:443");
	g_assert_null(o->listen_vnc[0]);
	g_assert_true(o->spice_sasl);
}

static void test_values(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Options) o = load("[gateway]\nlisten = 127.0.0.1:1, [::1]:2\nspice_sasl=no\n"
				    "[broker]\nadmins=anna @wheel\n",
				    &error);

	g_assert_no_error(error);
	g_assert_cmpuint(g_strv_length(o->listen), ==, 2);
	g_assert_cmpstr(o->admins[1], ==, "@wheel");
	g_assert_false(o->spice_sasl);
}

static void test_refusals(void)
{
	static const char *const bad[] = {
		"[gateway]\nworker=1\n",           "[gateways]\nworkers=1\n",
		"[gateway]\nworkers=many\n",       "[gateway]\nworkers=257\n",
		"[gateway]\nspice_sasl=perhaps\n", "no group\n",
		"[gateway]\nrfb_silence=8001\n",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(load(bad[i], &error));
		g_assert_error(error, FAULT, FAULT_CONFIG);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/options/defaults", test_defaults);
	g_test_add_func("/options/values", test_values);
	g_test_add_func("/options/refusals", test_refusals);
	return g_test_run();
}
