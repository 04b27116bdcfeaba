/* SPDX-License-Identifier: GPL-3.0-or-later */
/* strangers: who has to go when there is no place left. Real connections on loopback, of which
 * 127.0.0.0/8 has many addresses. */
#include "strangers.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 8

typedef struct {
	int listener;
	struct sockaddr_in address;
	Strangers *strangers;
} Fixture;

typedef struct {
	Stranger stranger;
	int client, server;
} Guest;

static void setup(Fixture *f, gconstpointer unused)
{
	socklen_t n = sizeof f->address;

	f->address = (struct sockaddr_in){.sin_family = AF_INET,
					  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(bind(f->listener, (struct sockaddr *)&f->address, n), ==, 0);
	g_assert_cmpint(listen(f->listener, 1), ==, 0);
	getsockname(f->listener, (struct sockaddr *)&f->address, &n);
	f->strangers = strangers_new(MOST);
}

static void teardown(Fixture *f, gconstpointer unused)
{
	close(f->listener);
	strangers_free(f->strangers);
}

/* From 127.0.0.`host`. */
static Guest *come(Fixture *f, guint8 host)
{
	Guest *guest = g_new0(Guest, 1);
	struct sockaddr_in own = {.sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(0x7f000000u | host)};

	guest->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(bind(guest->client, (struct sockaddr *)&own, sizeof own), ==, 0);
	g_assert_cmpint(connect(guest->client, (struct sockaddr *)&f->address, sizeof f->address),
			==, 0);
	guest->server = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
	g_assert_cmpint(guest->server, >=, 0);
	strangers_add(f->strangers, &guest->stranger, guest->server);
	return guest;
}

/* Its own end has been shut down, which is so as soon as that call is over. */
static gboolean sent_away(const Guest *guest)
{
	char byte;

	return recv(guest->server, &byte, 1, MSG_DONTWAIT) == 0;
}

static void leave(Fixture *f, Guest *guest)
{
	strangers_remove(f->strangers, &guest->stranger);
	strangers_remove(f->strangers, &guest->stranger);
	close(guest->client);
	close(guest->server);
	g_free(guest);
}

/* One address takes all places, and those who come from another have theirs. */
static void test_one_address(Fixture *f, gconstpointer unused)
{
	Guest *flood[2 * MOST], *gateway;

	for (unsigned i = 0; i < MOST; i++)
		flood[i] = come(f, 2);
	for (unsigned i = 0; i < MOST; i++)
		g_assert_false(sent_away(flood[i]));
	gateway = come(f, 3);
	for (unsigned i = MOST; i < 2 * MOST; i++)
		flood[i] = come(f, 2);
	g_assert_false(sent_away(gateway));
	/* The oldest went: the one for the gateway, the others for their own kind. */
	for (unsigned i = 0; i < 2 * MOST; i++)
		g_assert_cmpint(sent_away(flood[i]), ==, i <= MOST);
	leave(f, gateway);
	for (unsigned i = 0; i < 2 * MOST; i++)
		leave(f, flood[i]);
}

/* Many addresses: the ones that have waited longest go, and nobody who has shown who it is. */
static void test_many_addresses(Fixture *f, gconstpointer unused)
{
	Guest *gateway = come(f, 3), *flood[2 * MOST];

	strangers_remove(f->strangers, &gateway->stranger);
	for (unsigned i = 0; i < 2 * MOST; i++)
		flood[i] = come(f, (guint8)(10 + i));
	g_assert_false(sent_away(gateway));
	for (unsigned i = 0; i < 2 * MOST; i++)
		g_assert_cmpint(sent_away(flood[i]), ==, i < MOST);
	leave(f, gateway);
	for (unsigned i = 0; i < 2 * MOST; i++)
		leave(f, flood[i]);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/strangers/one-address", Fixture, NULL, setup, test_one_address, teardown);
	g_test_add("/strangers/many-addresses", Fixture, NULL, setup, test_many_addresses,
		   teardown);
	return g_test_run();
}
