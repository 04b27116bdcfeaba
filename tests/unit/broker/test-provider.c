/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pieces that the drivers are made of: addresses, places, command lines, programs. */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fault.h"
#include "log.h"
#include "machine/machine_address.h"
#include "nic.h"
#include "place.h"
#include "qemu/qemu_argv.h"
#include "qemu/qemu_process.h"
#include "qemu/qemu_randoms.h"
#include "run.h"

static void test_find(void)
{
	g_assert_true(provider_find("qemu") == &provider_qemu);
	g_assert_true(provider_find("libvirt") == &provider_libvirt);
	g_assert_true(provider_find("machine") == &provider_machine);
	g_assert_null(provider_find("hyper"));
	g_assert_null(provider_find(NULL));
}

static void test_address(void)
{
	static const struct {
		const char *text, *path, *host;
		guint16 port;
		const char *user;
	} good[] = {
		{"pc.example:5900", NULL, "pc.example", 5900},
		{"192.0.2.1:1", NULL, "192.0.2.1", 1},
		{"[2001:db8::1]:65535", NULL, "2001:db8::1", 65535},
		{"unix:/run/a:b", "/run/a:b", NULL, 0},
		{"bob@pc:3389", NULL, "pc", 3389, "bob"},
		{"O\\bob@x.org@[::1]:1", NULL, "::1", 1, "O\\bob@x.org"},
	};
	static const char *const bad[] = {"",        "pc",
					  "pc:",     ":5900",
					  "pc:0",    "pc:65536",
					  "pc:+5",   "2001:db8::1:5900",
					  "[]:5900", "unix:relative",
					  "unix:",   "@pc:1"};

	for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
		g_autoptr(GError) error = NULL;
		g_auto(MachineAddress) address = {0};

		machine_address_parse(good[i].text, &address, &error);
		g_assert_no_error(error);
		g_assert_cmpstr(address.path, ==, good[i].path);
		g_assert_cmpstr(address.host, ==, good[i].host);
		g_assert_cmpint(address.port, ==, good[i].port);
		g_assert_cmpstr(address.user, ==, good[i].user);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		MachineAddress address;

		g_assert_false(machine_address_parse(bad[i], &address, &error));
		g_assert_error(error, FAULT, FAULT_CONFIG);
	}
	g_assert_false(machine_address_parse(NULL, &(MachineAddress){0}, NULL));
}

static gboolean has_pair(GStrv argv, const char *option, const char *value)
{
	for (; argv[0] && argv[1]; argv++) {
		if (g_str_equal(argv[0], option) && g_str_equal(argv[1], value))
			return TRUE;
	}
	return FALSE;
}

static const QemuNumbers numbers = {.monitor = 3, .memory = 6, .nic = 7};

static void test_argv(void)
{
	ProviderDesktop desktop = {.id = "d-1",
				   .name = "Anna's PC",
				   .image = {.kernel = "/k,1",
					     .initrd = "/i",
					     .cmdline = "quiet",
					     .memory = 128,
					     .cpus = 2,
					     .video = "qxl"}};
	g_auto(GStrv) argv = qemu_argv(&desktop, "tcg", "UUID", QEMU_MEMORY_OWN, &numbers);
	g_auto(GStrv) disk = NULL;

	g_assert_true(has_pair(argv, "-name", "guest=oriel-d-1"));
	g_assert_true(has_pair(argv, "-accel", "tcg"));
	g_assert_true(has_pair(argv, "-uuid", "UUID"));
	g_assert_true(has_pair(argv, "-m", "128"));
	g_assert_true(has_pair(argv, "-smp", "2"));
	g_assert_true(has_pair(argv, "-kernel", "/k,1"));
	g_assert_true(has_pair(argv, "-initrd", "/i"));
	g_assert_true(has_pair(argv, "-append", "quiet host=anna-s-pc"));
	g_assert_true(has_pair(argv, "-device", "qxl-vga"));
	g_assert_true(has_pair(argv, "-nic", "none"));
	g_assert_true(g_strv_contains((const char *const *)argv, "-sandbox"));
	g_assert_false(g_strv_contains((const char *const *)argv, "-blockdev"));

	desktop.image = (ProviderImage){.disk = "/d", .memory = 64, .cpus = 1};
	disk = qemu_argv(&desktop, "kvm", "UUID", QEMU_MEMORY_OWN, &numbers);
	g_assert_true(has_pair(disk, "-device", "virtio-blk-pci,drive=disk"));
	g_assert_true(has_pair(disk, "-device", "VGA"));
	g_assert_false(g_strv_contains((const char *const *)disk, "-append"));
	g_assert_false(g_strv_contains((const char *const *)disk, "-incoming"));
	g_assert_true(has_pair(disk, "-device", "vmgenid,guid=UUID"));
}

