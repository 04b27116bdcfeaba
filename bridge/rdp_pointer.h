/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rdp_pointer: pointer, buttons and wheels as RDP has them (MS-RDPBCGR, 2.2.8.1.1.3.1.1.3 and .4).
 */
#pragma once

#include <freerdp/freerdp.h>
#include <glib.h>

/* The pointer is here now, with these buttons (as face.h's pointer() has them), which were
 * `before`. */
void rdp_pointer_send(rdpInput *input, int x, int y, guint buttons, guint before);
