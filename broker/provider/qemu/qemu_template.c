/* SPDX-License-Identifier: GPL-3.0-or-later */
/* qemu_template: see qemu_template.h. */
#include "qemu/qemu_template.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "autofd.h"
#include "copy.h"
#include "dial.h"
#include "fault.h"
#include "guest_identity.h"
#include "place.h"
#include "qemu/qemu_argv.h"
#include "qemu/qemu_clone.h"
#include "qemu/qemu_process.h"
#include "qemu/qmp.h"

#define READY           "ready"
#define STATE           "state"
#define NAME            "template" /* of the guest's host, until it is somebody */
#define MONITOR_SECONDS 20
#define BOOT_SECONDS    300
#define SETTLE_SECONDS  3 /* what the session still draws and loads is in every clone's picture */
#define SAVE_SECONDS    60
#define QUIT_SECONDS    10

struct QemuTemplates {
	char *dir;
	GMutex making;        /* held for minutes */
	GMutex mutex;         /* of memories */
	GHashTable *memories; /* key -> descriptor */
};

static void close_pointer(gpointer fd)
{
	close(GPOINTER_TO_INT(fd));
}

char *qemu_templates_dir(QemuTemplates *templates, const char *key)
{
	return g_build_filename(templates->dir, "templates", key, NULL);
}

static char *file_of(QemuTemplates *templates, const char *key, const char *name)
{
	return g_build_filename(templates->dir, "templates", key, name, NULL);
}

gboolean qemu_templates_ready(QemuTemplates *templates, const char *key)
{
	g_autofree char *path = file_of(templates, key, READY);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* ---- the key */

static void add_file(GChecksum *sum, const char *path)
{
	g_autofree char *words = NULL;
	struct stat info = {0};

	if (!path || stat(path, &info) < 0)
		return;
	words = g_strdup_printf("%s %lld %lld.%09ld\n", path, (long long)info.st_size,
				(long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
	g_checksum_update(sum, (const guchar *)words, -1);
}

static GStrv template_argv(const char *key, const ProviderImage *image, const char *accel,
			   const char *identity)
{
	ProviderDesktop desktop = {.id = key, .name = NAME, .image = *image};

	return qemu_argv(&desktop, accel, identity, QEMU_MEMORY_TEMPLATE,
			 &(QemuNumbers){QEMU_PROCESS_MONITOR, -1, -1});
}

char *qemu_templates_key(const ProviderImage *image, const char *accel)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	g_auto(GStrv) argv = template_argv("t", image, accel, "i");
	g_autofree char *words = g_strjoinv("\n", argv);
	g_autofree char *program = g_find_program_in_path(QEMU_PROGRAM);
	g_autofree char *name = g_strdup_printf("%s %u\n", image->id, image->version);

	g_checksum_update(sum, (const guchar *)name, -1);
	g_checksum_update(sum, (const guchar *)words, -1);
	add_file(sum, program);
	add_file(sum, image->disk);
	add_file(sum, image->kernel);
	add_file(sum, image->initrd);
	return g_strdup_printf("t-%.16s", g_checksum_get_string(sum));
}

/* ---- throwing away */

static void empty(const char *dir)
{
	g_autoptr(GDir) entries = g_dir_open(dir, 0, NULL);
	const char *name;

	while (entries && (name = g_dir_read_name(entries))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);

		g_unlink(path);
	}
}

/* Ends its QEMU and removes all of it, the word that it is whole first. */
static gboolean discard(QemuTemplates *templates, const char *key, GError **error)
{
	g_autofree char *dir = qemu_templates_dir(templates, key);
	g_autofree char *inside = file_of(templates, key, QEMU_INSIDE);
	g_autofree char *ready = file_of(templates, key, READY);
	autofd int pidfd = qemu_process_find(dir);

	g_mutex_lock(&templates->mutex);
	g_hash_table_remove(templates->memories, key);
	g_mutex_unlock(&templates->mutex);
	g_unlink(ready);
	if (pidfd >= 0 && !qemu_process_kill(pidfd, error))
		return FALSE;
	empty(inside);
	g_rmdir(inside);
	empty(dir);
	if (g_rmdir(dir) == 0 || errno == ENOENT)
		return TRUE;
	fault_set_errno(error, FAULT_DESKTOP, dir);
	return FALSE;
}

/* Those for which wanted(key) is false. */
static void sweep(QemuTemplates *templates,
		  gboolean (*wanted)(QemuTemplates *, const char *, gpointer), gpointer data)
{
	g_autofree char *path = g_build_filename(templates->dir, "templates", NULL);
	g_autoptr(GDir) entries = g_dir_open(path, 0, NULL);
	const char *key;

	while (entries && (key = g_dir_read_name(entries))) {
		if (place_check_id(key, NULL) && !wanted(templates, key, data))
			discard(templates, key, NULL);
	}
}

static gboolean is_whole(QemuTemplates *templates, const char *key, gpointer unused)
{
	return qemu_templates_ready(templates, key);
}

static gboolean is_kept(QemuTemplates *templates, const char *key, gpointer keys)
{
	return g_hash_table_contains(keys, key);
}

void qemu_templates_keep(QemuTemplates *templates, GHashTable *keys)
{
	/* One that is being made is left alone: the next time tells whether it was wanted. */
	if (!g_mutex_trylock(&templates->making))
		return;
	sweep(templates, is_kept, keys);
	g_mutex_unlock(&templates->making);
}

QemuTemplates *qemu_templates_new(const char *dir)
{
	QemuTemplates *templates = g_new0(QemuTemplates, 1);

	templates->dir = g_strdup(dir);
	g_mutex_init(&templates->making);
	g_mutex_init(&templates->mutex);
	templates->memories = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, close_pointer);
	sweep(templates, is_whole, NULL);
	return templates;
}

