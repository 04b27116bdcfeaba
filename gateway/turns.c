/* SPDX-License-Identifier: GPL-3.0-or-later */
/* turns: see turns.h. */
#include "turns.h"

#include <sys/timerfd.h>
#include <unistd.h>

#define SLICE_NS (300 * 1000)   /* of toil: about a handshake, or a dozen connections */
#define OLD_NS   (4 * SLICE_NS) /* in which so much of it asks for a rest             */
#define REST_NS  (100 * 1000)   /* of sleep; libuv's own timers have whole milliseconds */
#define LONG_NS  (4 * REST_NS)  /* a rest ends, though people have let nobody sleep   */
#define OFTEN    16             /* more toil than most need until they have a desktop */
#define NEW_ONES 3              /* for each one that has come so often                */

struct Turns {
	GQueue again, rested; /* of Turn, by their links            */
	GQueue toil[2];       /* likewise: of new ones, of OFTEN ones */
	unsigned since_often; /* how many new ones since the last of those */
	uv_idle_t again_idle; /* runs while there are some in `again`     */
	uv_idle_t toil_idle;  /* ... in `toil`, and this is no rest       */
	uv_prepare_t before;  /* ... in a rest, and after a piece of toil */
	uv_check_t after;     /* ... in a rest                            */
	uv_poll_t alarm;      /* ... always: of the timer that ends a sleep */
	int timer;
	int handles;
	const Turn *toils; /* whose turn that is now                   */
	gboolean had_one;  /* a piece, since the sockets were looked at */
	guint64 toiled;    /* ns of toil since ...                     */
	guint64 began_at;  /* ... then                                 */
	gboolean rests;
	guint64 rests_since, sleeps_since, slept; /* ns */
};

static gboolean put(GQueue *row, Turn *turn)
{
	if (turn->link.data != NULL)
		return FALSE;
	turn->link.data = row;
	g_queue_push_tail_link(row, &turn->link);
	return TRUE;
}

gboolean turn_is_due(const Turn *turn)
{
	return turn->link.data != NULL;
}

void turn_forget(Turn *turn)
{
	GQueue *row = g_steal_pointer(&turn->link.data);

	if (row != NULL)
		g_queue_unlink(row, &turn->link);
}

static Turn *take_first(GQueue *row)
{
	GList *link = g_queue_pop_head_link(row);

	link->data = NULL;
	return (Turn *)link;
}

/* Those that are there now: who comes again meanwhile has to wait for the next time. */
static void run_all(GQueue *row)
{
	for (guint n = row->length; n > 0 && row->length > 0; n--) {
		Turn *turn = take_first(row);

		turn->run(turn->data);
	}
}

/* ---- again */

static void on_again(uv_idle_t *idle)
{
	Turns *turns = idle->data;

	run_all(&turns->again);
	if (turns->again.length == 0)
		uv_idle_stop(idle);
}

void turns_again(Turns *turns, Turn *turn)
{
	if (put(&turns->again, turn))
		uv_idle_start(&turns->again_idle, on_again);
}

/* ---- rest */

static void on_toil(uv_idle_t *idle);

static gboolean has_toil(const Turns *turns)
{
	return turns->toil[0].length + turns->toil[1].length > 0;
}

gboolean turns_rest(const Turns *turns)
{
	return turns->rests;
}

static void rest_is_over(Turns *turns, guint64 now)
{
	turns->rests = FALSE;
	uv_check_stop(&turns->after);
	turns->toiled = 0;
	turns->began_at = now;
	if (has_toil(turns))
		uv_idle_start(&turns->toil_idle, on_toil);
	run_all(&turns->rested);
}

/* The loop is about to look at its sockets, or to sleep. Who waits for the end of the rest has it
 * woken; if nobody does, it may sleep for as long as it likes. */
static void on_before(uv_prepare_t *prepare)
{
	Turns *turns = prepare->data;
	struct itimerspec left = {.it_value.tv_nsec = (long)(REST_NS - turns->slept)};

	turns->had_one = FALSE;
	if (!turns->rests) {
		uv_prepare_stop(prepare);
		return;
	}
	if (has_toil(turns) || turns->rested.length > 0)
		timerfd_settime(turns->timer, 0, &left, NULL);
	turns->sleeps_since = uv_hrtime();
}

