/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qemu: the provider of plain QEMU processes as its own files see it: provider_qemu.c, with the
 * table of what it can do, and qemu_start.c. Many threads use it at once; its parts have locks of
 * their own.
 */
#pragma once

#include "provider.h"
#include "qemu/qemu_randoms.h"
#include "qemu/qemu_rules.h"
#include "qemu/qemu_template.h"
#include "qemu/qemu_watch.h"

struct Provider {
	char *dir;   /* of the desktops' places; absolute */
	char *accel; /* "auto", "kvm" or "tcg"            */
	QemuWatch *watch;
	QemuTemplates *templates;
	QemuRandoms *randoms;
};

/* "kvm" or "tcg"; static text. The first who asks for an image may wait while a guest is tried. */
const char *qemu_accelerator(Provider *provider, const ProviderImage *image);

/* What the desktop's QEMU may use. qemu_rules_free() it. FAULT_CONFIG, FAULT_BUG. */
QemuRules *qemu_rules_of(Provider *provider, const ProviderDesktop *desktop, GError **error);

/* ProviderOps.start: see provider.h. */
gboolean qemu_start(Provider *provider, const ProviderDesktop *desktop, GError **error);
