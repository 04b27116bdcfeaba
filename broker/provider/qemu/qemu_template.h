/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qemu_template: booted guests, frozen, to make desktops of:
 *
 *   DIR/templates/KEY/qemu/memory         the guest's memory
 *   DIR/templates/KEY/qemu/overlay.qcow2  what it has written while it booted; below its clones'
 *                                         overlays
 *   DIR/templates/KEY/state               its devices' state
 *   DIR/templates/KEY/ready               written last: without it, it is half made and thrown away
 *
 * KEY stands for the version of the image, the image's files as they are, QEMU and all that it is
 * told: when one of them changes, another template is made. Clones get the memory as a sealed file
 * that lives as long as somebody has it open. Thread-safe.
 */
#pragma once

#include "provider.h"

typedef struct QemuTemplates QemuTemplates;

/* dir: the driver's. Ends and removes what an earlier broker has not finished. */
QemuTemplates *qemu_templates_new(const char *dir);
void qemu_templates_free(QemuTemplates *templates);

/* The key (g_free) of the image's template, whether there is one or not. */
char *qemu_templates_key(const ProviderImage *image, const char *accel);
gboolean qemu_templates_ready(QemuTemplates *templates, const char *key);
/* The template's directory (g_free). */
char *qemu_templates_dir(QemuTemplates *templates, const char *key);

/* Boots one (minutes; give_up(data) TRUE ends it early), unless it is there. One at a time.
 * FAULT_CONFIG, FAULT_DESKTOP, FAULT_TIMEOUT: the guest has not said that it is ready. */
gboolean qemu_templates_make(QemuTemplates *templates, const ProviderImage *image,
			     const char *accel, ProviderGiveUp give_up, gpointer data,
			     GError **error);

/* Descriptors for a clone, the caller's: the state and the memory. FAULT_DESKTOP. */
gboolean qemu_templates_open(QemuTemplates *templates, const char *key, int *out_state,
			     int *out_memory, GError **error);

/* Removes every template whose key is not in the set. */
void qemu_templates_keep(QemuTemplates *templates, GHashTable *keys);
