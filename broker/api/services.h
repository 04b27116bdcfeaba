/* SPDX-License-Identifier: GPL-3.0-or-later */
/* services: what handlers share. Owned by the Api; each part is thread-safe by itself. */
#pragma once

#include "auth/limit.h"
#include "core.h"
#include "events.h"
#include "files.h"
#include "logins.h"
#include "oidc/oidc.h"
#include "quota.h"

struct Services {
	Core *core;
	Logins *logins; /* conversations under way     */
	Limit *limit;   /* back-off of refused logins: the core's */
	Oidc *oidc;     /* NULL = none is configured   */
	Quota *signins; /* answers of its, by place    */
	Quota *quota;   /* desktops being started      */
	Files *files;   /* the portal                  */
	Events *events; /* news for pages              */
};