void qemu_templates_free(QemuTemplates *templates)
{
	if (!templates)
		return;
	g_hash_table_unref(templates->memories);
	g_mutex_clear(&templates->mutex);
	g_mutex_clear(&templates->making);
	g_free(templates->dir);
	g_free(templates);
}

/* ---- making */

static gboolean start(QemuTemplates *templates, const char *key, const ProviderImage *image,
		      const char *accel, GError **error)
{
	g_autofree char *dir = qemu_templates_dir(templates, key);
	g_autofree char *inside = file_of(templates, key, QEMU_INSIDE);
	g_autofree char *overlay = g_build_filename(dir, QEMU_OVERLAY, NULL);
	g_autofree char *monitor_path = g_build_filename(dir, QEMU_MONITOR, NULL);
	g_autofree char *identity = g_uuid_string_random();
	g_auto(GStrv) argv = template_argv(key, image, accel, identity);
	g_autoptr(QemuRules) rules = NULL;
	autofd int monitor = -1;

	if (g_mkdir_with_parents(inside, 0700) < 0) {
		fault_set_errno(error, FAULT_CONFIG, inside);
		return FALSE;
	}
	if (image->disk && !place_overlay(overlay, image->disk, error))
		return FALSE;
	rules = qemu_rules_new(inside, templates->dir, NULL, image, error);
	monitor = rules ? dial_listen(monitor_path, error) : -1;
	return monitor >= 0 &&
	       qemu_process_start(dir, argv, &(QemuProcessFiles){monitor, -1, -1}, rules, error);
}

/* In slices, so that a broker that stops need not wait. */
static gboolean await_guest(int guest, ProviderGiveUp give_up, gpointer data, GError **error)
{
	gint64 deadline = dial_deadline(BOOT_SECONDS);

	while (!dial_wait(guest, POLLIN, dial_deadline(1), "the guest", NULL)) {
		if (give_up(data) || dial_milliseconds(deadline) == 0) {
			g_set_error(error, FAULT, FAULT_TIMEOUT,
				    "the guest has not said that it is ready (is \"identity\" in"
				    " its image?)");
			return FALSE;
		}
	}
	return guest_identity_await(guest, dial_deadline(MONITOR_SECONDS), error);
}

static gboolean boot_and_save(const char *dir, const char *key, ProviderGiveUp give_up,
			      gpointer data, GError **error)
{
	g_autofree char *monitor = g_build_filename(dir, QEMU_MONITOR, NULL);
	g_autofree char *port = g_build_filename(dir, QEMU_GUEST, NULL);
	g_autofree char *state_path = g_build_filename(dir, STATE, NULL);
	g_autoptr(Qmp) qmp = qmp_open(monitor, dial_deadline(MONITOR_SECONDS), error);
	autofd int guest = qmp ? dial_socket(port, dial_deadline(MONITOR_SECONDS), error) : -1;
	autofd int pidfd = qemu_process_find(dir);
	autofd int state = -1;

	if (guest < 0 || !await_guest(guest, give_up, data, error))
		return FALSE;
	if (pidfd < 0 || qemu_process_wait(pidfd, dial_deadline(SETTLE_SECONDS))) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "QEMU ended while the guest booted");
		return FALSE;
	}
	state = open(state_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (state < 0) {
		fault_set_errno(error, FAULT_CONFIG, state_path);
		return FALSE;
	}
	if (!qemu_clone_save(qmp, state, dial_deadline(SAVE_SECONDS), error))
		return FALSE;
	json_decref(qmp_execute(qmp, "quit", NULL, dial_deadline(QUIT_SECONDS), NULL));
	return qemu_process_wait(pidfd, dial_deadline(QUIT_SECONDS)) ||
	       qemu_process_kill(pidfd, error);
}

