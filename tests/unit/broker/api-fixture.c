/* SPDX-License-Identifier: GPL-3.0-or-later */
/* api-fixture: see api-fixture.h. */
#include "api-fixture.h"

#include <glib/gstdio.h>
#include <openssl/crypto.h>

#include "log.h"

static char *in_folder(Fixture *fixture, const char *name)
{
	return g_build_filename(fixture->folder, name, NULL);
}

static void remove_file(Fixture *fixture, const char *name)
{
	g_autofree char *path = in_folder(fixture, name);

	g_unlink(path);
}

void fixture_open(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *conf = NULL;
	g_autofree char *text = NULL;
	g_autofree char *page = NULL;
	g_autofree char *ca = NULL;
	g_autofree char *style = NULL;
	g_autofree char *filler = NULL;
	static gboolean logging;
	Options *options;

	/* Our own writer, for which a warning is a line and not the end of the test. */
	if (!logging)
		log_init("test", FALSE);
	logging = TRUE;
	fixture->folder = g_dir_make_tmp("oriel-api-XXXXXX", NULL);
	fixture->web = in_folder(fixture, "web.sock");
	fixture->admin = in_folder(fixture, "admin.sock");
	page = in_folder(fixture, "index.html");
	ca = in_folder(fixture, "ca.pem");
	conf = in_folder(fixture, "oriel.conf");
	style = in_folder(fixture, "style.css");
	filler = g_strnfill(1000, ' ');
	g_assert_true(g_file_set_contents(page, "<p>portal", -1, NULL));
	g_assert_true(g_file_set_contents(style, filler, -1, NULL));
	g_assert_true(g_file_set_contents(ca, "-----BEGIN\nX\n", -1, NULL));
	text = g_strdup_printf("[broker]\nweb_root=%s\nca=%s\npublic_port=8443\n"
			       "public_vnc_port=5900\n[sockets]\nweb=%s\nadmin=%s\n",
			       fixture->folder, ca, fixture->web, fixture->admin);
	g_assert_true(g_file_set_contents(conf, text, -1, NULL));
	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL); /* as the broker's main() */
	options = options_load(conf, &error);
	g_assert_no_error(error);
	fixture->core = fake_core_new(options);
	fixture->api = api_start(fixture->core, &error);
	g_assert_no_error(error);
}

void fixture_close(Fixture *fixture, gconstpointer data G_GNUC_UNUSED)
{
	api_stop(fixture->api);
	g_assert_cmpuint(fake_conversations(), ==, 0);
	g_assert_false(g_file_test(fixture->web, G_FILE_TEST_EXISTS));
	fake_core_free(fixture->core);
	remove_file(fixture, "index.html");
	remove_file(fixture, "style.css");
	remove_file(fixture, "ca.pem");
	remove_file(fixture, "oriel.conf");
	g_assert_cmpint(g_rmdir(fixture->folder), ==, 0);
	g_free(fixture->folder);
	g_free(fixture->web);
	g_free(fixture->admin);
}

Answer *fixture_ask(Fixture *fixture, const char *method, const char *path, const char *headers,
		    const char *body)
{
	return http_ask(fixture->web, PEER, method, path, headers, body);
}

char *fixture_bearer(Fixture *fixture, const char *user)
{
	g_autofree char *body = g_strdup_printf("{\"user\":\"%s\",\"password\":\"secret\"}", user);
	g_autoptr(Answer) answer = fixture_ask(fixture, "POST", "/api/v1/login", NULL, body);
	g_autoptr(json_t) json = answer_json(answer);

	g_assert_cmpuint(answer->status, ==, 200);
	return g_strdup_printf("Authorization: Bearer %s\r\n",
			       json_string_value(json_object_get(json, "token")));
}
