/* SPDX-License-Identifier: GPL-3.0-or-later */
/* files: see files.h. */
#include "files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fault.h"

#define COUNT_MAX 4096
#define FILE_MAX  (8 * 1024 * 1024)
#define DEPTH_MAX 12

static const struct {
	const char *extension;
	const char *type;
} types[] = {
	{".html", "text/html; charset=utf-8"},
	{".js", "text/javascript; charset=utf-8"},
	{".mjs", "text/javascript; charset=utf-8"},
	{".css", "text/css; charset=utf-8"},
	{".json", "application/json"},
	{".webmanifest", "application/manifest+json"},
	{".svg", "image/svg+xml"},
	{".png", "image/png"},
	{".jpg", "image/jpeg"},
	{".webp", "image/webp"},
	{".ico", "image/vnd.microsoft.icon"},
	{".woff2", "font/woff2"},
	{".txt", "text/plain; charset=utf-8"},
	{".yaml", "application/yaml"},
};

struct Files {
	GHashTable *table; /* URL path -> File */
	char *root;        /* real path */
};

static void file_free(gpointer data)
{
	File *file = data;

	g_free(file->etag);
	g_free(file->bytes);
	g_free(file);
}

void files_free(Files *files)
{
	if (files == NULL)
		return;
	g_clear_pointer(&files->table, g_hash_table_unref);
	g_free(files->root);
	g_free(files);
}

static const char *type_of(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
		if (g_str_has_suffix(name, types[i].extension))
			return types[i].type;
	}
	return NULL;
}

static gboolean is_inside(const char *root, const char *path)
{
	char *resolved = realpath(path, NULL);
	gsize length = strlen(root);
	gboolean inside = resolved != NULL && strncmp(resolved, root, length) == 0 &&
			  (resolved[length] == '/' || g_str_equal(root, "/"));

	free(resolved);
	return inside;
}

static gboolean add_file(Files *files, const char *path, const char *url, const char *type,
			 GError **error)
{
	g_autofree char *bytes = NULL;
	g_autofree char *sum = NULL;
	g_autoptr(GError) cause = NULL;
	struct stat st;
	gsize length;
	File *file;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return TRUE;
	if (st.st_size > FILE_MAX || g_hash_table_size(files->table) >= COUNT_MAX) {
		g_set_error(error, FAULT, FAULT_CONFIG, "%s: too large for a portal", path);
		return FALSE;
	}
	if (!g_file_get_contents(path, &bytes, &length, &cause)) {
		g_set_error(error, FAULT, FAULT_CONFIG, "%s", cause->message);
		return FALSE;
	}
	file = g_new0(File, 1);
	sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, length);
	file->type = type;
	/* What lies in a folder that is named after its version never changes. */
	file->cache = g_str_has_prefix(url, "/novnc/") && g_ascii_isdigit(url[7])
			      ? "public, max-age=31536000, immutable"
			      : "no-cache";
	file->etag = g_strdup_printf("\"%.32s\"", sum);
	file->bytes = g_steal_pointer(&bytes);
	file->length = length;
	g_hash_table_insert(files->table, g_strdup(url), file);
	return TRUE;
}

static gboolean add_folder(Files *files, const char *folder, const char *url, unsigned depth,
			   GError **error)
{
	g_autoptr(GError) cause = NULL;
	g_autoptr(GDir) dir = g_dir_open(folder, 0, &cause);
	const char *name;

	if (dir == NULL || depth > DEPTH_MAX) {
		g_set_error(error, FAULT, FAULT_CONFIG, "web_root: %s",
			    cause ? cause->message : "folders too deep");
		return FALSE;
	}
	while ((name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_autofree char *child = g_strconcat(url, "/", name, NULL);
		const char *type = type_of(name);

		if (*name == '.' || !is_inside(files->root, path))
			continue;
		if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
			if (!add_folder(files, path, child, depth + 1, error))
				return FALSE;
		} else if (type != NULL && !add_file(files, path, child, type, error)) {
			return FALSE;
		}
	}
	return TRUE;
}

Files *files_load(const char *root, GError **error)
{
	g_autoptr(Files) files = g_new0(Files, 1);

	files->table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, file_free);
	if (*root == '\0')
		return g_steal_pointer(&files);
	files->root = realpath(root, NULL);
	if (files->root == NULL) {
		fault_set_errno(error, FAULT_CONFIG, root);
		return NULL;
	}
	if (!add_folder(files, files->root, "", 0, error))
		return NULL;
	return g_steal_pointer(&files);
}

const File *files_find(const Files *files, const char *path)
{
	if (g_str_equal(path, "/"))
		path = "/index.html";
	return g_hash_table_lookup(files->table, path);
}

gboolean file_matches(const File *file, const char *if_none_match)
{
	g_auto(GStrv) tags = NULL;

	if (if_none_match == NULL)
		return FALSE;
	tags = g_strsplit(if_none_match, ",", 64);
	for (char **tag = tags; *tag != NULL; tag++) {
		const char *text = g_strstrip(*tag);

		if (g_str_equal(text, "*"))
			return TRUE;
		if (g_str_has_prefix(text, "W/"))
			text += 2;
		if (g_str_equal(text, file->etag))
			return TRUE;
	}
	return FALSE;
}
