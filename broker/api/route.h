/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * route: which handler a request belongs to, and who may call it. The table in routes.c is the
 * whole API; docs/api.yaml describes the same rows.
 */
#pragma once

#include "request.h"

typedef enum {
	MAY_ANYONE, /* no login needed                                              */
	MAY_USER,   /* a login: cookie or bearer token                              */
	MAY_ADMIN,  /* a login of an admin, or the admin socket                      */
} May;

/* Threads of their own per kind of work, so that a slow PAM module or a starting desktop never
 * holds up a list of desktops. */
typedef enum { WORK_QUICK, WORK_LOGIN, WORK_START, WORK_COUNT } Work;

typedef struct Route {
	const char *method;
	const char *pattern; /* "/api/v1/desktops/{id}": a {word} takes one segment */
	May may;
	Work work;
	/* A GET that changes something: refused to other sites like a POST. */
	gboolean guarded;
	/* Answers the request, or returns FALSE with the error that becomes the answer. */
	gboolean (*run)(Request *request, GError **error);
} Route;

extern const Route routes[];
extern const unsigned n_routes;

typedef enum { ROUTE_FOUND, ROUTE_UNKNOWN_PATH, ROUTE_UNKNOWN_METHOD } RouteResult;

/* Finds the row for request's method and path, sets request->route and request->args. On
 * ROUTE_UNKNOWN_METHOD *out_allow (g_free) lists the methods that the path knows. */
RouteResult route_match(const Route *table, unsigned n, Request *request, char **out_allow);
