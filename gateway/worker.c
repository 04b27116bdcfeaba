/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker: see worker.h. */
#include "worker_inside.h"

#include "buffer.h"
#include "front/vnc_password.h"
#include "listener.h"
#include "net/address.h"
#include "net/stream_tcp.h"
#include "sandbox_gateway.h"
#include "secret.h"
#include "sockets.h"
#include "tally.h"

#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#define INPUT_MS     1000 /* how soon the broker hears that somebody is back */
#define BEATS_SPREAD 16   /* rounds of that in which all quiet sessions can have had theirs */
#define COUNTS_MS    3000 /* between two reports of what was counted */

/* After a session's handshakes, and after its end: what it had in buffers goes back to the
 * system. */
#define TIDY_MS 2000

const Options *worker_options(Worker *worker)
{
	return worker->options;
}

const char *worker_vnc_password(const Worker *worker)
{
	return worker->vnc_password;
}

uv_loop_t *worker_loop(Worker *worker)
{
	return &worker->loop;
}

BrokerLink *worker_broker(Worker *worker)
{
	return worker->broker;
}

Dialer *worker_dialer(Worker *worker)
{
	return worker->dialer;
}

Buckets *worker_buckets(Worker *worker)
{
	return worker->buckets;
}

SSL_CTX *worker_tls(Worker *worker, gboolean vnc)
{
	return vnc ? worker->tls.vnc : worker->tls.web;
}

Turns *worker_turns(Worker *worker)
{
	return worker->turns;
}

guint64 *worker_counts(Worker *worker)
{
	return worker->counts;
}

/* ---- connections */

/* Who comes too much is told so in its own words, as long as there is room for telling. */
static gboolean on_accept(gpointer data, int fd, const char *address, gboolean vnc_only)
{
	Worker *worker = data;
	gboolean proxied = address_within(worker->proxies, address);
	const char *limit = NULL;
	gboolean room =
		admission_judge(worker->admission, address, proxied, uv_now(&worker->loop), &limit);

	worker->counts[COUNTS_CONNECTIONS]++;
	worker->counts[COUNTS_REFUSED] += limit != NULL || !room;
	if (room) {
		session_start(worker, fd, address, vnc_only, proxied, limit);
	} else {
		stream_tcp_reset(fd);
		close(fd);
	}
	return !room || limit != NULL || admission_crowded(worker->admission);
}

/* ---- sessions */

void worker_session_started(Worker *worker, Session *session)
{
	g_hash_table_add(worker->sessions, session);
	admission_add(worker->admission, session);
}

gboolean worker_session_is_from(Worker *worker, Session *session, const char *address)
{
	gboolean welcome = session->limit == NULL;
	gboolean room = admission_move(worker->admission, session, address);

	worker->counts[COUNTS_REFUSED] += welcome && (session->limit != NULL || !room);
	return room;
}

GPtrArray *worker_sessions(Worker *worker)
{
	GPtrArray *all = g_ptr_array_new();
	GHashTableIter iter;
	gpointer session;

	g_hash_table_iter_init(&iter, worker->sessions);
	while (g_hash_table_iter_next(&iter, &session, NULL))
		g_ptr_array_add(all, session);
	return all;
}

/* Sessions only look whether there is news: none begins or ends here. Those that came together, and
 * are quiet together, have their beats one after the other: nobody waits for all of them. */
static void on_input(uv_timer_t *timer)
{
	Worker *worker = timer->data;
	guint beats = g_hash_table_size(worker->sessions) / BEATS_SPREAD + 1;
	GHashTableIter iter;
	gpointer session;

	g_hash_table_iter_init(&iter, worker->sessions);
	while (g_hash_table_iter_next(&iter, &session, NULL)) {
		session_report_input(session);
		if (beats > 0 && session_beat(session))
			beats--;
	}
	if (g_hash_table_size(worker->sessions) == 0)
		uv_timer_stop(timer);
}

/* What many slow clients once needed, or came with all at once, lies scattered over the heap, and
 * stays there unless asked for. */
static void on_tidy(uv_timer_t *timer)
{
	buffer_tidy();
	malloc_trim(0);
}

static void tidy_soon(Worker *worker)
{
	if (!uv_is_active((uv_handle_t *)&worker->tidy) &&
	    !uv_is_closing((uv_handle_t *)&worker->tidy))
		uv_timer_start(&worker->tidy, on_tidy, TIDY_MS, 0);
}

