/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The link to a broker that is away and comes back: what waits, what gives up, and what is told
 * first. The broker here is a socket that this test reads. */
#include "broker/broker_link.h"

#include "fault.h"

#include <glib/gstdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct {
	uv_loop_t loop;
	char *directory;
	Options options;
	Dialer *dialer;
	BrokerLink *link;
	int listener, broker; /* -1 = none */
	GString *heard;       /* "hello ended redeem ": what the broker was told */
	guint64 last_id;      /* of the request it was told last */
	gboolean again;       /* ... which it may know           */
	gboolean forgetful;   /* it dies before it acknowledges  */
	GByteArray *in;
	guint64 answered;
	int fault;    /* of the answer; 0 = none */
	guint64 lost; /* with its broker */
	unsigned ups;
	unsigned ends; /* before a request of that time was answered */
} Fixture;

static void on_answer(gpointer data, guint64 id, const ControlMessage *message, int fd,
		      const GError *error)
{
	Fixture *f = data;

	f->answered = id;
	f->fault = error ? error->code : 0;
	g_assert_true(error == NULL || error->domain == FAULT);
	g_assert_cmpint(fd, ==, -1);
}

static void on_lost(gpointer data, guint64 id, const GError *error)
{
	Fixture *f = data;

	f->lost = id;
	g_assert_error(error, FAULT, FAULT_BROKER);
}

static void on_end(gpointer data, const ControlMessage *message)
{
	Fixture *f = data;

	g_assert_cmpstr(message->lease, ==, "s-live");
	g_assert_cmpuint(f->answered, ==, 0);
	g_assert_cmpuint(f->lost, ==, 0);
	f->ends++;
}

static void on_up(gpointer data, gboolean again)
{
	Fixture *f = data;
	ControlMessage started = {.type = CONTROL_STARTED, .lease = (char *)"s-live"};

	g_assert_cmpint(again, ==, f->ups > 0);
	f->ups++;
	if (again)
		broker_link_notify(f->link, &started);
}

static void broker_starts(Fixture *f)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	g_strlcpy(address.sun_path, f->options.control, sizeof address.sun_path);
	g_unlink(address.sun_path);
	f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	g_assert_cmpint(bind(f->listener, (struct sockaddr *)&address, sizeof address), ==, 0);
	g_assert_cmpint(listen(f->listener, 4), ==, 0);
}

static void broker_dies(Fixture *f)
{
	close(f->listener);
	close(f->broker);
	f->listener = f->broker = -1;
	g_unlink(f->options.control);
}

static void broker_says(Fixture *f, const ControlMessage *message)
{
	g_autoptr(GByteArray) bytes = control_encode(message);

	g_assert_cmpint(send(f->broker, bytes->data, bytes->len, MSG_NOSIGNAL), ==, bytes->len);
}

static void broker_hears(Fixture *f, const ControlMessage *message)
{
	ControlMessage ok = {.type = CONTROL_OK, .id = message->id};

	g_string_append_printf(f->heard, "%s ", control_type_name(message->type));
	f->last_id = message->id;
	f->again = message->again;
	if (message->type == CONTROL_HELLO || (message->type == CONTROL_ENDED && !f->forgetful))
		broker_says(f, &ok);
}

static void broker_reads(Fixture *f)
{
	guint8 bytes[4096];
	ssize_t n;

	if (f->broker < 0 && f->listener >= 0) {
		f->broker = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		g_byte_array_set_size(f->in, 0);
	}
	n = f->broker >= 0 ? recv(f->broker, bytes, sizeof bytes, 0) : 0;
	if (n > 0)
		g_byte_array_append(f->in, bytes, (guint)n);
	for (;;) {
		g_auto(ControlMessage) message = {0};
		gssize used = control_decode(f->in->data, f->in->len, &message, NULL);

		g_assert_cmpint(used, >=, 0);
		if (used == 0)
			return;
		g_byte_array_remove_range(f->in, 0, (guint)used);
		broker_hears(f, &message);
	}
}

/* Both sides run for so long, and as many turns, or until *until has got a value. */
static void spin(Fixture *f, unsigned ms, const guint64 *until)
{
	gint64 end = g_get_monotonic_time() + ms * 1000;

	for (unsigned turn = 0;
	     (turn < ms || g_get_monotonic_time() < end) && (until == NULL || *until == 0);
	     turn++) {
		uv_run(&f->loop, UV_RUN_NOWAIT);
		broker_reads(f);
		g_usleep(1000);
	}
}

