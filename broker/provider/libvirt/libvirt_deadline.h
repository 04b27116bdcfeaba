/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libvirt_deadline: an end to the opening of a connection. libvirt has none: a daemon that accepts
 * and says nothing (stopped, or hung) holds whoever opens for ever, where one that falls silent
 * later is found out by keepalive.
 */
#pragma once

#include <libvirt/libvirt.h>

#include "fault.h"

typedef virConnectPtr (*LibvirtOpener)(const char *uri, Fault code, GError **error);

/*
 * What open() answers, which is called in a thread of its own. If that takes longer than so many
 * seconds: NULL with `code`. The thread is left to itself then, and closes what it may still get;
 * until it is back nobody else waits for that URI: NULL with `code`, at once.
 */
virConnectPtr libvirt_deadline_open(LibvirtOpener open, const char *uri, Fault code,
				    unsigned seconds, GError **error);
