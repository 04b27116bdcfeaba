/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The XML that goes to libvirt and comes from it. That libvirt likes it,
 * test_providers.py shows. */
#include <string.h>
#include <sys/stat.h>

#include "fault.h"
#include "libvirt/libvirt_ability.h"
#include "libvirt/libvirt_disks.h"
#include "libvirt/libvirt_graphics.h"
#include "libvirt/libvirt_login.h"
#include "libvirt/libvirt_xml.h"
#include "scratch.h"
#include "secret.h"

static const ProviderDesktop desktop = {
	.id = "d-1",
	.name = "Anna's <PC>",
	.image = {.kernel = "/k&1",
		  .initrd = "/i",
		  .cmdline = "a='b'",
		  .memory = 128,
		  .cpus = 2,
		  .video = "qxl"},
};
static const LibvirtDomain domain = {.type = "qemu",
				     .uuid = "UUID",
				     .overlay = "/o<1>",
				     .sockets = TRUE,
				     .displays = PROVIDER_VNC | PROVIDER_SPICE,
				     .password = "secret0123",
				     .port = 5907};

static void test_build(void)
{
	g_autofree char *xml = libvirt_xml_build(&desktop, &domain);
	LibvirtDomain remote = domain;
	ProviderDesktop bridged = desktop;
	g_autofree char *far = NULL, *near = NULL;

	g_assert_nonnull(strstr(xml, "<name>oriel-d-1</name><uuid>UUID</uuid>"));
	g_assert_nonnull(strstr(xml, "<kernel>/k&amp;1</kernel>"));
	g_assert_nonnull(strstr(xml, "<cmdline>a=&apos;b&apos; host=anna-s-pc</cmdline>"));
	g_assert_nonnull(strstr(xml, "<source file='/o&lt;1&gt;'/>"));
	g_assert_nonnull(strstr(xml, "<listen type='socket'/>"));
	g_assert_nonnull(strstr(xml, "<model type='qxl'/>"));
	g_assert_nonnull(strstr(xml, "passwd='secret01' passwdValidTo='1970-"));
	g_assert_null(strstr(xml, "<interface"));

	g_assert_nonnull(strstr(xml, "<graphics type='spice'"));

	remote.sockets = FALSE;
	remote.overlay = NULL;
	remote.displays = PROVIDER_VNC;
	bridged.image.network = "bridge:br0";
	near = libvirt_xml_build(&bridged, &domain);
	g_assert_nonnull(strstr(near, "<source bridge='br0'/><model type='virtio'/></interface>"));
	g_assert_nonnull(strstr(near, "<interface type='bridge'><mac address='"));
	far = libvirt_xml_build(&desktop, &remote);
	g_assert_null(strstr(far, "<listen"));
	g_assert_null(strstr(far, "<disk"));
	g_assert_nonnull(strstr(far, "<graphics type='vnc'"));
	g_assert_null(strstr(far, "type='spice"));
}

static void filled(const char *template, const char *expected)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *xml = libvirt_xml_fill(template, &desktop, &domain, &error);

	if (expected) {
		g_assert_no_error(error);
		g_assert_cmpstr(xml, ==, expected);
	} else {
		g_assert_null(xml);
		g_assert_error(error, FAULT, FAULT_CONFIG);
	}
}

static void test_template(void)
{
	filled("@NAME@ @UUID@ @OVERLAY@ @MEMORY@", "oriel-d-1 UUID /o&lt;1&gt; 128");
	filled("@NAME@@UUID@@OVERLAY@ me@example @ @@ @x@",
	       "oriel-d-1UUID/o&lt;1&gt; me@example @ @@ @x@");
	filled("@NAME@ @UUID@", NULL);
	filled("@UUID@ @OVERLAY@", NULL);
	filled("@NAME@ @UUID@ @OVERLAY@ @SIZE@", NULL);
	filled("@NAME@ @UUID@ @OVERLAY@ @PORT@", "oriel-d-1 UUID /o&lt;1&gt; 5907");
	filled("@NAME@ @UUID@ @OVERLAY@ @", "oriel-d-1 UUID /o&lt;1&gt; @");
}

static const char running[] =
	"<domain type='kvm'><devices>"
	"<graphics type='vnc' port='5901' autoport='yes' listen='192.0.2.7' passwd='old'>"
	"<listen type='address' address='192.0.2.7'/></graphics>"
	"<graphics type='spice' port='-1' tlsPort='5903' passwdValidTo='x'><listen type='none'/>"
	"<image compression='off'/></graphics>"
	"<graphics type='vnc' port='1'/>"
	"</devices></domain>";

