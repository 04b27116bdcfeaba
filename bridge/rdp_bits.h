/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rdp_bits: pictures that an RDP desktop sends as surface bits (MS-RDPBCGR 2.2.9.2), before FreeRDP
 * draws them. It takes their word for how large they are: what is in NSCodec it writes beyond the
 * desktop, of what is not packed it reads beyond the end.
 */
#pragma once

#include <freerdp/freerdp.h>

/* After gdi_init(); once a process. A picture that does not fit ends the connection. */
void rdp_bits_guard(rdpUpdate *update);
