/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * doctor: why does a login or a start fail? Looks at the machine it runs on, one thing after the
 * other, and says of each whether it is well, and what to do if it is not, in words for people. It
 * changes nothing. Run it as root: others see less, and it says so.
 *
 * What it asks of the broker it asks over the admin socket; all else it finds out by itself, since
 * the broker may be what is ill.
 */
#pragma once

#include <jansson.h>

#include "options.h"

typedef enum { HEALTH_WELL, HEALTH_DOUBTFUL, HEALTH_ILL } Health;

typedef struct {
	const char *topic; /* "certificate"                         */
	Health health;
	char *words;  /* what was found                             */
	char *advice; /* what to do about it; NULL if it is well    */
} Finding;

typedef struct {
	const Options *options;
	const char *socket_path; /* the broker's admin socket       */
	const char *pam_dir;     /* "/etc/pam.d"                    */
	const char *user;        /* who cannot log in; NULL = nobody in particular */
	gboolean answers;        /* the broker does                 */
	gboolean knows_broker;   /* who it runs as                  */
	unsigned broker_uid, broker_gid;
	GPtrArray *findings; /* of Finding */
} Doctor;

/* All of it: the table for people or the JSON, on standard output. Returns the exit status: 0 if
 * nothing is ill, else 1. config: the path, NULL = defaults alone. */
int doctor_run(const char *config, const char *socket_path, const char *pam_dir, const char *user,
	       gboolean json);

/* ---- for its parts: what they found */

/* A row of the answer: well, doubtful or ill; advice: what to do. */
void doctor_well(Doctor *doctor, const char *topic, const char *format, ...) G_GNUC_PRINTF(3, 4);
void doctor_doubt(Doctor *doctor, const char *topic, const char *advice, const char *format, ...)
	G_GNUC_PRINTF(4, 5);
void doctor_ill(Doctor *doctor, const char *topic, const char *advice, const char *format, ...)
	G_GNUC_PRINTF(4, 5);
/* A list from the broker (json_decref() it); NULL if it does not answer. */
json_t *doctor_ask(Doctor *doctor, const char *path);
/* May this user do that (access(2)'s mode)? Only root can tell of others: TRUE if nobody knows. */
gboolean doctor_may(unsigned uid, unsigned gid, const char *path, int mode);

/* ---- its parts: doctor_login.c, doctor_gateway.c, doctor_desktops.c, doctor_helpers.c */

void doctor_pam(Doctor *doctor);
void doctor_auth(Doctor *doctor);
void doctor_user(Doctor *doctor);
void doctor_entitlements(Doctor *doctor);

void doctor_sockets(Doctor *doctor);
void doctor_ports(Doctor *doctor);
void doctor_certificate(Doctor *doctor);

void doctor_state(Doctor *doctor);
void doctor_pages(Doctor *doctor);
void doctor_hypervisor(Doctor *doctor);
void doctor_images(Doctor *doctor);
void doctor_cards(Doctor *doctor);
void doctor_desktops(Doctor *doctor);

void doctor_helpers(Doctor *doctor);
void doctor_provider(Doctor *doctor);
void doctor_hosts(Doctor *doctor);
void doctor_abilities(Doctor *doctor);
