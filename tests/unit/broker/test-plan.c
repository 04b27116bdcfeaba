/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of desktops that were left, and of sessions that last too long, on a real core with
 * a made-up provider. */
#include <string.h>
#include <time.h>

#include "core-fixture.h"
#include "core_admin.h"
#include "fault.h"
#include "log.h"
#include "secret.h"
#include "sessions/activity.h"
#include "sessions/session.h"
#include "upkeep/maintainer.h"

static const Asker nobody = {"a connection", "test"};

static PlanView plan_for(const char *pool, const char *action)
{
	return (PlanView){.pool = (char *)pool,
			  .disconnect = (char *)action,
			  .idle = (char *)action,
			  .logout = (char *)action,
			  .warn = 1};
}

static void set_plan(CoreFixture *f, const PlanView *plan)
{
	g_autoptr(GError) error = NULL;

	core_plan_set(f->core, "root", plan, &error);
	g_assert_no_error(error);
}

static void assert_refused(CoreFixture *f, const char *pool, const char *action, Fault code)
{
	PlanView plan = plan_for(pool, action);
	g_autoptr(GError) error = NULL;

	g_assert_false(core_plan_set(f->core, "root", &plan, &error));
	g_assert_error(error, FAULT, (int)code);
}

/* A live session of this person's on that card; its id (g_free) and its desktop's. */
static char *begin(CoreFixture *f, const char *user, const char *card, char **out_desktop)
{
	g_autoptr(Ticket) ticket = core_fixture_connect(f, user, card, "vnc");
	char *lease = core_fixture_redeem(f, ticket, "vnc");

	g_assert_true(session_started(f->core, lease, &nobody));
	if (out_desktop)
		*out_desktop = g_strdup(ticket->desktop_id);
	return lease;
}

/* A session that begins and ends; its desktop's id. */
static char *visit(CoreFixture *f, const char *user, const char *card)
{
	char *desktop = NULL;
	g_autofree char *lease = begin(f, user, card, &desktop);

	g_assert_true(session_end(f->core, lease, FAULT_ENDED, "left"));
	return desktop;
}

static AdminDesktopView *only_desktop(CoreFixture *f)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) all = core_admin_desktops(f->core, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(all->len, ==, 1);
	return g_ptr_array_steal_index(all, 0);
}

static SessionView *session_of(CoreFixture *f, const char *user)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) all = core_sessions(f->core, user, FALSE, 1, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(all->len, ==, 1);
	return g_ptr_array_steal_index(all, 0);
}

/* Waits until this person's newest session has ended, and says why; g_free() it. */
static char *await_end(CoreFixture *f, const char *user)
{
	for (unsigned i = 0; i < 6000; i++) {
		g_autoptr(SessionView) session = session_of(f, user);

		if (session->ended_at)
			return g_strdup(session->reason);
		g_usleep(10000);
	}
	g_error("the session of %s never ended", user);
}

static void await_owner(CoreFixture *f, const char *owner)
{
	for (unsigned i = 0; i < 6000; i++) {
		g_autoptr(AdminDesktopView) desktop = only_desktop(f);

		if (g_strcmp0(desktop->owner, owner) == 0)
			return;
		g_usleep(10000);
	}
	g_error("the desktop never became %s's", owner ? owner : "nobody");
}

