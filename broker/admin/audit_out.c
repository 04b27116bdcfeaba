/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_out: see audit_out.h. */
#include "admin/audit_out.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "control/jsonframe.h"
#include "fault.h"
#include "log.h"
#include "printable.h"
#include "rounds.h"
#include "store_audit.h"
#include "upkeep/brokers.h"

#define BATCH    500
#define TEXT_MAX 1024
#define LOOK_US  (3 * G_USEC_PER_SEC) /* other brokers wake nobody here; and the next try */
#define SYSLOG   "/dev/log"

/* One way out. */
typedef struct {
	const char *name;
	gint64 at;     /* the last entry that went out whole, as far as this knows */
	gboolean told; /* the log has why it does not work */
	GString *rest; /* of a line that was cut off by a full disk */
	gboolean (*send)(AuditOut *out, const char *line, gsize n, GError **error);
} Way;

struct AuditOut {
	Core *core;
	Rounds *rounds;
	Way ways[2];
	unsigned n_ways;
	int fd; /* the file, -1 = not open */
};

/* ---- the file */

/* A file that was moved away is not the one of that name any more. */
static gboolean is_moved(AuditOut *out)
{
	struct stat ours, named;

	return fstat(out->fd, &ours) < 0 || stat(out->core->options->audit_file, &named) < 0 ||
	       ours.st_ino != named.st_ino || ours.st_dev != named.st_dev;
}

static gboolean open_file(AuditOut *out, GError **error)
{
	const char *path = out->core->options->audit_file;

	if (out->fd >= 0 && !is_moved(out))
		return TRUE;
	if (out->fd >= 0)
		close(out->fd);
	out->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
	if (out->fd >= 0)
		return TRUE;
	fault_set_errno(error, FAULT_CONFIG, path);
	return FALSE;
}

/* Where the disk is full in the middle of a line, the rest follows when there is room. */
static gboolean to_file(AuditOut *out, const char *line, gsize n, GError **error)
{
	GString *rest = out->ways[0].rest;

	if (!open_file(out, error))
		return FALSE;
	if (rest->len == 0)
		g_string_append_len(rest, line, (gssize)n);
	while (rest->len > 0) {
		ssize_t done = write(out->fd, rest->str, rest->len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			fault_set_errno(error, FAULT_BROKER, out->core->options->audit_file);
			return FALSE;
		}
		g_string_erase(rest, 0, done);
	}
	return TRUE;
}

/* ---- syslog, and the journal behind it */

static gboolean to_syslog(AuditOut *out, const char *line, gsize n, GError **error)
{
	if (access(SYSLOG, F_OK) < 0) {
		fault_set_errno(error, FAULT_CONFIG, SYSLOG);
		return FALSE;
	}
	syslog(LOG_AUTHPRIV | LOG_NOTICE, "%.*s", (int)n - 1, line);
	return TRUE;
}

/* ---- lines */

static void set_text(json_t *json, const char *key, const char *text)
{
	if (text && *text)
		json_object_set_new(json, key, jsonframe_string(text, TEXT_MAX));
}

static void set_number(json_t *json, const char *key, guint64 number)
{
	if (number)
		json_object_set_new(json, key, json_integer((json_int_t)number));
}

/* One line, with its end; g_free() it. People read such files in terminals. */
static char *line_of(const AuditView *entry)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(entry->at / 1000);
	g_autofree char *seconds = g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");
	g_autofree char *stamp = g_strdup_printf("%s.%03dZ", seconds, (int)(entry->at % 1000));
	json_t *json = json_pack("{s:I,s:s}", "id", (json_int_t)entry->id, "time", stamp);
	g_autofree char *plain = NULL;
	char *text;

	set_text(json, "event", entry->event);
	set_text(json, "user", entry->user);
	set_text(json, "peer", entry->peer);
	set_text(json, "desktop", entry->desktop);
	set_text(json, "session", entry->session);
	set_text(json, "detail", entry->detail);
	set_number(json, "bytes_in", entry->bytes_in);
	set_number(json, "bytes_out", entry->bytes_out);
	set_number(json, "milliseconds", entry->milliseconds);
	text = json_dumps(json, JSON_COMPACT);
	plain = printable_json(text);
	free(text);
	json_decref(json);
	return g_strconcat(plain, "\n", NULL);
}

/* ---- how far it came */

static char *position_file(AuditOut *out, const Way *way)
{
	g_autofree char *name = g_strdup_printf("audit-%s.position", way->name);

	return g_build_filename(out->core->options->state, name, NULL);
}