/* A template writes its own file; a clone has an inherited one for itself, and waits. */
static void test_argv_memory(void)
{
	ProviderDesktop desktop = {.id = "d-1", .image = {.disk = "/d", .memory = 64, .cpus = 1}};
	g_auto(GStrv) template = qemu_argv(&desktop, "tcg", "I", QEMU_MEMORY_TEMPLATE, &numbers);
	g_auto(GStrv) clone = qemu_argv(&desktop, "tcg", "I", QEMU_MEMORY_CLONE, &numbers);

	g_assert_true(
		has_pair(template, "-object",
			 "memory-backend-file,id=ram,size=64M,mem-path=qemu/memory,share=on"));
	g_assert_false(g_strv_contains((const char *const *)template, "-incoming"));
	g_assert_true(
		has_pair(clone, "-object",
			 "memory-backend-file,id=ram,size=64M,mem-path=/proc/self/fd/6,share=off"));
	g_assert_true(has_pair(clone, "-incoming", "defer"));
	g_assert_true(has_pair(clone, "-machine", "q35,vmport=off,memory-backend=ram"));
}

static gboolean has_word(GStrv argv, const char *part)
{
	for (; *argv; argv++) {
		if (strstr(*argv, part))
			return TRUE;
	}
	return FALSE;
}

/* The card's place is there in a template and its clones, so that one can be plugged in; the card
 * is not. */
static void test_argv_nic(void)
{
	ProviderDesktop desktop = {
		.id = "d-1", .image = {.disk = "/d", .memory = 64, .cpus = 1, .network = "user"}};
	g_autofree char *mac = nic_mac("d-1");
	g_autofree char *card = g_strdup_printf(
		"virtio-net-pci,id=nic,netdev=net,bus=nic-port,romfile=,mac=%s", mac);
	g_auto(GStrv) user = qemu_argv(&desktop, "tcg", "I", QEMU_MEMORY_OWN, &numbers);
	g_auto(GStrv) template = qemu_argv(&desktop, "tcg", "I", QEMU_MEMORY_TEMPLATE, &numbers);
	g_auto(GStrv) clone = qemu_argv(&desktop, "tcg", "I", QEMU_MEMORY_CLONE, &numbers);
	g_auto(GStrv) bridge = NULL;
	g_auto(GStrv) none = NULL;

	g_assert_true(has_pair(user, "-netdev", "socket,id=net,fd=7"));
	g_assert_true(has_pair(user, "-device", card));
	g_assert_true(has_word(template, "id=nic-port"));
	g_assert_true(has_word(clone, "id=nic-port"));
	g_assert_false(has_word(template, "virtio-net"));
	g_assert_false(has_word(clone, "virtio-net"));

	desktop.image.network = "bridge:br0";
	bridge = qemu_argv(&desktop, "tcg", "I", QEMU_MEMORY_OWN, &numbers);
	g_assert_true(has_pair(bridge, "-netdev", "tap,id=net,fd=7"));
	desktop.image.network = "none";
	none = qemu_argv(&desktop, "tcg", "I", QEMU_MEMORY_OWN, &numbers);
	g_assert_false(has_word(none, "virtio-net"));
	g_assert_false(has_word(none, "nic-port"));
}

/* A locally administered address of one station's, which is nobody else's and stays. */
static void test_mac(void)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autofree char *again = nic_mac("d-7");

	for (unsigned i = 0; i < 20000; i++) {
		g_autofree char *id = g_strdup_printf("d-%u", i);
		char *mac = nic_mac(id);

		g_assert_true(g_regex_match_simple("^[0-9a-f][26ae](:[0-9a-f]{2}){5}$", mac, 0, 0));
		g_assert_true(g_hash_table_add(seen, mac));
	}
	g_assert_true(g_hash_table_contains(seen, again));
}

static void test_networks(void)
{
	static const char *const good[] = {"none", "user", "bridge:br0", "bridge:a.b_c-d"};
	static const char *const bad[] = {
		"",           "slirp",          "bridge:",
		"bridge:a/b", "bridge:..",      "bridge:-b",
		"bridge:a b", "bridge:a\nuser", "bridge:1234567890123456"};

	for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
		g_assert_true(nic_network_ok(good[i], NULL));
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_false(nic_network_ok(bad[i], &error));
		g_assert_error(error, FAULT, FAULT_CONFIG);
	}
	g_assert_false(nic_wanted(NULL));
	g_assert_false(nic_wanted("none"));
	g_assert_true(nic_wanted("user"));
}

/* What two clones have said is told from one that is still the other. */
static void test_randoms(void)
{
	QemuRandoms *randoms = qemu_randoms_new();
	g_autoptr(GError) error = NULL;

	g_assert_true(qemu_randoms_put(randoms, "d-1", "one", NULL));
	g_assert_true(qemu_randoms_put(randoms, "d-2", "two", NULL));
	g_assert_false(qemu_randoms_put(randoms, "d-3", "one", &error));
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	qemu_randoms_forget(randoms, "d-1");
	g_assert_true(qemu_randoms_put(randoms, "d-3", "one", NULL));
	qemu_randoms_free(randoms);
}