static void test_set(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(PlanView) before = NULL;
	g_autoptr(PlanView) after = NULL;
	g_autoptr(GPtrArray) all = NULL;
	g_autoptr(GError) error = NULL;
	PlanView plan = plan_for("lab", "shutdown");

	core_fixture_pool(f, "lab", "floating", 1, 0);
	core_fixture_pool(f, "zoo", "machines", 0, 0);
	before = core_plan(f->core, "lab", &error);
	g_assert_cmpstr(before->disconnect, ==, "reset");
	g_assert_cmpuint(before->disconnect_after, ==, 2);
	g_assert_cmpuint(before->idle_after, ==, 0);
	assert_refused(f, "lab", "explode", FAULT_CLIENT);
	assert_refused(f, "zoo", "suspend", FAULT_CLIENT);
	assert_refused(f, "zoo", "delete", FAULT_CLIENT);
	assert_refused(f, "nowhere", "nothing", FAULT_NOT_FOUND);
	plan.length = 400 * 86400;
	g_assert_false(core_plan_set(f->core, "root", &plan, &error));
	g_assert_error(error, FAULT, FAULT_CLIENT);
	g_clear_error(&error);
	plan.length = 3600;
	set_plan(f, &plan);
	after = core_plan(f->core, "lab", &error);
	g_assert_cmpstr(after->logout, ==, "shutdown");
	g_assert_cmpuint(after->length, ==, 3600);
	all = core_plans(f->core, &error);
	g_assert_cmpuint(all->len, ==, 2);
	core_pool_remove(f->core, "root", "lab", &error); /* its plan goes with it */
	g_assert_no_error(error);
}

/* Each action on a dedicated desktop that was left; its person always finds what may be there. */
static void test_dedicated(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *id = NULL;
	g_autofree char *again = NULL;
	g_autofree char *next = NULL;
	PlanView plan = plan_for("office", "suspend");

	core_fixture_pool(f, "office", "dedicated", 1, 0);
	set_plan(f, &plan);
	id = visit(f, "anna", "p-office");
	core_fixture_await(f, 0, "suspended");
	g_assert_cmpint(fake_state(id), ==, PROVIDER_SUSPENDED);

	plan.disconnect = (char *)"shutdown";
	set_plan(f, &plan);
	again = visit(f, "anna", id);
	g_assert_cmpstr(again, ==, id);
	core_fixture_await(f, 0, "off");
	g_assert_cmpint(fake_state(id), ==, PROVIDER_STOPPED);
	g_assert_cmpint(g_atomic_int_get(&fake.resets), ==, 0);

	plan.disconnect = (char *)"reset";
	set_plan(f, &plan);
	g_free(visit(f, "anna", id));
	core_fixture_await(f, 0, "off");
	g_assert_cmpint(g_atomic_int_get(&fake.resets), ==, 1);
	await_owner(f, "anna");

	plan.disconnect = (char *)"delete";
	set_plan(f, &plan);
	g_free(visit(f, "anna", id));
	core_fixture_await(f, 0, "");
	g_assert_cmpint(fake_state(id), ==, PROVIDER_ABSENT);
	next = visit(f, "ben", "p-office");
	g_assert_cmpstr(next, !=, id);
}

/* What is due waits for who comes back first, and is done though the broker was away. */
static void test_due(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *id = NULL;
	g_autoptr(Ticket) ticket = NULL;
	g_autoptr(GError) error = NULL;
	PlanView plan = plan_for("office", "shutdown");

	core_fixture_pool(f, "office", "dedicated", 1, 0);
	plan.disconnect_after = 1;
	set_plan(f, &plan);
	id = visit(f, "anna", "p-office");
	core_fixture_restart(f);
	core_fixture_await(f, 0, "off");
	g_assert_cmpint(fake_state(id), ==, PROVIDER_STOPPED);

	g_free(visit(f, "anna", id));
	ticket = core_fixture_connect(f, "anna", id, "vnc");
	g_usleep(2500 * 1000);
	g_assert_cmpint(fake_state(id), ==, PROVIDER_RUNNING);
	g_free(core_fixture_redeem(f, ticket, "vnc"));
}

