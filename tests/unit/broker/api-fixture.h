/* SPDX-License-Identifier: GPL-3.0-or-later */
/* api-fixture: the API of a fake core on two sockets in a folder of its own. */
#pragma once

#include "api.h"
#include "fake-core.h"
#include "http-client.h"

#define PEER  "192.0.2.1:4000"
#define PEER2 "[2001:db8::1]:4000"

typedef struct {
	char *folder, *web, *admin;
	Core *core;
	Api *api;
} Fixture;

void fixture_open(Fixture *fixture, gconstpointer data);
void fixture_close(Fixture *fixture, gconstpointer data);

/* Logs in and returns "Authorization: Bearer TOKEN\r\n". */
char *fixture_bearer(Fixture *fixture, const char *user);

/* A request through the web socket from PEER. */
Answer *fixture_ask(Fixture *fixture, const char *method, const char *path, const char *headers,
		    const char *body);

#define fixture_test(path, run) g_test_add(path, Fixture, NULL, fixture_open, run, fixture_close)
