/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The XML that goes to libvirt and comes from it. That libvirt likes it,
 * test_providers.py shows. */
#include <string.h>

#include "fault.h"
#include "libvirt_graphics.h"
#include "libvirt_xml.h"
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
				     .password = "secret0123"};

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

	remote.sockets = FALSE;
	remote.overlay = NULL;
	bridged.image.network = "bridge:br0";
	near = libvirt_xml_build(&bridged, &domain);
	g_assert_nonnull(strstr(near, "<source bridge='br0'/><model type='virtio'/></interface>"));
	g_assert_nonnull(strstr(near, "<interface type='bridge'><mac address='"));
	far = libvirt_xml_build(&desktop, &remote);
	g_assert_null(strstr(far, "<listen"));
	g_assert_null(strstr(far, "<disk"));
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

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/libvirt/build", test_build);
	g_test_add_func("/libvirt/template", test_template);
	g_test_add_func("/libvirt/graphics", test_graphics);
	return g_test_run();
}
