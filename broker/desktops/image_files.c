/* SPDX-License-Identifier: GPL-3.0-or-later */
/* image_files: see image_files.h. */
#include "desktops/image_files.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "autofd.h"
#include "copy.h"
#include "core_parts.h"
#include "fault.h"

#define PREFIX "v-"

static const char *const names[] = {"disk", "kernel", "initrd", "template.xml"};

static char *place(const char *state)
{
	return g_build_filename(state, "images", NULL);
}

/* *path, if there is one, becomes the copy's. */
static gboolean copy_one(const char *dir, const char *name, char **path, GError **error)
{
	g_autofree char *to = g_build_filename(dir, name, NULL);
	autofd int in = -1, out = -1;

	if (!*path)
		return TRUE;
	in = open(*path, O_RDONLY | O_CLOEXEC);
	if (in < 0) {
		fault_set_errno(error, FAULT_CONFIG, *path);
		return FALSE;
	}
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	if (out < 0 || !copy_file(in, out) || fsync(out) < 0) {
		fault_set_errno(error, FAULT_BROKER, to);
		return FALSE;
	}
	g_free(*path);
	*path = g_steal_pointer(&to);
	return TRUE;
}

static gboolean sync_directory(const char *dir)
{
	autofd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && fsync(fd) == 0;
}

ImageView *image_files_copy(const char *state, const ImageView *image, GError **error)
{
	g_autofree char *root = place(state);
	g_autofree char *id = core_make_id(PREFIX);
	g_autofree char *dir = g_build_filename(root, id, NULL);
	g_autoptr(ImageView) ours = g_new0(ImageView, 1);
	char **paths[] = {&ours->disk, &ours->kernel, &ours->initrd, &ours->xml};
	gboolean ok;

	*ours = (ImageView){
		.name = g_strdup(image->name),
		.disk = g_strdup(image->disk),
		.kernel = g_strdup(image->kernel),
		.initrd = g_strdup(image->initrd),
		.cmdline = g_strdup(image->cmdline),
		.xml = g_strdup(image->xml),
		.memory = image->memory,
		.cpus = image->cpus,
		.video = g_strdup(image->video),
		.network = g_strdup(image->network),
		.files = g_strdup(dir),
	};
	if (g_mkdir_with_parents(dir, 0700) < 0) {
		fault_set_errno(error, FAULT_BROKER, dir);
		return NULL;
	}
	ok = TRUE;
	for (gsize i = 0; i < G_N_ELEMENTS(paths) && ok; i++)
		ok = copy_one(dir, names[i], paths[i], error);
	if (ok && !(sync_directory(dir) && sync_directory(root))) {
		fault_set_errno(error, FAULT_BROKER, dir);
		ok = FALSE;
	}
	if (!ok) {
		image_files_remove(dir, NULL);
		return NULL;
	}
	return g_steal_pointer(&ours);
}

gboolean image_files_remove(const char *files, GError **error)
{
	if (!files)
		return TRUE;
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(files, names[i], NULL);

		if (g_unlink(path) < 0 && errno != ENOENT) {
			fault_set_errno(error, FAULT_BROKER, path);
			return FALSE;
		}
	}
	if (g_rmdir(files) < 0 && errno != ENOENT) {
		fault_set_errno(error, FAULT_BROKER, files);
		return FALSE;
	}
	return TRUE;
}

gboolean image_files_sweep(const char *state, GHashTable *known, GError **error)
{
	g_autofree char *root = place(state);
	g_autoptr(GDir) entries = g_dir_open(root, 0, NULL);
	const char *name;

	while (entries && (name = g_dir_read_name(entries))) {
		g_autofree char *dir = g_build_filename(root, name, NULL);

		if (g_str_has_prefix(name, PREFIX) && !g_hash_table_contains(known, dir) &&
		    !image_files_remove(dir, error))
			return FALSE;
	}
	return TRUE;
}
