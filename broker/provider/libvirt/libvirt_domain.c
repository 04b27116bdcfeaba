/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libvirt_domain: see libvirt_domain.h. */
#include "libvirt/libvirt_domain.h"

#include <libvirt/virterror.h>
#include <string.h>

#include "dial.h"
#include "fault.h"
#include "libvirt/libvirt_disks.h"
#include "libvirt/libvirt_display.h"
#include "libvirt/libvirt_graphics.h"
#include "secret.h"

#define POWERDOWN_SECONDS 2 /* as in qemu_power.c */
#define POWERDOWN_TIMES   10
#define END_SECONDS       20
#define POLL_MS           50
#define TEMPLATE_MAX      (256 * 1024)

/* ---- its definition */

static char *read_template(const ProviderImage *image, GError **error)
{
	g_autofree char *template = NULL;
	gsize n;

	if (g_file_get_contents(image->xml, &template, &n, NULL) && n <= TEMPLATE_MAX)
		return g_steal_pointer(&template);
	g_set_error(error, FAULT, FAULT_CONFIG, "%s: cannot be read", image->xml);
	return NULL;
}

/* What an image's template becomes for this desktop. VNC looks at eight characters of a password
 * and may have no more. */
static char *fill(virConnectPtr connection, const ProviderDesktop *desktop, const char *template,
		  LibvirtDomain domain, char *password, GError **error)
{
	g_auto(LibvirtGraphics) spice = {0};

	if (!libvirt_graphics_find(template, "spice", &spice, NULL))
		password[8] = '\0';
	if (strstr(template, LIBVIRT_PORT) &&
	    !libvirt_display_free_port(connection, domain.sockets, &domain.port, error))
		return NULL;
	return libvirt_xml_fill(template, desktop, &domain, error);
}

/* Holds the display's first password: secret_free() it. */
static char *definition(virConnectPtr connection, const ProviderDesktop *desktop,
			const char *template, LibvirtDomain domain, GError **error)
{
	autosecret char *password = secret_generate();

	domain.password = password;
	if (template)
		return fill(connection, desktop, template, domain, password, error);
	if (domain.type)
		return libvirt_xml_build(desktop, &domain);
	g_set_error(error, FAULT, FAULT_CONFIG,
		    "an image for this hypervisor needs a domain template (xml)");
	return NULL;
}

gboolean libvirt_domain_define(virConnectPtr connection, const ProviderDesktop *desktop,
			       const LibvirtDomain *what, GError **error)
{
	g_autofree char *template = desktop->image.xml ? read_template(&desktop->image, error)
						       : NULL;
	g_autoptr(GMutexLocker) locker = NULL;
	autosecret char *xml = NULL;
	autodomain domain = NULL;
	g_autofree char *name = g_strconcat(LIBVIRT_PREFIX, desktop->id, NULL);

	if (desktop->image.xml && !template)
		return FALSE;
	if (template && strstr(template, LIBVIRT_PORT))
		locker = g_mutex_locker_new(what->ports);
	xml = definition(connection, desktop, template, *what, error);
	if (!xml)
		return FALSE;
	if (what->own_disks && !libvirt_disks_check(xml, error))
		return FALSE;
	domain = virDomainDefineXML(connection, xml);
	if (!domain) {
		libvirt_set_error(error, desktop->image.xml ? FAULT_CONFIG : FAULT_DESKTOP, name);
		return FALSE;
	}
	if (g_strcmp0(virDomainGetName(domain), name) != 0) {
		virDomainUndefine(domain);
		g_set_error(error, FAULT, FAULT_CONFIG, "domain template: <name> is not @NAME@");
		return FALSE;
	}
	return TRUE;
}

unsigned libvirt_domain_displays_of_image(const ProviderImage *image)
{
	g_autofree char *template = NULL;

	if (!image->xml)
		return PROVIDER_VNC | PROVIDER_SPICE;
	template = read_template(image, NULL);
	return template ? libvirt_graphics_displays(template) : 0;
}

unsigned libvirt_domain_displays(virDomainPtr domain)
{
	char *xml = virDomainGetXMLDesc(domain, 0);
	unsigned displays = xml ? libvirt_graphics_displays(xml) : 0;

	free(xml);
	return displays;
}