static void test_displays(void)
{
	g_assert_cmpuint(libvirt_graphics_displays(running), ==, PROVIDER_VNC | PROVIDER_SPICE);
	g_assert_cmpuint(libvirt_graphics_displays("<domain><graphics type='spice'/></domain>"), ==,
			 PROVIDER_SPICE);
	g_assert_cmpuint(libvirt_graphics_displays("<domain/>"), ==, 0);
	g_assert_cmpuint(libvirt_graphics_displays("<domain"), ==, 0);
}

static void test_graphics(void)
{
	g_auto(LibvirtGraphics) vnc = {0}, spice = {0};
	LibvirtGraphics none = {0};
	g_autoptr(GError) error = NULL;
	autosecret char *update = NULL;

	libvirt_graphics_find(running, "vnc", &vnc, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(vnc.index, ==, 0);
	g_assert_cmpuint(vnc.port, ==, 5901);
	g_assert_cmpuint(vnc.tls_port, ==, 0);
	g_assert_cmpstr(vnc.host, ==, "192.0.2.7");
	update = libvirt_graphics_update(&vnc, "a&b", 86400);
	g_assert_cmpstr(
		update, ==,
		"<graphics passwd='a&amp;b' passwdValidTo='1970-01-02T00:00:00' type='vnc' "
		"port='5901'"
		" autoport='yes' listen='192.0.2.7'><listen type='address' address='192.0.2.7'/>"
		"</graphics>");

	libvirt_graphics_find(running, "spice", &spice, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(spice.index, ==, 1);
	g_assert_cmpuint(spice.port, ==, 0);
	g_assert_cmpuint(spice.tls_port, ==, 5903);
	g_assert_null(spice.host);

	g_assert_false(libvirt_graphics_find(running, "rdp", &none, &error));
	g_assert_error(error, FAULT, FAULT_DESKTOP);
	g_clear_error(&error);
	for (gsize n = 0; n + 1 < sizeof(running); n++) {
		g_autofree char *cut = g_strndup(running, n);

		g_assert_false(libvirt_graphics_find(cut, "vnc", &none, NULL));
	}
}

static unsigned caps_of(const char *type)
{
	return libvirt_ability_of(type, 0, NULL).ability.caps;
}

static unsigned displays_of(const char *type, const char *xml)
{
	return libvirt_ability_of(type, 0, xml).ability.displays;
}

/* Each hypervisor has what every one has, and one that nobody has heard of has nothing else. */
static void test_ability(void)
{
	static const char *const types[] = {"QEMU", "TEST",    "Xen",   "LXC", "ESX", "VMware",
					    "VBOX", "Hyper-V", "BHYVE", "vz",  "CH"};
	const unsigned least = PROVIDER_CLONES | PROVIDER_POWER | PROVIDER_RESETS |
			       PROVIDER_SURVIVES;

	for (gsize i = 0; i < G_N_ELEMENTS(types); i++) {
		g_assert_cmpuint(caps_of(types[i]) & least, ==, least);
		g_assert_cmpuint(caps_of(types[i]) & ~provider_libvirt.caps, ==, 0);
		g_assert_cmpuint(displays_of(types[i], NULL) & ~provider_libvirt.shows, ==, 0);
		g_assert_cmpstr(libvirt_ability_of(types[i], 0, NULL).ability.name, !=,
				"this hypervisor");
	}
	g_assert_cmpuint(caps_of("QEMU"), ==, provider_libvirt.caps);
	g_assert_cmpuint(caps_of("qemu"), ==, provider_libvirt.caps);
	g_assert_cmpuint(caps_of("nobody's"), ==, least);
	g_assert_cmpuint(caps_of(NULL), ==, least);
	g_assert_cmpuint(displays_of("nobody's", NULL), ==, 0);
	g_assert_false(caps_of("ESX") & (PROVIDER_TICKETS | PROVIDER_MIGRATES | PROVIDER_DISKS));
	g_assert_true(caps_of("Xen") & PROVIDER_DISKS);
	g_assert_false(caps_of("bhyve") & PROVIDER_SUSPENDS);
	g_assert_cmpuint(libvirt_ability_of("ESX", 6007000, NULL).ability.displays, ==,
			 PROVIDER_VNC);
	g_assert_cmpuint(libvirt_ability_of("ESX", 7000000, NULL).ability.displays, ==, 0);
	g_assert_cmpstr(libvirt_ability_of("ESX", 8000001, NULL).ability.name, ==, "VMware ESX 7");
}

/* A QEMU that was built without SPICE says so. */
static void test_ability_asked(void)
{
	const unsigned both = PROVIDER_VNC | PROVIDER_SPICE;

	g_assert_cmpuint(displays_of("QEMU", "<domainCapabilities><devices/></domainCapabilities>"),
			 ==, both);
	g_assert_cmpuint(displays_of("QEMU",
				     "<domainCapabilities><devices><graphics supported='yes'>"
				     "<enum name='type'><value>sdl</value><value>vnc</value></enum>"
				     "</graphics><video supported='yes'><enum name='x'>"
				     "<value>spice</value></enum></video></devices>"
				     "</domainCapabilities>"),
			 ==, PROVIDER_VNC);
	g_assert_cmpuint(displays_of("QEMU", "<graphics supported='no'></graphics>"), ==, 0);
}

static void suffices(const char *type, const ProviderImage *image, const char *words)
{
	LibvirtAbility able = libvirt_ability_of(type, 0, NULL);
	g_autoptr(GError) error = NULL;

	g_assert_true(libvirt_ability_suffices(&able, image, &error) == !words);
	if (!words)
		return;
	g_assert_error(error, FAULT, FAULT_CLIENT);
	g_assert_nonnull(strstr(error->message, words));
}

/* What an image asks for and a hypervisor has not is said with its name. */
static void test_suffices(void)
{
	const ProviderImage plain = {.disk = "/d"}, template = {.disk = "/d", .xml = "/x"};
	const ProviderImage diskless = {.xml = "/x"};

	suffices("QEMU", &plain, NULL);
	suffices("Xen", &template, NULL);
	suffices("Xen", &plain, "Xen has no built-in definition");
	suffices("LXC", &diskless, "LXC shows no VNC or SPICE display");
	suffices("ESX", &template, "VMware ESX makes no disk");
	suffices("ESX", &diskless, NULL);
	suffices("Hyper-V", &template, "pool of machines");
}

static void disks(const char *xml, const char *words)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(libvirt_disks_check(xml, &error) == !words);
	if (!words)
		return;
	g_assert_error(error, FAULT, FAULT_CONFIG);
	g_assert_nonnull(strstr(error->message, words));
}

/* What is written to a template's own disk must end with the machine's run. */
static void test_disks(void)
{
	disks("<domain/>", NULL);
	disks("<domain><disk><source file='[a] b'/><transient/></disk></domain>", NULL);
	disks("<domain><disk type='file'><readonly/><source file='b'/></disk></domain>", NULL);
	disks("<domain><disk device='cdrom'><source file='b'/></disk></domain>", NULL);
	disks("<domain><disk><source file='b'/></disk></domain>", "b would keep");
	disks("<domain><disk><!-- <transient/> --><source file='b'/></disk></domain>", "b would");
	disks("<domain><disk><transient/></disk><disk><source dev='/c'/></disk></domain>",
	      "/c would");
	disks("<domain><disk><source file='b'/></disk><disk><transient/></disk></domain>",
	      "b would");
	disks("<domain><disk device='lun'/></domain>", "a disk would");
	disks("<domain><disk>", "domain template: ");
}

static void logs_in(const char *uri, const char *words)
{
	g_autoptr(GError) error = NULL;
	virConnectPtr connection = libvirt_login_open(uri, FAULT_DESKTOP, &error);

	g_assert_true(!connection == !!words);
	if (connection)
		virConnectClose(connection);
	if (!words)
		return;
	g_assert_error(error, FAULT, FAULT_CONFIG);
	g_assert_nonnull(strstr(error->message, words));
	g_assert_null(strstr(error->message, "geheim"));
}

static void test_login(void)
{
	g_autofree char *dir = g_dir_make_tmp("oriel-XXXXXX", NULL);
	g_autofree char *file = g_build_filename(dir, "auth.conf", NULL);
	g_autofree char *uri = g_strconcat("test:///default?authfile=", file, NULL);

	logs_in("test:///default", NULL);
	logs_in("test://anna:geheim@localhost/default", "no place for a password");
	logs_in(uri, "auth.conf: No such file");
	g_assert_true(g_file_set_contents(file, "", 0, NULL));
	g_assert_no_errno(chmod(file, 0644));
	logs_in(uri, "anybody may read the password");
	g_assert_no_errno(chmod(file, 0640));
	logs_in(uri, NULL);
	scratch_remove(dir);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/libvirt/build", test_build);
	g_test_add_func("/libvirt/template", test_template);
	g_test_add_func("/libvirt/graphics", test_graphics);
	g_test_add_func("/libvirt/displays", test_displays);
	g_test_add_func("/libvirt/disks", test_disks);
	g_test_add_func("/libvirt/login", test_login);
	g_test_add_func("/libvirt/ability", test_ability);
	g_test_add_func("/libvirt/ability/asked", test_ability_asked);
	g_test_add_func("/libvirt/ability/suffices", test_suffices);
	return g_test_run();
}
