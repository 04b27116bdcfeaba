/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * machine_power: how a computer that stands somewhere is switched on and off, as an admin writes
 * it:
 *
 *   wol:MAC[@ADDRESS[:PORT]]       Wake-on-LAN; ADDRESS: of its network's broadcast, by default all
 *   ipmi:USER@HOST[:PORT]          its service processor over RMCP+, by ipmitool
 *   redfish:https://USER@HOST[:PORT][/redfish/v1/Systems/ID]   the same over HTTPS; without a path
 *                                  the only system that there is
 *
 * A password is never part of it. Nor does it ever reach a command line or a log.
 */
#pragma once

#include <glib.h>

typedef enum { POWER_ON, POWER_OFF, POWER_FORCE_OFF } PowerDeed;

/* What is to be switched. Borrowed. */
typedef struct {
	const char *how;      /* one of the above                                    */
	const char *password; /* of USER; a secret; NULL = none                      */
	const char *ca;       /* redfish: PEM file to trust; NULL = the system's     */
} MachinePower;

/* FAULT_CONFIG with what is wrong. */
gboolean machine_power_check(const char *how, GError **error);

/* Orders it; that it is done shows later. Doing again what is so already is no error. FAULT_CONFIG,
 * FAULT_DESKTOP (the service processor says no, or nothing), FAULT_TIMEOUT, FAULT_CLIENT: this way
 * cannot do it. */
gboolean machine_power_do(const MachinePower *power, PowerDeed deed, GError **error);
