/* SPDX-License-Identifier: GPL-3.0-or-later */
/* screens: see screens.h. */
#include "admin/screens.h"

#include <string.h>

#include "admin/audit.h"
#include "desktops/picture.h"
#include "desktops/seat.h"
#include "fault.h"

#define FRESH_US (3 * G_USEC_PER_SEC)  /* who asks sooner gets the same picture        */
#define LOOK_US  (60 * G_USEC_PER_SEC) /* one look, in the audit log, until this long a pause */
#define AT_ONCE  2                     /* pictures taken at a time                      */
#define SLOW_US  (1 * G_USEC_PER_SEC)  /* who takes longer than that ...                */
#define REST     10                    /* ... is left alone for so many times as long   */
#define KEPT_MAX 512                   /* desktops, and looks, in memory                */

typedef struct {
	gint64 taken; /* when */
	GBytes *png;
} Shot;

struct Screens {
	GMutex lock;
	GHashTable *taking; /* a set of desktops, whose pictures are being taken */
	GHashTable *slow;   /* desktop -> gint64: until when it is left alone */
	GHashTable *shots;  /* key_of() -> Shot                       */
	GHashTable *looks;  /* "admin desktop" -> gint64: the last one */
};

static void shot_free(gpointer data)
{
	Shot *shot = data;

	g_bytes_unref(shot->png);
	g_free(shot);
}

Screens *screens_new(void)
{
	Screens *screens = g_new0(Screens, 1);

	g_mutex_init(&screens->lock);
	screens->taking = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	screens->slow = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	screens->shots = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, shot_free);
	screens->looks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return screens;
}

void screens_free(Screens *screens)
{
	if (!screens)
		return;
	g_hash_table_destroy(screens->taking);
	g_hash_table_destroy(screens->slow);
	g_hash_table_destroy(screens->shots);
	g_hash_table_destroy(screens->looks);
	g_mutex_clear(&screens->lock);
	g_free(screens);
}

/* Whoever asks. */
static gboolean shown(const Options *options, const StoreDesktop *row)
{
	gboolean runs = g_str_equal(row->state, "ready") || g_str_equal(row->state, "in-use");

	return runs && g_strcmp0(row->kind, "machines") != 0 &&
	       !g_strv_contains((const char *const *)options->private_pools, row->pool);
}

/* A floating one is somebody else's tomorrow: its picture has no place on a card. */
gboolean screens_own(const Options *options, const StoreDesktop *row, const char *user)
{
	return shown(options, row) && g_strcmp0(row->kind, "dedicated") == 0 &&
	       g_strcmp0(row->owner, user) == 0;
}

gboolean screens_allowed(const Options *options, const StoreDesktop *row)
{
	if (!shown(options, row))
		return FALSE;
	if (g_str_equal(options->screens, "free"))
		return row->owner == NULL;
	return g_str_equal(options->screens, "all");
}

/* Of the desktop, whose it is, and since it was made anew: what one owner had on the screen is no
 * picture for the next. */
static char *key_of(const StoreDesktop *row)
{
	return g_strdup_printf("%s %s %s", row->id, row->identity ? row->identity : "",
			       row->owner ? row->owner : "");
}

/* A fresh one that was taken for somebody else, or NULL. Under the lock. */
static GBytes *fresh(Screens *screens, const char *key)
{
	const Shot *shot = g_hash_table_lookup(screens->shots, key);

	return shot && g_get_monotonic_time() - shot->taken < FRESH_US ? g_bytes_ref(shot->png)
								       : NULL;
}

static void keep(Screens *screens, const char *key, GBytes *png)
{
	Shot *shot = g_new(Shot, 1);

	*shot = (Shot){g_get_monotonic_time(), g_bytes_ref(png)};
	if (g_hash_table_size(screens->shots) >= KEPT_MAX)
		g_hash_table_remove_all(screens->shots);
	g_hash_table_replace(screens->shots, g_strdup(key), shot);
}

/* Once for as long as an admin keeps looking. */
static void note_look(Core *core, const char *admin, const StoreDesktop *row)
{
	Screens *screens = core->screens;
	g_autofree char *key = g_strdup_printf("%s %s", admin ? admin : "", row->id);
	gint64 now = g_get_monotonic_time(), *last;
	gboolean again;

	g_mutex_lock(&screens->lock);
	last = g_hash_table_lookup(screens->looks, key);
	again = last && now - *last < LOOK_US;
	if (g_hash_table_size(screens->looks) >= KEPT_MAX)
		g_hash_table_remove_all(screens->looks);
	g_hash_table_replace(screens->looks, g_steal_pointer(&key), g_memdup2(&now, sizeof now));
	g_mutex_unlock(&screens->lock);
	if (!again)
		audit_admin(core, admin, row->id, "screen of %s, %s", row->name,
			    row->owner ? row->owner : "nobody's");
}

