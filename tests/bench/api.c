/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench-api: people who log in, look at their desktops and take a ticket for one, over real HTTP:
 * each on a connection of its own, as a browser has one for all three.
 *
 *   bench-api HOST PORT THREADS SECONDS PEOPLE   prints one line of JSON
 */
#include "conn.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX 65536

typedef struct {
	pthread_t thread;
	unsigned number;
	GArray *whole, *tls, *calls[3]; /* of gint64: us */
} Client;

static const char *host, *port;
static unsigned threads, people;
static gint64 until;
static SSL_CTX *context;

/* Status 200 or the end of it all; the body as JSON. */
static json_t *ask(Conn *conn, const char *method, const char *path, const char *token,
		   const char *body)
{
	g_autofree char *request =
		g_strdup_printf("%s %s HTTP/1.1\r\nHost: %s:%s\r\nAuthorization: Bearer %s\r\n"
				"Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
				method, path, host, port, token ? token : "",
				body ? strlen(body) : 0, body ? body : "");
	char answer[ANSWER_MAX];
	const char *length;
	gsize n = 0, size;

	if (token == NULL) {
		char *line = strstr(request, "Authorization: Bearer \r\n");

		memmove(line, line + 24, strlen(line + 24) + 1);
	}
	conn_write(conn, request, strlen(request));
	/* The head byte by byte: TLS has it in one record anyway. */
	do {
		conn_read(conn, answer + n, 1);
		answer[++n] = '\0';
	} while (n < 4 || strcmp(answer + n - 4, "\r\n\r\n") != 0);
	length = strcasestr(answer, "\r\nContent-Length: ");
	size = length ? strtoul(length + 18, NULL, 10) : 0;
	if (strncmp(answer, "HTTP/1.1 200", 12) != 0 || size == 0 || size >= ANSWER_MAX)
		die("%s: %.200s", path, answer);
	conn_read(conn, answer, size);
	return json_loadb(answer, size, 0, NULL);
}

static void note(GArray *times, gint64 since)
{
	gint64 us = g_get_monotonic_time() - since;

	g_array_append_val(times, us);
}

/* One person: connect, log in, list, take a ticket. */
static void visit(Client *c, unsigned person)
{
	g_autofree char *login =
		g_strdup_printf("{\"user\":\"person-%u\",\"password\":\"x\"}", person);
	g_autofree char *path = NULL;
	gint64 begin, at = g_get_monotonic_time();
	json_t *in, *cards, *ticket;
	const char *token;
	Conn conn;

	conn_open(&conn, host, port);
	conn_start_tls(&conn, context);
	note(c->tls, at);
	begin = at = g_get_monotonic_time();
	in = ask(&conn, "POST", "/api/v1/login", NULL, login);
	note(c->calls[0], at);
	token = json_string_value(json_object_get(in, "token"));
	at = g_get_monotonic_time();
	cards = ask(&conn, "GET", "/api/v1/desktops", token, NULL);
	note(c->calls[1], at);
	path = g_strdup_printf("/api/v1/desktops/%s/connect",
			       json_string_value(json_object_get(json_array_get(cards, 0), "id")));
	at = g_get_monotonic_time();
	ticket = ask(&conn, "POST", path, token, "{\"protocol\":\"web\"}");
	note(c->calls[2], at);
	note(c->whole, begin);
	if (json_object_get(ticket, "ticket") == NULL)
		die("no ticket");
	json_decref(in);
	json_decref(cards);
	json_decref(ticket);
	conn_close(&conn);
}

static void *run(void *data)
{
	Client *c = data;

	for (unsigned i = c->number; g_get_monotonic_time() < until; i += threads)
		visit(c, i % people);
	return NULL;
}

static int by_value(gconstpointer a, gconstpointer b)
{
	return *(const gint64 *)a < *(const gint64 *)b ? -1
						       : *(const gint64 *)a > *(const gint64 *)b;
}

static double percentile(GArray *times, unsigned percent)
{
	return (double)g_array_index(times, gint64, times->len * percent / 100) / 1000;
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"whole", "tls", "login", "list", "connect"};
	GArray *all[G_N_ELEMENTS(names)];
	Client *clients;
	int seconds;

	if (argc != 6)
		die("want HOST PORT THREADS SECONDS PEOPLE");
	host = argv[1];
	port = argv[2];
	threads = (unsigned)atoi(argv[3]);
	seconds = atoi(argv[4]);
	people = (unsigned)atoi(argv[5]);
	context = SSL_CTX_new(TLS_client_method());
	clients = g_new0(Client, threads);
	until = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
	for (gsize i = 0; i < G_N_ELEMENTS(all); i++)
		all[i] = g_array_new(FALSE, FALSE, sizeof(gint64));
	for (unsigned i = 0; i < threads; i++) {
		Client *c = &clients[i];

		c->number = i;
		c->whole = g_array_new(FALSE, FALSE, sizeof(gint64));
		c->tls = g_array_new(FALSE, FALSE, sizeof(gint64));
		for (unsigned k = 0; k < 3; k++)
			c->calls[k] = g_array_new(FALSE, FALSE, sizeof(gint64));
		pthread_create(&c->thread, NULL, run, c);
	}
	for (unsigned i = 0; i < threads; i++) {
		Client *c = &clients[i];
		GArray *own[] = {c->whole, c->tls, c->calls[0], c->calls[1], c->calls[2]};

		pthread_join(c->thread, NULL);
		for (gsize k = 0; k < G_N_ELEMENTS(own); k++)
			g_array_append_vals(all[k], own[k]->data, own[k]->len);
	}
	printf("{\"rate\": %.1f", (double)all[0]->len / seconds);
	for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
		g_array_sort(all[i], by_value);
		printf(", \"%s_p50\": %.2f, \"%s_p99\": %.2f", names[i], percentile(all[i], 50),
		       names[i], percentile(all[i], 99));
	}
	puts("}");
	return 0;
}
