/* SPDX-License-Identifier: GPL-3.0-or-later */
/* broker_link: see broker_link.h. */
#include "broker/broker_link.h"

#include "autofd.h"
#include "broker/broker_wire.h"
#include "broker/outbox.h"
#include "fault.h"
#include "log.h"

#include <errno.h>
#include <unistd.h>

#define RETRY_MS  500
#define QUEUE_MAX (4 * 1024 * 1024)
#define HELD_MAX  1024  /* requests that wait for a broker that is away ... */
#define HELD_MS   10000 /* ... and how long */
#define KEPT_MAX  4096  /* ends of sessions that are told again when it is back */

struct BrokerLink {
	uv_poll_t poll;
	uv_timer_t retry, patience;
	BrokerWire wire;
	int watched;     /* what the poll looks for now */
	gboolean up;     /* hello was answered       */
	gboolean before; /* it was up at least once  */
	gboolean told;   /* that the broker is away: one log line per outage */
	int closing;
	Dialer *dialer;
	char *name;
	guint64 next_id;
	GHashTable *pending; /* ids of requests that want an answer */
	Outbox held;         /* requests; only while the broker is away */
	Outbox kept;         /* ends of sessions that it has not acknowledged */
	BrokerLinkCalls calls;
	gpointer data;
};

static void link_connect(BrokerLink *link);
static void on_ready(uv_poll_t *poll, int status, int events);

static void watch(BrokerLink *link)
{
	int events = UV_READABLE | (buffer_length(&link->wire.out) > 0 ? UV_WRITABLE : 0);

	if (events == link->watched)
		return;
	uv_poll_start(&link->poll, events, on_ready);
	link->watched = events;
}

static void on_retry(uv_timer_t *timer)
{
	link_connect(timer->data);
}

/* The last handle to close frees the link. */
static void on_closed(uv_handle_t *handle)
{
	BrokerLink *link = handle->data;

	if (--link->closing > 0)
		return;
	g_free(link->name);
	g_hash_table_unref(link->pending);
	g_free(link);
}

static void on_poll_closed(uv_handle_t *handle)
{
	BrokerLink *link = handle->data;

	close(link->wire.fd);
	link->wire.fd = -1;
	if (link->closing > 0)
		on_closed(handle);
	else
		uv_timer_start(&link->retry, on_retry, RETRY_MS, 0);
}

/* The broker is gone, with every request that it has had; we try again. */
static void link_lost(BrokerLink *link, const char *why)
{
	g_autoptr(GError) error = g_error_new(FAULT, FAULT_BROKER, "broker: %s", why);
	g_autoptr(GHashTable) pending = g_steal_pointer(&link->pending);
	GHashTableIter iter;
	gpointer id;

	if (!link->told)
		log_warning(NULL, "the broker is away: %s", why);
	link->told = TRUE;
	link->up = FALSE;
	broker_wire_drop(&link->wire);
	link->pending = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	if (link->wire.fd >= 0 && !uv_is_closing((uv_handle_t *)&link->poll))
		uv_close((uv_handle_t *)&link->poll, on_poll_closed);
	g_hash_table_iter_init(&iter, pending);
	while (g_hash_table_iter_next(&iter, &id, NULL))
		link->calls.lost(link->data, *(guint64 *)id, error);
}

/* FALSE: the socket is broken, which shows at the next poll. */
static gboolean link_send_bytes(BrokerLink *link, const GByteArray *bytes)
{
	gboolean whole = broker_wire_send(&link->wire, bytes);

	watch(link);
	return whole;
}

static void link_send(BrokerLink *link, const ControlMessage *message)
{
	GByteArray *bytes = control_encode(message);

	(void)link_send_bytes(link, bytes);
	control_wipe(bytes);
}

/* ---- while the broker is away */

static void expect_answer(BrokerLink *link, guint64 id)
{
	g_hash_table_add(link->pending, g_memdup2(&id, sizeof id));
}

