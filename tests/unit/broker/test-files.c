/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "files.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "fault.h"

static char *root, *outside;

static void put(const char *folder, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_autofree char *parent = g_path_get_dirname(path);

	g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void link_to(const char *target, const char *name)
{
	g_autofree char *path = g_build_filename(root, name, NULL);

	g_assert_cmpint(symlink(target, path), ==, 0);
}

static void test_table(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Files) files = files_load(root, &error);
	const File *file;
	const char *cache;

	g_assert_no_error(error);
	file = files_find(files, "/", &cache);
	g_assert_nonnull(file);
	g_assert_true(file == files_find(files, "/index.html", &cache));
	g_assert_cmpmem(file->bytes, file->length, "<p>hello", 8);
	g_assert_cmpstr(file->type, ==, "text/html; charset=utf-8");
	g_assert_cmpstr(cache, ==, "no-cache");
	file = files_find(files, "/novnc/1.5.0/core/rfb.js", &cache);
	g_assert_nonnull(file);
	g_assert_cmpstr(file->type, ==, "text/javascript; charset=utf-8");
	g_assert_nonnull(strstr(cache, "immutable"));
	g_assert_nonnull(files_find(files, "/novnc/core/rfb.js", &cache));
	g_assert_cmpstr(cache, ==, "no-cache");
	g_assert_nonnull(files_find(files, "/inside.js", &cache));
}

static void test_refused(void)
{
	static const char *const paths[] = {
		"",
		"index.html",
		"//index.html",
		"/./index.html",
		"/js/../index.html",
		"/../outside.html",
		"/js",
		"/js/",
		"/notes.md", /* not of the portal's kinds */
		"/.hidden.html",
		"/.git/config.txt",
		"/leak.html", /* a link to a file outside  */
		"/leak/outside.html",
		"/dangling.html",
	};
	g_autoptr(Files) files = files_load(root, NULL);

	const char *cache;

	for (gsize i = 0; i < G_N_ELEMENTS(paths); i++)
		g_assert_null(files_find(files, paths[i], &cache));
}

static void test_etag(void)
{
	g_autoptr(Files) files = files_load(root, NULL);
	const char *cache;
	const File *file = files_find(files, "/", &cache);
	const File *other = files_find(files, "/js/app.js", &cache);
	g_autofree char *list = g_strdup_printf("\"x\", W/%s", file->etag);

	g_assert_cmpstr(file->etag, !=, other->etag);
	g_assert_true(file_matches(file, file->etag));
	g_assert_true(file_matches(file, list));
	g_assert_true(file_matches(file, "*"));
	g_assert_false(file_matches(file, other->etag));
	g_assert_false(file_matches(file, "\"\""));
	g_assert_false(file_matches(file, ""));
	g_assert_false(file_matches(file, NULL));
}

/* Pages name the version that all files have together; below it, they stay. */
static void test_version(void)
{
	g_autoptr(Files) before = files_load(root, NULL);
	g_autofree char *old = NULL, *asked = NULL;
	const char *cache;
	const File *page = files_find(before, "/vnc.html", &cache);

	g_assert_true(g_str_has_prefix(page->bytes, "<script src=v/"));
	old = g_strndup(page->bytes + strlen("<script src="), strlen("v/0123456789abcdef"));
	asked = g_strdup_printf("/%s/js/app.js", old);
	g_assert_nonnull(files_find(before, asked, &cache));
	g_assert_nonnull(strstr(cache, "immutable"));
	g_assert_nonnull(files_find(before, "/v/0000000000000000/js/app.js", &cache));
	g_assert_cmpstr(cache, ==, "no-cache");
	g_assert_null(files_find(before, "/v/js", &cache));
	g_assert_null(files_find(before, "/v//nothing.js", &cache));

	put(root, "js/app.js", "another");
	g_autoptr(Files) after = files_load(root, NULL);

	g_assert_cmpstr(files_find(after, "/vnc.html", &cache)->etag, !=, page->etag);
	g_assert_nonnull(files_find(after, asked, &cache));
	g_assert_cmpstr(cache, ==, "no-cache");
	put(root, "js/app.js", "1");
}

static void test_packed(void)
{
	g_autoptr(Files) files = files_load(root, NULL);
	g_autoptr(GZlibDecompressor)
		gunzip = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
	const char *cache;
	const File *file = files_find(files, "/style.css", &cache);
	char out[4096];
	gsize taken, made;

	g_assert_cmpuint(file->packed_length, <, file->length / 4);
	g_assert_cmpint(g_converter_convert(G_CONVERTER(gunzip), file->packed, file->packed_length,
					    out, sizeof out, G_CONVERTER_INPUT_AT_END, &taken,
					    &made, NULL),
			==, G_CONVERTER_FINISHED);
	g_assert_cmpmem(out, made, file->bytes, file->length);
	g_assert_null(files_find(files, "/js/app.js", &cache)->packed);
}

static void test_roots(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Files) none = files_load("", &error);
	g_autoptr(Files) missing = NULL;
	const char *cache;

	g_assert_no_error(error);
	g_assert_null(files_find(none, "/", &cache));
	missing = files_load("/nonexistent/web", &error);
	g_assert_error(error, FAULT, FAULT_CONFIG);
	g_assert_null(missing);
}

static void clear(const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_DIR) &&
		    !g_file_test(path, G_FILE_TEST_IS_SYMLINK))
			clear(path);
		else
			g_unlink(path);
	}
	g_rmdir(folder);
}

int main(int argc, char **argv)
{
	g_autofree char *outside_file = NULL, *css = NULL;
	int failed;

	g_test_init(&argc, &argv, NULL);
	root = g_dir_make_tmp("oriel-web-XXXXXX", NULL);
	outside = g_dir_make_tmp("oriel-out-XXXXXX", NULL);
	put(root, "index.html", "<p>hello");
	put(root, "js/app.js", "1");
	put(root, "novnc/1.5.0/core/rfb.js", "2");
	put(root, "novnc/core/rfb.js", "2");
	put(root, "vnc.html", "<script src=v/@VERSION@/js/vnc.js>");
	css = g_strnfill(2000, 'x');
	put(root, "style.css", css);
	put(root, "notes.md", "3");
	put(root, ".hidden.html", "4");
	put(root, ".git/config.txt", "5");
	put(outside, "outside.html", "6");
	outside_file = g_build_filename(outside, "outside.html", NULL);
	link_to(outside_file, "leak.html");
	link_to(outside, "leak");
	link_to("/nonexistent.html", "dangling.html");
	link_to("js/app.js", "inside.js");

	g_test_add_func("/files/table", test_table);
	g_test_add_func("/files/refused", test_refused);
	g_test_add_func("/files/etag", test_etag);
	g_test_add_func("/files/version", test_version);
	g_test_add_func("/files/packed", test_packed);
	g_test_add_func("/files/roots", test_roots);
	failed = g_test_run();
	clear(root);
	clear(outside);
	g_free(root);
	g_free(outside);
	return failed;
}
