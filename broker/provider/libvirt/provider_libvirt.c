/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * provider_libvirt: desktops as domains "oriel-ID" of any libvirt URI: a fleet's hosts over SSH or
 * TLS, this machine's daemon, or no daemon at all (qemu:///embed). A domain's UUID is the identity
 * of its overlay; libvirt remembers everything, this process nothing. The display comes as a
 * descriptor where libvirt can hand one over, else as an address with a password that expires.
 */
#include "provider.h"

#include <string.h>

#include "fault.h"
#include "libvirt/libvirt_ability.h"
#include "libvirt/libvirt_display.h"
#include "libvirt/libvirt_domain.h"
#include "libvirt/libvirt_link.h"
#include "libvirt/libvirt_migration.h"
#include "libvirt/libvirt_overlay.h"
#include "libvirt/libvirt_weight.h"
#include "place.h"
#include "qemu/qemu_probe.h"

struct Provider {
	LibvirtLink *link;
	char *dir;
	char *accel;
	char *server;     /* that has the domains, NULL = this machine       */
	gboolean own;     /* domains run as our own user: embed and session  */
	GMutex passwords; /* held while one is read and set: libvirt_display.h */
	GMutex ports;     /* ... while one is chosen and taken: libvirt_xml.h  */
	LibvirtAbility able;
};

static gboolean ask_ability(Provider *provider, GError **error)
{
	g_autoptr(LibvirtLoan) loan = libvirt_link_lend(provider->link, error);

	if (!loan)
		return FALSE;
	provider->able = libvirt_ability_ask(loan->connection, libvirt_link_hears(provider->link));
	return TRUE;
}

/* Where the domains' displays are: a vCenter names in its path the host that has them
 * (vpx://VCENTER/DATACENTER/HOST). NULL: this machine. */
static char *server_of(GUri *uri)
{
	const char *host = g_uri_get_host(uri);

	if (!host || !*host)
		return NULL;
	return g_str_equal(g_uri_get_scheme(uri), "vpx") ? g_path_get_basename(g_uri_get_path(uri))
							 : g_strdup(host);
}

static Provider *libvirt_open(const char *uri, const char *dir, const char *accel,
			      ProviderEvent event, gpointer user_data, GError **error)
{
	g_autoptr(GUri) parsed = g_uri_parse(uri, G_URI_FLAGS_NON_DNS, NULL);
	Provider *provider;

	if (!parsed) {
		g_set_error(error, FAULT, FAULT_CONFIG,
			    *uri ? "%s: not a libvirt URI"
				 : "%slibvirt wants a URI, as qemu:///system",
			    uri);
		return NULL;
	}
	if (!place_open(dir, error))
		return NULL;
	provider = g_new0(Provider, 1);
	g_mutex_init(&provider->passwords);
	g_mutex_init(&provider->ports);
	provider->dir = g_canonicalize_filename(dir, NULL);
	provider->accel = g_strdup(accel);
	provider->server = server_of(parsed);
	provider->own = !provider->server && (g_str_equal(g_uri_get_path(parsed), "/embed") ||
					      g_str_equal(g_uri_get_path(parsed), "/session"));
	provider->link = libvirt_link_new(uri, event, user_data, error);
	if (!provider->link || !ask_ability(provider, error))
		g_clear_pointer(&provider, provider_libvirt.close);
	return provider;
}

static void libvirt_close(Provider *provider)
{
	if (!provider)
		return;
	libvirt_link_free(provider->link);
	g_mutex_clear(&provider->passwords);
	g_mutex_clear(&provider->ports);
	g_free(provider->server);
	g_free(provider->accel);
	g_free(provider->dir);
	g_free(provider);
}

static void libvirt_ability(const Provider *provider, ProviderAbility *out)
{
	*out = provider->able.ability;
}

/* The image's files are on the host that the URI names; only ours can be looked at. */
static gboolean check_files(const Provider *provider, const ProviderImage *image, GError **error)
{
	if (provider->server)
		return TRUE;
	return image->xml ? place_check_template(image, error) : place_check_image(image, error);
}

static gboolean libvirt_image_ensure(Provider *provider, const ProviderImage *image, GError **error)
{
	g_autoptr(LibvirtLoan) loan = libvirt_link_lend(provider->link, error);

	return loan && libvirt_ability_suffices(&provider->able, image, error) &&
	       check_files(provider, image, error) &&
	       libvirt_overlay_possible(loan->connection, provider->own, image, error);
}