/* A floating desktop that is kept: no ticket that runs out, and nobody else, takes it away. */
static void test_kept(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *id = NULL;
	g_autoptr(Ticket) unused_ticket = NULL;
	g_autoptr(Ticket) other = NULL;
	g_autoptr(Who) ben = core_fixture_who("ben");
	g_autoptr(GError) error = NULL;
	PlanView plan = plan_for("lab", "nothing");

	core_fixture_pool(f, "lab", "floating", 1, 0);
	set_plan(f, &plan);
	id = visit(f, "anna", "p-lab");
	f->options->ticket_seconds = 1;
	unused_ticket = core_fixture_connect(f, "anna", "p-lab", "vnc");
	g_usleep(2500 * 1000);
	await_owner(f, "anna");
	g_assert_null(core_connect(f->core, ben, "p-lab", "vnc", "::1", &error));
	g_assert_error(error, FAULT, FAULT_BUSY);
	g_clear_error(&error);
	core_desktop_action(f->core, "root", id, "release", &error);
	g_assert_no_error(error);
	await_owner(f, NULL);
	core_fixture_await(f, 0, "off");
	g_assert_cmpint(g_atomic_int_get(&fake.resets), ==, 1);
	other = core_fixture_connect(f, "ben", "p-lab", "vnc");
	g_assert_cmpstr(other->desktop_id, ==, id);
}

/* Left is not logged out: only the end that its person wants, the sign-out and a desktop that is
 * shut down from inside are. */
static void test_logout(CoreFixture *f, gconstpointer unused)
{
	char *groups[] = {(char *)"staff", NULL};
	g_autoptr(GError) error = NULL;
	autosecret char *token = core_login(f->core, "anna", groups, "::1", &error);
	g_autoptr(Who) who = core_who(f->core, token, &error);
	g_autofree char *id = NULL;
	g_autofree char *lease = NULL;
	g_autofree char *lease2 = NULL;
	PlanView plan = plan_for("lab", "nothing");

	core_fixture_pool(f, "lab", "floating", 1, 0);
	plan.logout = (char *)"delete";
	set_plan(f, &plan);
	lease = begin(f, "anna", "p-lab", &id);
	core_session_end(f->core, who, lease, &error);
	g_assert_no_error(error);
	core_fixture_await(f, 0, "");
	g_assert_cmpint(fake_state(id), ==, PROVIDER_ABSENT);

	plan.logout = (char *)"reset";
	set_plan(f, &plan);
	g_clear_pointer(&id, g_free);
	lease2 = begin(f, "anna", "p-lab", &id);
	fake_crash(id); /* the desktop goes first, then its connection */
	core_fixture_await(f, 0, "off");
	g_assert_true(session_end(f->core, lease2, FAULT_DESKTOP, "closed"));
	await_owner(f, NULL);

	core_fixture_await(f, 0, "off");
	g_free(visit(f, "anna", "p-lab"));
	fake_crash(id); /* the other way round */
	await_owner(f, NULL);

	core_fixture_await(f, 0, "off");
	g_free(visit(f, "anna", "p-lab"));
	await_owner(f, "anna");
	core_logout(f->core, who, &error);
	g_assert_no_error(error);
	await_owner(f, NULL);
}

/* These sessions began so much earlier. */
static void age(CoreFixture *f, const char *user, unsigned seconds)
{
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(db_change(f->core->db, &error,
				  "UPDATE session SET started_at = started_at - ?"
				  " WHERE ended_at = 0 AND user_name = COALESCE(?, user_name)",
				  DB_INT(seconds), DB_TEXT(user)),
			>, 0);
	g_assert_no_error(error);
	maintainer_look(f->core->maintainer);
}

