/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libvirt_link: long-lived connections to a libvirt URI, opened again when they break, and the
 * news of domains that end by themselves. Runs libvirt's event loop in one thread of its own for
 * the whole process, from the first link on.
 *
 * Where a daemon is behind the URI, each caller has a connection of his own: of several calls on
 * one only the first hears that the daemon no longer answers, the others wait for ever
 * (libvirt 9.0).
 */
#pragma once

#include <libvirt/libvirt.h>

#include "fault.h"
#include "provider.h"

#define LIBVIRT_PREFIX "oriel-" /* of our domains' names */

typedef struct LibvirtLink LibvirtLink;

/* FAULT_CONFIG if the URI cannot be opened now. */
LibvirtLink *libvirt_link_new(const char *uri, ProviderEvent event, gpointer user_data,
			      GError **error);
void libvirt_link_free(LibvirtLink *link);

/* A connection, alive a moment ago, for one thread. The link outlives it. */
typedef struct {
	virConnectPtr connection;
	LibvirtLink *returns_to; /* NULL: it is the link's own, which others use at the same time */
} LibvirtLoan;
/* NULL with FAULT_DESKTOP. */
LibvirtLoan *libvirt_link_lend(LibvirtLink *link, GError **error);
void libvirt_loan_free(LibvirtLoan *loan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LibvirtLoan, libvirt_loan_free)

/* libvirt tells of ends that nobody wanted: not every hypervisor's driver does. */
gboolean libvirt_link_hears(LibvirtLink *link);

/*
 * An end of this desktop is wanted: no event, until libvirt_link_mind_end(). That belongs behind a
 * start that has worked: word of the wanted end may come during it.
 */
void libvirt_link_expect_end(LibvirtLink *link, const char *desktop_id);
void libvirt_link_mind_end(LibvirtLink *link, const char *desktop_id);

/* The last error of libvirt in this thread, as a fault: "what: reason". A missing domain is
 * FAULT_NOT_FOUND, everything else `code`. Any call of libvirt forgets the last error. */
void libvirt_set_error(GError **error, Fault code, const char *what);

/* All domains there, ours or not, which the array frees. NULL with FAULT_DESKTOP. */
GPtrArray *libvirt_domains(virConnectPtr connection, GError **error);

static inline void libvirt_domain_cleanup(virDomainPtr *domain)
{
	if (*domain)
		virDomainFree(*domain);
}
#define autodomain __attribute__((cleanup(libvirt_domain_cleanup))) virDomainPtr