/* ---- its life */

virDomainPtr libvirt_domain_find(virConnectPtr connection, const ProviderDesktop *desktop,
				 GError **error)
{
	g_autofree char *name = g_strconcat(LIBVIRT_PREFIX, desktop->id, NULL);
	virDomainPtr domain = virDomainLookupByName(connection, name);

	if (!domain)
		libvirt_set_error(error, FAULT_DESKTOP, name);
	return domain;
}

gboolean libvirt_domain_look_up(virConnectPtr connection, const ProviderDesktop *desktop,
				virDomainPtr *out_domain, GError **error)
{
	g_autoptr(GError) failure = NULL;

	*out_domain = libvirt_domain_find(connection, desktop, &failure);
	if (!failure || failure->code == FAULT_NOT_FOUND)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&failure));
	return FALSE;
}

gboolean libvirt_domain_add_ids(virConnectPtr connection, GPtrArray *ids, GError **error)
{
	g_autoptr(GPtrArray) domains = libvirt_domains(connection, error);

	for (guint i = 0; domains && i < domains->len; i++) {
		const char *name = virDomainGetName(domains->pdata[i]);
		const char *id = name + strlen(LIBVIRT_PREFIX);

		if (g_str_has_prefix(name, LIBVIRT_PREFIX) &&
		    !g_ptr_array_find_with_equal_func(ids, id, g_str_equal, NULL))
			g_ptr_array_add(ids, g_strdup(id));
	}
	return domains != NULL;
}

static gboolean await_end(virDomainPtr domain, unsigned seconds)
{
	gint64 deadline = dial_deadline(seconds);

	while (virDomainIsActive(domain) == 1) {
		if (dial_milliseconds(deadline) == 0)
			return FALSE;
		g_usleep(POLL_MS * 1000);
	}
	return TRUE;
}

/* VMware's do not end one that is suspended: it has to go on first. */
static gboolean destroy(virDomainPtr domain, GError **error)
{
	g_autoptr(GError) failure = NULL;

	if (virDomainDestroy(domain) == 0)
		return TRUE;
	libvirt_set_error(&failure, FAULT_DESKTOP, "domain does not end");
	if ((libvirt_domain_suspended(domain) && virDomainResume(domain) == 0 &&
	     virDomainDestroy(domain) == 0) ||
	    virDomainIsActive(domain) != 1)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&failure));
	return FALSE;
}

gboolean libvirt_domain_shut_down(virDomainPtr domain)
{
	for (int i = 0; i < POWERDOWN_TIMES && virDomainIsActive(domain) == 1; i++) {
		if (virDomainShutdown(domain) < 0)
			return FALSE;
		if (await_end(domain, POWERDOWN_SECONDS))
			return TRUE;
	}
	return virDomainIsActive(domain) != 1;
}

gboolean libvirt_domain_end(virDomainPtr domain, GError **error)
{
	if (virDomainIsActive(domain) != 1)
		return TRUE;
	if (!destroy(domain, error))
		return FALSE;
	if (await_end(domain, END_SECONDS))
		return TRUE;
	g_set_error(error, FAULT, FAULT_DESKTOP, "%s does not end", virDomainGetName(domain));
	return FALSE;
}

gboolean libvirt_domain_undefine(virDomainPtr domain, GError **error)
{
	/* A transient domain is gone with its end; not every driver knows the flags. */
	if (virDomainUndefineFlags(domain, VIR_DOMAIN_UNDEFINE_MANAGED_SAVE |
						   VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA |
						   VIR_DOMAIN_UNDEFINE_NVRAM) < 0 &&
	    virDomainUndefine(domain) < 0 && virGetLastErrorCode() != VIR_ERR_NO_DOMAIN) {
		libvirt_set_error(error, FAULT_DESKTOP, "domain cannot be undefined");
		return FALSE;
	}
	return TRUE;
}

gboolean libvirt_domain_suspended(virDomainPtr domain)
{
	int state, reason;

	/* Not every driver knows reasons. */
	return virDomainGetState(domain, &state, &reason, 0) == 0 && state == VIR_DOMAIN_PAUSED &&
	       (reason == VIR_DOMAIN_PAUSED_USER || reason == VIR_DOMAIN_PAUSED_UNKNOWN);
}
