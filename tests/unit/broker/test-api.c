/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The API as a gateway's tunnel and orielctl see it: both sockets, and every kind of call. */
#include "api-fixture.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void expect(Fixture *f, const char *headers, const char *method, const char *path,
		   const char *body, unsigned status, const char *part)
{
	g_autoptr(Answer) answer = fixture_ask(f, method, path, headers, body);

	g_test_message("%s %s", method, path);
	g_assert_cmpuint(answer->status, ==, status);
	if (part != NULL)
		g_assert_nonnull(strstr(answer->body, part));
}

static void test_files(Fixture *f, gconstpointer data)
{
	g_autoptr(Answer) page = fixture_ask(f, "GET", "/", NULL, NULL);
	g_autofree char *etag = answer_header(page, "ETag");
	g_autofree char *policy = answer_header(page, "Content-Security-Policy");
	g_autofree char *again = g_strdup_printf("If-None-Match: %s\r\n", etag);
	g_autoptr(Answer) same = fixture_ask(f, "GET", "/index.html", again, NULL);
	g_autoptr(Answer) head = fixture_ask(f, "HEAD", "/", NULL, NULL);

	g_assert_cmpuint(page->status, ==, 200);
	g_assert_cmpstr(page->body, ==, "<p>portal");
	g_assert_true(g_str_has_prefix(policy, "default-src 'none'; script-src 'self'"));
	g_assert_cmpuint(same->status, ==, 304);
	g_assert_cmpuint(same->length, ==, 0);
	g_assert_cmpuint(head->status, ==, 200);
	g_assert_cmpuint(head->length, ==, 0);
	expect(f, NULL, "GET", "/ca.pem", NULL, 404, "no such page");
	expect(f, NULL, "GET", "/../oriel.conf", NULL, 404, NULL);
	expect(f, NULL, "GET", "/%2e%2e/oriel.conf", NULL, 404, NULL);
	expect(f, NULL, "POST", "/", "{}", 405, NULL);
	expect(f, NULL, "GET", "/?%ff=1", NULL, 400, NULL);
}