/* The <domain type> for the built-in definition, or NULL: there is none for this hypervisor. */
static const char *domain_type(Provider *provider, virConnectPtr connection,
			       const ProviderImage *image)
{
	char *capabilities;
	gboolean kvm;

	if (!provider->able.built_in)
		return NULL;
	if (g_str_equal(virConnectGetType(connection), "TEST"))
		return "test";
	if (!g_str_equal(provider->accel, "auto"))
		return g_str_equal(provider->accel, "kvm") ? "kvm" : "qemu";
	if (!provider->server)
		return g_str_equal(qemu_probe(provider->dir, image->kernel), "kvm") ? "kvm"
										    : "qemu";
	/* Another machine cannot be tried before it has a domain: its word must do. */
	capabilities = virConnectGetCapabilities(connection);
	kvm = capabilities && strstr(capabilities, "<domain type='kvm'");
	free(capabilities);
	return kvm ? "kvm" : "qemu";
}

/* Ends and forgets the domain, if there is one. */
static gboolean remove_domain(Provider *provider, virConnectPtr connection,
			      const ProviderDesktop *desktop, GError **error)
{
	autodomain domain = NULL;

	if (!libvirt_domain_look_up(connection, desktop, &domain, error))
		return FALSE;
	if (!domain)
		return TRUE;
	libvirt_link_expect_end(provider->link, desktop->id);
	return libvirt_domain_end(domain, error) && libvirt_domain_undefine(domain, error);
}

static gboolean define(Provider *provider, virConnectPtr connection, const ProviderDesktop *desktop,
		       const char *overlay, const char *identity, GError **error)
{
	const LibvirtDomain domain = {
		.type = domain_type(provider, connection, &desktop->image),
		.uuid = identity,
		.overlay = overlay,
		.sockets = !provider->server,
		.displays = provider->able.ability.displays,
		.ports = &provider->ports,
		.own_disks = !(provider->able.ability.caps & PROVIDER_DISKS),
	};

	return libvirt_domain_define(connection, desktop, &domain, error);
}

static gboolean libvirt_reset(Provider *provider, const ProviderDesktop *desktop,
			      char **out_identity, GError **error)
{
	g_autoptr(LibvirtLoan) loan = NULL;
	g_autofree char *overlay = NULL, *identity = NULL;

	if (!place_check_id(desktop->id, error))
		return FALSE;
	loan = libvirt_link_lend(provider->link, error);
	if (!loan || !remove_domain(provider, loan->connection, desktop, error) ||
	    !libvirt_overlay_renew(loan->connection, provider->dir, provider->own, desktop,
				   &overlay, &identity, error) ||
	    !define(provider, loan->connection, desktop, overlay, identity, error))
		return FALSE;
	*out_identity = g_steal_pointer(&identity);
	return TRUE;
}

static gboolean libvirt_start(Provider *provider, const ProviderDesktop *desktop, GError **error)
{
	g_autoptr(LibvirtLoan) loan = libvirt_link_lend(provider->link, error);
	autodomain domain = loan ? libvirt_domain_find(loan->connection, desktop, error) : NULL;
	gboolean running;

	if (!domain)
		return FALSE;
	if (libvirt_domain_suspended(domain) && virDomainResume(domain) < 0) {
		libvirt_set_error(error, FAULT_DESKTOP, "domain does not go on");
		return FALSE;
	}
	running = virDomainIsActive(domain) == 1;
	if (!running && virDomainCreate(domain) < 0) {
		libvirt_set_error(error, FAULT_DESKTOP, "domain cannot be started");
		return FALSE;
	}
	/* Only now: word of an end that was wanted may come as late as this. */
	libvirt_link_mind_end(provider->link, desktop->id);
	if (virDomainIsActive(domain) == 0) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "%s ended as soon as it had started",
			    virDomainGetName(domain));
		return FALSE;
	}
	if (!running)
		libvirt_weight_set(domain, desktop);
	return TRUE;
}

static gboolean libvirt_stop(Provider *provider, const ProviderDesktop *desktop, gboolean force,
			     GError **error)
{
	g_autoptr(LibvirtLoan) loan = libvirt_link_lend(provider->link, error);
	autodomain domain = NULL;

	if (!loan || !libvirt_domain_look_up(loan->connection, desktop, &domain, error))
		return FALSE;
	if (!domain)
		return TRUE;
	libvirt_link_expect_end(provider->link, desktop->id);
	return (!force && libvirt_domain_shut_down(domain)) || libvirt_domain_end(domain, error);
}

