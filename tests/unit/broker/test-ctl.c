/* SPDX-License-Identifier: GPL-3.0-or-later */
/* orielctl: its line, its tables, and the program itself against the API's admin socket. */
#include "api-fixture.h"
#include "command.h"
#include "fault.h"
#include "route.h"
#include "table.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>

static void expect_call(const char *line, const char *method, const char *path, const char *body)
{
	g_auto(GStrv) words = g_strsplit(line, " ", -1);
	g_autoptr(GError) error = NULL;
	g_auto(Call) call = {NULL};
	char *text;

	g_assert_true(command_parse(words, &call, &error));
	g_assert_no_error(error);
	text = call.body ? json_dumps(call.body, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	g_assert_cmpstr(call.command->method, ==, method);
	g_assert_cmpstr(call.path, ==, path);
	g_assert_cmpstr(text, ==, body);
	free(text);
}

static void test_calls(void)
{
	expect_call("pool add demo --kind floating --image tiny --max=7", "POST",
		    "/api/v1/admin/pools",
		    "{\"image\":\"tiny\",\"kind\":\"floating\",\"max\":7,\"name\":\"demo\"}");
	expect_call("machine add pcs desk --address unix:/run/x --protocol spice", "POST",
		    "/api/v1/admin/machines",
		    "{\"address\":\"unix:/run/x\",\"name\":\"desk\",\"pool\":\"pcs\","
		    "\"protocol\":\"spice\"}");
}

static void test_machine_token(void)
{
	expect_call("machine token d-1", "POST", "/api/v1/admin/machines/d-1/token", NULL);
	expect_call(
		"machine add pcs desk --address a:1 --protocol vnc --power wol:52:54:00:00:00:01",
		"POST", "/api/v1/admin/machines",
		"{\"address\":\"a:1\",\"name\":\"desk\",\"pool\":\"pcs\","
		"\"power\":\"wol:52:54:00:00:00:01\",\"protocol\":\"vnc\"}");
}

static void test_paths(void)
{
	expect_call("host drain rack1", "POST", "/api/v1/admin/hosts/rack1/drain", NULL);
	expect_call("pool hosts lab --hosts a,b", "POST", "/api/v1/admin/pools/lab/hosts",
		    "{\"hosts\":[\"a\",\"b\"]}");
	expect_call("pools", "GET", "/api/v1/admin/pools", NULL);
	expect_call("pool list", "GET", "/api/v1/admin/pools", NULL);
	expect_call("pool remove a/b?c", "DELETE", "/api/v1/admin/pools/a%2Fb%3Fc", NULL);
	expect_call("desktop reset d-1", "POST", "/api/v1/admin/desktops/d-1/reset", NULL);
	expect_call("session end s-1", "DELETE", "/api/v1/admin/sessions/s-1", NULL);
	expect_call("session extend s-1", "POST", "/api/v1/admin/sessions/s-1/extend", NULL);
	expect_call("snapshot revert d-1 n-1", "POST",
		    "/api/v1/admin/desktops/d-1/snapshots/n-1/revert", NULL);
	expect_call("snapshot remove d-1 n-1", "DELETE", "/api/v1/admin/desktops/d-1/snapshots/n-1",
		    NULL);
	expect_call("sessions", "GET", "/api/v1/admin/sessions", NULL);
	expect_call("sessions --all", "GET", "/api/v1/admin/sessions?ended=1", NULL);
	expect_call("sessions --text anna --order idle --down --limit 5", "GET",
		    "/api/v1/admin/sessions?text=anna&order=idle&down=1&limit=5", NULL);
	expect_call("audit --limit 5", "GET", "/api/v1/admin/audit?limit=5", NULL);
	expect_call("unentitle demo --group a&b", "DELETE",
		    "/api/v1/admin/entitlements?pool=demo&group=a%26b", NULL);
	expect_call("entitle demo --user anna", "POST", "/api/v1/admin/entitlements",
		    "{\"pool\":\"demo\",\"user\":\"anna\"}");
	expect_call("image add tiny --kernel /boot/../vmlinuz --cmdline --quiet", "POST",
		    "/api/v1/admin/images",
		    "{\"cmdline\":\"--quiet\",\"kernel\":\"/vmlinuz\",\"name\":\"tiny\"}");
	expect_call("ban --address 2001:db8::1 --minutes 5", "POST", "/api/v1/admin/bans",
		    "{\"address\":\"2001:db8::1\",\"minutes\":5}");
	expect_call("unlock --user anna --address 192.0.2.1", "DELETE",
		    "/api/v1/admin/bans?user=anna&address=192.0.2.1", NULL);
	expect_call("health", "GET", "/healthz", NULL);
}

static void test_wrong(void)
{
	static const char *const lines[] = {
		"",
		"pool",
		"pool burn",
		"pool add",
		"pool add demo",
		"pool add demo extra --kind floating",
		"pool add demo --kind",
		"pool add demo --kind floating --kind floating",
		"pool add demo --kind floating --max many",
		"pool add demo --kind floating --max -1",
		"pool add demo --kind floating --colour red",
		"sessions --all=yes",
		"machine add pcs desk --protocol vnc",
		"machine add pcs desk --protocol vnc --address a:1 --secret-file /nonexistent/file",
		"desktop start",
		"health now",
		"pool remove \xff",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_auto(GStrv) words = g_strsplit(lines[i], " ", -1);
		g_autoptr(GError) error = NULL;
		g_auto(Call) call = {NULL};

		g_assert_false(command_parse(words, &call, &error));
		g_assert_error(error, FAULT, FAULT_CLIENT);
		g_assert_null(call.path);
	}
}

static void test_table(void)
{
	static const Column columns[] = {{"NAME", "name"},
					 {"N", "n", COLUMN_NUMBER},
					 {"EMPTY", "empty"},
					 {"SIZE", "size", COLUMN_BYTES},
					 {"AT", "at", COLUMN_MILLISECONDS},
					 {NULL}};
	json_t *rows =
		json_loads("[{\"name\":\"B\303\274ro\",\"n\":7,\"size\":1500,\"at\":1700000000123,"
			   "\"empty\":null},{\"name\":\"a\\u001b[31m\\nb\",\"n\":12345,"
			   "\"size\":0,\"at\":0,\"empty\":\"\"}]",
			   0, NULL);
	json_t *none = json_array();
	g_autofree char *text = NULL;
	g_autofree char *header = NULL;

	g_assert_nonnull(rows);
	text = table_format(rows, columns);
	g_assert_cmpstr(text, ==,
			"NAME          N    SIZE  AT\n"
			"B\303\274ro          7  1.5\302\240kB  2023-11-14 22:13:20\n"
			"a?[31m?b  12345          \n");
	header = table_format(none, columns);
	g_assert_cmpstr(header, ==, "NAME  N  EMPTY  SIZE  AT\n");
	json_decref(rows);
	json_decref(none);
}

/* ---- the program */

typedef struct {
	int code;
	char *out, *err;
} Run;

static void run_clear(Run *run)
{
	g_free(run->out);
	g_free(run->err);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

static Run run(Fixture *f, const char *line)
{
	g_autofree char *command =
		g_strdup_printf("%s --socket %s %s", g_getenv("ORIELCTL"), f->admin, line);
	g_auto(GStrv) words = g_strsplit(command, " ", -1);
	g_autoptr(GError) error = NULL;
	Run result = {0};
	int status;

	g_assert_true(g_spawn_sync(NULL, words, NULL, G_SPAWN_DEFAULT, NULL, NULL, &result.out,
				   &result.err, &status, &error));
	g_assert_no_error(error);
	g_assert_true(WIFEXITED(status));
	result.code = WEXITSTATUS(status);
	return result;
}

static void test_program(Fixture *f, gconstpointer data)
{
	g_autofree char *secret = g_build_filename(f->folder, "secret", NULL);
	g_autofree char *line = g_strdup_printf(
		"machine add pcs desk --protocol vnc --address h:5900 --secret-file %s", secret);
	g_auto(Run) pools = run(f, "pools");
	g_auto(Run) json = run(f, "pools --json");
	g_auto(Run) added = run(f, "pool add demo --kind floating --image tiny");
	g_auto(Run) empty = run(f, "--json pool remove demo");
	g_auto(Run) health = run(f, "health");
	g_auto(Run) machine = {0};

	g_assert_cmpint(pools.code, ==, 0);
	g_assert_cmpstr(pools.out, ==,
			"NAME  KIND      VERSION  TOTAL  BUSY  STALE  MAX  SPARE\n"
			"demo  floating        0      0     0      0    7      0\n");
	g_assert_cmpint(json.code, ==, 0);
	g_assert_nonnull(strstr(json.out, "\"max\": 7"));
	g_assert_cmpint(added.code, ==, 0);
	g_assert_cmpstr(added.out, ==, "");
	g_assert_cmpint(empty.code, ==, 0);
	g_assert_cmpstr(empty.out, ==, "{}\n");
	g_assert_cmpstr(health.out, ==, "ok\n");

	g_assert_true(g_file_set_contents(secret, "hunter2\nsecond line\n", -1, NULL));
	machine = run(f, line);
	g_assert_cmpint(machine.code, ==, 0);
	g_assert_cmpstr(machine.out, ==, "d-9\n");
	g_assert_nonnull(strstr(fake_core_calls(f->core), " desk vnc h:5900 hunter2 - -\n"));
	g_unlink(secret);
}

static void test_refusals(Fixture *f, gconstpointer data)
{
	g_auto(Run) busy = run(f, "pool remove busy");
	g_auto(Run) usage = run(f, "pool add");
	g_auto(Run) help = run(f, "--help");
	g_auto(Run) away = {0};
	g_auto(Run) sick = {0};

	g_assert_cmpint(busy.code, ==, 1);
	g_assert_cmpstr(busy.err, ==, "orielctl: 2 desktops of pool busy are in use\n");
	g_assert_cmpstr(busy.out, ==, "");
	g_assert_cmpint(usage.code, ==, 2);
	g_assert_nonnull(strstr(usage.err, "orielctl: pool add wants a name"));
	g_assert_cmpint(help.code, ==, 0);
	g_assert_nonnull(strstr(help.out, "entitle POOL"));

	fake_core_sicken(f->core, "no gateway is linked");
	sick = run(f, "health");
	g_assert_cmpint(sick.code, ==, 1);
	g_assert_cmpstr(sick.err, ==, "orielctl: no gateway is linked\n");
	away = run(f, "--socket /nonexistent/socket pools");
	g_assert_cmpint(away.code, ==, 1);
	g_assert_nonnull(
		strstr(away.err, "the broker at /nonexistent/socket: No such file or directory"));
}

/* Names that strangers have tried, and words of a desktop: nothing of them commands the terminal.
 */
static void test_terminal(Fixture *f, gconstpointer data)
{
	static const char evil[] = "x\302\2332J\342\200\256y";
	g_autofree char *audit = g_strconcat("audit --json --text ", evil, NULL);
	g_auto(Run) json = run(f, audit);
	g_auto(Run) sick = {0};

	g_assert_cmpint(json.code, ==, 0);
	g_assert_nonnull(strstr(json.out, "\"x\\u009b2J\\u202ey\""));
	fake_core_sicken(f->core, evil);
	sick = run(f, "health");
	g_assert_cmpstr(sick.err, ==, "orielctl: x?2J?y\n");
}

/* Does a command's path lie on a route? A {word} of the route may be a word of the command. */
static gboolean fits(const Route *route, const Command *command)
{
	g_auto(GStrv) want = g_strsplit(route->pattern, "/", -1);
	g_auto(GStrv) have = g_strsplit(command->path ? command->path : "", "/", -1);
	unsigned i = 0;

	if (g_strcmp0(route->method, command->method) != 0)
		return FALSE;
	for (; want[i] != NULL && have[i] != NULL; i++) {
		if (*want[i] != '{' && !g_str_equal(want[i], have[i]))
			return FALSE;
	}
	return want[i] == NULL && have[i] == NULL;
}

/* What a person does with a login of their own, a launcher or a machine: none of it has a meaning
 * for an administrator at the admin socket, who has no login. Whatever is not here has
 * a command. */
static const char *const without_command[] = {
	"POST /api/v1/login",
	"POST /api/v1/login/{conversation}",
	"DELETE /api/v1/login/{conversation}",
	"GET /api/v1/oidc",
	"GET /api/v1/oidc/login",
	"GET /api/v1/oidc/return",
	"GET /api/v1/session",
	"POST /api/v1/logout",
	"GET /api/v1/desktops",
	"GET /api/v1/desktops/{id}",
	"POST /api/v1/desktops/{id}/connect",
	"POST /api/v1/desktops/{id}/update",
	"GET /api/v1/desktops/{id}/snapshots",
	"POST /api/v1/desktops/{id}/snapshots",
	"POST /api/v1/desktops/{id}/snapshots/{snapshot}/revert",
	"DELETE /api/v1/desktops/{id}/snapshots/{snapshot}",
	"GET /api/v1/desktops/{id}/screen",
	"GET /api/v1/desktops/{id}/console.vv",
	"GET /api/v1/sessions",
	"DELETE /api/v1/sessions/{id}",
	"POST /api/v1/sessions/{id}/end",
	"POST /api/v1/sessions/{id}/extend",
	"GET /api/v1/messages",
	"POST /api/v1/machines/{id}/local",
	"POST /api2/json/access/ticket",
	"GET /api2/json/cluster/resources",
	"GET /api2/json/nodes/{node}/qemu",
	"GET /api2/json/nodes/{node}/qemu/{vmid}/status/current",
	"POST /api2/json/nodes/{node}/qemu/{vmid}/spiceproxy",
	"POST /api2/spiceconfig/nodes/{node}/qemu/{vmid}/spiceproxy",
	"GET /websockify",
	NULL,
};

/* Whatever the API can do, orielctl can; and it asks for nothing else. */
static void test_complete_api(void)
{
	for (unsigned i = 0; i < n_routes; i++) {
		g_autofree char *call =
			g_strdup_printf("%s %s", routes[i].method, routes[i].pattern);
		gboolean excepted = g_strv_contains(without_command, call);
		gboolean found = FALSE;

		for (unsigned k = 0; k < n_commands && !found; k++)
			found = fits(&routes[i], &commands[k]);
		if (found == excepted)
			g_error(found ? "%s is an exception, and has a command"
				      : "no command for %s",
				call);
	}
	for (const char *const *call = without_command; *call != NULL; call++) {
		gboolean found = FALSE;

		for (unsigned i = 0; i < n_routes && !found; i++)
			found = g_str_has_suffix(*call, routes[i].pattern) &&
				g_str_has_prefix(*call, routes[i].method);
		if (!found)
			g_error("there is no call %s", *call);
	}
	for (unsigned k = 0; k < n_commands; k++) {
		gboolean found = commands[k].local;

		for (unsigned i = 0; i < n_routes && !found; i++)
			found = fits(&routes[i], &commands[k]);
		if (!found)
			g_error("no call for \"%s\"", commands[k].words);
	}
}

/* The entry of the man page that names this command: "*pool add* _NAME_ [*--max* _N_]". */
static const char *find_entry(char **lines, const Command *command)
{
	g_autofree char *name = g_strdup_printf("*%s*", command->words);

	for (char **line = lines; *line != NULL; line++) {
		if (**line == '*' && strstr(*line, name) != NULL)
			return *line;
	}
	g_error("orielctl(1) has no \"%s\"", command->words);
}

/* orielctl(1) has every command with all its arguments and options. */
static void test_manual(void)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	g_assert_true(g_file_get_contents(g_getenv("MAN_PAGE"), &text, NULL, NULL));
	lines = g_strsplit(text, "\n", -1);
	for (unsigned k = 0; k < n_commands; k++) {
		const char *entry = find_entry(lines, &commands[k]);

		for (const Option *option = commands[k].options; option->name != NULL; option++) {
			g_autofree char *name = g_strdup_printf("*%s*", option->name);

			if (strstr(entry, name) == NULL)
				g_error("orielctl(1): \"%s\" has no %s", commands[k].words, name);
		}
		for (unsigned n = 0; commands[k].arguments[n] != NULL; n++) {
			g_autofree char *upper = g_ascii_strup(commands[k].arguments[n], -1);
			g_autofree char *name = g_strdup_printf("_%s_", upper);

			if (strstr(entry, name) == NULL && !g_str_equal(upper, "KIND"))
				g_error("orielctl(1): \"%s\" has no %s", commands[k].words, name);
		}
	}
}

/* The shell comes to every command, word by word. */
static void test_completes_all(void)
{
	for (unsigned k = 0; k < n_commands; k++) {
		g_auto(GStrv) name = g_strsplit(commands[k].words, " ", -1);
		g_autofree char *last = NULL;
		const char *path = NULL, *key = NULL;

		for (unsigned n = 0; name[n] != NULL; n++) {
			g_auto(GStrv) line = g_strdupv(name);
			g_autofree char *text = NULL;
			g_autofree char *wanted = g_strdup_printf("%s\n", name[n]);

			for (unsigned i = n + 1; line[i] != NULL; i++)
				g_clear_pointer(&line[i], g_free);
			line[n][1] = '\0';
			text = command_complete(line, &path, &key);
			if (strstr(text, wanted) == NULL)
				g_error("\"%s\" is not completed", commands[k].words);
		}
	}
}

static void expect_completion(const char *line, const char *expected, const char *expected_path)
{
	g_auto(GStrv) words = g_strsplit(line, " ", -1);
	const char *path = NULL, *key = NULL;
	g_autofree char *text = command_complete(words, &path, &key);

	g_assert_cmpstr(text, ==, expected);
	g_assert_cmpstr(path, ==, expected_path);
}

static void test_completion(void)
{
	expect_completion("doc", "doctor\n", NULL);
	expect_completion("pool a", "add\n", NULL);
	expect_completion("--js", "--json\n", NULL);
	expect_completion("pool add x --ki", "--kind\n", NULL);
	expect_completion("pool add x --kind f", "floating\n", NULL);
	expect_completion("image add x --disk ", "", "files");
	expect_completion("pool remove ", "", "/api/v1/admin/pools");
	expect_completion("entitle ", "--user\n--group\n", "/api/v1/admin/pools");
	expect_completion("entitle demo --user x ", "--group\n", NULL);
	expect_completion("desktop stop d-", "", "/api/v1/admin/desktops");
	expect_completion("session move s-1 ", "", "/api/v1/admin/desktops");
	expect_completion("host drain ", "", "/api/v1/admin/hosts");
	expect_completion("quota set g", "group\n", NULL);
	expect_completion("maintenance begin p", "pool\n", NULL);
	expect_completion("unlock --user ", "", "/api/v1/admin/bans");
	expect_completion("nonsense ", "", NULL);
}

int main(int argc, char **argv)
{
	g_setenv("TZ", "UTC", TRUE);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/ctl/complete-api", test_complete_api);
	g_test_add_func("/ctl/completion", test_completion);
	g_test_add_func("/ctl/completes-all", test_completes_all);
	g_test_add_func("/ctl/manual", test_manual);
	g_test_add_func("/ctl/calls", test_calls);
	g_test_add_func("/ctl/machine-token", test_machine_token);
	g_test_add_func("/ctl/paths", test_paths);
	g_test_add_func("/ctl/wrong", test_wrong);
	g_test_add_func("/ctl/table", test_table);
	fixture_test("/ctl/program", test_program);
	fixture_test("/ctl/refusals", test_refusals);
	fixture_test("/ctl/terminal", test_terminal);
	return g_test_run();
}
