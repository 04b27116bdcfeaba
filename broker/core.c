/* SPDX-License-Identifier: GPL-3.0-or-later */
/* core: opens the parts in their order and closes them in the other. See core.h. */
#include "core_parts.h"

#include <glib/gstdio.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "admin/audit_out.h"
#include "admin/screens.h"
#include "bridges/bridges.h"
#include "desktops/images.h"
#include "desktops/turns.h"
#include "fault.h"
#include "gateways/gateway_link.h"
#include "hosts/hosts.h"
#include "hosts/providers.h"
#include "lobbies/lobbies.h"
#include "people/ration.h"
#include "sessions/activity.h"
#include "sessions/session.h"
#include "upkeep/brokers.h"
#include "upkeep/maintainer.h"
#include "upkeep/reconcile.h"

#define NAME_MAX_CHARS 40

gint64 core_now(void)
{
	return g_get_real_time() / G_USEC_PER_SEC;
}

char *core_make_id(const char *prefix)
{
	guint64 random;

	g_assert(getrandom(&random, sizeof random, 0) == sizeof random);
	return g_strdup_printf("%s%016" G_GINT64_MODIFIER "x", prefix, random);
}

gboolean core_name_ok(const char *name, const char *what, GError **error)
{
	gsize n = name ? strlen(name) : 0;
	gboolean ok = n > 0 && n <= NAME_MAX_CHARS && name[0] != '-';

	for (gsize i = 0; ok && i < n; i++)
		ok = g_ascii_islower(name[i]) || g_ascii_isdigit(name[i]) || name[i] == '-';
	if (!ok)
		g_set_error(error, FAULT, FAULT_CLIENT,
			    "the name of %s is made of a-z, 0-9 and -, at most %d of them", what,
			    NAME_MAX_CHARS);
	return ok;
}

const Options *core_options(const Core *core)
{
	return core->options;
}

Limit *core_limit(Core *core)
{
	return core->limit;
}

static gboolean make_state(const char *state, GError **error)
{
	if (g_mkdir_with_parents(state, 0700) == 0 && g_chmod(state, 0700) == 0)
		return TRUE;
	fault_set_errno(error, FAULT_CONFIG, state);
	return FALSE;
}

Core *core_open_with(const Options *options, const CoreTimes *times, GError **error)
{
	Core *core = g_new0(Core, 1);
	g_autofree char *file = g_build_filename(options->state, "broker.db", NULL);

	core->options = options;
	core->times = *times;
	core->turns = turns_new();
	core->screens = screens_new();
	core->activity = activity_new();
	if (!make_state(options->state, error))
		goto fail;
	core->db = db_open(*options->database ? options->database : file, error);
	if (!core->db)
		goto fail;
	core->limit = limit_new(core->db);
	core->ration = ration_new();
	core->brokers = brokers_new(core, error);
	if (!core->brokers || !audit_out_start(core, error))
		goto fail;
	core->sessions = sessions_new(core, error);
	if (!core->sessions)
		goto fail;
	core->maintainer = maintainer_new(core);
	core->providers = providers_new(options, maintainer_on_event, core->maintainer);
	if (!images_sweep(core, error) || !reconcile(core, error))
		goto fail;
	core->lobbies = lobbies_new(core);
	core->link = gateway_link_new(core);
	core->bridges = bridges_new(core);
	maintainer_start(core->maintainer);
	core->hosts = hosts_new(core);
	hosts_start(core->hosts);
	brokers_start(core->brokers);
	if (!gateway_link_listen(core->link, error))
		goto fail;
	return core;
fail:
	core_close(core);
	return NULL;
}

Core *core_open(const Options *options, GError **error)
{
	static const CoreTimes times = {
		.grace = 5, .start = 60, .connect = 60, .adopt = 20, .host = 10, .backoff = 5};

	return core_open_with(options, &times, error);
}

void core_quit(Core *core)
{
	maintainer_quit(core->maintainer);
}

void core_close(Core *core)
{
	if (!core)
		return;
	brokers_stop(core->brokers);
	hosts_stop(core->hosts);
	maintainer_stop(core->maintainer);
	lobbies_stop(core->lobbies);
	gateway_link_stop(core->link);
	bridges_stop(core->bridges);
	providers_free(core->providers);
	gateway_link_free(core->link);
	lobbies_free(core->lobbies);
	bridges_free(core->bridges);
	hosts_free(core->hosts);
	maintainer_free(core->maintainer);
	sessions_free(core);
	audit_out_stop(core);
	brokers_free(core->brokers);
	limit_free(core->limit);
	ration_free(core->ration);
	db_close(core->db);
	turns_free(core->turns);
	screens_free(core->screens);
	activity_free(core->activity);
	g_free(core);
}

gboolean core_healthy(Core *core, char **out_detail)
{
	g_autoptr(GError) error = NULL;

	if (!db_answers(core->db, &error)) {
		*out_detail = g_strdup(error->message);
		return FALSE;
	}
	if (gateway_link_count(core->link) == 0) {
		*out_detail = g_strdup("no gateway is linked");
		return FALSE;
	}
	*out_detail = g_strdup("");
	return TRUE;
}
