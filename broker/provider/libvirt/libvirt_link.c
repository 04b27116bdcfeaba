/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libvirt_link: see libvirt_link.h. */
#include "libvirt/libvirt_link.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "libvirt/libvirt_login.h"

#define KEEPALIVE_SECONDS 5
#define KEEPALIVE_COUNT   3
#define IDLE_MAX          4 /* connections kept for the next call */

/* What an event needs. Counted: libvirt lets go of a callback in its own time, maybe after the
 * link is gone. */
typedef struct {
	GMutex calling; /* of event, held during the call: after the link's end there is none */
	ProviderEvent event;
	gpointer user_data;
	GMutex mutex;         /* of expected                     */
	GHashTable *expected; /* desktop ids whose end is wanted */
} Listener;

struct LibvirtLink {
	char *uri;
	Listener *listener;
	GMutex mutex;             /* of all below                              */
	virConnectPtr connection; /* the one that hears; NULL while it is broken */
	int callback;
	gboolean wired;  /* a daemon is behind it: no two calls at once on one connection */
	GPtrArray *idle; /* further ones, for a call each                     */
};

void libvirt_set_error(GError **error, Fault code, const char *what)
{
	virErrorPtr last = virGetLastError();

	g_set_error(error, FAULT, last && last->code == VIR_ERR_NO_DOMAIN ? FAULT_NOT_FOUND : code,
		    "%s: %s", what, virGetLastErrorMessage());
}

static void domain_unref(gpointer domain)
{
	virDomainFree(domain);
}

GPtrArray *libvirt_domains(virConnectPtr connection, GError **error)
{
	virDomainPtr *domains = NULL;
	int n = virConnectListAllDomains(connection, &domains, 0);
	GPtrArray *all;

	if (n < 0) {
		libvirt_set_error(error, FAULT_DESKTOP, "list of domains");
		return NULL;
	}
	all = g_ptr_array_new_with_free_func(domain_unref);
	for (int i = 0; i < n; i++)
		g_ptr_array_add(all, domains[i]);
	free(domains);
	return all;
}

static gpointer run_events(gpointer unused)
{
	for (;;)
		virEventRunDefaultImpl();
	return NULL;
}

/* By default libvirt prints every error; ours are returned. */
static void keep_quiet(void *unused, virErrorPtr error)
{
}

static void initialize(void)
{
	static gsize once;

	if (g_once_init_enter(&once)) {
		virSetErrorFunc(NULL, keep_quiet);
		virInitialize();
		virEventRegisterDefaultImpl();
		g_thread_unref(g_thread_new("libvirt-events", run_events, NULL));
		g_once_init_leave(&once, 1);
	}
}

static void listener_clear(gpointer data)
{
	Listener *listener = data;

	g_hash_table_unref(listener->expected);
	g_mutex_clear(&listener->mutex);
	g_mutex_clear(&listener->calling);
}

static void listener_release(void *listener)
{
	g_atomic_rc_box_release_full(listener, listener_clear);
}

static int on_lifecycle(virConnectPtr connection, virDomainPtr domain, int event, int detail,
			void *data)
{
	Listener *listener = data;
	const char *name = virDomainGetName(domain);
	gboolean expected;

	if ((event != VIR_DOMAIN_EVENT_STOPPED && event != VIR_DOMAIN_EVENT_CRASHED) || !name ||
	    !g_str_has_prefix(name, LIBVIRT_PREFIX))
		return 0;
	name += strlen(LIBVIRT_PREFIX);
	g_mutex_lock(&listener->mutex);
	expected = g_hash_table_contains(listener->expected, name);
	g_mutex_unlock(&listener->mutex);
	g_mutex_lock(&listener->calling);
	if (!expected && listener->event)
		listener->event(name, PROVIDER_STOPPED, listener->user_data);
	g_mutex_unlock(&listener->calling);
	return 0;
}

/* Where there is no wire there is nothing to keep alive: *out_wired, if that is not NULL. */
static virConnectPtr open_one(const char *uri, Fault code, gboolean *out_wired, GError **error)
{
	virConnectPtr connection = libvirt_login_open(uri, code, error);
	gboolean wired = connection && virConnectSetKeepAlive(connection, KEEPALIVE_SECONDS,
							      KEEPALIVE_COUNT) == 0;

	if (out_wired)
		*out_wired = wired;
	return connection;
}

/* With the mutex held. */
static gboolean connect_now(LibvirtLink *link, Fault code, GError **error)
{
	link->connection = open_one(link->uri, code, &link->wired, error);
	if (!link->connection)
		return FALSE;
	/* Not every driver tells of ends. */
	link->callback = virConnectDomainEventRegisterAny(
		link->connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
		VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), g_atomic_rc_box_acquire(link->listener),
		listener_release);
	if (link->callback < 0)
		listener_release(link->listener);
	return TRUE;
}

