/* SPDX-License-Identifier: GPL-3.0-or-later */
/* core-fixture: see core-fixture.h. */
#include "core-fixture.h"

#include <glib/gstdio.h>
#include <openssl/crypto.h>

#include "core_admin.h"
#include "database.h"
#include "scratch.h"
#include "sessions/session.h"
#include "upkeep/maintainer.h"

static void open_core(CoreFixture *f)
{
	g_autoptr(GError) error = NULL;

	f->core = core_open_with(f->options, &f->times, &error);
	g_assert_no_error(error);
}

void core_fixture_setup(CoreFixture *f, gconstpointer unused)
{
	const char *database;
	g_autoptr(GError) error = NULL;

	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL); /* as the broker's main() */
	fake_begin();
	f->dir = g_dir_make_tmp("oriel-core-XXXXXX", NULL);
	f->options = options_load(NULL, &error);
	g_assert_no_error(error);
	g_free(f->options->state);
	f->options->state = g_build_filename(f->dir, "state", NULL);
	if ((database = database_fresh())) {
		g_free(f->options->database);
		f->options->database = g_strdup(database);
	}
	/* Each protocol for itself; a test that wants a bridge names one. */
	g_free(f->options->bridge);
	f->options->bridge = g_strdup("");
	g_free(f->options->control);
	f->options->control = g_build_filename(f->dir, "control.sock", NULL);
	g_strfreev(f->options->admins);
	f->options->admins = g_strsplit("root,@wheel", ",", -1);
	f->times = (CoreTimes){
		.grace = 2, .start = 20, .connect = 60, .adopt = 30, .host = 1, .backoff = 1};
	open_core(f);
}

void core_fixture_teardown(CoreFixture *f, gconstpointer unused)
{
	core_close(f->core);
	options_free(f->options);
	scratch_remove(f->dir);
	g_free(f->dir);
	fake_end();
}

void core_fixture_restart(CoreFixture *f)
{
	core_close(f->core);
	open_core(f);
}

void core_fixture_rest(CoreFixture *f)
{
	maintainer_stop(f->core->maintainer);
}

void core_fixture_pool(CoreFixture *f, const char *name, const char *kind, unsigned max,
		       unsigned spare)
{
	gboolean machine = g_str_equal(kind, "machines");
	unsigned version;
	ImageView image = {.name = (char *)"tiny", .kernel = (char *)"/vmlinuz"};
	PoolView pool = {.name = (char *)name,
			 .kind = (char *)kind,
			 .image = machine ? NULL : (char *)"tiny",
			 .max = max,
			 .spare = spare};
	EntitlementView staff = {.pool = (char *)name, .group = (char *)"staff"};
	g_autoptr(GError) error = NULL;

	core_image_add(f->core, "root", &image, FALSE, &version, &error);
	g_assert_no_error(error);
	core_pool_add(f->core, "root", &pool, &error);
	g_assert_no_error(error);
	core_entitle(f->core, "root", &staff, &error);
	g_assert_no_error(error);
}

Who *core_fixture_who(const char *user)
{
	Who *who = g_new0(Who, 1);

	who->user = g_strdup(user);
	who->groups = g_strsplit("staff", ",", -1);
	return who;
}

Ticket *core_fixture_connect(CoreFixture *f, const char *user, const char *card,
			     const char *protocol)
{
	g_autoptr(Who) who = core_fixture_who(user);
	g_autoptr(GError) error = NULL;
	Ticket *ticket = core_connect(f->core, who, card, protocol, "::1", &error);

	g_assert_no_error(error);
	return ticket;
}

void core_fixture_connect_fails(CoreFixture *f, const char *user, const char *card,
				const char *protocol, Fault code)
{
	g_autoptr(Who) who = core_fixture_who(user);
	g_autoptr(GError) error = NULL;

	g_assert_null(core_connect(f->core, who, card, protocol, "::1", &error));
	g_assert_error(error, FAULT, (int)code);
}

char *core_fixture_redeem(CoreFixture *f, const Ticket *ticket, const char *protocol)
{
	static const Asker nobody = {"a connection", "test"};
	ControlMessage m = {.type = CONTROL_REDEEM,
			    .id = 1,
			    .ticket = ticket->ticket,
			    .protocol = (char *)protocol,
			    .peer = (char *)"::1"};
	g_auto(Grant) grant = {0};
	g_autoptr(GError) error = NULL;

	session_redeem(f->core, &m, &nobody, &grant, &error);
	g_assert_no_error(error);
	return g_steal_pointer(&grant.lease);
}

char *core_fixture_lab(CoreFixture *f, Ticket **out_ticket)
{
	core_fixture_pool(f, "lab", "floating", 1, 0);
	*out_ticket = core_fixture_connect(f, "anna", "p-lab", "vnc");
	return core_fixture_redeem(f, *out_ticket, "vnc");
}

char *core_fixture_state(CoreFixture *f, unsigned n)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) desktops = core_admin_desktops(f->core, &error);

	g_assert_no_error(error);
	return g_strdup(n < desktops->len ? ((AdminDesktopView *)desktops->pdata[n])->state : "");
}

void core_fixture_await(CoreFixture *f, unsigned n, const char *state)
{
	gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
	g_autofree char *now = core_fixture_state(f, n);

	while (!g_str_equal(now, state) && g_get_monotonic_time() < deadline) {
		g_usleep(10000);
		g_free(now);
		now = core_fixture_state(f, n);
	}
	g_assert_cmpstr(now, ==, state);
}

DesktopView *core_fixture_only_card(CoreFixture *f, const char *user)
{
	g_autoptr(Who) who = core_fixture_who(user);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) cards = core_desktops(f->core, who, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(cards->len, ==, 1);
	return g_ptr_array_steal_index(cards, 0);
}
