/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rdp_why: see rdp_why.h. */
#include "rdp_why.h"

#include <freerdp/error.h>

static const char redirects[] = "the desktop's RDP server sends people to another computer";
static const char silent[] = "the desktop's RDP server fell silent";

/* To another host, which a bridge may not dial and the broker did not choose. */
static gboolean redirected(const freerdp *instance)
{
	return instance->settings->RedirectionFlags != 0;
}

void rdp_why_not(const freerdp *instance, gboolean in_time, GError **error)
{
	UINT32 why = freerdp_get_last_error(instance->context);
	Fault fault = FAULT_DESKTOP;
	const char *words;

	switch (why) {
	case FREERDP_ERROR_AUTHENTICATION_FAILED:
	case FREERDP_ERROR_CONNECT_LOGON_FAILURE:
	case FREERDP_ERROR_CONNECT_WRONG_PASSWORD:
		fault = FAULT_CONFIG;
		words = "the desktop's RDP server refused the user name or password";
		break;
	case FREERDP_ERROR_POST_CONNECT_FAILED: words = "the desktop's picture is too large"; break;
	case FREERDP_ERROR_CONNECT_CANCELLED:
		words = "the desktop's certificate is not of the CA that was named for it";
		break;
	default: words = NULL; break;
	}
	if (redirected(instance))
		words = redirects;
	else if (!in_time || why == FREERDP_ERROR_SUCCESS)
		words = silent; /* that the library itself waits no longer has no number */
	g_set_error(error, FAULT, fault, "%s%s", words ? "" : "the desktop's RDP server: ",
		    words ? words : freerdp_get_last_error_string(why));
}

Fault rdp_why_ended(const freerdp *instance, gboolean in_time, const char **out_words)
{
	if (!in_time || redirected(instance)) {
		*out_words = in_time ? redirects : silent;
		return FAULT_DESKTOP;
	}
	*out_words = "the desktop has left";
	return FAULT_ENDED;
}
