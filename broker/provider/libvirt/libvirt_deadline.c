/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libvirt_deadline: see libvirt_deadline.h. */
#include "libvirt/libvirt_deadline.h"

typedef struct {
	LibvirtOpener open;
	char *uri;
	Fault code;
	gboolean over; /* the next two are there */
	virConnectPtr connection;
	GError *error;
} Opening;

static GMutex mutex; /* of all openings, and of ... */
static GCond changed;
static GPtrArray *abandoned; /* those that nobody waits for any more, which free themselves */

static void opening_free(Opening *opening)
{
	if (opening->connection)
		virConnectClose(opening->connection);
	g_clear_error(&opening->error);
	g_free(opening->uri);
	g_free(opening);
}

static gpointer run(gpointer data)
{
	Opening *opening = data;
	g_autoptr(GError) error = NULL;
	virConnectPtr connection = opening->open(opening->uri, opening->code, &error);
	gboolean alone;

	g_mutex_lock(&mutex);
	opening->connection = connection;
	opening->error = g_steal_pointer(&error);
	opening->over = TRUE;
	alone = abandoned && g_ptr_array_remove_fast(abandoned, opening);
	g_cond_broadcast(&changed);
	g_mutex_unlock(&mutex);
	if (alone)
		opening_free(opening);
	return NULL;
}

/* With the mutex held. */
static gboolean is_silent(const char *uri)
{
	for (guint i = 0; abandoned && i < abandoned->len; i++) {
		const Opening *opening = g_ptr_array_index(abandoned, i);

		if (g_str_equal(opening->uri, uri))
			return TRUE;
	}
	return FALSE;
}

/* With the mutex held. FALSE: it is not ours any more. */
static gboolean await(Opening *opening, unsigned seconds)
{
	gint64 until = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;

	while (!opening->over) {
		if (g_cond_wait_until(&changed, &mutex, until))
			continue;
		if (!abandoned)
			abandoned = g_ptr_array_new();
		g_ptr_array_add(abandoned, opening);
		return FALSE;
	}
	return TRUE;
}

/* Starts it, unless an earlier one is stuck. NULL: it said nothing in time. */
static Opening *try(LibvirtOpener open, const char *uri, Fault code, unsigned seconds)
{
	g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&mutex);
	Opening *opening;

	if (is_silent(uri))
		return NULL;
	opening = g_new0(Opening, 1);
	*opening = (Opening){.open = open, .uri = g_strdup(uri), .code = code};
	g_thread_unref(g_thread_new("libvirt-open", run, opening));
	return await(opening, seconds) ? opening : NULL;
}

virConnectPtr libvirt_deadline_open(LibvirtOpener open, const char *uri, Fault code,
				    unsigned seconds, GError **error)
{
	Opening *opening = try(open, uri, code, seconds);
	virConnectPtr connection;

	if (!opening) {
		g_set_error(error, FAULT, code,
			    "%s: accepts connections, but says nothing: is its daemon stuck?", uri);
		return NULL;
	}
	connection = g_steal_pointer(&opening->connection);
	if (!connection)
		g_propagate_error(error, g_steal_pointer(&opening->error));
	opening_free(opening);
	return connection;
}
