/* SPDX-License-Identifier: GPL-3.0-or-later */
/* files: see files.h. */
#include "files.h"

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fault.h"

#define COUNT_MAX 4096
#define FILE_MAX  (8 * 1024 * 1024)
#define DEPTH_MAX 12
#define MARK      "@VERSION@"
#define PREFIX    "/v/"
#define FOR_EVER  "public, max-age=31536000, immutable"
#define ASK_AGAIN "no-cache"
#define PACK_MIN  256 /* bytes: below, it is one packet either way */

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
	char *version;
};

static void file_free(gpointer data)
{
	File *file = data;

	g_free(file->etag);
	g_free(file->bytes);
	g_free(file->packed);
	g_free(file);
}

void files_free(Files *files)
{
	if (files == NULL)
		return;
	g_clear_pointer(&files->table, g_hash_table_unref);
	g_free(files->root);
	g_free(files->version);
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
	file->type = type;
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

/* One digest of all paths and contents. */
static char *version_of(GHashTable *table)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	g_autoptr(GList) urls = g_list_sort(g_hash_table_get_keys(table), (GCompareFunc)strcmp);

	for (GList *url = urls; url != NULL; url = url->next) {
		const File *file = g_hash_table_lookup(table, url->data);

		g_checksum_update(sum, url->data, (gssize)strlen(url->data) + 1);
		g_checksum_update(sum, (const guchar *)file->bytes, (gssize)file->length);
	}
	return g_strndup(g_checksum_get_string(sum), 16);
}

static void put_version(File *file, const char *version)
{
	g_autoptr(GString) text = g_string_new_len(file->bytes, (gssize)file->length);

	g_string_replace(text, MARK, version, 0);
	g_free(file->bytes);
	file->length = text->len;
	file->bytes = g_string_free(g_steal_pointer(&text), FALSE);
}

/* Pictures are packed already, and nothing here is worth much time. Pages are not packed: they are
 * small, and whoever judges TLS (BREACH) need not ask what a page may echo. */
static void pack(File *file)
{
	g_autoptr(GZlibCompressor) gzip = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9);
	g_autofree char *out = g_malloc(file->length);
	gsize taken, made;

	if (file->length < PACK_MIN || g_str_has_prefix(file->type, "text/html") ||
	    g_converter_convert(G_CONVERTER(gzip), file->bytes, file->length, out, file->length,
				G_CONVERTER_INPUT_AT_END, &taken, &made,
				NULL) != G_CONVERTER_FINISHED)
		return;
	file->packed_length = made;
	file->packed = g_realloc(g_steal_pointer(&out), made);
}

static void finish(Files *files)
{
	GHashTableIter iter;
	gpointer value;

	files->version = version_of(files->table);
	g_hash_table_iter_init(&iter, files->table);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		g_autofree char *sum = NULL;
		File *file = value;

		if (g_str_has_prefix(file->type, "text/html"))
			put_version(file, files->version);
		sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)file->bytes,
						  file->length);
		file->etag = g_strdup_printf("\"%.32s\"", sum);
		pack(file);
	}
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
	finish(files);
	return g_steal_pointer(&files);
}

/* The path behind /v/VERSION, or path itself. A page of an older portal, still open, asks for what
 * it knows under the version that it knows: it gets what there is now, and does not keep it. */
static const char *unversioned(const Files *files, const char *path, const char **out_cache)
{
	const char *rest = g_str_has_prefix(path, PREFIX) ? strchr(path + strlen(PREFIX), '/')
							  : NULL;
	gsize length = rest ? (gsize)(rest - path) - strlen(PREFIX) : 0;

	/* What lies in a folder that is named after its version never changes, either. */
	*out_cache = g_str_has_prefix(path, "/novnc/") && g_ascii_isdigit(path[7]) ? FOR_EVER
										   : ASK_AGAIN;
	if (rest == NULL || files->version == NULL)
		return path;
	if (length == strlen(files->version) &&
	    strncmp(path + strlen(PREFIX), files->version, length) == 0)
		*out_cache = FOR_EVER;
	return rest;
}

const File *files_find(const Files *files, const char *path, const char **out_cache)
{
	path = unversioned(files, path, out_cache);
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
