/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is told here is an order, never a time: a socket that always has something is the people at
 * their desktops ('p'), and each piece of work writes its letter, too. The clock is the test's: it
 * goes on with what is done, not with what else this machine does meanwhile. */
#include "listener.h"
#include "turns.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define LONG_NS  (1000 * 1000) /* more than a slice of toil */
#define SLEEP_NS (200 * 1000)  /* more than a rest          */
#define TURN_NS  (10 * 1000)   /* of the loop, without a sleep */
#define CROWD    20

typedef struct {
	uv_loop_t loop;
	Turns *turns;
	GString *order;
	uv_poll_t people;
	uv_prepare_t sleep;
	int fd;
	gboolean long_toil; /* each piece takes LONG_NS */
	unsigned slept;     /* how often the loop had nothing to do but to wait */
	unsigned taken;
} Fixture;

typedef struct {
	Fixture *f;
	char letter;
	unsigned times; /* left, each comes again by itself */
	Turn turn, other;
} Worker;

static guint64 now_ns;

/* In place of libuv's, for the gateway's code in this program. */
uint64_t uv_hrtime(void)
{
	return now_ns;
}

static void on_people(uv_poll_t *poll, int status, int events)
{
	Fixture *f = poll->data;

	g_string_append_c(f->order, 'p');
}

static void on_sleep(uv_prepare_t *prepare)
{
	Fixture *f = prepare->data;
	gboolean waits = uv_backend_timeout(&f->loop) != 0;

	f->slept += waits;
	now_ns += waits && !uv_is_active((uv_handle_t *)&f->people) ? SLEEP_NS : TURN_NS;
}

static void set_up(Fixture *f, gconstpointer data)
{
	uv_loop_init(&f->loop);
	f->turns = turns_new(&f->loop);
	f->order = g_string_new(NULL);
	f->fd = eventfd(1, EFD_CLOEXEC);
	uv_poll_init(&f->loop, &f->people, f->fd);
	uv_prepare_init(&f->loop, &f->sleep);
	f->people.data = f->sleep.data = f;
	uv_poll_start(&f->people, UV_READABLE, on_people);
	uv_prepare_start(&f->sleep, on_sleep);
}