/* Those at the head have waited longest: they give up first. */
static void on_patience(uv_timer_t *timer)
{
	BrokerLink *link = timer->data;
	g_autoptr(GError) error = g_error_new(FAULT, FAULT_BROKER, "the broker is away");
	guint64 now = uv_now(timer->loop);
	const OutboxItem *first;

	while ((first = outbox_first(&link->held)) != NULL && first->until <= now) {
		guint64 id = first->id;

		outbox_item_free(outbox_take(&link->held));
		link->calls.answer(link->data, id, NULL, -1, error);
	}
	if (first != NULL)
		uv_timer_start(timer, on_patience, first->until - now, 0);
}

static void hold(BrokerLink *link, const ControlMessage *message)
{
	outbox_add(&link->held, message, uv_now(link->patience.loop) + HELD_MS);
	if (outbox_length(&link->held) == 1)
		uv_timer_start(&link->patience, on_patience, HELD_MS, 0);
}

/* The end of a session, until the broker has said that it is in its books: it may be killed at any
 * moment, also between our word and its deed. */
static void keep(BrokerLink *link, ControlMessage *ended)
{
	ended->again = TRUE;
	outbox_add(&link->kept, ended, 0);
	ended->again = FALSE;
}

/* It is back. What has ended comes first, then what lives, then those who want something new. */
static void catch_up(BrokerLink *link)
{
	OutboxItem *held;

	if (link->told)
		log_info(NULL, "the broker is back");
	link->up = TRUE;
	link->told = FALSE;
	for (GList *l = link->kept.items.head; l != NULL; l = l->next)
		(void)link_send_bytes(link, ((OutboxItem *)l->data)->bytes);
	link->calls.up(link->data, link->before);
	link->before = TRUE;
	while ((held = outbox_take(&link->held)) != NULL) {
		expect_answer(link, held->id);
		(void)link_send_bytes(link, held->bytes);
		outbox_item_free(held);
	}
	uv_timer_stop(&link->patience);
}

/* ---- answers */

static void link_answer(BrokerLink *link, const ControlMessage *message)
{
	autofd int fd = -1;

	if (message->endpoint.has_fd)
		fd = broker_wire_take_fd(&link->wire);
	if (message->type == CONTROL_END) {
		link->calls.end(link->data, message);
		return;
	}
	if (message->type == CONTROL_FOLLOW) {
		link->calls.follow(link->data, message);
		return;
	}
	if (message->type == CONTROL_MOVE) {
		link->calls.move(link->data, message, autofd_steal(&fd));
		return;
	}
	if (!link->up && message->type == CONTROL_OK) {
		catch_up(link);
		return;
	}
	if (message->type == CONTROL_OK && outbox_remove(&link->kept, message->id))
		return;
	if (!g_hash_table_remove(link->pending, &message->id)) {
		log_warning(NULL, "the broker answered a request that nobody made");
		return;
	}
	link->calls.answer(link->data, message->id, message, autofd_steal(&fd), NULL);
}

/* What a broker may say to a gateway. */
static gboolean is_ours(ControlType type)
{
	return type == CONTROL_LEASE || type == CONTROL_REFUSE || type == CONTROL_OK ||
	       type == CONTROL_END || type == CONTROL_MOVE || type == CONTROL_FOLLOW;
}

/* All that has come whole. FALSE: it is none of the protocol's. */
static gboolean link_decode(BrokerLink *link, GError **error)
{
	while (!link->closing && link->wire.fd >= 0) {
		g_auto(ControlMessage) message = {0};
		gssize n = broker_wire_next(&link->wire, &message, error);

		if (n <= 0)
			return n == 0;
		if (!is_ours(message.type)) {
			g_set_error(error, FAULT, FAULT_BROKER, "it sent %s",
				    control_type_name(message.type));
			return FALSE;
		}
		link_answer(link, &message);
	}
	return TRUE;
}

/* What a broker said before it died counts, and is read before its end is: a poll that failed, or
 * bytes of ours that it did not take, tell of the end first. */
static void on_ready(uv_poll_t *poll, int status, int events)
{
	BrokerLink *link = poll->data;
	gboolean broken = status < 0 || !broker_wire_flush(&link->wire);
	g_autoptr(GError) error = NULL;
	ssize_t n;

	do {
		n = broker_wire_receive(&link->wire);
		if (n <= 0)
			break;
		if (!link_decode(link, &error)) {
			link_lost(link, error->message);
			return;
		}
		if (link->closing || link->wire.fd < 0)
			return;
	} while (n == BROKER_WIRE_CHUNK || broken); /* after less, the poll tells of more */
	if (n == 0) {
		link_lost(link, "it closed the control socket");
		return;
	}
	if (broken || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		link_lost(link, "the control socket broke");
		return;
	}
	watch(link);
}

