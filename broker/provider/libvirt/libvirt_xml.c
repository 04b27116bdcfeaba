/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libvirt_xml: see libvirt_xml.h. */
#include "libvirt/libvirt_xml.h"

#include <string.h>

#include "fault.h"
#include "libvirt/libvirt_link.h"
#include "nic.h"
#include "qemu/qemu_argv.h"

static void add(GString *xml, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void add(GString *xml, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list values;

	va_start(values, format);
	text = g_markup_vprintf_escaped(format, values);
	va_end(values);
	g_string_append(xml, text);
}

static char *kernel_line(const ProviderDesktop *desktop)
{
	g_autofree char *host = qemu_argv_host(desktop);
	const char *cmdline = desktop->image.cmdline;

	return g_strconcat(cmdline ? cmdline : "", cmdline ? " " : "", "host=", host, NULL);
}

static void add_os(GString *xml, const ProviderDesktop *desktop, const char *type)
{
	const ProviderImage *image = &desktop->image;
	g_autofree char *line = kernel_line(desktop);

	/* libvirt's test driver knows no chipset. */
	add(xml, g_str_equal(type, "test") ? "<os><type>hvm</type>"
					   : "<os><type arch='x86_64' machine='q35'>hvm</type>");
	if (image->kernel)
		add(xml, "<kernel>%s</kernel><cmdline>%s</cmdline>", image->kernel, line);
	if (image->initrd)
		add(xml, "<initrd>%s</initrd>", image->initrd);
	add(xml, "</os>\n");
}

/* Closed from the start: this password was never valid. A ticket sets another one, and a descriptor
 * from libvirt needs none. */
#define CLOSED "passwdValidTo='1970-01-01T00:00:01'"

static void add_graphics(GString *xml, const LibvirtDomain *domain)
{
	static const char spice[] = "<image compression='auto_lz'/><jpeg compression='never'/>"
				    "<zlib compression='never'/><streaming mode='filter'/>";

	const char *listen = domain->sockets ? "<listen type='socket'/>" : "";
	/* SPICE on a socket that says "autoport" cannot have its password changed (libvirt 9.0). */
	const char *autoport = domain->sockets ? "no" : "yes";

	/* VNC looks at eight characters and may have no more. */
	if (domain->displays & PROVIDER_VNC) {
		add(xml,
		    "<graphics type='vnc' autoport='yes' sharePolicy='ignore' "
		    "passwd='%.8s' " CLOSED ">",
		    domain->password);
		g_string_append(xml, listen);
		add(xml, "</graphics>\n");
	}
	if (domain->displays & PROVIDER_SPICE) {
		add(xml, "<graphics type='spice' autoport='%s' passwd='%s' " CLOSED ">", autoport,
		    domain->password);
		g_string_append(xml, listen);
		g_string_append(xml, spice);
		add(xml, "</graphics>\n");
	}
}

/* A host's bridge is the same thing for it as for us. A private network behind the host ("user")
 * would be the QEMU process's own, which reaches all that listens on the host: a template may have
 * one of libvirt's networks. */
static void add_interface(GString *xml, const ProviderDesktop *desktop)
{
	g_autofree char *mac = nic_mac(desktop->id);

	if (nic_bridge(desktop->image.network))
		add(xml,
		    "<interface type='bridge'><mac address='%s'/><source bridge='%s'/>"
		    "<model type='virtio'/></interface>\n",
		    mac, nic_bridge(desktop->image.network));
}

static void add_devices(GString *xml, const ProviderDesktop *desktop, const LibvirtDomain *domain)
{
	const ProviderImage *image = &desktop->image;
	const char *video = image->video && !g_str_equal(image->video, "std") ? image->video
									      : "vga";
	gboolean spice = domain->displays & PROVIDER_SPICE;

	if (domain->overlay)
		add(xml,
		    "<disk type='file' device='disk'><driver name='qemu' type='qcow2' "
		    "discard='unmap'/><source file='%s'/><target dev='vda' bus='virtio'/>"
		    "</disk>\n",
		    domain->overlay);
	add(xml, "<controller type='usb' model='qemu-xhci'/><input type='tablet' "
		 "bus='usb'/>\n" LIBVIRT_CLIPBOARD "\n"
		 "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/>"
		 "</channel>\n");
	if (spice)
		add(xml, "<channel type='spicevmc'>"
			 "<target type='virtio' name='com.redhat.spice.0'/></channel>\n");
	add_interface(xml, desktop);
	add_graphics(xml, domain);
	add(xml,
	    "<sound model='ich6'/><audio id='1' type='%s'/>\n"
	    "<video><model type='%s'/></video>\n"
	    "<rng model='virtio'><backend model='builtin'/></rng>\n"
	    "<memballoon model='none'/>\n",
	    spice ? "spice" : "none", video);
}

char *libvirt_xml_build(const ProviderDesktop *desktop, const LibvirtDomain *domain)
{
	const ProviderImage *image = &desktop->image;
	GString *xml = g_string_new(NULL);

	add(xml, "<domain type='%s'>\n<name>" LIBVIRT_PREFIX "%s</name><uuid>%s</uuid>\n",
	    domain->type, desktop->id, domain->uuid);
	add(xml, "<memory unit='MiB'>%u</memory><vcpu>%u</vcpu>\n", image->memory, image->cpus);
	add_os(xml, desktop, domain->type);
	add(xml, "<features><acpi/><apic/></features>\n");
	if (!g_str_equal(domain->type, "test"))
		add(xml, "<cpu mode='maximum'/>\n");
	add(xml, "<devices>\n");
	add_devices(xml, desktop, domain);
	add(xml, "</devices>\n</domain>\n");
	return g_string_free(xml, FALSE);
}

typedef struct {
	const char *word;
	const char *value;
	gboolean required;
} Field;

/* The field whose word stands at the beginning of text. */
static const Field *field_at(const Field *fields, const char *text)
{
	for (; fields->word; fields++) {
		if (g_str_has_prefix(text, fields->word))
			return fields;
	}
	return NULL;
}

static char *fill(const char *pattern, const Field *fields, GError **error)
{
	g_autoptr(GString) xml = g_string_new(NULL);

	for (const Field *field = fields; field->word; field++) {
		if (field->required && !strstr(pattern, field->word)) {
			g_set_error(error, FAULT, FAULT_CONFIG, "domain template without %s",
				    field->word);
			return NULL;
		}
	}
	while (*pattern) {
		const Field *field = *pattern == '@' ? field_at(fields, pattern) : NULL;
		gsize capitals = strspn(pattern + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

		if (field) {
			add(xml, "%s", field->value ? field->value : "");
			pattern += strlen(field->word);
		} else if (*pattern == '@' && capitals > 0 && pattern[capitals + 1] == '@') {
			g_set_error(error, FAULT, FAULT_CONFIG, "domain template with unknown %.*s",
				    (int)MIN(capitals + 2, 40), pattern);
			return NULL;
		} else {
			g_string_append_c(xml, *pattern++);
		}
	}
	return g_string_free(g_steal_pointer(&xml), FALSE);
}

char *libvirt_xml_fill(const char *pattern, const ProviderDesktop *desktop,
		       const LibvirtDomain *domain, GError **error)
{
	const ProviderImage *image = &desktop->image;
	g_autofree char *name = g_strconcat(LIBVIRT_PREFIX, desktop->id, NULL);
	g_autofree char *memory = g_strdup_printf("%u", image->memory);
	g_autofree char *cpus = g_strdup_printf("%u", image->cpus);
	g_autofree char *host = qemu_argv_host(desktop);
	g_autofree char *line = kernel_line(desktop);
	g_autofree char *mac = nic_mac(desktop->id);
	g_autofree char *port = domain->port ? g_strdup_printf("%u", domain->port) : NULL;
	const Field fields[] = {
		{"@NAME@", name, TRUE},
		{"@UUID@", domain->uuid, TRUE},
		{"@OVERLAY@", domain->overlay, domain->overlay != NULL},
		{"@HOST@", host},
		{"@TYPE@", domain->type},
		{"@MEMORY@", memory},
		{"@CPUS@", cpus},
		{"@VIDEO@", image->video},
		{"@KERNEL@", image->kernel},
		{"@INITRD@", image->initrd},
		{"@CMDLINE@", line},
		{"@PASSWORD@", domain->password},
		{LIBVIRT_PORT, port},
		{"@MAC@", mac},
		{NULL},
	};

	return fill(pattern, fields, error);
}
