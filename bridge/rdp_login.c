/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rdp_login: see rdp_login.h. */
#include "rdp_login.h"

#include <freerdp/client/cmdline.h>
#include <stdlib.h>

gboolean rdp_login_set(rdpSettings *settings, const Endpoint *endpoint)
{
	char *user = NULL, *domain = NULL;
	gboolean set;

	/* Network level authentication needs the user's name before there is a picture. */
	settings->NlaSecurity = settings->AutoLogonEnabled = endpoint->username != NULL;
	if (endpoint->username == NULL)
		return TRUE;
	set = freerdp_parse_username(endpoint->username, &user, &domain) &&
	      freerdp_settings_set_string(settings, FreeRDP_Username, user) &&
	      freerdp_settings_set_string(settings, FreeRDP_Domain, domain) &&
	      freerdp_settings_set_string(settings, FreeRDP_Password, endpoint->password);
	free(user);
	free(domain);
	return set;
}