static gboolean libvirt_suspend(Provider *provider, const ProviderDesktop *desktop, GError **error)
{
	g_autoptr(LibvirtLoan) loan = libvirt_link_lend(provider->link, error);
	autodomain domain = loan ? libvirt_domain_find(loan->connection, desktop, error) : NULL;

	if (!domain)
		return FALSE;
	if (libvirt_domain_suspended(domain) || virDomainSuspend(domain) == 0)
		return TRUE;
	libvirt_set_error(error, FAULT_DESKTOP, "domain cannot be suspended");
	return FALSE;
}

static gboolean libvirt_state(Provider *provider, const ProviderDesktop *desktop,
			      ProviderState *out_state, GError **error)
{
	g_autoptr(LibvirtLoan) loan = libvirt_link_lend(provider->link, error);
	autodomain domain = NULL;

	if (!loan || !libvirt_domain_look_up(loan->connection, desktop, &domain, error))
		return FALSE;
	if (!domain)
		*out_state = PROVIDER_ABSENT;
	else if (libvirt_domain_suspended(domain))
		*out_state = PROVIDER_SUSPENDED;
	else
		*out_state = virDomainIsActive(domain) == 1 ? PROVIDER_RUNNING : PROVIDER_STOPPED;
	return TRUE;
}

static unsigned libvirt_displays(Provider *provider, const ProviderDesktop *desktop)
{
	g_autoptr(LibvirtLoan) loan = libvirt_link_lend(provider->link, NULL);
	g_autoptr(GError) why = NULL;
	autodomain domain = loan ? libvirt_domain_find(loan->connection, desktop, &why) : NULL;

	if (g_error_matches(why, FAULT, FAULT_NOT_FOUND))
		return libvirt_domain_displays_of_image(&desktop->image) &
		       provider->able.ability.displays;
	return domain ? libvirt_domain_displays(domain) : 0;
}

static gboolean libvirt_display(Provider *provider, const ProviderDesktop *desktop,
				const char *protocol, gboolean far, unsigned seconds,
				Endpoint *out_endpoint, int *out_fd, GError **error)
{
	g_autoptr(LibvirtLoan) loan = libvirt_link_lend(provider->link, error);
	autodomain domain = loan ? libvirt_domain_find(loan->connection, desktop, error) : NULL;
	g_auto(LibvirtGraphics) graphics = {0};
	int fd = -1;

	if (!domain)
		return FALSE;
	if (virDomainIsActive(domain) != 1) {
		g_set_error(error, FAULT, FAULT_DESKTOP, "%s: not running", desktop->id);
		return FALSE;
	}
	if (!libvirt_display_find(domain, protocol, &graphics, error))
		return FALSE;
	/* A running domain's display accepts: libvirt says so when it has started. */
	if (!provider->server)
		fd = libvirt_display_open(domain, &graphics, protocol, far);
	if (fd < 0)
		return libvirt_display_address(domain, &graphics, provider->server,
					       provider->able.ability.caps & PROVIDER_TICKETS
						       ? &provider->passwords
						       : NULL,
					       protocol, seconds, out_endpoint, error);
	*out_endpoint = (Endpoint){.protocol = g_strdup(protocol), .has_fd = TRUE};
	*out_fd = fd;
	return TRUE;
}

static gboolean libvirt_set_ticket(Provider *provider, const ProviderDesktop *desktop,
				   const char *protocol, const char *password, unsigned seconds,
				   GError **error)
{
	g_autoptr(LibvirtLoan) loan = libvirt_link_lend(provider->link, error);
	autodomain domain = loan ? libvirt_domain_find(loan->connection, desktop, error) : NULL;
	g_auto(LibvirtGraphics) graphics = {0};

	return domain && libvirt_display_find(domain, protocol, &graphics, error) &&
	       libvirt_display_set_password(domain, &graphics, password, seconds, error);
}

static gboolean libvirt_destroy(Provider *provider, const ProviderDesktop *desktop, GError **error)
{
	g_autoptr(LibvirtLoan) loan = NULL;

	if (!place_check_id(desktop->id, error))
		return FALSE;
	loan = libvirt_link_lend(provider->link, error);
	return loan && remove_domain(provider, loan->connection, desktop, error) &&
	       libvirt_overlay_remove(loan->connection, provider->dir, desktop, error);
}