/* Who is new begins with what happens from now on. */
static gboolean read_position(AuditOut *out, Way *way, GError **error)
{
	g_autofree char *path = position_file(out, way);
	g_autofree char *text = NULL;

	if (g_file_get_contents(path, &text, NULL, NULL) &&
	    g_ascii_string_to_signed(g_strstrip(text), 10, 0, G_MAXINT64, &way->at, NULL))
		return TRUE;
	return store_audit_last(out->core->db, &way->at, error);
}

static gboolean keep_position(AuditOut *out, const Way *way, GError **error)
{
	g_autofree char *path = position_file(out, way);
	g_autofree char *fresh = g_strconcat(path, ".new", NULL);
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT "\n", way->at);
	g_autoptr(GError) why = NULL;

	/* A name of its own, so that a broker that is killed here leaves no heap of them. */
	if (g_file_set_contents_full(fresh, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, &why) &&
	    g_rename(fresh, path) == 0)
		return TRUE;
	if (!why) {
		fault_set_errno(error, FAULT_BROKER, path);
		return FALSE;
	}
	g_set_error_literal(error, FAULT, FAULT_BROKER, why->message);
	return FALSE;
}

/* ---- the thread */

/* *out_more: there may be further entries. */
static gboolean send_batch(AuditOut *out, Way *way, gboolean *out_more, GError **error)
{
	g_autoptr(GPtrArray) entries = store_audit_after(out->core->db, way->at, BATCH, error);
	gint64 before = way->at;
	gboolean ok = entries != NULL;

	for (guint i = 0; ok && i < entries->len; i++) {
		const AuditView *entry = entries->pdata[i];
		g_autofree char *line = line_of(entry);

		ok = way->send(out, line, strlen(line), error);
		if (ok)
			way->at = entry->id;
	}
	if (way->at != before && !keep_position(out, way, ok ? error : NULL))
		return FALSE;
	*out_more = ok && entries->len == BATCH;
	return ok;
}

static void send_all(AuditOut *out)
{
	for (unsigned i = 0; i < out->n_ways; i++) {
		Way *way = &out->ways[i];
		g_autoptr(GError) error = NULL;
		gboolean more = TRUE, ok = TRUE;

		while (ok && more)
			ok = send_batch(out, way, &more, &error);
		if (!ok && !way->told)
			log_error(NULL,
				  "the audit log does not go out by %s: %s; it is tried again",
				  way->name, error->message);
		else if (ok && way->told)
			log_info(NULL, "the audit log goes out by %s again", way->name);
		way->told = !ok;
	}
}

static gint64 follow(gpointer out)
{
	send_all(out);
	return g_get_monotonic_time() + LOOK_US;
}

void audit_out_wake(Core *core)
{
	AuditOut *out = core->audit_out;

	if (out)
		rounds_wake(out->rounds);
}

/* ---- begin and end */

gboolean audit_out_start(Core *core, GError **error)
{
	const Options *options = core->options;
	AuditOut *out;

	if (!*options->audit_file && !options->audit_syslog)
		return TRUE;
	core->audit_out = out = g_new0(AuditOut, 1);
	out->core = core;
	out->fd = -1;
	out->rounds = rounds_new("audit", follow, 0, out);
	if (*options->audit_file)
		out->ways[out->n_ways++] =
			(Way){.name = "file", .send = to_file, .rest = g_string_new(NULL)};
	if (options->audit_syslog)
		out->ways[out->n_ways++] = (Way){.name = "syslog", .send = to_syslog};
	if (*options->audit_file && !open_file(out, error))
		return FALSE;
	for (unsigned i = 0; i < out->n_ways; i++) {
		if (!read_position(out, &out->ways[i], error))
			return FALSE;
	}
	openlog("oriel-broker", LOG_PID, LOG_AUTHPRIV);
	rounds_start(out->rounds);
	return TRUE;
}

void audit_out_stop(Core *core)
{
	AuditOut *out = g_steal_pointer(&core->audit_out);

	if (!out)
		return;
	if (rounds_stop(out->rounds))
		send_all(out); /* what came last */
	rounds_free(out->rounds);
	for (unsigned i = 0; i < out->n_ways; i++) {
		if (out->ways[i].rest)
			g_string_free(out->ways[i].rest, TRUE);
	}
	if (out->fd >= 0)
		close(out->fd);
	g_free(out);
}