static void disconnect(LibvirtLink *link)
{
	if (!link->connection)
		return;
	if (link->callback >= 0)
		virConnectDomainEventDeregisterAny(link->connection, link->callback);
	virConnectClose(link->connection);
	link->connection = NULL;
}

static void close_idle(gpointer connection)
{
	virConnectClose(connection);
}

LibvirtLink *libvirt_link_new(const char *uri, ProviderEvent event, gpointer user_data,
			      GError **error)
{
	LibvirtLink *link = g_new0(LibvirtLink, 1);

	initialize();
	link->uri = g_strdup(uri);
	link->listener = g_atomic_rc_box_new0(Listener);
	link->listener->event = event;
	link->listener->user_data = user_data;
	g_mutex_init(&link->listener->calling);
	g_mutex_init(&link->listener->mutex);
	link->listener->expected = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_mutex_init(&link->mutex);
	link->idle = g_ptr_array_new_with_free_func(close_idle);
	if (!connect_now(link, FAULT_CONFIG, error))
		g_clear_pointer(&link, libvirt_link_free);
	return link;
}

void libvirt_link_free(LibvirtLink *link)
{
	if (!link)
		return;
	disconnect(link);
	g_ptr_array_unref(link->idle);
	g_mutex_lock(&link->listener->calling);
	link->listener->event = NULL;
	g_mutex_unlock(&link->listener->calling);
	listener_release(link->listener);
	g_mutex_clear(&link->mutex);
	g_free(link->uri);
	g_free(link);
}

/* An idle one that lives, or a new one. With the mutex held; lets go of it to open one. */
static virConnectPtr take_idle(LibvirtLink *link, GError **error)
{
	virConnectPtr connection = NULL;

	while (!connection && link->idle->len > 0) {
		connection = g_ptr_array_steal_index_fast(link->idle, link->idle->len - 1);
		if (virConnectIsAlive(connection) != 1)
			g_clear_pointer(&connection, virConnectClose);
	}
	if (!connection) {
		g_mutex_unlock(&link->mutex);
		connection = open_one(link->uri, FAULT_DESKTOP, NULL, error);
		g_mutex_lock(&link->mutex);
	}
	return connection;
}

/* FALSE: there is no room, or it is dead. */
static gboolean put_idle(LibvirtLink *link, virConnectPtr connection)
{
	gboolean keep;

	g_mutex_lock(&link->mutex);
	keep = link->idle->len < IDLE_MAX && virConnectIsAlive(connection) == 1;
	if (keep)
		g_ptr_array_add(link->idle, connection);
	g_mutex_unlock(&link->mutex);
	return keep;
}

static LibvirtLoan *loan_new(virConnectPtr connection, LibvirtLink *returns_to)
{
	LibvirtLoan *loan = g_new(LibvirtLoan, 1);

	*loan = (LibvirtLoan){connection, returns_to};
	return loan;
}

/* With the mutex held. */
static LibvirtLoan *lend(LibvirtLink *link, GError **error)
{
	virConnectPtr connection;

	if (!link->wired) {
		virConnectRef(link->connection);
		return loan_new(link->connection, NULL);
	}
	connection = take_idle(link, error);
	return connection ? loan_new(connection, link) : NULL;
}

LibvirtLoan *libvirt_link_lend(LibvirtLink *link, GError **error)
{
	LibvirtLoan *loan = NULL;

	g_mutex_lock(&link->mutex);
	if (link->connection && virConnectIsAlive(link->connection) != 1)
		disconnect(link);
	if (link->connection || connect_now(link, FAULT_DESKTOP, error))
		loan = lend(link, error);
	g_mutex_unlock(&link->mutex);
	return loan;
}

void libvirt_loan_free(LibvirtLoan *loan)
{
	if (!loan)
		return;
	if (!loan->returns_to || !put_idle(loan->returns_to, loan->connection))
		virConnectClose(loan->connection);
	g_free(loan);
}

gboolean libvirt_link_hears(LibvirtLink *link)
{
	gboolean hears;

	g_mutex_lock(&link->mutex);
	hears = link->connection && link->callback >= 0;
	g_mutex_unlock(&link->mutex);
	return hears;
}

void libvirt_link_expect_end(LibvirtLink *link, const char *desktop_id)
{
	g_mutex_lock(&link->listener->mutex);
	g_hash_table_add(link->listener->expected, g_strdup(desktop_id));
	g_mutex_unlock(&link->listener->mutex);
}

/* What was said before this is read before the answer. One question at a time. */
static void hear_out(LibvirtLink *link)
{
	unsigned long version;

	g_mutex_lock(&link->mutex);
	if (link->wired && link->connection)
		virConnectGetLibVersion(link->connection, &version);
	g_mutex_unlock(&link->mutex);
}

void libvirt_link_mind_end(LibvirtLink *link, const char *desktop_id)
{
	hear_out(link);
	g_mutex_lock(&link->listener->mutex);
	g_hash_table_remove(link->listener->expected, desktop_id);
	g_mutex_unlock(&link->listener->mutex);
}
