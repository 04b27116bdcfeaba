/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oriel-lobby: the screens between a native viewer's login and its desktop. The broker starts one
 * for each client, with one end of a socket pair as descriptor 3 (protocol/lobby/lobby_wire.h) and
 * the client's protocol as the only argument. It ends with its client, or with the broker.
 *
 * It may: draw, read fonts and keyboard layouts. It opens no socket, writes no file and runs no
 * program, and knows no password but the one that is being typed.
 */
#include "lobby.h"
#include "log.h"
#include "sandbox_lobby.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#define WIRE 3

/* Libraries keep copies of what is typed: each goes when its memory does. And a process of which
 * there is one for each person keeps no memory for later. */
static void set_memory(void)
{
	mallopt(M_PERTURB, 0x5a);
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_TRIM_THRESHOLD, 128 * 1024);
}

typedef struct {
	GMainLoop *loop;
	int status;
} Run;

static void on_ended(gpointer data, const GError *error)
{
	Run *run = data;

	if (error != NULL)
		log_warning(NULL, "%s", error->message);
	run->status = error ? 1 : 0;
	g_main_loop_quit(run->loop);
}

int main(int argc, char **argv)
{
	const FaceOps *face = argc == 2 ? face_find(argv[1]) : NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(GMainLoop) loop = NULL;
	Run run = {0};
	Lobby *lobby = NULL;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("oriel-lobby " ORIEL_VERSION);
		return 0;
	}
	if (face == NULL || fcntl(WIRE, F_SETFD, FD_CLOEXEC) != 0) {
		fputs("use: oriel-lobby vnc|spice, by the broker, with descriptor 3\n", stderr);
		return 64; /* EX_USAGE */
	}
	log_init("lobby", FALSE);
	set_memory();
	run.loop = loop = g_main_loop_new(NULL, FALSE);
	/* Before the libraries start threads, which inherit it. */
	if (sandbox_lobby(&error))
		lobby = lobby_new(face, strcmp(face->name, "spice") == 0, WIRE, on_ended, &run,
				  &error);
	if (lobby == NULL) {
		log_error(NULL, "%s", error->message);
		return 1;
	}
	g_main_loop_run(loop);
	lobby_free(lobby);
	return run.status;
}
