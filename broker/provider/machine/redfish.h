/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * redfish: switches a computer by its service processor's HTTPS API (DMTF DSP0266; the schema
 * ComputerSystem). See machine_power.h for the words and the faults.
 */
#pragma once

#include "machine/machine_power.h"

/* text: what follows "redfish:". */
gboolean redfish_check(const char *text, GError **error);
gboolean redfish_do(const MachinePower *power, PowerDeed deed, GError **error);
