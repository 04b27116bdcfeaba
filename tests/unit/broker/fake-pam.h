/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake-pam: the core's PAM in its tests. Everybody's password is "right"; otto is asked for a code
 * (123), too, both.. for both at once. "site\\anna" is anna.
 */
#pragma once

#include <glib.h>

/* Who locks it keeps those waiting whose password is "slow". */
extern GMutex fake_pam_slow;
