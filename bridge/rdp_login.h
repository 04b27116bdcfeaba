/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rdp_login: who logs in to an RDP desktop. */
#pragma once

#include <freerdp/freerdp.h>
#include <glib.h>

#include "control/control.h"

/* Before freerdp_connect(). The name is "anna", "CORP\anna" or "anna@corp.example"; NULL: the
 * desktop shows its own login screen. FALSE: out of memory. */
gboolean rdp_login_set(rdpSettings *settings, const Endpoint *endpoint);