static void tear_down(Fixture *f, gconstpointer data)
{
	turns_close(f->turns);
	uv_close((uv_handle_t *)&f->people, NULL);
	uv_close((uv_handle_t *)&f->sleep, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	g_assert_cmpint(uv_loop_close(&f->loop), ==, 0);
	close(f->fd);
	g_string_free(f->order, TRUE);
}

/* No two pieces of toil without somebody between them; returns how many there were. */
static unsigned assert_between(const char *order, unsigned at_a_time)
{
	unsigned sum = 0, row = 0;

	for (; *order; order++) {
		row = *order == 'p' ? 0 : row + 1;
		sum += *order != 'p';
		g_assert_cmpuint(row, <=, at_a_time);
	}
	return sum;
}

static void run_turns(Fixture *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		uv_run(&f->loop, UV_RUN_NOWAIT);
}

static void toil(gpointer data)
{
	Worker *w = data;

	now_ns += w->f->long_toil ? LONG_NS : 0;
	g_string_append_c(w->f->order, w->letter);
	g_assert_true(turns_toils(w->f->turns, &w->turn));
	if (--w->times > 0)
		turns_wait(w->f->turns, &w->turn);
}

static void note(gpointer data)
{
	Worker *w = data;

	g_string_append_c(w->f->order, w->letter);
}

static void start(Fixture *f, Worker *w, char letter, unsigned times)
{
	*w = (Worker){.f = f, .letter = letter, .times = times};
	w->turn = (Turn){.run = toil, .data = w};
	w->other = (Turn){.run = note, .data = w};
}

static void test_one_in_each_turn(Fixture *f, gconstpointer data)
{
	Worker all[CROWD];

	for (unsigned i = 0; i < CROWD; i++) {
		start(f, &all[i], (char)('A' + i), 1);
		turns_wait(f->turns, &all[i].turn);
		turns_toil(f->turns, &all[i].turn); /* once is enough */
	}
	while (strchr(f->order->str, 'A' + CROWD - 1) == NULL)
		run_turns(f, 1);
	g_assert_cmpuint(assert_between(f->order->str, 1), ==, CROWD);
	g_assert_nonnull(strstr(f->order->str, "ApB"));
}

/* Who is alone does not wait; who comes in the same moment does, and nobody overtakes him. */
static void test_at_once(Fixture *f, gconstpointer data)
{
	Worker a, b, c;

	start(f, &a, 'a', 1);
	start(f, &b, 'b', 1);
	start(f, &c, 'c', 1);
	turns_toil(f->turns, &a.turn);
	turns_toil(f->turns, &b.turn);
	g_assert_cmpstr(f->order->str, ==, "a");
	run_turns(f, 1);
	turns_toil(f->turns, &c.turn);
	g_assert_cmpstr(f->order->str, ==, "ap");
	run_turns(f, 2);
	g_assert_cmpstr(f->order->str, ==, "apbpcp");
	start(f, &a, 'A', 1);
	turns_toil(f->turns, &a.turn);
	g_assert_cmpstr(f->order->str, ==, "apbpcpA");
}

/* Of those that come again and again each four turns one, while there are others. */
static void test_often(Fixture *f, gconstpointer data)
{
	Worker old[2], all[CROWD];
	const char *last;

	start(f, &old[0], 'x', 30);
	start(f, &old[1], 'y', 30);
	turns_wait(f->turns, &old[0].turn);
	turns_wait(f->turns, &old[1].turn);
	while (old[1].times > 10)
		run_turns(f, 1);
	g_string_truncate(f->order, 0);
	for (unsigned i = 0; i < CROWD; i++) {
		start(f, &all[i], (char)('A' + i), 1);
		turns_wait(f->turns, &all[i].turn);
	}
	while (old[0].times + old[1].times > 0)
		run_turns(f, 1);
	last = strchr(f->order->str, 'A' + CROWD - 1);
	g_string_truncate(f->order, (gsize)(last - f->order->str) + 1);
	g_assert_cmpuint(assert_between(f->order->str, 1), <=, CROWD + CROWD / 3 + 1);
	g_assert_cmpuint(assert_between(f->order->str, 1), >=, CROWD + CROWD / 3 - 1);
}

/* Who has more to do comes again after the others, not before, and in the same order. */
static void test_again(Fixture *f, gconstpointer data)
{
	Worker a, b;

	start(f, &a, 'a', 1);
	start(f, &b, 'b', 1);
	turns_again(f->turns, &a.other);
	turns_again(f->turns, &b.other);
	run_turns(f, 1);
	turns_again(f->turns, &a.other);
	run_turns(f, 2);
	g_assert_cmpstr(f->order->str, ==, "abpapp");
}

static void test_forgotten(Fixture *f, gconstpointer data)
{
	Worker a, b;

	start(f, &a, 'a', 1);
	start(f, &b, 'b', 1);
	turns_again(f->turns, &a.other);
	turns_wait(f->turns, &a.turn);
	turns_wait(f->turns, &b.turn);
	turn_forget(&a.other);
	turn_forget(&a.turn);
	turn_forget(&a.other);
	run_turns(f, 3);
	g_assert_cmpstr(f->order->str, ==, "bppp");
}

/* After a slice of toil the loop sleeps, though there is more of it. */
static void test_rest(Fixture *f, gconstpointer data)
{
	Worker a;

	uv_poll_stop(&f->people);
	f->long_toil = TRUE;
	start(f, &a, 'a', 3);
	turns_toil(f->turns, &a.turn);
	for (unsigned n = 1; n <= 3; n++) {
		while (f->order->len < n)
			uv_run(&f->loop, UV_RUN_ONCE);
		g_assert_cmpuint(f->slept, >=, n - 1);
	}
	g_assert_cmpstr(f->order->str, ==, "aaa");
}

static void on_work(uv_timer_t *timer)
{
	(*(unsigned *)timer->data)++;
}

/* What the loop sleeps for want of work is rest, too, and no timer of its own wakes it. */
static void test_rest_alone(Fixture *f, gconstpointer data)
{
	uv_timer_t work;
	unsigned worked = 0;
	Worker a, b;

	uv_poll_stop(&f->people);
	run_turns(f, 1); /* all watches are known from here on */
	f->long_toil = TRUE;
	start(f, &a, 'a', 1);
	start(f, &b, 'b', 1);
	turns_toil(f->turns, &a.turn);
	g_assert_true(turns_rest(f->turns));
	uv_timer_init(&f->loop, &work);
	work.data = &worked;
	uv_timer_start(&work, on_work, 20, 20);
	while (worked == 0 || turns_rest(f->turns))
		uv_run(&f->loop, UV_RUN_ONCE);
	g_assert_cmpuint(f->slept, <=, worked);
	turns_toil(f->turns, &b.turn);
	g_assert_cmpstr(f->order->str, ==, "ab");
	uv_close((uv_handle_t *)&work, NULL);
	run_turns(f, 1);
}

/* People who never pause do not keep it for ever from who waits. */
static void test_rest_ends(Fixture *f, gconstpointer data)
{
	Worker a;

	f->long_toil = TRUE;
	start(f, &a, 'a', 5);
	turns_toil(f->turns, &a.turn);
	while (a.times > 0)
		run_turns(f, 1);
	g_assert_cmpuint(assert_between(f->order->str, 1), ==, 5);
}

static void close_all(gpointer data)
{
	Worker *w = data;

	now_ns += LONG_NS;
	turns_close(g_steal_pointer(&w->f->turns));
}

/* The last session of a worker that is to go ends in its own turn. */
static void test_closed_in_a_turn(Fixture *f, gconstpointer data)
{
	Worker a, b;

	start(f, &a, 'a', 1);
	start(f, &b, 'b', 1);
	a.turn.run = close_all;
	turns_wait(f->turns, &a.turn);
	turns_wait(f->turns, &b.turn);
	run_turns(f, 3);
	g_assert_cmpstr(f->order->str, ==, "ppp");
}

/* ---- a crowd at the door */

static gboolean on_accept(gpointer data, int fd, const char *address, gboolean vnc_only)
{
	Fixture *f = data;

	now_ns += f->long_toil ? LONG_NS : 0;
	close(fd);
	f->taken++;
	g_string_append_c(f->order, 'c');
	return TRUE;
}

static int open_door(struct sockaddr_in *address)
{
	socklen_t n = sizeof *address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){.sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	g_assert_cmpint(bind(fd, (struct sockaddr *)address, sizeof *address), ==, 0);
	g_assert_cmpint(listen(fd, CROWD), ==, 0);
	g_assert_cmpint(getsockname(fd, (struct sockaddr *)address, &n), ==, 0);
	return fd;
}

static void take_crowd(Fixture *f)
{
	struct sockaddr_in address;
	int fds[CROWD], door = open_door(&address);
	Listener *listener = listener_new(&f->loop, f->turns, door, FALSE, on_accept, f);

	for (unsigned i = 0; i < CROWD; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		g_assert_cmpint(connect(fds[i], (struct sockaddr *)&address, sizeof address), ==,
				0);
	}
	while (f->taken < CROWD)
		uv_run(&f->loop, UV_RUN_ONCE);
	listener_close(listener);
	for (unsigned i = 0; i < CROWD; i++)
		close(fds[i]);
}

static void test_crowd(Fixture *f, gconstpointer data)
{
	take_crowd(f);
	g_assert_cmpuint(assert_between(f->order->str, 2), ==, CROWD);
}

/* A whole turn without any of them, at least, after those that took so long. */
static void test_crowd_rests(Fixture *f, gconstpointer data)
{
	g_auto(GStrv) turns = NULL;

	f->long_toil = TRUE;
	take_crowd(f);
	g_strdelimit(f->order->str, "p", ' ');
	turns = g_strsplit(g_strstrip(f->order->str), "c ", -1);
	for (unsigned i = 1; turns[i]; i++)
		g_assert_cmpint(*turns[i], ==, ' ');
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add("/turns/" name, Fixture, NULL, set_up, test, tear_down)
	ADD("one-in-each-turn", test_one_in_each_turn);
	ADD("at-once", test_at_once);
	ADD("often", test_often);
	ADD("again", test_again);
	ADD("forgotten", test_forgotten);
	ADD("rest", test_rest);
	ADD("rest-alone", test_rest_alone);
	ADD("rest-ends", test_rest_ends);
	ADD("closed-in-a-turn", test_closed_in_a_turn);
	ADD("crowd", test_crowd);
	ADD("crowd-rests", test_crowd_rests);
	return g_test_run();
}