void worker_session_relaying(Worker *worker, Session *session)
{
	tidy_soon(worker);
	admission_relaying(worker->admission, session);
	if (!uv_is_active((uv_handle_t *)&worker->input) &&
	    !uv_is_closing((uv_handle_t *)&worker->input))
		uv_timer_start(&worker->input, on_input, INPUT_MS, INPUT_MS);
	tally_relaying(worker->counts, session);
}

void worker_line_held(Worker *worker, const char *address)
{
	admission_hold(worker->admission, address);
}

void worker_line_closed(Worker *worker, const char *address)
{
	admission_release(worker->admission, address);
}

static void close_if_done(Worker *worker);

void worker_session_gone(Worker *worker, Session *session, gboolean relayed)
{
	g_hash_table_remove(worker->sessions, session);
	if (session->lease != NULL)
		worker_lease_left(worker, session);
	admission_remove(worker->admission, session, relayed);
	tidy_soon(worker);
	close_if_done(worker);
}

/* ---- counts */

static void on_report(uv_timer_t *timer)
{
	Worker *worker = timer->data;

	tally_report(worker->counts, worker->sessions, worker->broker, worker->tls.web);
}

/* ---- the end */

static void on_walk_close(uv_handle_t *handle, void *arg)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* What a start that failed has left. */
static void end_early(Worker *worker)
{
	g_ptr_array_set_size(worker->listeners, 0);
	turns_close(g_steal_pointer(&worker->turns));
	uv_walk(&worker->loop, on_walk_close, NULL);
}

/* The last session is gone: what keeps the loop alive goes too. */
static void close_if_done(Worker *worker)
{
	if (!worker->retired || g_hash_table_size(worker->sessions) > 0 || worker->broker == NULL)
		return;
	on_report(&worker->report);
	broker_link_close(g_steal_pointer(&worker->broker));
	uv_close((uv_handle_t *)&worker->report, NULL);
	uv_close((uv_handle_t *)&worker->drain, NULL);
	uv_close((uv_handle_t *)&worker->tidy, NULL);
	uv_close((uv_handle_t *)&worker->input, NULL);
	uv_close((uv_handle_t *)&worker->signer_watch, NULL);
	turns_close(g_steal_pointer(&worker->turns));
	for (gsize i = 0; i < G_N_ELEMENTS(worker->signals); i++)
		uv_close((uv_handle_t *)&worker->signals[i], NULL);
}

static void on_drained(uv_timer_t *timer)
{
	Worker *worker = timer->data;
	g_autoptr(GPtrArray) all = worker_sessions(worker);

	for (guint i = 0; i < all->len; i++) {
		if (g_hash_table_contains(worker->sessions, all->pdata[i]))
			session_end(all->pdata[i], FAULT_ENDED, "the gateway is shutting down");
	}
}

/* An upgrade: the next program's workers take what comes. */
static void retire(Worker *worker)
{
	worker->retired = TRUE;
	g_ptr_array_set_size(worker->listeners, 0);
}

/* First signal: no new connections, the old ones may finish. Second: end them now. */
static void drain(Worker *worker)
{
	guint64 ms = (guint64)worker->options->drain * 1000;

	if (worker->draining) {
		on_drained(&worker->drain);
		return;
	}
	worker->draining = TRUE;
	retire(worker);
	log_info(NULL, "stopping: %u sessions may go on for %d s",
		 g_hash_table_size(worker->sessions), worker->options->drain);
	uv_timer_start(&worker->drain, on_drained, ms, 1000);
}

/* ---- signals */

/* The supervisor has tried the same before it told us: a failure here is worth its own line. */
static void reload(Worker *worker)
{
	g_autoptr(GError) error = NULL;

	if (!server_tls_read(&worker->tls, worker->options, worker->signer, NULL, &error))
		log_error(NULL, "the old certificate stays: %s", error->message);
}

static void on_signal(uv_signal_t *handle, int number)
{
	Worker *worker = handle->data;

	switch (number) {
	case SIGUSR1: reload(worker); break;
	case SIGUSR2: retire(worker); break;
	default: drain(worker); break;
	}
	close_if_done(worker);
}

/* Without it this worker can serve whom it has, but nobody new: the supervisor starts another. */
static void on_signer_gone(uv_poll_t *watch, int status, int events)
{
	Worker *worker = watch->data;

	uv_poll_stop(watch);
	log_error(NULL, "the signer is gone");
	if (!worker->draining)
		drain(worker);
	close_if_done(worker);
}