/* Who moves the mouse stays, who does not goes, and a spare is not idle. */
static void test_idle(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *anna = NULL;
	g_autofree char *ben = NULL;
	g_autofree char *why = NULL;
	g_autoptr(SessionView) awake = NULL;
	PlanView plan = plan_for("lab", "shutdown");
	int starts;

	core_fixture_pool(f, "lab", "floating", 4, 1);
	plan.idle_after = 60;
	set_plan(f, &plan);
	anna = begin(f, "anna", "p-lab", NULL);
	ben = begin(f, "ben", "p-lab", NULL);
	awake = session_of(f, "anna");
	g_assert_cmpint(awake->ends_at, ==, awake->active_at + 60);
	g_assert_cmpint(awake->warn_at, ==, awake->ends_at - 1);
	g_assert_cmpstr(awake->ends_why, ==, "idle");
	g_assert_true(awake->extendable);
	core_fixture_await(f, 2, "ready");
	starts = g_atomic_int_get(&fake.starts);
	activity_note(f->core, anna, 0, 5);
	for (unsigned i = 0; i < 6000 && awake->round_trip != 5; i++) {
		g_usleep(10000);
		session_view_free(awake);
		awake = session_of(f, "anna");
	}
	g_assert_cmpuint(awake->round_trip, ==, 5); /* so it is in the books */
	age(f, NULL, 100);
	why = await_end(f, "ben");
	g_assert_nonnull(g_strstr_len(why, -1, "not used for"));
	session_view_free(g_steal_pointer(&awake));
	awake = session_of(f, "anna");
	g_assert_cmpint(awake->ended_at, ==, 0);
	core_fixture_await(f, 1, "off"); /* ben's, at once */
	core_fixture_await(f, 2, "ready");
	g_assert_cmpint(g_atomic_int_get(&fake.starts), ==, starts);
}

/* No broker was there for longer than anybody may be idle: who was not, only their gateway knows.
 */
static void test_idle_meanwhile(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *anna = NULL;
	g_autofree char *ben = NULL;
	g_autofree char *why = NULL;
	g_autoptr(SessionView) awake = NULL;
	PlanView plan = plan_for("lab", "shutdown");

	core_fixture_pool(f, "lab", "floating", 2, 0);
	plan.idle_after = 60;
	set_plan(f, &plan);
	anna = begin(f, "anna", "p-lab", NULL);
	ben = begin(f, "ben", "p-lab", NULL);
	core_fixture_rest(f);
	age(f, NULL, 100);
	core_fixture_restart(f);
	g_assert_true(session_started(f->core, anna, &nobody));
	g_assert_true(session_started(f->core, ben, &nobody));
	activity_note(f->core, ben, 100 * 1000, 0);
	why = await_end(f, "ben");
	g_assert_nonnull(g_strstr_len(why, -1, "not used for"));
	awake = session_of(f, "anna");
	g_assert_cmpint(awake->ended_at, ==, 0);
	g_assert_cmpint(awake->ends_at, >, core_now());
}

/* What the store cannot take is not forgotten. */
static void test_active_away(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *lease = NULL;
	g_autoptr(GError) error = NULL;
	gint64 due = G_MAXINT64;

	core_fixture_pool(f, "lab", "floating", 1, 0);
	lease = begin(f, "anna", "p-lab", NULL);
	core_fixture_rest(f);
	g_assert_true(db_run(f->core->db, &error, "ALTER TABLE session_input RENAME TO away"));
	activity_note(f->core, lease, 0, 5);
	activity_write(f->core, core_now(), &due);
	g_assert_cmpint(due, <, G_MAXINT64);
	g_assert_cmpint(activity_unwritten(f->core, lease, core_now()), >, 0);
	g_assert_true(db_run(f->core->db, &error, "ALTER TABLE away RENAME TO session_input"));
}

/* Who has left a desktop that could not be looked at has not left it in the books either. */
static void test_leave_away(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *desktop = NULL;
	g_autofree char *lease = NULL;
	g_autoptr(GError) error = NULL;
	g_auto(DbTransaction) tx = {NULL};

	if (db_shared(f->core->db)) {
		g_test_skip("PostgreSQL knows a table by more than its name");
		return;
	}
	core_fixture_pool(f, "lab", "floating", 1, 0);
	lease = begin(f, "anna", "p-lab", &desktop);
	core_fixture_rest(f);
	tx = db_begin(f->core->db, &error);
	g_assert_true(plan_leave(f->core, "d-removed", PLAN_DISCONNECT, 0, &error));
	g_assert_true(db_run(f->core->db, &error, "ALTER TABLE pool RENAME TO away"));
	g_assert_false(plan_leave(f->core, desktop, PLAN_DISCONNECT, 0, &error));
	g_assert_error(error, FAULT, FAULT_BROKER);
}

