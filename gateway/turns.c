/* SPDX-License-Identifier: GPL-3.0-or-later */
/* turns: see turns.h. */
#include "turns.h"

#include <sys/timerfd.h>
#include <unistd.h>

#define SLICE_NS (300 * 1000)   /* of toil: about a handshake, or a dozen connections */
#define OLD_NS   (4 * SLICE_NS) /* in which so much of it asks for a rest             */
#define REST_NS  (100 * 1000)   /* libuv's own timers have whole milliseconds         */
#define OFTEN    16             /* more toil than most need until they have a desktop */
#define NEW_ONES 3              /* for each one that has come so often                */
#define PUT_OFF  4              /* how often one may be, for people's sake            */

struct Turns {
	GQueue again, rested; /* of Turn, by their links                  */
	GQueue toil[2];       /* likewise: of new ones, of OFTEN ones     */
	uv_idle_t again_idle; /* runs while there are some in `again`     */
	uv_idle_t toil_idle;  /* ... in `toil`, and this is no rest       */
	uv_prepare_t sleep;   /* ... in a rest that can still be put off  */
	unsigned since_often; /* how many new ones since the last of those */
	uv_poll_t rest;
	int timer;
	int handles;
	const Turn *toils; /* whose turn that is now */
	guint64 toiled;    /* ns of toil since ...  */
	guint64 began_at;  /* ... then              */
	unsigned put_off;  /* how often this rest was */
	gboolean rests;
};

static gboolean put(GQueue *row, Turn *turn)
{
	if (turn->link.data != NULL)
		return FALSE;
	turn->link.data = turn;
	g_queue_push_tail_link(row, &turn->link);
	return TRUE;
}

gboolean turn_is_due(const Turn *turn)
{
	return turn->link.data != NULL;
}

static void put_not(GQueue *row, Turn *turn)
{
	if (turn->link.data == NULL)
		return;
	turn->link.data = NULL;
	g_queue_unlink(row, &turn->link);
}

/* FALSE: there is none. It may be put anew, and its owner may be gone on return. */
static gboolean run_first(GQueue *row)
{
	GList *link = g_queue_pop_head_link(row);
	Turn *turn = link ? g_steal_pointer(&link->data) : NULL;

	if (turn == NULL)
		return FALSE;
	turn->run(turn->data);
	return TRUE;
}

/* Those that are there now: who comes again meanwhile has to wait for the next time. */
static void run_all(GQueue *row)
{
	for (guint n = row->length; n > 0 && run_first(row); n--)
		;
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

void turns_again_not(Turns *turns, Turn *turn)
{
	put_not(&turns->again, turn);
}

/* ---- toil */

static gboolean has_toil(const Turns *turns)
{
	return turns->toil[0].length + turns->toil[1].length > 0;
}

/* Who says a byte at a time does not keep those waiting who come to the point. */
static GQueue *next_toil(Turns *turns)
{
	gboolean often = turns->toil[0].length == 0 ||
			 (turns->toil[1].length > 0 && turns->since_often >= NEW_ONES);

	turns->since_often = often ? 0 : turns->since_often + 1;
	return &turns->toil[often];
}

/* Once a turn of the loop. */
static void on_toil(uv_idle_t *idle)
{
	Turns *turns = idle->data;
	guint64 begun = uv_hrtime();

	GQueue *row = next_toil(turns);

	turns->toils = row->length ? row->head->data : NULL;
	run_first(row);
	turns->toils = NULL;
	if (turns_toiled(turns, begun) || !has_toil(turns))
		uv_idle_stop(idle);
}

void turns_toil(Turns *turns, Turn *turn)
{
	if (turn_is_due(turn))
		return;
	turn->times++;
	put(&turns->toil[turn->times > OFTEN], turn);
	if (!turns->rests)
		uv_idle_start(&turns->toil_idle, on_toil);
}

gboolean turns_toils(const Turns *turns, const Turn *turn)
{
	return turns->toils == turn;
}

void turns_toil_not(Turns *turns, Turn *turn)
{
	put_not(&turns->toil[turn->times > OFTEN], turn);
}

/* ---- rest */

static void on_rested(uv_poll_t *poll, int status, int events)
{
	Turns *turns = poll->data;
	guint64 times;

	if (read(turns->timer, &times, sizeof times) != (ssize_t)sizeof times)
		return;
	turns->rests = FALSE;
	uv_prepare_stop(&turns->sleep);
	turns->toiled = 0;
	turns->began_at = uv_hrtime();
	if (has_toil(turns))
		uv_idle_start(&turns->toil_idle, on_toil);
	run_all(&turns->rested);
}

/* The loop is about to wait. It is the sleep that counts, not what sessions do meanwhile; but they
 * may not put it off for ever. */
static void on_sleep(uv_prepare_t *prepare)
{
	static const struct itimerspec rest = {.it_value.tv_nsec = REST_NS};
	Turns *turns = prepare->data;

	timerfd_settime(turns->timer, 0, &rest, NULL);
	if (++turns->put_off >= PUT_OFF)
		uv_prepare_stop(prepare);
}

gboolean turns_toiled(Turns *turns, guint64 begun)
{
	guint64 now = uv_hrtime();

	if (turns->rests)
		return TRUE;
	if (begun - turns->began_at > OLD_NS) {
		turns->began_at = begun;
		turns->toiled = 0;
	}
	turns->toiled += now - begun;
	if (turns->toiled < SLICE_NS)
		return FALSE;
	turns->rests = TRUE;
	turns->put_off = 0;
	uv_prepare_start(&turns->sleep, on_sleep);
	return TRUE;
}

void turns_rested(Turns *turns, Turn *turn)
{
	g_assert(turns->rests);
	put(&turns->rested, turn);
}

void turns_rested_not(Turns *turns, Turn *turn)
{
	put_not(&turns->rested, turn);
}

/* ---- birth and end */

Turns *turns_new(uv_loop_t *loop)
{
	Turns *turns = g_new0(Turns, 1);

	turns->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (turns->timer < 0)
		g_error("timerfd_create failed");
	turns->handles = 4;
	uv_idle_init(loop, &turns->again_idle);
	uv_idle_init(loop, &turns->toil_idle);
	uv_prepare_init(loop, &turns->sleep);
	uv_poll_init(loop, &turns->rest, turns->timer);
	turns->again_idle.data = turns->toil_idle.data = turns->sleep.data = turns->rest.data =
		turns;
	uv_poll_start(&turns->rest, UV_READABLE, on_rested);
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
	uv_close((uv_handle_t *)&turns->again_idle, on_closed);
	uv_close((uv_handle_t *)&turns->toil_idle, on_closed);
	uv_close((uv_handle_t *)&turns->sleep, on_closed);
	uv_close((uv_handle_t *)&turns->rest, on_closed);
}
