/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libvirt_overlay: where a libvirt desktop's overlay lies. If the golden image is a volume of a
 * storage pool, the overlay is one beside it, on whatever host that is ("oriel-ID.qcow2"). Else,
 * and only if the domains run as the broker's own user, it is made by qemu-img in the driver's
 * directory (place.h).
 */
#pragma once

#include <libvirt/libvirt.h>

#include "provider.h"

/* A fresh overlay in place of any old one. *out_path is NULL for an image without a disk.
 * *out_identity is a fresh UUID. Both g_free(). FAULT_CONFIG, FAULT_DESKTOP. */
gboolean libvirt_overlay_renew(virConnectPtr connection, const char *dir, gboolean local,
			       const ProviderDesktop *desktop, char **out_path, char **out_identity,
			       GError **error);

/* The path of an overlay that is there already, on storage that several hosts share: only where the
 * golden image is a volume. *out_path is NULL for an image without a disk. FAULT_CONFIG,
 * FAULT_DESKTOP. */
gboolean libvirt_overlay_find(virConnectPtr connection, const ProviderDesktop *desktop,
			      char **out_path, GError **error);

/* Removes it wherever it is; not an error if there is none. */
gboolean libvirt_overlay_remove(virConnectPtr connection, const char *dir,
				const ProviderDesktop *desktop, GError **error);

/* The golden image is where an overlay can be put on it. FAULT_CONFIG. */
gboolean libvirt_overlay_possible(virConnectPtr connection, gboolean local,
				  const ProviderImage *image, GError **error);
