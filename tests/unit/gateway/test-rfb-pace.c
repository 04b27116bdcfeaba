/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A simulated line between the gateway and a viewer: how many updates arrive, how old they are. */
#include "relay/rfb_pace.h"

#include <string.h>

#define MS      1000
#define FLIGHTS 64

/* One that draws at once, behind a line of so much delay each way and so many bytes a second. */
typedef struct {
	gint64 delay, frame; /* us: one way; the desktop's shortest time between updates */
	double rate;         /* bytes per us */
	guint32 bytes;       /* of an update */
	unsigned loss; /* one packet of so many is late by a round trip, and all behind it; 0 = none
			*/
} Line;

typedef struct {
	unsigned updates;
	gint64 mean_us; /* from leaving the gateway to being drawn */
	unsigned most;  /* in flight */
} Result;

typedef struct {
	guint8 serial;
	gint64 answer;
} Fence;

static Result simulate(const Line *line, gint64 seconds)
{
	RfbPace pace = {0};
	Fence fences[FLIGHTS];
	unsigned n = 0;
	gint64 busy_until = 0, next_frame = 0, drawn = 0, held = 0, total = 0;
	unsigned packets = 0, counted = 0;
	Result result = {0};

	for (gint64 now = 1; now < seconds * G_USEC_PER_SEC; now += 250) {
		while (n > 0 && fences[0].answer <= now) {
			g_assert_true(rfb_pace_answered(&pace, fences[0].serial, now));
			memmove(fences, fences + 1, --n * sizeof *fences);
		}
		if (rfb_pace_wait(&pace, now) > 0 || now < next_frame || n == FLIGHTS)
			continue;
		for (unsigned i = rfb_pace_probe(&pace, now) ? 0 : 1; i < 2; i++) {
			guint32 bytes = i == 0 ? 0 : line->bytes;

			busy_until = MAX(busy_until, now) + (gint64)(bytes / line->rate);
			for (unsigned at = 0; line->loss && at < bytes; at += 1448) {
				if (++packets % line->loss == 0)
					held = busy_until + 3 * line->delay;
			}
			drawn = MAX(drawn, MAX(busy_until + line->delay, held));
			fences[n].answer = drawn + line->delay;
			fences[n++].serial = rfb_pace_sent(&pace, bytes, now);
		}
		next_frame = now + line->frame;
		result.updates++;
		if (now > 2 * G_USEC_PER_SEC && ++counted)
			total += drawn - now;
		result.most = MAX(result.most, n);
	}
	result.mean_us = total / MAX(counted, 1);
	return result;
}

/* At 33 updates a second from the desktop, none is lost to the distance. */
static void test_distance(void)
{
	for (gint64 round_trip = 0; round_trip <= 200; round_trip += 50) {
		Line line = {round_trip * MS / 2, 30 * MS, 12.5, 4000, 0};
		Result result = simulate(&line, 10);

		g_assert_cmpuint(result.updates, >, 300);
		g_assert_cmpuint(result.most, <=, RFB_PACE_FLIGHT);
	}
}

/* A slow line is used well, and never by a queue: an update is on its way for its own time, the
 * delay, and little more. */
static void test_slow_line(void)
{
	Line line = {25 * MS, 30 * MS, 1.25, 100000, 0};
	gint64 own = (gint64)(line.bytes / line.rate);
	Result result = simulate(&line, 20);

	g_assert_cmpuint(result.updates, >, 20 * G_USEC_PER_SEC / own * 8 / 10);
	g_assert_cmpint(result.mean_us, <, own + line.delay + 25 * MS);
}

/* Lost packets are no reason to fill the line. */
static void test_loss(void)
{
	Line line = {50 * MS, 30 * MS, 1.25, 100000, 100};
	gint64 own = (gint64)(line.bytes / line.rate);
	Result result = simulate(&line, 30);

	g_assert_cmpuint(result.updates, >, 30 * G_USEC_PER_SEC / own * 6 / 10);
	g_assert_cmpint(result.mean_us, <, own + 3 * line.delay + 40 * MS);
}

/* A viewer that takes long to draw is a slow line, too. */
static void test_slow_viewer(void)
{
	Line line = {1 * MS, 5 * MS, 0.05, 10000, 0};
	Result result = simulate(&line, 20);

	g_assert_cmpint(result.mean_us, <, 200 * MS + line.delay + 25 * MS);
	g_assert_cmpuint(result.updates, >, 80);
}

/* Who answers nothing is not flooded, and not forgotten. */
static void test_silence(void)
{
	RfbPace pace = {0};
	unsigned updates = 0;

	for (gint64 now = 1; now < 60 * G_USEC_PER_SEC; now += 10 * MS) {
		if (rfb_pace_wait(&pace, now) > 0)
			continue;
		rfb_pace_sent(&pace, 1000, now);
		updates++;
	}
	g_assert_cmpuint(updates, >=, 20);
	g_assert_cmpuint(updates, <=, 30 + RFB_PACE_FLIGHT);
}

static void test_serials(void)
{
	RfbPace pace = {0};
	guint8 serial = 0;

	g_assert_false(rfb_pace_answered(&pace, 0, 1));
	for (unsigned i = 0; i < 300; i++)
		serial = rfb_pace_sent(&pace, 10, i + 1);
	g_assert_false(rfb_pace_answered(&pace, (guint8)(serial + 1), 400));
	g_assert_false(rfb_pace_answered(&pace, (guint8)(serial - RFB_PACE_FLIGHT), 400));
	g_assert_true(rfb_pace_answered(&pace, (guint8)(serial - 1), 400));
	g_assert_false(rfb_pace_answered(&pace, (guint8)(serial - 1), 400));
	g_assert_true(rfb_pace_answered(&pace, serial, 400));
	g_assert_cmpint(rfb_pace_wait(&pace, 400), ==, 0);
}

/* A line that has become longer is believed at last, after it was measured while empty. */
static void test_longer_line(void)
{
	RfbPace pace = {0};
	gint64 now = 1;
	guint8 serial = rfb_pace_sent(&pace, 0, now);

	rfb_pace_answered(&pace, serial, now + 10 * MS);
	g_assert_cmpint(pace.delay_us, ==, 10 * MS);
	serial = rfb_pace_sent(&pace, 5000, now);
	rfb_pace_answered(&pace, serial, now + 90 * MS);
	g_assert_cmpint(pace.delay_us, ==, 10 * MS);
	now += 11 * G_USEC_PER_SEC;
	g_assert_true(rfb_pace_probe(&pace, now));
	serial = rfb_pace_sent(&pace, 0, now);
	g_assert_cmpint(rfb_pace_wait(&pace, now), >, 0);
	rfb_pace_answered(&pace, serial, now + 80 * MS);
	g_assert_cmpint(pace.delay_us, ==, 80 * MS);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rfb-pace/distance", test_distance);
	g_test_add_func("/rfb-pace/slow-line", test_slow_line);
	g_test_add_func("/rfb-pace/loss", test_loss);
	g_test_add_func("/rfb-pace/slow-viewer", test_slow_viewer);
	g_test_add_func("/rfb-pace/silence", test_silence);
	g_test_add_func("/rfb-pace/serials", test_serials);
	g_test_add_func("/rfb-pace/longer-line", test_longer_line);
	return g_test_run();
}