/* What sessions do in a rest is none; but they may not put its end off for ever. */
static void on_after(uv_check_t *check)
{
	Turns *turns = check->data;
	guint64 now = uv_hrtime();

	turns->slept += now - turns->sleeps_since;
	if (turns->slept >= REST_NS || now - turns->rests_since >= LONG_NS)
		rest_is_over(turns, now);
}

static void on_alarm(uv_poll_t *poll, int status, int events)
{
	Turns *turns = poll->data;
	guint64 times;

	(void)!read(turns->timer, &times, sizeof times);
}

/* ---- toil */

void turns_toiled(Turns *turns, guint64 begun)
{
	guint64 now = uv_hrtime();

	if (turns->rests)
		return;
	if (begun - turns->began_at > OLD_NS) {
		turns->began_at = begun;
		turns->toiled = 0;
	}
	turns->toiled += now - begun;
	if (turns->toiled < SLICE_NS)
		return;
	turns->rests = TRUE;
	turns->rests_since = turns->sleeps_since = now;
	turns->slept = 0;
	uv_idle_stop(&turns->toil_idle);
	uv_prepare_start(&turns->before, on_before);
	uv_check_start(&turns->after, on_after);
}

static void run_piece(Turns *turns, Turn *turn)
{
	guint64 begun = uv_hrtime();

	turns->had_one = TRUE;
	uv_prepare_start(&turns->before, on_before);
	turns->toils = turn;
	turn->run(turn->data);
	turns->toils = NULL;
	turns_toiled(turns, begun);
}

/* Who says a byte at a time does not keep those waiting who come to the point. */
static GQueue *next_row(Turns *turns)
{
	gboolean often = turns->toil[0].length == 0 ||
			 (turns->toil[1].length > 0 && turns->since_often >= NEW_ONES);

	turns->since_often = often ? 0 : turns->since_often + 1;
	return &turns->toil[often];
}

static void on_toil(uv_idle_t *idle)
{
	Turns *turns = idle->data;

	if (turns->had_one)
		return;
	if (has_toil(turns))
		run_piece(turns, take_first(next_row(turns)));
	if (!has_toil(turns))
		uv_idle_stop(idle);
}

void turns_wait(Turns *turns, Turn *turn)
{
	if (turn_is_due(turn))
		return;
	turn->times++;
	put(&turns->toil[turn->times > OFTEN], turn);
	if (!turns->rests)
		uv_idle_start(&turns->toil_idle, on_toil);
}

void turns_toil(Turns *turns, Turn *turn)
{
	if (turn_is_due(turn) || turns->rests || turns->had_one || has_toil(turns)) {
		turns_wait(turns, turn);
		return;
	}
	turn->times++;
	run_piece(turns, turn);
}

gboolean turns_toils(const Turns *turns, const Turn *turn)
{
	return turns->toils == turn;
}

void turns_rested(Turns *turns, Turn *turn)
{
	g_assert(turns->rests);
	put(&turns->rested, turn);
}

/* ---- birth and end */

Turns *turns_new(uv_loop_t *loop)
{
	Turns *turns = g_new0(Turns, 1);

	turns->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (turns->timer < 0)
		g_error("timerfd_create failed");
	turns->handles = 5;
	uv_idle_init(loop, &turns->again_idle);
	uv_idle_init(loop, &turns->toil_idle);
	uv_prepare_init(loop, &turns->before);
	uv_check_init(loop, &turns->after);
	uv_poll_init(loop, &turns->alarm, turns->timer);
	turns->again_idle.data = turns->toil_idle.data = turns->before.data = turns->after.data =
		turns->alarm.data = turns;
	uv_poll_start(&turns->alarm, UV_READABLE, on_alarm);
	return turns;
}

static void on_closed(uv_handle_t *handle)
{
	Turns *turns = handle->data;

	if (--turns->handles > 0)
		return;
	close(turns->timer);
	g_free(turns);
}

void turns_close(Turns *turns)
{
	if (turns == NULL)
		return;
	turns->rests = TRUE; /* whose piece this may be does not start what closes now */
	uv_close((uv_handle_t *)&turns->again_idle, on_closed);
	uv_close((uv_handle_t *)&turns->toil_idle, on_closed);
	uv_close((uv_handle_t *)&turns->before, on_closed);
	uv_close((uv_handle_t *)&turns->after, on_closed);
	uv_close((uv_handle_t *)&turns->alarm, on_closed);
}
