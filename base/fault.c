/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fault: see fault.h. */
#include "fault.h"

#include <errno.h>

/* What goes with every fault. */
typedef struct {
	unsigned wait; /* s */
} FaultPrivate;

static void fault_private_init(FaultPrivate *private)
{
	g_assert(private != NULL);
	private->wait = 0;
}

static void fault_private_copy(const FaultPrivate *from, FaultPrivate *to)
{
	g_assert(from != NULL && to != NULL);
	*to = *from;
}

static void fault_private_clear(FaultPrivate *private)
{
}

G_DEFINE_EXTENDED_ERROR(Fault, fault)

/* SPICE link errors: 1 ERROR, 3 INVALID_DATA, 7 PERMISSION_DENIED, 9 CHANNEL_NOT_AVAILABLE. */
static const FaultInfo table[] = {
	[FAULT_CLIENT] = {"client", 400, 3, G_LOG_LEVEL_INFO,
			  "Your viewer sent something that this gateway does not understand."},
	[FAULT_DENIED] = {"denied", 403, 7, G_LOG_LEVEL_INFO,
			  "Access denied. If you think that you should have it, ask your "
			  "administrator."},
	[FAULT_NOT_FOUND] = {"not-found", 404, 9, G_LOG_LEVEL_INFO,
			     "There is no such desktop, or it is not yours."},
	[FAULT_BUSY] = {"busy", 503, 1, G_LOG_LEVEL_WARNING,
			"Everything is in use right now. Please try again in a few minutes."},
	[FAULT_DESKTOP] = {"desktop", 502, 1, G_LOG_LEVEL_WARNING,
			   "Your desktop cannot be reached. Try again; if it stays so, tell your "
			   "administrator."},
	[FAULT_BROKER] =
		{"broker", 503, 1, G_LOG_LEVEL_WARNING,
		 "The desktop service is not available right now. Please try again in a moment."},
	[FAULT_TIMEOUT] = {"timeout", 504, 1, G_LOG_LEVEL_INFO,
			   "This took too long. Please try again."},
	[FAULT_CONFIG] = {"config", 500, 1, G_LOG_LEVEL_CRITICAL,
			  "The service is not set up correctly. Please tell your administrator."},
	[FAULT_QUOTA] =
		{"quota", 409, 1, G_LOG_LEVEL_INFO,
		 "You have as much as you may have at a time. Close or give back a desktop first."},
	[FAULT_MAINTENANCE] = {"maintenance", 503, 1, G_LOG_LEVEL_INFO,
			       "This desktop is being worked on. Please try again later."},
	[FAULT_ENDED] = {"ended", 410, 1, G_LOG_LEVEL_INFO, "The session has ended."},
	[FAULT_BUG] = {"bug", 500, 1, G_LOG_LEVEL_CRITICAL,
		       "Something went wrong on our side. Please tell your administrator."},
};

const FaultInfo *fault_info(Fault code)
{
	if ((unsigned)code > FAULT_LAST)
		code = FAULT_BUG;
	return &table[code];
}

Fault fault_code(const GError *error)
{
	if (error->domain == FAULT && (unsigned)error->code <= FAULT_LAST)
		return (Fault)error->code;
	return FAULT_BUG;
}

gboolean fault_from_name(const char *name, Fault *out_code)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		if (g_strcmp0(name, table[i].name) == 0) {
			*out_code = (Fault)i;
			return TRUE;
		}
	}
	return FALSE;
}

void fault_set_errno(GError **error, Fault code, const char *what)
{
	int saved = errno;

	g_set_error(error, FAULT, (int)code, "%s: %s", what, g_strerror(saved));
	errno = saved;
}

void fault_set_wait(GError **error, unsigned seconds)
{
	FaultPrivate *with = error && *error ? fault_get_private(*error) : NULL;

	if (with != NULL)
		with->wait = seconds;
}

unsigned fault_wait(const GError *error)
{
	const FaultPrivate *with = error->domain == FAULT ? fault_get_private(error) : NULL;

	return with != NULL ? with->wait : 0;
}

char *fault_words(const GError *error)
{
	unsigned wait = fault_wait(error);
	unsigned n = wait < 60 ? wait : (wait + 59) / 60;

	if (wait == 0)
		return g_strdup(fault_info(fault_code(error))->words);
	return g_strdup_printf("Too many attempts. Please try again in %u %s%s, or ask your "
			       "administrator.",
			       n, wait < 60 ? "second" : "minute", n == 1 ? "" : "s");
}