static void link_connect(BrokerLink *link)
{
	ControlMessage hello = {
		.type = CONTROL_HELLO, .id = ++link->next_id, .gateway = link->name};
	g_autoptr(GError) error = NULL;
	autofd int fd = dialer_connect(link->dialer, DIALER_CONTROL, &error);

	if (fd < 0) {
		if (!link->told)
			log_warning(NULL, "the broker is away: %s", error->message);
		link->told = TRUE;
		uv_timer_start(&link->retry, on_retry, RETRY_MS, 0);
		return;
	}
	link->wire.fd = autofd_steal(&fd);
	uv_poll_init(link->retry.loop, &link->poll, link->wire.fd);
	link->poll.data = link;
	link->watched = 0;
	link_send(link, &hello);
}

BrokerLink *broker_link_new(uv_loop_t *loop, Dialer *dialer, const char *name,
			    const BrokerLinkCalls *calls, gpointer data)
{
	BrokerLink *link = g_new0(BrokerLink, 1);

	link->wire.fd = -1;
	link->dialer = dialer;
	link->name = g_strdup(name);
	link->calls = *calls;
	link->data = data;
	link->pending = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	g_queue_init(&link->wire.fds);
	uv_timer_init(loop, &link->retry);
	uv_timer_init(loop, &link->patience);
	link->retry.data = link->patience.data = link;
	link_connect(link);
	return link;
}

/* FALSE: the broker is away, which the poll may not have told yet, and has not had a byte of it. */
static gboolean ask(BrokerLink *link, const ControlMessage *message)
{
	gboolean first = buffer_length(&link->wire.out) == 0, away;
	GByteArray *bytes = control_encode(message);

	away = !link_send_bytes(link, bytes) && first &&
	       buffer_length(&link->wire.out) == bytes->len;
	if (away)
		broker_wire_take_back(&link->wire);
	else
		expect_answer(link, message->id);
	control_wipe(bytes);
	return !away;
}

gboolean broker_link_request(BrokerLink *link, ControlMessage *message, GError **error)
{
	if (link->up && buffer_length(&link->wire.out) > QUEUE_MAX) {
		g_set_error(error, FAULT, FAULT_BROKER, "the broker does not keep up");
		return FALSE;
	}
	message->id = ++link->next_id;
	if (link->up && ask(link, message))
		return TRUE;
	if (outbox_length(&link->held) >= HELD_MAX) {
		g_set_error(error, FAULT, FAULT_BROKER, "the broker is away");
		return FALSE;
	}
	hold(link, message);
	return TRUE;
}

gboolean broker_link_cancel(BrokerLink *link, guint64 id)
{
	return outbox_remove(&link->held, id);
}

void broker_link_notify(BrokerLink *link, ControlMessage *message)
{
	gboolean ended = message->type == CONTROL_ENDED;

	message->id = ended ? ++link->next_id : 0;
	if (ended && outbox_length(&link->kept) < KEPT_MAX)
		keep(link, message);
	if (link->up && (ended || buffer_length(&link->wire.out) <= QUEUE_MAX))
		link_send(link, message);
}

gboolean broker_link_is_up(const BrokerLink *link)
{
	return link->up;
}

void broker_link_close(BrokerLink *link)
{
	if (link == NULL)
		return;
	link->up = FALSE;
	link->closing = 2;
	broker_wire_drop(&link->wire);
	outbox_clear(&link->held);
	outbox_clear(&link->kept);
	if (link->wire.fd >= 0) {
		link->closing++;
		if (!uv_is_closing((uv_handle_t *)&link->poll))
			uv_close((uv_handle_t *)&link->poll, on_poll_closed);
	}
	uv_close((uv_handle_t *)&link->retry, on_closed);
	uv_close((uv_handle_t *)&link->patience, on_closed);
}