/* Packed for those who say that they can unpack it, the same otherwise. */
static void test_packed(Fixture *f, gconstpointer data)
{
	static const struct {
		const char *accept;
		gboolean packed;
	} cases[] = {
		{NULL, FALSE},
		{"Accept-Encoding: br, GZIP;q=0.5\r\n", TRUE},
		{"Accept-Encoding: gzip\r\n", TRUE},
		{"Accept-Encoding: gzip;q=0, br\r\n", FALSE},
		{"Accept-Encoding: gzippy, xgzip\r\n", FALSE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(Answer)
			answer = fixture_ask(f, "GET", "/style.css", cases[i].accept, NULL);
		g_autofree char *coding = answer_header(answer, "Content-Encoding");
		g_autofree char *etag = answer_header(answer, "ETag");
		g_autofree char *again = g_strdup_printf("If-None-Match: %s\r\n", etag);
		g_autofree char *vary = answer_header(answer, "Vary");
		g_autoptr(Answer) same = fixture_ask(f, "GET", "/style.css", again, NULL);

		g_assert_cmpuint(answer->status, ==, 200);
		g_assert_cmpstr(coding, ==, cases[i].packed ? "gzip" : NULL);
		g_assert_cmpstr(vary, ==, "Accept-Encoding");
		g_assert_cmpint(answer->length < 100, ==, cases[i].packed);
		g_assert_cmpuint(same->status, ==, 304);
	}
}

static void test_desktops(Fixture *f, gconstpointer data)
{
	g_autofree char *anna = fixture_bearer(f, "anna");
	g_autofree char *root = fixture_bearer(f, "root");

	expect(f, NULL, "GET", "/api/v1/desktops", NULL, 401, "\"denied\"");
	expect(f, anna, "GET", "/api/v1/desktops", NULL, 200, "\"protocols\":[\"web\",\"vnc\"");
	expect(f, root, "GET", "/api/v1/desktops", NULL, 200, "[]");
	expect(f, anna, "GET", "/api/v1/desktops/d-1", NULL, 200, "\"id\":\"d-1\"");
	expect(f, anna, "GET", "/api/v1/desktops/d-2", NULL, 404, "\"not-found\"");
	expect(f, root, "GET", "/api/v1/desktops/d-1", NULL, 404, "not yours");
	expect(f, anna, "PUT", "/api/v1/desktops/d-1", NULL, 405, NULL);
	expect(f, anna, "GET", "/api/v1/nothing", NULL, 404, "no such call");
}

static void test_connect(Fixture *f, gconstpointer data)
{
	static const char path[] = "/api/v1/desktops/d-1/connect";
	g_autofree char *anna = fixture_bearer(f, "anna");
	g_autofree char *root = fixture_bearer(f, "root");
	g_autoptr(Answer) web = fixture_ask(f, "POST", path, anna, "{\"protocol\":\"web\"}");
	g_autoptr(json_t) json = answer_json(web);
	const char *ticket, *host, *where, *id;
	int port, vnc_port;

	g_assert_cmpuint(web->status, ==, 200);
	g_assert_cmpint(json_unpack(json, "{s:s,s:s,s:i,s:i,s:s,s:{s:s}}", "ticket", &ticket,
				    "host", &host, "port", &port, "vnc_port", &vnc_port, "path",
				    &where, "desktop", "id", &id),
			==, 0);
	g_assert_cmpstr(ticket, ==, "TICKETticket0123456789");
	g_assert_cmpstr(where, ==, "websockify?token=TICKETticket0123456789");
	g_assert_cmpstr(host, ==, "vdi.test");
	g_assert_cmpint(port, ==, 8443);
	g_assert_cmpint(vnc_port, ==, 5900);
	g_assert_cmpstr(id, ==, "d-1");
	g_assert_nonnull(strstr(fake_core_calls(f->core), "connect anna d-1 web 192.0.2.1\n"));
	expect(f, anna, "POST", path, "{\"protocol\":\"vnc\"}", 200, "\"protocol\":\"vnc\"");
	expect(f, anna, "POST", path, "{\"protocol\":\"rdp\"}", 400, NULL);
	expect(f, anna, "POST", path, "{}", 400, NULL);
	expect(f, anna, "POST", path, NULL, 400, NULL);
	expect(f, root, "POST", path, "{\"protocol\":\"web\"}", 404, NULL);
	expect(f, NULL, "POST", path, "{\"protocol\":\"web\"}", 401, NULL);
}

static void test_console(Fixture *f, gconstpointer data)
{
	static const char path[] = "/api/v1/desktops/d-1/console.vv";
	g_autofree char *anna = fixture_bearer(f, "anna");
	g_autoptr(Answer) answer = fixture_ask(f, "GET", path, anna, NULL);
	g_autofree char *type = answer_header(answer, "Content-Type");
	g_autofree char *name = answer_header(answer, "Content-Disposition");
	g_autofree char *cache = answer_header(answer, "Cache-Control");

	g_assert_cmpuint(answer->status, ==, 200);
	g_assert_cmpstr(type, ==, "application/x-virt-viewer");
	g_assert_cmpstr(name, ==, "attachment; filename=\"B__ro__1_.vv\"");
	g_assert_cmpstr(cache, ==, "no-store");
	g_assert_nonnull(strstr(answer->body, "\nhost=vdi.test\ntls-port=8443\n"));
	g_assert_nonnull(strstr(answer->body, "\npassword=TICKETticket0123456789\n"));
	g_assert_nonnull(strstr(answer->body, "\nca=-----BEGIN\\nX\\n\n"));
	expect(f, anna, "GET", "/api/v1/desktops/p-1/console.vv", NULL, 409, "no SPICE");
	expect(f, anna, "GET", "/api/v1/desktops/d-2/console.vv", NULL, 404, NULL);
	expect(f, anna, "HEAD", path, NULL, 405, NULL);
	expect(f, NULL, "GET", path, NULL, 401, NULL);
}

static void test_sessions(Fixture *f, gconstpointer data)
{
	g_autofree char *anna = fixture_bearer(f, "anna");
	g_autofree char *root = fixture_bearer(f, "root");

	expect(f, anna, "GET", "/api/v1/sessions", NULL, 200, "\"user\":\"anna\"");
	expect(f, anna, "GET", "/api/v1/sessions?ended=1&limit=5", NULL, 200,
	       "\"state\":\"ended\"");
	expect(f, anna, "GET", "/api/v1/sessions?all=1", NULL, 403, NULL);
	expect(f, root, "GET", "/api/v1/sessions?all=1", NULL, 200, "\"everybody\"");
	expect(f, anna, "GET", "/api/v1/sessions?limit=0", NULL, 400, NULL);
	expect(f, anna, "DELETE", "/api/v1/sessions/s-1", NULL, 204, NULL);
	expect(f, anna, "POST", "/api/v1/sessions/s-1/end", NULL, 204, NULL);
	expect(f, anna, "DELETE", "/api/v1/sessions/s-2", NULL, 404, NULL);
	g_assert_nonnull(strstr(fake_core_calls(f->core), "anna session_end s-1\n"));
}

static void test_admin(Fixture *f, gconstpointer data)
{
	static const char add[] = "{\"name\":\"lab\",\"kind\":\"floating\",\"image\":\"tiny\"}";
	g_autofree char *anna = fixture_bearer(f, "anna");
	g_autofree char *root = fixture_bearer(f, "root");

	fake_core_forget(f->core);
	expect(f, anna, "POST", "/api/v1/admin/pools", add, 403, NULL);
	expect(f, NULL, "POST", "/api/v1/admin/pools", add, 401, NULL);
	expect(f, anna, "POST", "/api/v1/admin/sessions/s-1/move", "{\"desktop\":\"d\"}", 403,
	       NULL);
	expect(f, root, "POST", "/api/v1/admin/sessions/s-1/move", "{}", 400, NULL);
	expect(f, root, "POST", "/api/v1/admin/sessions/s-2/move", "{\"desktop\":\"d\"}", 404,
	       NULL);
	expect(f, root, "POST", "/api/v1/admin/sessions/s-1/move", "{\"desktop\":\"d\"}", 204,
	       NULL);
	expect(f, root, "POST", "/api/v1/admin/pools", add, 201, "\"lab\"");
	expect(f, anna, "GET", "/api/v1/admin/plans", NULL, 403, NULL);
	expect(f, root, "GET", "/api/v1/admin/plans", NULL, 200, "\"disconnect_after\":5");
	expect(f, root, "POST", "/api/v1/admin/pools/demo/plan",
	       "{\"idle\":\"suspend\",\"idle_after\":900}", 204, NULL);
	expect(f, root, "POST", "/api/v1/admin/pools/demo/plan", "{\"length\":-1}", 400, "times");
	expect(f, root, "POST", "/api/v1/admin/pools/none/plan", "{}", 404, NULL);
	expect(f, root, "POST", "/api/v1/admin/quotas",
	       "{\"kind\":\"user\",\"name\":\"*\",\"sessions\":2}", 201, NULL);
	expect(f, root, "POST", "/api/v1/admin/quotas",
	       "{\"kind\":\"user\",\"name\":\"*\",\"cpus\":-1}", 400, "numbers");
	expect(f, root, "GET", "/api/v1/admin/quotas", NULL, 200, "\"desktops\":2");
	expect(f, root, "DELETE", "/api/v1/admin/quotas/user/%2a", NULL, 204, NULL);
	expect(f, root, "GET", "/api/v1/admin/maintenance", NULL, 200, "back at noon");
	expect(f, root, "POST", "/api/v1/admin/maintenance",
	       "{\"kind\":\"host\",\"name\":\"libvirt qemu:///system\"}", 201, NULL);
	expect(f, root, "DELETE",
	       "/api/v1/admin/maintenance?kind=host&name=libvirt%20qemu%3a%2f%2f%2fsystem", NULL,
	       204, NULL);
	expect(f, root, "DELETE", "/api/v1/admin/maintenance", NULL, 400, "kind");
	expect(f, anna, "GET", "/api/v1/desktops/d-1/snapshots", NULL, 200, "before the exam");
	expect(f, anna, "POST", "/api/v1/desktops/d-1/snapshots", "{\"name\":\"x\"}", 201, "n-2");
	expect(f, anna, "POST", "/api/v1/desktops/d-1/snapshots/n-2/revert", "{}", 204, NULL);
	expect(f, anna, "DELETE", "/api/v1/desktops/d-1/snapshots/n-2", NULL, 204, NULL);
	expect(f, anna, "POST", "/api/v1/sessions/s-1/extend", "{}", 200,
	       "\"ends_why\":\"length\"");
	expect(f, anna, "POST", "/api/v1/sessions/s-2/extend", "{}", 404, NULL);
	expect(f, root, "GET", "/api/v1/admin/pools", NULL, 200, "\"max\":7");
	/* An admin reads the cause, in the core's own words. */
	expect(f, root, "DELETE", "/api/v1/admin/pools/busy", NULL, 503, "2 desktops of pool");
	g_assert_cmpstr(fake_core_calls(f->core), ==,
			"root session_move s-1 d\n"
			"root pool_add lab floating image=tiny provider=qemu max=10 spare=0\n"
			"root plan_set demo reset/5 suspend/900 reset/0 0 60 0\n"
			"root quota_set user * 0 2 0 0\n"
			"root quota_remove user *\n"
			"root maintenance_begin host libvirt qemu:///system -\n"
			"root maintenance_end host libvirt qemu:///system\n"
			"anna snapshot_take d-1 x\n"
			"anna snapshot_revert d-1 n-2\n"
			"anna snapshot_remove d-1 n-2\n"
			"anna session_extend s-1\n");
}

static void ask_admin(Fixture *f, const char *method, const char *path, const char *body,
		      unsigned status, const char *part)
{
	g_autoptr(Answer) answer = http_ask(f->admin, NULL, method, path, NULL, body);

	g_test_message("%s %s", method, path);
	g_assert_cmpuint(answer->status, ==, status);
	if (part != NULL)
		g_assert_nonnull(strstr(answer->body, part));
}

static void machine_says(Fixture *f, const char *authorization, const char *body, unsigned status)
{
	g_autofree char *header =
		authorization ? g_strconcat("Authorization: ", authorization, "\r\n", NULL) : NULL;
	g_autoptr(Answer) answer =
		http_ask(f->admin, NULL, "POST", "/api/v1/machines/d-9/local", header, body);

	g_assert_cmpuint(answer->status, ==, status);
}

/* In these words, "%1$u" being who asks. */
G_GNUC_PRINTF(2, 0) static void assert_called(Fixture *f, const char *words)
{
	g_autofree char *expected = g_strdup_printf(words, (unsigned)getuid());

	g_assert_cmpstr(fake_core_calls(f->core), ==, expected);
}

static void test_admin_socket(Fixture *f, gconstpointer data)
{
	struct stat st;

	g_assert_cmpint(stat(f->admin, &st), ==, 0);
	g_assert_cmpuint(st.st_mode & 0777, ==, 0600);
	g_assert_cmpint(stat(f->web, &st), ==, 0);
	g_assert_cmpuint(st.st_mode & 0777, ==, 0660);
	ask_admin(f, "GET", "/api/v1/desktops", NULL, 403, NULL);
	ask_admin(f, "GET", "/index.html", NULL, 404, NULL);
}

static void test_admin_pools(Fixture *f, gconstpointer data)
{
	ask_admin(f, "POST", "/api/v1/admin/images",
		  "{\"name\":\"tiny\",\"disk\":\"/d\",\"memory\":128,\"cpus\":2,\"video\":\"qxl\","
		  "\"network\":\"bridge:br0\",\"copy\":true}",
		  201, "\"version\":3");
	ask_admin(f, "POST", "/api/v1/admin/images", "{\"name\":\"x\",\"memory\":-1}", 400,
		  "memory");
	ask_admin(f, "POST", "/api/v1/admin/pools", "{\"name\":\"pcs\",\"kind\":\"machines\"}", 201,
		  NULL);
	ask_admin(f, "POST", "/api/v1/admin/pools",
		  "{\"name\":\"x\",\"kind\":\"floating\",\"max\":2,\"spare\":3}", 400, "spare");
	ask_admin(f, "POST", "/api/v1/admin/pools/lab/publish",
		  "{\"image\":\"tiny\",\"version\":2}", 204, NULL);
	ask_admin(f, "POST", "/api/v1/admin/pools/lab/publish", "{\"version\":-1}", 400, "version");
	ask_admin(f, "POST", "/api/v1/admin/pools/lab/publish", NULL, 204, NULL);
	ask_admin(f, "POST", "/api/v1/admin/pools/lab/rollback", NULL, 204, NULL);
	assert_called(
		f,
		"local:%1$u image_add tiny disk=/d memory=128 cpus=2 video=qxl network=bridge:br0 "
		"copy\n"
		"local:%1$u pool_add pcs machines image=- provider=machine max=10 spare=0\n"
		"local:%1$u pool_publish lab tiny 2\n"
		"local:%1$u pool_publish lab - 0\n"
		"local:%1$u pool_rollback lab\n");
}

static void test_admin_hosts(Fixture *f, gconstpointer data)
{
	ask_admin(f, "POST", "/api/v1/admin/hosts",
		  "{\"name\":\"rack1\",\"provider\":\"libvirt\",\"uri\":\"qemu:///system\","
		  "\"memory\":4096,\"memory_ratio\":150,\"storage\":\"san\"}",
		  201, "rack1");
	ask_admin(f, "POST", "/api/v1/admin/hosts",
		  "{\"name\":\"x\",\"provider\":\"qemu\",\"cpu_ratio\":10001}", 400, "cpu_ratio");
	ask_admin(f, "GET", "/api/v1/admin/hosts", NULL, 200, "\"state\":\"drain\"");
	ask_admin(f, "POST", "/api/v1/admin/pools/lab/hosts",
		  "{\"hosts\":[\"rack1\",\"rack2\"],\"apart\":2}", 204, NULL);
	ask_admin(f, "POST", "/api/v1/admin/pools/lab/hosts", "{\"hosts\":\"rack1\"}", 400, "list");
	ask_admin(f, "GET", "/api/v1/admin/pools/lab/hosts", NULL, 200, "\"apart\":3");
	ask_admin(f, "POST", "/api/v1/admin/hosts/rack1/drain", NULL, 204, NULL);
	ask_admin(f, "POST", "/api/v1/admin/hosts/rack1/resume", NULL, 204, NULL);
	ask_admin(f, "DELETE", "/api/v1/admin/hosts/rack1", NULL, 204, NULL);
	assert_called(
		f,
		"local:%1$u host_add rack1 libvirt qemu:///system cpus=0 memory=4096 ratios=0,150 "
		"storage=san\n"
		"local:%1$u pool_hosts lab rack1+rack2 spread 2\n"
		"local:%1$u host_drain rack1\n"
		"local:%1$u host_resume rack1\n"
		"local:%1$u host_remove rack1\n");
}

static void test_admin_machines(Fixture *f, gconstpointer data)
{
	ask_admin(f, "POST", "/api/v1/admin/machines",
		  "{\"pool\":\"pcs\",\"name\":\"desk\",\"protocol\":\"vnc\","
		  "\"address\":\"10.0.0.1:5900\",\"secret\":\"hunter2\","
		  "\"power\":\"wol:52:54:00:00:00:01\"}",
		  201, "\"d-9\"");
	ask_admin(f, "POST", "/api/v1/admin/machines/d-9/token", NULL, 201, "machine-token");
	machine_says(f, "Bearer machine-token", "{\"user\":\"bob\"}", 204);
	machine_says(f, "Bearer machine-token", "{\"user\":\"\",\"seconds\":60}", 204);
	machine_says(f, "Bearer machine-token", "{\"user\":\"bob\",\"seconds\":1}", 400);
	machine_says(f, "Bearer another", "{\"user\":\"bob\"}", 403);
	machine_says(f, NULL, "{\"user\":\"bob\"}", 403);
	ask_admin(f, "GET", "/api/v1/admin/machines", NULL, 200, "\"d-1\"");
	assert_called(
		f,
		"local:%1$u machine_add pcs desk vnc 10.0.0.1:5900 hunter2 wol:52:54:00:00:00:01 "
		"-\n"
		"local:%1$u machine_token d-9\n"
		"machine_local d-9 bob 300\n"
		"machine_local d-9 - 60\n");
}

static void test_admin_people(Fixture *f, gconstpointer data)
{
	ask_admin(f, "POST", "/api/v1/admin/entitlements", "{\"pool\":\"pcs\",\"group\":\"staff\"}",
		  201, NULL);
	ask_admin(f, "POST", "/api/v1/admin/entitlements", "{\"pool\":\"pcs\"}", 400,
		  "user or a group");
	ask_admin(f, "DELETE", "/api/v1/admin/entitlements?pool=pcs&user=anna", NULL, 204, NULL);
	ask_admin(f, "DELETE", "/api/v1/admin/entitlements", NULL, 400, NULL);
	ask_admin(f, "GET", "/api/v1/admin/bans", NULL, 200, "\"failures\":28");
	ask_admin(f, "POST", "/api/v1/admin/bans", "{\"user\":\"eve\",\"minutes\":5}", 201, NULL);
	ask_admin(f, "POST", "/api/v1/admin/bans", "{\"user\":\"eve\",\"minutes\":-1}", 400, NULL);
	ask_admin(f, "DELETE", "/api/v1/admin/bans?address=192.0.2.1", NULL, 204, NULL);
	assert_called(f, "local:%1$u entitle pcs user=- group=staff\n"
			 "local:%1$u unentitle pcs user=anna group=-\n"
			 "local:%1$u ban user=eve address=- minutes=5 \n"
			 "local:%1$u unlock user=- address=192.0.2.1\n");
}

static void test_admin_removals(Fixture *f, gconstpointer data)
{
	ask_admin(f, "POST", "/api/v1/admin/desktops/d-9/reset", NULL, 204, NULL);
	ask_admin(f, "POST", "/api/v1/admin/desktops/d-9/burn", NULL, 404, NULL);
	ask_admin(f, "DELETE", "/api/v1/admin/sessions/s-1", NULL, 204, NULL);
	ask_admin(f, "DELETE", "/api/v1/admin/machines/d-9", NULL, 204, NULL);
	ask_admin(f, "DELETE", "/api/v1/admin/pools/pcs", NULL, 204, NULL);
	ask_admin(f, "DELETE", "/api/v1/admin/images/tiny", NULL, 204, NULL);
	assert_called(f, "local:%1$u reset d-9\n"
			 "socket session_end s-1\n"
			 "local:%1$u machine_remove d-9\n"
			 "local:%1$u pool_remove pcs\n"
			 "local:%1$u image_remove tiny\n");
}

static void test_admin_lists(Fixture *f, gconstpointer data)
{
	ask_admin(f, "GET", "/api/v1/admin/audit?before=50&limit=7", NULL, 200,
		  "\"id\":49,\"at\":7");
	ask_admin(f, "GET", "/api/v1/admin/images", NULL, 200, "\"disk\":null");
	ask_admin(f, "GET", "/api/v1/admin/sessions", NULL, 200, "\"bytes_out\":1234567");
	ask_admin(f, "GET", "/api/v1/admin/sessions?ended=1", NULL, 200, "\"ended\"");
	ask_admin(f, "GET", "/api/v1/admin/sessions?text=anna&order=idle&limit=7", NULL, 200, NULL);
	ask_admin(f, "GET", "/api/v1/admin/sessions?order=name", NULL, 400, "since|user");
	ask_admin(f, "GET", "/api/v1/admin/sessions/count", NULL, 200,
		  "{\"sessions\":3,\"people\":2}");
	g_assert_cmpstr(fake_core_calls(f->core), ==,
			"sessions - by - down, 0\nsessions - by - down, 100\n"
			"sessions anna by idle, 7\n");
	ask_admin(f, "GET", "/api/v1/admin/desktops", NULL, 200, "\"d-2\"");
}

static void test_health(Fixture *f, gconstpointer data)
{
	expect(f, NULL, "GET", "/healthz", NULL, 200, "ok\n");
	fake_core_sicken(f->core, "no answer from db.inside as oriel");
	expect(f, NULL, "GET", "/healthz", NULL, 503, "not ready\n");
	ask_admin(f, "GET", "/healthz", NULL, 503, "no answer from db.inside as oriel\n");
	expect(f, NULL, "GET", "/websockify?token=abc", NULL, 426, NULL);
	expect(f, NULL, "GET", "/api/v1/openapi.yaml", NULL, 404, NULL);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	fixture_test("/api/files", test_files);
	fixture_test("/api/packed", test_packed);
	fixture_test("/api/desktops", test_desktops);
	fixture_test("/api/connect", test_connect);
	fixture_test("/api/console", test_console);
	fixture_test("/api/sessions", test_sessions);
	fixture_test("/api/admin", test_admin);
	fixture_test("/api/admin-socket", test_admin_socket);
	fixture_test("/api/admin-pools", test_admin_pools);
	fixture_test("/api/admin-hosts", test_admin_hosts);
	fixture_test("/api/admin-machines", test_admin_machines);
	fixture_test("/api/admin-people", test_admin_people);
	fixture_test("/api/admin-removals", test_admin_removals);
	fixture_test("/api/admin-lists", test_admin_lists);
	fixture_test("/api/health", test_health);
	return g_test_run();
}
