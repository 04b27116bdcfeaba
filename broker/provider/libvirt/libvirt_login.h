/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libvirt_login: the user and the password that some URIs want (esx, vpx, hyperv, SASL). libvirt
 * takes them from an auth.conf (https://libvirt.org/auth.html), of the broker's user or the one
 * that the URI names with "authfile="; nobody is asked.
 */
#pragma once

#include <libvirt/libvirt.h>

#include "fault.h"

/* virConnectOpen(), with words for an admin where a user or a password is missing, or where libvirt
 * does not say what a hypervisor wants of this machine, and an end after half a minute
 * (libvirt_deadline.h). NULL with `code`, or with FAULT_CONFIG where the URI itself has a password
 * or its authfile will not do: anybody on this machine may read it, or the broker may not. */
virConnectPtr libvirt_login_open(const char *uri, Fault code, GError **error);