static void spin_until_heard(Fixture *f, const char *what)
{
	for (unsigned i = 0; i < 3000 && !g_str_has_suffix(f->heard->str, what); i++)
		spin(f, 10, NULL);
	g_assert_cmpstr(f->heard->str, ==, what);
	g_string_truncate(f->heard, 0);
}

static guint64 redeem(Fixture *f)
{
	g_autoptr(GError) error = NULL;
	ControlMessage request = {.type = CONTROL_REDEEM,
				  .ticket = (char *)"t",
				  .protocol = (char *)"vnc",
				  .peer = (char *)"192.0.2.1:1"};

	g_assert_true(broker_link_request(f->link, &request, &error));
	g_assert_no_error(error);
	return request.id;
}

static void notify_ended(Fixture *f)
{
	ControlMessage ended = {.type = CONTROL_ENDED,
				.lease = (char *)"s-over",
				.fault = (char *)"ended",
				.reason = (char *)"the client left",
				.step = (char *)"relay",
				.bytes_in = 1,
				.bytes_out = 2,
				.milliseconds = 3};

	broker_link_notify(f->link, &ended);
}

static void begin(Fixture *f, gconstpointer unused)
{
	static const BrokerLinkCalls calls = {
		.answer = on_answer, .lost = on_lost, .end = on_end, .up = on_up};
	g_autoptr(GError) error = NULL;

	uv_loop_init(&f->loop);
	f->directory = g_dir_make_tmp("oriel-XXXXXX", NULL);
	f->options.control = g_build_filename(f->directory, "control.sock", NULL);
	f->options.web = g_build_filename(f->directory, "web.sock", NULL);
	f->dialer = dialer_start(&f->options, &error);
	g_assert_no_error(error);
	f->heard = g_string_new(NULL);
	f->in = g_byte_array_new();
	f->listener = f->broker = -1;
	broker_starts(f);
	f->link = broker_link_new(&f->loop, f->dialer, "gw", &calls, f);
	spin_until_heard(f, "hello ");
	for (unsigned i = 0; i < 3000 && f->ups == 0; i++)
		spin(f, 10, NULL);
	g_assert_cmpuint(f->ups, ==, 1);
}

static void end(Fixture *f, gconstpointer unused)
{
	broker_link_close(f->link);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	g_assert_cmpint(uv_loop_close(&f->loop), ==, 0);
	dialer_free(f->dialer);
	if (f->listener >= 0)
		broker_dies(f);
	g_rmdir(f->directory);
	g_free(f->directory);
	g_free(f->options.control);
	g_free(f->options.web);
	g_string_free(f->heard, TRUE);
	g_byte_array_unref(f->in);
}

/* A request waits, the end of a session is kept; both arrive, in the order that the books need. */
static void test_comes_back(Fixture *f, gconstpointer unused)
{
	ControlMessage ok = {.type = CONTROL_OK};

	broker_dies(f);
	spin(f, 50, NULL);
	ok.id = redeem(f);
	notify_ended(f);
	spin(f, 200, NULL);
	g_assert_cmpuint(f->answered, ==, 0);
	broker_starts(f);
	spin_until_heard(f, "hello ended started redeem ");
	g_assert_cmpuint(f->last_id, ==, ok.id);
	broker_says(f, &ok);
	spin(f, 1000, &f->answered);
	g_assert_cmpuint(f->answered, ==, ok.id);
	g_assert_cmpint(f->fault, ==, 0);
}

/* A broker that is killed between a word and its deed is told again; one that has done it
 * is not. */
static void test_told_again(Fixture *f, gconstpointer unused)
{
	guint64 id;

	f->forgetful = TRUE;
	notify_ended(f);
	spin_until_heard(f, "ended ");
	g_assert_false(f->again);
	id = f->last_id;
	broker_dies(f);
	spin(f, 50, NULL);
	f->forgetful = FALSE;
	broker_starts(f);
	spin_until_heard(f, "hello ended started ");
	redeem(f); /* the acknowledgement has come before its id is used */
	spin_until_heard(f, "redeem ");
	g_assert_cmpuint(f->last_id, >, id);
	broker_dies(f);
	spin(f, 50, NULL);
	broker_starts(f);
	spin_until_heard(f, "hello started ");
}

/* One that is sent already is lost at once: nobody knows what has become of it. It is asked again
 * by who asked, and not by us. */
