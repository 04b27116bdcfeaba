/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A running relay_rfb between a viewer and one desktop after the other. The first byte says what
 * the viewer can (bits 0 to 2) and its pixel format (bits 3 and 4); then each byte is a step: the
 * desktop (0 to 119) or the viewer (120 to 239) says so many of the bytes behind it, or another
 * desktop comes (240 and above). Whatever they say, the viewer and each desktop hear messages that
 * have ends.
 */
#include "rfb-fixture.h"
#include "rfb/rfb_units.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define VIEWER  120
#define ANOTHER 240

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

typedef RfbScan (*Scan)(RfbUnits *units, const guint8 *bytes, gsize n, RfbUnit *unit,
			GError **error);

/* What has come to a far end. */
typedef struct {
	Buffer in;
	RfbUnits units;
} Ear;

static struct {
	Ear viewer, desktop;
	gboolean over;
} w;

/* TRUE if bytes have come. */
static gboolean hear_all(int fd, Ear *ear, Scan scan)
{
	gboolean came = FALSE;
	ssize_t n;

	while ((n = recv(fd, buffer_reserve(&ear->in, 65536), 65536, MSG_DONTWAIT)) > 0) {
		buffer_commit(&ear->in, (gsize)n);
		came = TRUE;
	}
	while (buffer_length(&ear->in) > 0) {
		const guint8 *b = buffer_bytes(&ear->in);
		RfbUnit unit;
		RfbScan found = scan(&ear->units, b, buffer_length(&ear->in), &unit, NULL);

		g_assert(found != RFB_SCAN_FAULT);
		if (found == RFB_SCAN_MORE)
			break;
		/* The viewer is shown this format from here on. */
		if (scan == rfb_units_from_client && unit.type == RFB_SET_PIXEL_FORMAT)
			g_assert(rfb_pixels_read(b + 4, &w.viewer.units.next));
		buffer_consume(&ear->in, unit.length);
	}
	return came;
}

/* Until nothing moves any more. */
static void settle(void)
{
	gboolean moved = TRUE;

	while (!w.over && moved) {
		w.over = relay_rfb.run(&t.s, NULL) != STEP_WAIT;
		moved = hear_all(t.viewer, &w.viewer, rfb_units_from_desktop);
		moved = hear_all(t.desktop, &w.desktop, rfb_units_from_client) || moved;
	}
}

static void begin_viewer(guint8 choice)
{
	static const gint32 all[] = {
		RFB_HEXTILE,      RFB_ZRLE,         RFB_TIGHT,        RFB_CURSOR,
		RFB_DESKTOP_SIZE, RFB_DESKTOP_NAME, RFB_QEMU_POINTER, RFB_EXT_DESKTOP_SIZE,
		RFB_QEMU_EXT_KEY};
	static const gint32 some[3][2] = {{RFB_COPY_RECT, RFB_QEMU_EXT_AUDIO},
					  {RFB_LAST_RECT, RFB_XVP_WANTED},
					  {RFB_FENCE_WANTED, RFB_CONTINUOUS_WANTED}};
	static const guint8 formats[4][20] = {
		{0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0},
		{0, 0, 0, 0, 32, 24, 1, 1, 0, 255, 0, 255, 0, 255, 24, 16, 8},
		{0, 0, 0, 0, 16, 16, 0, 1, 0, 31, 0, 63, 0, 31, 11, 5, 0},
		{0, 0, 0, 0, 8, 8, 0, 1, 0, 7, 0, 7, 0, 3, 0, 3, 6},
	};
	Buffer words = {0};
	guint16 n = G_N_ELEMENTS(all);

	for (int i = 0; i < 3; i++)
		n = (guint16)(n + (choice >> i & 1) * 2);
	buffer_append_u16be(&words, RFB_SET_ENCODINGS << 8);
	buffer_append_u16be(&words, n);
	for (guint i = 0; i < G_N_ELEMENTS(all); i++)
		buffer_append_u32be(&words, (guint32)all[i]);
	for (int i = 0; i < 3; i++) {
		for (int k = 0; k < 2 * (choice >> i & 1); k++)
			buffer_append_u32be(&words, (guint32)some[i][k]);
	}
	if (choice >> 3 & 3)
		buffer_append(&words, formats[choice >> 3 & 3], 20);
	say(t.viewer, buffer_bytes(&words), buffer_length(&words));
	buffer_clear(&words);
}

static void another_desktop(void)
{
	relay_rfb.release_keys(&t.s);
	if (!relay_rfb.part(&t.s)) {
		w.over = TRUE;
		return;
	}
	peer_clear(&t.s.desktop);
	t.s.desktop.eof = FALSE;
	close(t.desktop);
	open_pair(&t.s.desktop, &t.desktop);
	dial();
	buffer_clear(&w.desktop.in);
	rfb_units_init(&w.desktop.units);
	w.viewer.units.next = (RfbPixels){4, 3}; /* unless the desktop is told another */
	w.over = !relay_rfb.arrive(&t.s, NULL);
	settle();
	desktop_rfb.close(&t.s);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	gsize at = 1;

	begin();
	t.options.max_session_memory = 1;
	memset(&w, 0, sizeof w);
	rfb_units_init(&w.viewer.units);
	rfb_units_init(&w.desktop.units);
	dial();
	begin_viewer(size > 0 ? data[0] : 0);
	settle();
	g_assert(!w.over);
	desktop_rfb.close(&t.s);
	while (!w.over && at < size) {
		guint8 step = data[at++];
		gsize n = MIN(step % VIEWER + 1u, size - at);

		if (step >= ANOTHER) {
			another_desktop();
			continue;
		}
		say(step < VIEWER ? t.desktop : t.viewer, data + at, n);
		at += n;
		settle();
	}
	buffer_clear(&w.viewer.in);
	buffer_clear(&w.desktop.in);
	end();
	return 0;
}
