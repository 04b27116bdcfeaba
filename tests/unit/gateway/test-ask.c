/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of a question that a broker died with. */
#include "control/control.h"
#include "fault.h"
#include "secret.h"
#include "session/session_loop.h"

typedef struct {
	GString *asked; /* "redeem t join t ": what the broker was asked, with which ticket */
	guint64 last_id;
	gboolean full; /* there is no room for another request */
	unsigned runs;
	SessionLoop own;
	Session session;
} Fixture;

static Fixture *here;

/* ---- a broker that listens, and a session that only counts its runs */

BrokerLink *worker_broker(Worker *worker)
{
	return NULL;
}

void worker_expect(Worker *worker, guint64 request_id, Session *session)
{
	g_assert_true(session == &here->session);
	g_assert_cmpuint(request_id, ==, here->last_id);
}

gboolean broker_link_request(BrokerLink *link, ControlMessage *message, GError **error)
{
	if (here->full) {
		g_set_error_literal(error, FAULT, FAULT_BROKER, "no room");
		return FALSE;
	}
	message->id = ++here->last_id;
	g_string_append_printf(here->asked, "%s %s ", control_type_name(message->type),
			       message->ticket ? message->ticket : message->password);
	return TRUE;
}

void session_run(Session *session)
{
	here->runs++;
}

/* ---- the session */

static void begin(Fixture *f, AskKind kind)
{
	f->own = (SessionLoop){.at = REDEEM_ROW};
	f->session = (Session){.loop = &f->own, .endpoint_fd = -1};
	f->session.ask = (Ask){.kind = kind, .protocol = "vnc"};
	if (kind == ASK_LOGIN)
		f->session.ask.password = secret_dup("p");
	else
		f->session.ask.ticket = secret_dup("t");
	f->runs = 0;
	f->full = FALSE;
	g_string_truncate(f->asked, 0);
	g_assert_cmpint(session_redeem(&f->session, NULL), ==, STEP_WAIT);
}

static void broker_dies(Fixture *f)
{
	g_autoptr(GError) error = g_error_new_literal(FAULT, FAULT_BROKER, "it died");

	session_lost(&f->session, error);
	g_assert_cmpuint(f->runs, >, 0);
}

static void broker_refuses(Fixture *f, Fault code)
{
	const ControlMessage refuse = {.type = CONTROL_REFUSE,
				       .id = f->last_id,
				       .fault = (char *)fault_info(code)->name,
				       .reason = (char *)"is spent"};

	session_answered(&f->session, &refuse, -1, NULL);
}

static void assert_failed(Fixture *f, Fault code, const char *words)
{
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(session_redeem(&f->session, &error), ==, STEP_FAIL);
	g_assert_error(error, FAULT, (int)code);
	g_assert_nonnull(strstr(error->message, words));
	g_assert_null(f->session.ask.ticket);
	g_assert_null(f->session.ask.password);
}

static void set_up(Fixture *f, gconstpointer data)
{
	here = f;
	f->asked = g_string_new(NULL);
}

static void tear_down(Fixture *f, gconstpointer data)
{
	ask_clear(&f->session.ask);
	g_free(f->session.lease);
	g_string_free(f->asked, TRUE);
}

/* ---- tests */

/* The one that died had not used it up. */
static void test_next_takes_it(Fixture *f, gconstpointer data)
{
	const ControlMessage lease = {.type = CONTROL_LEASE, .lease = (char *)"s-1"};

	begin(f, ASK_TICKET);
	broker_dies(f);
	g_assert_cmpstr(f->asked->str, ==, "redeem t redeem t ");
	g_assert_cmpint(session_redeem(&f->session, NULL), ==, STEP_WAIT);
	session_answered(&f->session, &lease, -1, NULL);
	g_assert_cmpint(session_redeem(&f->session, NULL), ==, STEP_NEXT);
	g_assert_cmpstr(f->session.lease, ==, "s-1");
	g_assert_null(f->session.ask.ticket);
}

/* It had: nobody did anything wrong, and is not told so. */
static void test_next_refuses_it(Fixture *f, gconstpointer data)
{
	begin(f, ASK_TICKET);
	broker_dies(f);
	broker_refuses(f, FAULT_DENIED);
	assert_failed(f, FAULT_BROKER, "is spent");
	begin(f, ASK_TICKET);
	broker_dies(f);
	broker_refuses(f, FAULT_QUOTA);
	assert_failed(f, FAULT_QUOTA, "is spent");
	begin(f, ASK_TICKET);
	broker_refuses(f, FAULT_DENIED);
	assert_failed(f, FAULT_DENIED, "is spent");
}

/* It may be what brokers die of. */
static void test_not_thrice(Fixture *f, gconstpointer data)
{
	begin(f, ASK_TICKET);
	broker_dies(f);
	broker_dies(f);
	g_assert_cmpstr(f->asked->str, ==, "redeem t redeem t ");
	assert_failed(f, FAULT_BROKER, "it died");
}

static void test_no_room(Fixture *f, gconstpointer data)
{
	begin(f, ASK_TICKET);
	f->full = TRUE;
	broker_dies(f);
	assert_failed(f, FAULT_BROKER, "no room");
}

/* A password would count as tried twice; a channel's viewer tries again by itself. */
static void test_others(Fixture *f, gconstpointer data)
{
	begin(f, ASK_LOGIN);
	broker_dies(f);
	g_assert_cmpstr(f->asked->str, ==, "login p ");
	assert_failed(f, FAULT_BROKER, "it died");
	begin(f, ASK_JOIN);
	broker_dies(f);
	g_assert_cmpstr(f->asked->str, ==, "join t ");
	assert_failed(f, FAULT_BROKER, "it died");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/ask/next-takes-it", Fixture, NULL, set_up, test_next_takes_it, tear_down);
	g_test_add("/ask/next-refuses-it", Fixture, NULL, set_up, test_next_refuses_it, tear_down);
	g_test_add("/ask/not-thrice", Fixture, NULL, set_up, test_not_thrice, tear_down);
	g_test_add("/ask/no-room", Fixture, NULL, set_up, test_no_room, tear_down);
	g_test_add("/ask/others", Fixture, NULL, set_up, test_others, tear_down);
	return g_test_run();
}
