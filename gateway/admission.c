/* SPDX-License-Identifier: GPL-3.0-or-later */
/* admission: see admission.h. */
#include "admission.h"

#include "fault.h"
#include "net/address.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define REFUSING_MAX 64 /* connections over a limit that are refused in words at a time */

struct Admission {
	const Options *options;
	GHashTable *by_address; /* place -> number of connections                                */
	GQueue handshakes; /* sessions that are not yet relaying, oldest first; by their place */
	unsigned sessions; /* in all, with those that are refused and lines that are held   */
	unsigned refusing; /* of those over a limit, being told so                          */
	unsigned closed;   /* of those over a limit, not yet logged                         */
	guint64 closed_at; /* when that was logged last                                     */
	int statm;         /* /proc/self/statm; -1 = nobody asks                            */
};

Admission *admission_new(const Options *options, GError **error)
{
	Admission *admission = g_new0(Admission, 1);

	admission->options = options;
	admission->statm = -1;
	admission->by_address = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (options->max_memory == 0)
		return admission;
	admission->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	if (admission->statm >= 0)
		return admission;
	fault_set_errno(error, FAULT_CONFIG, "max_memory: /proc/self/statm");
	admission_free(admission);
	return NULL;
}

void admission_free(Admission *admission)
{
	if (admission == NULL)
		return;
	if (admission->statm >= 0)
		close(admission->statm);
	g_hash_table_unref(admission->by_address);
	g_free(admission);
}

/* ---- addresses */

static void count_address(Admission *admission, const char *address, int by)
{
	g_autofree char *host = address_place(address);
	int n = GPOINTER_TO_INT(g_hash_table_lookup(admission->by_address, host)) + by;

	if (n > 0)
		g_hash_table_insert(admission->by_address, g_steal_pointer(&host),
				    GINT_TO_POINTER(n));
	else
		g_hash_table_remove(admission->by_address, host);
}

static gboolean address_full(Admission *admission, const char *address)
{
	g_autofree char *host = address_place(address);

	return GPOINTER_TO_INT(g_hash_table_lookup(admission->by_address, host)) >=
	       admission->options->max_per_address;
}

/* ---- memory */

/* What the process has for itself, as the kernel counts it: sessions, TLS, whatever
 * malloc keeps. */
static gboolean memory_full(Admission *admission)
{
	unsigned long resident, shared;
	guint64 bytes;
	char text[128];
	ssize_t n;

	if (admission->statm < 0)
		return FALSE;
	n = pread(admission->statm, text, sizeof text - 1, 0);
	if (n <= 0)
		return FALSE;
	text[n] = '\0';
	if (sscanf(text, "%*u %lu %lu", &resident, &shared) != 2 || shared > resident)
		return FALSE;
	bytes = (guint64)(resident - shared) * (guint64)sysconf(_SC_PAGESIZE);
	return bytes >= (guint64)admission->options->max_memory << 20;
}

/* ---- who comes */

/* NULL = welcome; else which limit says no. A proxy's own address is none to limit. */
static const char *full(Admission *admission, const char *address, gboolean proxied)
{
	const Options *o = admission->options;

	if (admission->sessions >= (unsigned)o->max_sessions)
		return "max_sessions";
	if (!proxied && address_full(admission, address))
		return "max_per_address";
	if (admission->handshakes.length >= (guint)o->max_handshakes)
		return "max_handshakes";
	if (memory_full(admission))
		return "max_memory";
	return NULL;
}

/* A line a second: a flood of connections must not become one of log lines. */
static void note_closed(Admission *admission, const char *address, const char *limit, guint64 now)
{
	LogContext context = {.peer = address, .step = "accept"};

	admission->closed++;
	if (admission->closed_at != 0 && now - admission->closed_at < 1000)
		return;
	log_warning(&context, "closed fault=busy: %s is reached; %u connections closed so far",
		    limit, admission->closed);
	admission->closed = 0;
	admission->closed_at = now;
}

/* Whoever waits longest for nothing: one that a handshake keeps going is soon through. */
static gboolean make_room(Admission *admission)
{
	for (GList *l = admission->handshakes.head; l != NULL; l = l->next) {
		if (session_drop(l->data))
			return TRUE;
	}
	return FALSE;
}

gboolean admission_judge(Admission *admission, const char *address, gboolean proxied, guint64 now,
			 const char **out_limit)
{
	const char *limit = full(admission, address, proxied);

	if (limit != NULL && g_str_equal(limit, "max_handshakes") && make_room(admission)) {
		note_closed(admission, address, limit, now);
		limit = full(admission, address, proxied);
	}
	if (limit != NULL && admission->refusing >= REFUSING_MAX) {
		note_closed(admission, address, limit, now);
		return FALSE;
	}
	if (limit != NULL)
		admission->refusing++;
	*out_limit = limit;
	return TRUE;
}

gboolean admission_crowded(const Admission *admission)
{
	return admission->handshakes.length >= (guint)admission->options->max_handshakes;
}

/* ---- who is there */

void admission_add(Admission *admission, Session *session)
{
	admission->sessions++;
	count_address(admission, session->address, 1);
	session->place.data = session;
	if (session->limit == NULL)
		g_queue_push_tail_link(&admission->handshakes, &session->place);
}

void admission_relaying(Admission *admission, Session *session)
{
	g_queue_unlink(&admission->handshakes, &session->place);
}

void admission_remove(Admission *admission, Session *session, gboolean relayed)
{
	admission->sessions--;
	count_address(admission, session->address, -1);
	if (session->limit != NULL)
		admission->refusing--;
	else if (!relayed)
		g_queue_unlink(&admission->handshakes, &session->place);
}

void admission_hold(Admission *admission, const char *address)
{
	admission->sessions++;
	count_address(admission, address, 1);
}

void admission_release(Admission *admission, const char *address)
{
	admission->sessions--;
	count_address(admission, address, -1);
}

gboolean admission_move(Admission *admission, Session *session, const char *address)
{
	gboolean one_too_many = session->limit == NULL && address_full(admission, address);

	count_address(admission, session->address, -1);
	g_strlcpy(session->address, address, sizeof session->address);
	count_address(admission, session->address, 1);
	if (!one_too_many)
		return TRUE;
	if (admission->refusing >= REFUSING_MAX)
		return FALSE;
	session->limit = "max_per_address";
	g_queue_unlink(&admission->handshakes, &session->place);
	admission->refusing++;
	return TRUE;
}