/* They came blocked: none is lost, and none ends a worker that cannot serve it yet. */
static void let_signals_in(Worker *worker)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGUSR1, SIGUSR2};
	sigset_t none;

	G_STATIC_ASSERT(G_N_ELEMENTS(numbers) == G_N_ELEMENTS(((Worker *)NULL)->signals));
	for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
		uv_signal_init(&worker->loop, &worker->signals[i]);
		worker->signals[i].data = worker;
		uv_signal_start(&worker->signals[i], on_signal, numbers[i]);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Nothing a client sent has been read yet. One worker speaks for all. */
static gboolean enter_sandbox(unsigned number, GError **error)
{
	const char *lacks = NULL;

	if (!sandbox_gateway(&lacks, error))
		return FALSE;
	if (lacks != NULL && number == 0)
		log_warning(NULL, "sandbox: %s", lacks);
	return TRUE;
}

static gboolean start(Worker *worker, unsigned number, const GArray *sockets, GError **error)
{
	const Options *o = worker->options;
	g_autofree char *name = g_strdup_printf("%s/%d", g_get_host_name(), (int)getpid());

	worker->dialer = dialer_start(o, error);
	worker->signer = worker->dialer ? signer_start(o, error) : NULL;
	if (worker->signer == NULL)
		return FALSE;
	worker->admission = admission_new(o, error);
	if (worker->admission == NULL)
		return FALSE;
	worker->proxies = address_networks(o->proxy_from, error);
	if (worker->proxies == NULL ||
	    !server_tls_read(&worker->tls, o, worker->signer, NULL, error) ||
	    !vnc_password_read(o, &worker->vnc_password, error))
		return FALSE;
	worker->turns = turns_new(&worker->loop);
	for (guint i = 0; i < sockets->len; i++) {
		const Socket *socket = &g_array_index(sockets, Socket, i);

		g_ptr_array_add(worker->listeners,
				listener_new(&worker->loop, worker->turns, socket->fd,
					     socket->vnc_only, on_accept, worker));
	}
	if (!enter_sandbox(number, error))
		return FALSE;
	worker->broker =
		broker_link_new(&worker->loop, worker->dialer, name, &worker_broker_calls, worker);
	uv_timer_init(&worker->loop, &worker->drain);
	worker->drain.data = worker;
	uv_timer_init(&worker->loop, &worker->tidy);
	uv_timer_init(&worker->loop, &worker->input);
	worker->input.data = worker;
	uv_timer_init(&worker->loop, &worker->report);
	worker->report.data = worker;
	uv_timer_start(&worker->report, on_report, COUNTS_MS, COUNTS_MS);
	uv_poll_init(&worker->loop, &worker->signer_watch, signer_descriptor(worker->signer));
	worker->signer_watch.data = worker;
	uv_poll_start(&worker->signer_watch, UV_DISCONNECT, on_signer_gone);
	let_signals_in(worker);
	return TRUE;
}

gboolean worker_run(const Options *options, Buckets *buckets, GArray *sockets, unsigned number,
		    GError **error)
{
	Worker *worker = g_new0(Worker, 1);
	gboolean started;

	uv_loop_init(&worker->loop);
	worker->options = options;
	worker->buckets = buckets;
	worker->listeners = g_ptr_array_new_with_free_func((GDestroyNotify)listener_close);
	worker->sessions = g_hash_table_new(NULL, NULL);
	worker->leases = leases_new();
	worker->expecting = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	worker->following = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	started = start(worker, number, sockets, error);
	g_array_unref(sockets);
	if (started)
		log_info(NULL, "worker %u is ready", number);
	else
		end_early(worker);
	g_assert(started || worker->broker == NULL);
	uv_run(&worker->loop, UV_RUN_DEFAULT);
	g_ptr_array_unref(worker->listeners);
	uv_run(&worker->loop, UV_RUN_DEFAULT);
	uv_loop_close(&worker->loop);
	g_hash_table_unref(worker->sessions);
	g_hash_table_unref(worker->leases);
	g_hash_table_unref(worker->expecting);
	g_hash_table_unref(worker->following);
	admission_free(worker->admission);
	g_clear_pointer(&worker->proxies, g_array_unref);
	dialer_free(worker->dialer);
	server_tls_clear(&worker->tls);
	signer_free(worker->signer);
	secret_free(worker->vnc_password);
	g_free(worker);
	return started;
}