static _Atomic gint64 put_by; /* us: the clock of this test */

/* In GLib's place. */
gint64 g_get_real_time(void)
{
	struct timespec now;

	g_assert_cmpint(clock_gettime(CLOCK_REALTIME, &now), ==, 0);
	return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000 + put_by;
}

/* The maintainer has looked at everything since: with that round trip it is in the books. */
static void await_look(CoreFixture *f, const char *lease, const char *user, unsigned round_trip)
{
	for (unsigned i = 0; i < 6000; i++) {
		g_autoptr(SessionView) session = session_of(f, user);

		if (session->round_trip == round_trip)
			return;
		activity_note(f->core, lease, 0, round_trip); /* news only in another second */
		g_usleep(10000);
	}
	g_error("nobody looked");
}

/* Anna's session on a desktop of her own, with an idle and a longest time; g_free() it. */
static char *begin_limited(CoreFixture *f)
{
	PlanView office = plan_for("office", "nothing");

	core_fixture_pool(f, "office", "dedicated", 1, 0);
	office.idle_after = 600;
	office.length = 3600;
	set_plan(f, &office);
	return begin(f, "anna", "p-office", NULL);
}

/* The clock is put right, by hours: who is in stays in, and nothing is kept for longer. */
static void test_clock(CoreFixture *f, gconstpointer unused)
{
	g_autofree char *lease = NULL;
	g_autoptr(SessionView) forward = NULL;
	g_autoptr(SessionView) back = NULL;
	PlanView lab = plan_for("lab", "reset");

	lease = begin_limited(f);
	await_look(f, lease, "anna", 5);
	put_by = 7200 * (gint64)G_USEC_PER_SEC;
	await_look(f, lease, "anna", 6);
	await_look(f, lease, "anna", 7); /* and all of the one before is done */
	forward = session_of(f, "anna");
	g_assert_cmpint(forward->ended_at, ==, 0);
	g_assert_cmpint(forward->ends_at, >, core_now());

	core_fixture_pool(f, "lab", "floating", 1, 0);
	lab.disconnect_after = 5;
	set_plan(f, &lab);
	g_free(visit(f, "ben", "p-lab"));
	put_by = 0;
	core_fixture_await(f, 0, "off"); /* of the pool that comes first by its name */
	back = session_of(f, "anna");
	g_assert_cmpint(back->ended_at, ==, 0);
	g_assert_cmpint(back->started_at, <=, core_now());
	g_assert_cmpint(back->ends_at, <=, core_now() + 600);
}

/* It is put right in the middle of a look, which goes on by the time for which the books are right.
 */
static void test_clock_meanwhile(CoreFixture *f, gconstpointer unused)
{
	const gint64 before = core_now();
	g_autofree char *lease = NULL;
	g_autoptr(SessionView) session = NULL;
	g_autoptr(GError) error = NULL;
	gint64 due = G_MAXINT64;

	lease = begin_limited(f);
	core_fixture_rest(f);
	put_by = 7200 * (gint64)G_USEC_PER_SEC;
	activity_note(f->core, lease, 0, 5);
	g_assert_true(plan_enforce(f->core, before, &due, &error));
	g_assert_cmpint(activity_unwritten(f->core, lease, before), <=, before);
	put_by = 0;
	session = session_of(f, "anna");
	g_assert_cmpint(session->ended_at, ==, 0);
}

