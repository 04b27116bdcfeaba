/* SPDX-License-Identifier: GPL-3.0-or-later */
/* place: see place.h. */
#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "autofd.h"
#include "fault.h"
#include "log.h"
#include "nic.h"
#include "qemu/qemu_argv.h"
#include "run.h"

#define ID_MAX           64
#define IDENTITY         "identity"
#define TEMPLATE         "template"
#define UNPROVEN         "unproven"
#define RANDOM           "random"
#define WORDS_MAX        255 /* in a file of ours; docs/protocol-identity.md: a line */
#define QEMU_IMG_SECONDS 30

gboolean place_check_id(const char *id, GError **error)
{
	gsize n = strlen(id);

	if (n > 0 && n <= ID_MAX && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == n)
		return TRUE;
	g_set_error(error, FAULT, FAULT_BUG, "not a desktop's id");
	return FALSE;
}

gboolean place_open(const char *dir, GError **error)
{
	g_autofree char *desktops = g_build_filename(dir, "desktops", NULL);

	if (g_mkdir_with_parents(desktops, 0700) < 0 || g_chmod(dir, 0700) < 0) {
		fault_set_errno(error, FAULT_CONFIG, desktops);
		return FALSE;
	}
	return TRUE;
}

char *place_of(const char *dir, const char *id)
{
	return g_build_filename(dir, "desktops", id, NULL);
}

static gboolean check_file(const char *path, GError **error)
{
	struct stat info;

	if (!path)
		return TRUE;
	/* QEMU runs elsewhere and takes some beginnings of a name ("nbd:") for more than a name. */
	if (!g_path_is_absolute(path)) {
		g_set_error(error, FAULT, FAULT_CONFIG, "%s: want an absolute path", path);
		return FALSE;
	}
	if (stat(path, &info) < 0 || access(path, R_OK) < 0) {
		fault_set_errno(error, FAULT_CONFIG, path);
		return FALSE;
	}
	if (!S_ISREG(info.st_mode) && !S_ISBLK(info.st_mode)) {
		g_set_error(error, FAULT, FAULT_CONFIG, "%s: not a file", path);
		return FALSE;
	}
	return TRUE;
}

gboolean place_check_image(const ProviderImage *image, GError **error)
{
	if (image->disk || image->kernel)
		return place_check_template(image, error);
	g_set_error(error, FAULT, FAULT_CONFIG, "image without disk and kernel");
	return FALSE;
}

gboolean place_check_template(const ProviderImage *image, GError **error)
{
	static const char *const videos[] = {"std", "qxl", "virtio", NULL};

	if (image->initrd && !image->kernel) {
		g_set_error(error, FAULT, FAULT_CONFIG, "image with an initrd but no kernel");
		return FALSE;
	}
	if (image->memory < 16 || image->memory > 4 * 1024 * 1024 || image->cpus < 1 ||
	    image->cpus > 255) {
		g_set_error(error, FAULT, FAULT_CONFIG,
			    "image with %u MiB of memory and %u processors", image->memory,
			    image->cpus);
		return FALSE;
	}
	if (image->video && !g_strv_contains(videos, image->video)) {
		g_set_error(error, FAULT, FAULT_CONFIG, "video %s: want std, qxl or virtio",
			    image->video);
		return FALSE;
	}
	if (image->network && !nic_network_ok(image->network, error))
		return FALSE;
	return check_file(image->disk, error) && check_file(image->kernel, error) &&
	       check_file(image->initrd, error) && check_file(image->xml, error);
}

const char *place_disk_format(const char *disk, GError **error)
{
	autofd int fd = open(disk, O_RDONLY | O_CLOEXEC);
	char magic[4];
	gssize n = fd < 0 ? -1 : read(fd, magic, sizeof(magic));

	if (n < 0) {
		fault_set_errno(error, FAULT_CONFIG, disk);
		return NULL;
	}
	return n == sizeof(magic) && memcmp(magic, "QFI\xfb", sizeof(magic)) == 0 ? "qcow2" : "raw";
}

gboolean place_overlay(const char *path, const char *disk, GError **error)
{
	const char *format = place_disk_format(disk, error);
	const char *argv[] = {"qemu-img", "create", "-q", "-f", "qcow2", "-F",
			      format,     "-b",     disk, path, NULL};

	g_unlink(path);
	return format && run_program(argv, NULL, QEMU_IMG_SECONDS, NULL, error);
}

static gboolean forget(const char *dir, const char *name, GError **error)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	if (g_unlink(path) == 0 || errno == ENOENT)
		return TRUE;
	fault_set_errno(error, FAULT_DESKTOP, path);
	return FALSE;
}

/* Every file in it that can be removed; not the directory. */
static void empty(const char *place)
{
	g_autoptr(GDir) entries = g_dir_open(place, 0, NULL);
	const char *name;

	while (entries && (name = g_dir_read_name(entries)))
		forget(place, name, NULL);
}

/*
 * The directory goes with what is in it, and never becomes another desktop's: a QEMU that was taken
 * over, and lives on, has rules that let it write there. What it has made that cannot be removed is
 * put aside.
 */