static void test_host(void)
{
	static const char *const names[][2] = {{"Tiny 1", "tiny-1"},
					       {"--a--b--", "a-b"},
					       {"\xc3\xa4", "d-1"},
					       {"", "d-1"},
					       {NULL, "d-1"}};
	char *name = g_strnfill(100, 'x');
	g_autofree char *host = qemu_argv_host(&(ProviderDesktop){.id = "d-1", .name = name});

	g_assert_cmpuint(strlen(host), ==, 63);
	g_free(name);
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *made =
			qemu_argv_host(&(ProviderDesktop){.id = "d-1", .name = names[i][0]});

		g_assert_cmpstr(made, ==, names[i][1]);
	}
}

static void test_id(void)
{
	g_autofree char *longest = g_strnfill(64, 'a');
	g_autofree char *longer = g_strnfill(65, 'a');

	g_assert_true(place_check_id("d-0f", NULL));
	g_assert_true(place_check_id(longest, NULL));
	g_assert_false(place_check_id(longer, NULL));
	g_assert_false(place_check_id("", NULL));
	g_assert_false(place_check_id("..", NULL));
	g_assert_false(place_check_id("a/b", NULL));
	g_assert_false(place_check_id("A", NULL));
}

static void image_refused(ProviderImage image)
{
	g_autoptr(GError) error = NULL;

	g_assert_false(place_check_image(&image, &error));
	g_assert_error(error, FAULT, FAULT_CONFIG);
}

static void test_image(void)
{
	const char *file = "/proc/self/exe";

	g_assert_true(
		place_check_image(&(ProviderImage){.kernel = file, .memory = 64, .cpus = 1}, NULL));
	image_refused((ProviderImage){.memory = 64, .cpus = 1});
	image_refused((ProviderImage){.initrd = file, .disk = file, .memory = 64, .cpus = 1});
	image_refused((ProviderImage){.kernel = file, .memory = 0, .cpus = 1});
	image_refused((ProviderImage){.kernel = file, .memory = 64, .cpus = 0});
	image_refused((ProviderImage){.kernel = file, .memory = 64, .cpus = 1, .video = "ati"});
	image_refused((ProviderImage){.kernel = "/nowhere", .memory = 64, .cpus = 1});
	image_refused((ProviderImage){.kernel = "/", .memory = 64, .cpus = 1});
	image_refused((ProviderImage){.disk = "nbd:elsewhere", .memory = 64, .cpus = 1});
}

static void test_run(void)
{
	static const char *const fails[] = {"sh", "-c", "echo one; echo two >&2; exit 3", NULL};
	static const char *const hangs[] = {"sleep", "60", NULL};
	static const char *const shows[] = {"sh", "-c", "echo here; exec sleep 60", NULL};
	static const char *const absent[] = {"no-such-program-at-all", NULL};
	static const char *const prints[] = {"printf", "a\\nb", NULL};
	g_autoptr(GError) error = NULL;
	g_autofree char *output = NULL;
	gint64 before = g_get_monotonic_time();

	g_assert_true(run_program(prints, NULL, 5, &output, NULL));
	g_assert_cmpstr(output, ==, "a\nb");
	g_assert_false(run_program(fails, NULL, 5, NULL, &error));
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	g_assert_cmpstr(error->message, ==, "sh: one two");
	g_clear_error(&error);
	g_assert_false(run_program(hangs, NULL, 1, NULL, &error));
	g_assert_error(error, FAULT, FAULT_TIMEOUT);
	g_clear_error(&error);
	g_assert_true(run_program(shows, "here", 20, NULL, NULL));
	g_assert_false(run_program(prints, "c", 20, NULL, NULL));
	g_assert_false(run_program(absent, NULL, 5, NULL, &error));
	g_assert_error(error, FAULT, FAULT_CONFIG);
	g_assert_cmpint(g_get_monotonic_time() - before, <, 40 * G_USEC_PER_SEC);
}

static void test_last_words(void)
{
	g_autofree char *few = run_last_words("a\n");
	g_autofree char *many = run_last_words("1\n2\n3\n4\x1b[31m\n\n");
	g_autofree char *none = run_last_words("\n");
	g_autofree char *wide = g_strnfill(5000, 'w');
	g_autofree char *cut = run_last_words(wide);

	g_assert_cmpstr(few, ==, "a");
	g_assert_cmpstr(many, ==, "2 3 4 [31m");
	g_assert_cmpstr(none, ==, "");
	g_assert_cmpuint(strlen(cut), ==, 500);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_init("test", FALSE); /* its lines are not fatal to a test */
	g_test_add_func("/provider/find", test_find);
	g_test_add_func("/provider/address", test_address);
	g_test_add_func("/provider/argv", test_argv);
	g_test_add_func("/provider/argv-memory", test_argv_memory);
	g_test_add_func("/provider/argv-nic", test_argv_nic);
	g_test_add_func("/provider/mac", test_mac);
	g_test_add_func("/provider/networks", test_networks);
	g_test_add_func("/provider/randoms", test_randoms);
	g_test_add_func("/provider/host", test_host);
	g_test_add_func("/provider/id", test_id);
	g_test_add_func("/provider/image", test_image);
	g_test_add_func("/provider/run", test_run);
	g_test_add_func("/provider/last-words", test_last_words);
	return g_test_run();
}