/* The longest time of a session: told before, extended in the warning and not before, then over. */
static void test_length(CoreFixture *f, gconstpointer unused)
{
	g_autoptr(Who) anna = core_fixture_who("anna");
	g_autoptr(Who) ben = core_fixture_who("ben");
	g_autoptr(SessionView) early = NULL;
	g_autoptr(SessionView) late = NULL;
	g_autoptr(GPtrArray) log = NULL;
	g_autofree char *lease = NULL;
	g_autofree char *why = NULL;
	g_autoptr(GError) error = NULL;
	PlanView plan = plan_for("office", "nothing");

	core_fixture_pool(f, "office", "dedicated", 1, 0);
	plan.length = 3600;
	plan.extend = 600;
	plan.warn = 60;
	set_plan(f, &plan);
	lease = begin(f, "anna", "p-office", NULL);
	g_assert_null(core_session_extend(f->core, ben, lease, &error));
	g_assert_error(error, FAULT, FAULT_NOT_FOUND);
	g_clear_error(&error);
	early = core_session_extend(f->core, anna, lease, &error);
	g_assert_no_error(error);
	g_assert_cmpint(early->ends_at, ==, early->started_at + 3600);
	g_assert_cmpstr(early->ends_why, ==, "length");
	g_assert_cmpint(early->warn_at, ==, early->ends_at - 60);
	age(f, "anna", 3600 - 30);
	late = core_session_extend(f->core, NULL, lease, &error); /* an admin, for her */
	g_assert_no_error(error);
	g_assert_cmpint(late->ends_at, ==, late->started_at + 3600 + 600);
	log = core_audit(f->core, 0, 1, "session extend", &error);
	g_assert_cmpuint(log->len, ==, 1);
	g_assert_nonnull(strstr(((AuditView *)log->pdata[0])->detail, "of anna"));
	age(f, "anna", 600 + 27);
	why = await_end(f, "anna");
	g_assert_cmpint(core_now(), >=, late->ends_at - 600 - 27);
	g_assert_cmpstr(why, ==, "its longest time is over");
}

#define CLICKS 8

typedef struct {
	CoreFixture *f;
	const char *lease;
	int ready; /* atomic */
} Clicks;

static gpointer click(gpointer data)
{
	Clicks *clicks = data;
	g_autoptr(Who) anna = core_fixture_who("anna");
	g_autoptr(GError) error = NULL;

	g_atomic_int_inc(&clicks->ready);
	while (g_atomic_int_get(&clicks->ready) < CLICKS)
		g_thread_yield();
	session_view_free(core_session_extend(clicks->f->core, anna, clicks->lease, &error));
	g_assert_no_error(error);
	return NULL;
}

/* Who asks many times at once has what one gets who asks once. */
static void test_extended_at_once(CoreFixture *f, gconstpointer unused)
{
	GThread *threads[CLICKS];
	g_autofree char *lease = NULL;
	g_autoptr(SessionView) now = NULL;
	PlanView plan = plan_for("office", "nothing");
	Clicks clicks = {.f = f};

	core_fixture_pool(f, "office", "dedicated", 1, 0);
	plan.length = 3600;
	plan.extend = 600;
	plan.warn = 60;
	set_plan(f, &plan);
	lease = begin(f, "anna", "p-office", NULL);
	clicks.lease = lease;
	age(f, "anna", 3600 - 30);
	for (unsigned i = 0; i < CLICKS; i++)
		threads[i] = g_thread_new("click", click, &clicks);
	for (unsigned i = 0; i < CLICKS; i++)
		g_thread_join(threads[i]);
	now = session_of(f, "anna");
	g_assert_cmpint(now->ends_at, ==, now->started_at + 3600 + 600);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
#define ADD(path, func)                                                        \
	g_test_add("/plan/" path, CoreFixture, NULL, core_fixture_setup, func, \
		   core_fixture_teardown)
	ADD("set", test_set);
	ADD("dedicated", test_dedicated);
	ADD("due", test_due);
	ADD("kept", test_kept);
	ADD("logout", test_logout);
	ADD("idle", test_idle);
	ADD("idle-meanwhile", test_idle_meanwhile);
	ADD("active-away", test_active_away);
	ADD("leave-away", test_leave_away);
	ADD("clock", test_clock);
	ADD("clock-meanwhile", test_clock_meanwhile);
	ADD("length", test_length);
	ADD("extended-at-once", test_extended_at_once);
	return g_test_run();
}