/* What was written is on the disk before the word that it is whole. */
static gboolean seal(const char *dir, GError **error)
{
	static const char *const names[] = {QEMU_MEMORY, STATE, QEMU_OVERLAY};
	g_autofree char *ready = g_build_filename(dir, READY, NULL);
	g_autoptr(GError) failure = NULL;

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(dir, names[i], NULL);
		autofd int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0 && errno == ENOENT)
			continue; /* an image without a disk */
		if (fd < 0 || fsync(fd) < 0 || fchmod(fd, 0400) < 0) {
			fault_set_errno(error, FAULT_DESKTOP, path);
			return FALSE;
		}
	}
	if (g_file_set_contents_full(ready, "", 0, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &failure))
		return TRUE;
	g_set_error(error, FAULT, FAULT_DESKTOP, "%s", failure->message);
	return FALSE;
}

static gboolean make(QemuTemplates *templates, const char *key, const ProviderImage *image,
		     const char *accel, ProviderGiveUp give_up, gpointer data, GError **error)
{
	g_autofree char *dir = qemu_templates_dir(templates, key);
	g_autofree char *words = NULL;
	g_autoptr(GError) failure = NULL;

	if (!discard(templates, key, error))
		return FALSE;
	if (start(templates, key, image, accel, &failure) &&
	    boot_and_save(dir, key, give_up, data, &failure) && seal(dir, &failure))
		return TRUE;
	words = qemu_process_last_words(dir);
	g_set_error(error, FAULT, failure->code, "template: %s%s%s", failure->message,
		    *words ? ": " : "", words);
	discard(templates, key, NULL);
	return FALSE;
}

gboolean qemu_templates_make(QemuTemplates *templates, const ProviderImage *image,
			     const char *accel, ProviderGiveUp give_up, gpointer data,
			     GError **error)
{
	g_autofree char *key = qemu_templates_key(image, accel);
	gboolean made;

	g_mutex_lock(&templates->making);
	made = qemu_templates_ready(templates, key) ||
	       make(templates, key, image, accel, give_up, data, error);
	g_mutex_unlock(&templates->making);
	return made;
}

/* ---- for clones */

/* A copy in memory that nobody, not even who writes to his mapping of it, can change. */
static int load(const char *path, GError **error)
{
	autofd int file = open(path, O_RDONLY | O_CLOEXEC);
	autofd int memory = memfd_create("oriel-template", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (file < 0 || memory < 0 || !copy_file(file, memory) ||
	    fcntl(memory, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) <
		    0) {
		fault_set_errno(error, FAULT_DESKTOP, path);
		return -1;
	}
	posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED); /* once in memory is enough */
	return autofd_steal(&memory);
}

gboolean qemu_templates_open(QemuTemplates *templates, const char *key, int *out_state,
			     int *out_memory, GError **error)
{
	g_autofree char *memory_path = file_of(templates, key, QEMU_MEMORY);
	g_autofree char *state_path = file_of(templates, key, STATE);
	autofd int state = open(state_path, O_RDONLY | O_CLOEXEC);
	int memory;

	if (state < 0 || !qemu_templates_ready(templates, key)) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "template %s is no more", key);
		return FALSE;
	}
	g_mutex_lock(&templates->mutex);
	memory = GPOINTER_TO_INT(g_hash_table_lookup(templates->memories, key));
	if (memory == 0 && (memory = load(memory_path, error)) > 0)
		g_hash_table_insert(templates->memories, g_strdup(key), GINT_TO_POINTER(memory));
	if (memory > 0)
		memory = fcntl(memory, F_DUPFD_CLOEXEC, 3);
	g_mutex_unlock(&templates->mutex);
	if (memory < 0) {
		if (error && !*error)
			fault_set_errno(error, FAULT_DESKTOP, key);
		return FALSE;
	}
	*out_state = autofd_steal(&state);
	*out_memory = memory;
	return TRUE;
}