static gboolean clear_one(const char *dir, const char *place, GError **error)
{
	g_autofree char *aside = g_build_filename(dir, "aside", NULL);
	g_autofree char *name = g_uuid_string_random();
	g_autofree char *there = g_build_filename(aside, name, NULL);

	empty(place);
	if (g_rmdir(place) == 0 || errno == ENOENT)
		return TRUE;
	if ((g_mkdir(aside, 0700) == 0 || errno == EEXIST) && g_rename(place, there) == 0) {
		log_warning(NULL, "%s cannot be removed, and was put aside as %s", place, there);
		return TRUE;
	}
	fault_set_errno(error, FAULT_DESKTOP, place);
	return FALSE;
}

/* The identity first. */
static gboolean clear(const char *dir, const char *place, GError **error)
{
	g_autofree char *inside = g_build_filename(place, QEMU_INSIDE, NULL);

	forget(place, IDENTITY, NULL);
	return clear_one(dir, inside, error) && clear_one(dir, place, error);
}

static gboolean put(const char *place, const char *name, const char *words, GError **error)
{
	g_autofree char *path = g_build_filename(place, name, NULL);
	g_autoptr(GError) failure = NULL;

	if (g_file_set_contents_full(path, words, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
				     &failure))
		return TRUE;
	g_set_error(error, FAULT, FAULT_DESKTOP, "%s", failure->message);
	return FALSE;
}

gboolean place_renew(const char *dir, const char *id, const ProviderImage *image,
		     const char *template, char **out_identity, GError **error)
{
	g_autofree char *place = place_of(dir, id);
	g_autofree char *inside = g_build_filename(place, QEMU_INSIDE, NULL);
	g_autofree char *overlay = g_build_filename(place, QEMU_OVERLAY, NULL);
	g_autofree char *identity = g_uuid_string_random();

	if (!clear(dir, place, error))
		return FALSE;
	if (g_mkdir(place, 0700) < 0 || g_mkdir(inside, 0700) < 0) {
		fault_set_errno(error, FAULT_CONFIG, place);
		return FALSE;
	}
	if (image->disk && !template && !place_overlay(overlay, image->disk, error))
		return FALSE;
	if (template && !(put(place, TEMPLATE, template, error) && put(place, UNPROVEN, "", error)))
		return FALSE;
	if (!put(place, IDENTITY, identity, error))
		return FALSE;
	*out_identity = g_steal_pointer(&identity);
	return TRUE;
}

/* What put() wrote. Where there is no Landlock, QEMU could have written to this directory, too:
 * another kind of file is not opened, a long one not read. NULL if there is none. */
static char *get(const char *dir, const char *id, const char *name)
{
	g_autofree char *place = place_of(dir, id);
	g_autofree char *path = g_build_filename(place, name, NULL);
	autofd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char words[WORDS_MAX + 1];
	struct stat info;
	gssize n;

	if (fd < 0 || fstat(fd, &info) < 0 || !S_ISREG(info.st_mode))
		return NULL;
	n = read(fd, words, sizeof(words));
	return n >= 0 && n <= WORDS_MAX ? g_strndup(words, (gsize)n) : NULL;
}

char *place_identity(const char *dir, const char *id)
{
	char *identity = get(dir, id, IDENTITY);

	if (identity && !g_uuid_string_is_valid(identity))
		g_clear_pointer(&identity, g_free);
	return identity;
}

char *place_template(const char *dir, const char *id)
{
	char *template = get(dir, id, TEMPLATE);

	if (template && !place_check_id(template, NULL))
		g_clear_pointer(&template, g_free);
	return template;
}

gboolean place_unproven(const char *dir, const char *id)
{
	g_autofree char *place = place_of(dir, id);
	g_autofree char *path = g_build_filename(place, UNPROVEN, NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

gboolean place_proven(const char *dir, const char *id, const char *random, GError **error)
{
	g_autofree char *place = place_of(dir, id);

	return put(place, RANDOM, random, error) && forget(place, UNPROVEN, error);
}

char *place_random(const char *dir, const char *id)
{
	char *random = get(dir, id, RANDOM);

	if (random && *random == '\0')
		g_clear_pointer(&random, g_free);
	return random;
}

gboolean place_remove(const char *dir, const char *id, GError **error)
{
	g_autofree char *place = place_of(dir, id);

	return clear(dir, place, error);
}

GPtrArray *place_list(const char *dir, GError **error)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *desktops = g_build_filename(dir, "desktops", NULL);
	g_autoptr(GError) failure = NULL;
	g_autoptr(GDir) entries = g_dir_open(desktops, 0, &failure);
	const char *name;

	if (!entries) {
		g_set_error(error, FAULT, FAULT_CONFIG, "%s", failure->message);
		return NULL;
	}
	while ((name = g_dir_read_name(entries))) {
		if (place_check_id(name, NULL))
			g_ptr_array_add(ids, g_strdup(name));
	}
	return g_steal_pointer(&ids);
}
