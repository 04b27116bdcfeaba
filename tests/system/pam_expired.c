/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pam_expired: a PAM module for tests. The passwords of the users that have a file dir=DIR/USER are
 * over; a new one is asked for twice, and the file goes away when both are the same. Says a word
 * before it asks, as real modules do.
 */
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* 0 if the user's file is there. */
static int user_file(pam_handle_t *pam, int argc, const char **argv, char path[4096])
{
	const char *user = NULL;

	if (argc != 1 || strncmp(argv[0], "dir=", 4) != 0 ||
	    pam_get_user(pam, &user, NULL) != PAM_SUCCESS)
		return -1;
	snprintf(path, 4096, "%s/%s", argv[0] + 4, user);
	return access(path, F_OK);
}

int pam_sm_acct_mgmt(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	char path[4096];

	return user_file(pam, argc, argv, path) == 0 ? PAM_NEW_AUTHTOK_REQD : PAM_SUCCESS;
}

int pam_sm_chauthtok(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	char path[4096];
	char *first = NULL, *second = NULL;
	int status = PAM_AUTHTOK_ERR;

	if (user_file(pam, argc, argv, path) != 0 || !(flags & PAM_CHANGE_EXPIRED_AUTHTOK))
		return PAM_IGNORE;
	if (flags & PAM_PRELIM_CHECK)
		return PAM_SUCCESS;
	pam_info(pam, "Your password has expired.");
	if (pam_prompt(pam, PAM_PROMPT_ECHO_OFF, &first, "New password: ") == PAM_SUCCESS &&
	    pam_prompt(pam, PAM_PROMPT_ECHO_OFF, &second, "Again: ") == PAM_SUCCESS &&
	    strcmp(first, second) == 0 && unlink(path) == 0)
		status = PAM_SUCCESS;
	free(first);
	free(second);
	return status;
}