static void test_under_way(Fixture *f, gconstpointer unused)
{
	guint64 id = redeem(f);

	spin_until_heard(f, "redeem ");
	broker_dies(f);
	spin(f, 30000, &f->lost);
	g_assert_cmpuint(f->lost, ==, id);
	id = redeem(f);
	broker_starts(f);
	spin_until_heard(f, "hello started redeem ");
	g_assert_cmpuint(f->last_id, ==, id);
	g_assert_cmpuint(f->answered, ==, 0);
}

static void says_end(Fixture *f)
{
	ControlMessage message = {.type = CONTROL_END,
				  .lease = (char *)"s-live",
				  .fault = (char *)"ended",
				  .reason = (char *)"an administrator ended it"};

	broker_says(f, &message);
}

/* It was killed before it read the request: its last word is heard all the same. */
static void test_last_word(Fixture *f, gconstpointer unused)
{
	guint64 id = redeem(f);

	says_end(f);
	broker_dies(f);
	spin(f, 30000, &f->lost);
	g_assert_cmpuint(f->lost, ==, id);
	g_assert_cmpuint(f->ends, ==, 1);
}

/* The same, when it is asked before anybody has seen that it is dead: who asks waits for the next
 * one, since this one has heard nothing. */
static void test_last_word_unasked(Fixture *f, gconstpointer unused)
{
	guint64 id;

	says_end(f);
	broker_dies(f);
	id = redeem(f);
	broker_starts(f);
	spin_until_heard(f, "hello started redeem ");
	g_assert_cmpuint(f->last_id, ==, id);
	g_assert_cmpuint(f->answered, ==, 0);
	g_assert_cmpuint(f->ends, ==, 1);
}

static void test_taken_back(Fixture *f, gconstpointer unused)
{
	guint64 first, second;

	broker_dies(f);
	spin(f, 50, NULL);
	first = redeem(f);
	second = redeem(f);
	g_assert_true(broker_link_cancel(f->link, first));
	g_assert_false(broker_link_cancel(f->link, first));
	broker_starts(f);
	spin_until_heard(f, "hello started redeem ");
	g_assert_cmpuint(f->last_id, ==, second);
	g_assert_false(broker_link_cancel(f->link, second));
}

static void test_gives_up(Fixture *f, gconstpointer unused)
{
	gint64 begin_at = g_get_monotonic_time();
	guint64 id;

	broker_dies(f);
	spin(f, 50, NULL);
	id = redeem(f);
	spin(f, 15000, &f->answered);
	g_assert_cmpuint(f->answered, ==, id);
	g_assert_cmpint(f->fault, ==, FAULT_BROKER);
	g_assert_cmpint(g_get_monotonic_time() - begin_at, >, 9 * G_USEC_PER_SEC);
}

/* There is an end to what is held, and closing frees it. */
static void test_bounded(Fixture *f, gconstpointer unused)
{
	ControlMessage request = {.type = CONTROL_JOIN,
				  .client_id = 1,
				  .channel = (char *)"display:0",
				  .ticket = (char *)"t",
				  .peer = (char *)"192.0.2.1:1"};
	g_autoptr(GError) error = NULL;
	unsigned n = 0;

	broker_dies(f);
	spin(f, 50, NULL);
	while (n < 100000 && broker_link_request(f->link, &request, &error))
		n++;
	g_assert_cmpuint(n, >, 100);
	g_assert_cmpuint(n, <, 100000);
	g_assert_error(error, FAULT, FAULT_BROKER);
	for (unsigned i = 0; i < 10000; i++)
		notify_ended(f);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_log_set_always_fatal(
		G_LOG_FATAL_MASK); /* the link warns when the broker goes: it should */
	g_test_add("/broker-link/comes-back", Fixture, NULL, begin, test_comes_back, end);
	g_test_add("/broker-link/told-again", Fixture, NULL, begin, test_told_again, end);
	g_test_add("/broker-link/under-way", Fixture, NULL, begin, test_under_way, end);
	g_test_add("/broker-link/last-word", Fixture, NULL, begin, test_last_word, end);
	g_test_add("/broker-link/last-word-unasked", Fixture, NULL, begin, test_last_word_unasked,
		   end);
	g_test_add("/broker-link/taken-back", Fixture, NULL, begin, test_taken_back, end);
	g_test_add("/broker-link/gives-up", Fixture, NULL, begin, test_gives_up, end);
	g_test_add("/broker-link/bounded", Fixture, NULL, begin, test_bounded, end);
	return g_test_run();
}