/* Those that libvirt knows, and those of which a broken-off clone left only an overlay. */
static GPtrArray *libvirt_list(Provider *provider, GError **error)
{
	g_autoptr(LibvirtLoan) loan = libvirt_link_lend(provider->link, error);
	g_autoptr(GPtrArray) ids = loan ? place_list(provider->dir, error) : NULL;

	if (!ids || !libvirt_domain_add_ids(loan->connection, ids, error))
		return NULL;
	return g_steal_pointer(&ids);
}

static gboolean libvirt_host(Provider *provider, ProviderHost *out, GError **error)
{
	g_autoptr(LibvirtLoan) loan = libvirt_link_lend(provider->link, error);
	virNodeInfo info;

	if (!loan)
		return FALSE;
	if (virNodeGetInfo(loan->connection, &info) < 0) {
		libvirt_set_error(error, FAULT_DESKTOP, "host");
		return FALSE;
	}
	*out = (ProviderHost){.cpus = info.cpus, .memory = (unsigned)(info.memory >> 10)};
	return TRUE;
}

static gboolean libvirt_adopt(Provider *provider, const ProviderDesktop *desktop,
			      const char *identity, GError **error)
{
	g_autoptr(LibvirtLoan) loan = libvirt_link_lend(provider->link, error);
	g_autofree char *overlay = NULL;

	return loan && libvirt_overlay_find(loan->connection, desktop, &overlay, error) &&
	       remove_domain(provider, loan->connection, desktop, error) &&
	       define(provider, loan->connection, desktop, overlay, identity, error);
}

/* Where it has just come to, with a cgroup of its own there. */
static void weigh_on(virConnectPtr connection, const ProviderDesktop *desktop)
{
	autodomain domain = libvirt_domain_find(connection, desktop, NULL);

	if (domain)
		libvirt_weight_set(domain, desktop);
}

static gboolean libvirt_migrate(Provider *provider, Provider *to, const ProviderDesktop *desktop,
				GError **error)
{
	g_autoptr(LibvirtLoan) from = libvirt_link_lend(provider->link, error);
	g_autoptr(LibvirtLoan) there = from ? libvirt_link_lend(to->link, error) : NULL;
	autodomain domain = there ? libvirt_domain_find(from->connection, desktop, error) : NULL;
	gboolean moved;

	if (!domain)
		return FALSE;
	libvirt_link_expect_end(provider->link, desktop->id);
	moved = libvirt_migration_run(domain, there->connection,
				      to->server ? to->server : "127.0.0.1", error);
	if (moved)
		weigh_on(there->connection, desktop);
	else
		libvirt_link_mind_end(provider->link, desktop->id);
	return moved;
}

static gboolean libvirt_forget(Provider *provider, const ProviderDesktop *desktop, GError **error)
{
	g_autoptr(LibvirtLoan) loan = libvirt_link_lend(provider->link, error);

	return loan && remove_domain(provider, loan->connection, desktop, error);
}

const ProviderOps provider_libvirt = {
	.name = "libvirt",
	.caps = PROVIDER_CLONES | PROVIDER_POWER | PROVIDER_RESETS | PROVIDER_TICKETS |
		PROVIDER_EVENTS | PROVIDER_SURVIVES | PROVIDER_WEIGHS | PROVIDER_SUSPENDS |
		PROVIDER_MIGRATES | PROVIDER_DISKS,
	.shows = PROVIDER_VNC | PROVIDER_SPICE,
	.open = libvirt_open,
	.close = libvirt_close,
	.ability = libvirt_ability,
	.image_ensure = libvirt_image_ensure,
	.clone = libvirt_reset,
	.start = libvirt_start,
	.stop = libvirt_stop,
	.suspend = libvirt_suspend,
	.state = libvirt_state,
	.displays = libvirt_displays,
	.display = libvirt_display,
	.set_ticket = libvirt_set_ticket,
	.reset = libvirt_reset,
	.destroy = libvirt_destroy,
	.list = libvirt_list,
	.host = libvirt_host,
	.adopt = libvirt_adopt,
	.migrate = libvirt_migrate,
	.forget = libvirt_forget,
};