static GBytes *take(Core *core, const char *id, GError **error)
{
	g_autoptr(Seat) seat = seat_load(core, id, error);
	g_autoptr(GBytes) ppm = NULL;

	if (!seat)
		return NULL;
	if (!seat->ops->screen) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "'%s' shows no screens",
			    seat->ops->name);
		return NULL;
	}
	ppm = seat->ops->screen(seat->provider, &seat->spec, error);
	return ppm ? picture_from_ppm(g_bytes_get_data(ppm, NULL), g_bytes_get_size(ppm), error)
		   : NULL;
}

/* It may have got another owner while its picture was taken. */
static gboolean still(Core *core, const char *id, const char *key, GError **error)
{
	g_autoptr(StoreDesktop) row = store_desktop(core->db, id, error);
	g_autofree char *now = row ? key_of(row) : NULL;

	if (!row || g_str_equal(now, key))
		return row != NULL;
	g_set_error(error, FAULT, FAULT_BUSY, "%s has just changed hands", row->name);
	return FALSE;
}

static gboolean is_over(gpointer id, gpointer until, gpointer now)
{
	return *(const gint64 *)until <= *(const gint64 *)now;
}

/* A few desktops that let us wait would have all the places, and nobody another's picture. Under
 * the lock. */
static void note_time(Screens *screens, const char *id, gint64 began)
{
	gint64 now = g_get_monotonic_time(), until = now + REST * (now - began);

	g_hash_table_foreach_remove(screens->slow, is_over, &now);
	if (now - began >= SLOW_US)
		g_hash_table_replace(screens->slow, g_strdup(id), g_memdup2(&until, sizeof until));
}

static gboolean is_slow(Screens *screens, const char *id)
{
	const gint64 *until = g_hash_table_lookup(screens->slow, id);

	return until && g_get_monotonic_time() < *until;
}

/* One that is fresh, or a new one. */
static GBytes *picture(Core *core, const StoreDesktop *row, GError **error)
{
	Screens *screens = core->screens;
	g_autofree char *key = key_of(row);
	gint64 began = g_get_monotonic_time();
	const char *id = row->id;
	GBytes *png;
	gboolean full;

	g_mutex_lock(&screens->lock);
	png = fresh(screens, key);
	full = g_hash_table_size(screens->taking) >= AT_ONCE ||
	       g_hash_table_contains(screens->taking, id) || is_slow(screens, id);
	if (!png && !full)
		g_hash_table_add(screens->taking, g_strdup(id));
	g_mutex_unlock(&screens->lock);
	if (png)
		return png;
	if (full) {
		g_set_error(error, FAULT, FAULT_BUSY, "enough pictures are being taken");
		return NULL;
	}
	png = take(core, id, error);
	if (png && !still(core, id, key, error))
		g_clear_pointer(&png, g_bytes_unref);
	g_mutex_lock(&screens->lock);
	g_hash_table_remove(screens->taking, id);
	note_time(screens, id, began);
	if (png)
		keep(screens, key, png);
	g_mutex_unlock(&screens->lock);
	return png;
}

GBytes *core_desktop_screen(Core *core, const char *admin, const char *id, GError **error)
{
	g_autoptr(StoreDesktop) row = store_desktop(core->db, id, error);

	if (!row)
		return NULL;
	if (!screens_allowed(core->options, row)) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "the screen of %s is not shown",
			    row->name);
		return NULL;
	}
	note_look(core, admin, row);
	return picture(core, row, error);
}

/* The card says whether they may have the desktop at all, and see it. */
GBytes *core_own_screen(Core *core, const Who *who, const char *id, GError **error)
{
	g_autoptr(DesktopView) card = core_desktop(core, who, id, error);
	g_autoptr(StoreDesktop)
		row = card && card->screen ? store_desktop(core->db, card->id, error) : NULL;

	if (!card || (card->screen && !row))
		return NULL;
	if (!card->screen || !screens_own(core->options, row, who->user)) {
		g_set_error(error, FAULT, FAULT_NOT_FOUND, "the screen of %s is not shown",
			    card->name);
		return NULL;
	}
	return picture(core, row, error);
}
