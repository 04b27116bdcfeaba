/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A lobby with a face of paper: what the broker says, what the person does, what the
 * broker hears. */
#include "lobby.h"

#include "autofd.h"
#include "control/jsonframe.h"
#include "fault.h"
#include "lobby/lobby_wire.h"
#include "paper.h"

#include <string.h>
#include <sys/socket.h>
#include <xkbcommon/xkbcommon-keysyms.h>

typedef struct {
	Lobby *lobby;
	int broker;
	unsigned ended;
	char *fault; /* why */
} World;

static void on_ended(gpointer owner, const GError *error)
{
	World *world = owner;

	world->ended++;
	world->fault = error ? g_strdup(error->message) : NULL;
}

static void spin(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
}

static void tell_json(World *world, const char *json)
{
	g_assert_cmpint(send(world->broker, json, strlen(json), MSG_NOSIGNAL), ==, strlen(json));
	spin();
}

/* What the broker has heard, as the bytes; "" if nothing. */
static char *heard(World *world)
{
	g_autofree char *bytes = g_malloc0(LOBBY_MAX + 1);
	gssize n;

	spin();
	n = recv(world->broker, bytes, LOBBY_MAX, MSG_DONTWAIT);
	return g_strndup(bytes, (gsize)MAX(n, 0));
}

#define expect_heard(world, json)                    \
	do {                                         \
		g_autofree char *was = heard(world); \
		g_assert_cmpstr(was, ==, json);      \
	} while (0)

static void world_open(World *world, const char *open)
{
	int ends[2];

	*world = (World){0};
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), ==, 0);
	world->broker = ends[0];
	world->lobby = lobby_new(&face_paper, FALSE, ends[1], on_ended, world, NULL);
	g_assert_nonnull(world->lobby);
	tell_json(world, open);
}

static void world_close(World *world)
{
	lobby_free(world->lobby);
	autofd_close(&world->broker);
	g_free(world->fault);
	spin();
}

static void key(guint32 keysym)
{
	paper.events->key(paper.owner, keysym, 0, TRUE);
	paper.events->key(paper.owner, keysym, 0, FALSE);
}

static void type(const char *text)
{
	for (; *text != '\0'; text++)
		key(*text == '\n' ? XKB_KEY_Return : *text == '\t' ? XKB_KEY_Tab : (guint32)*text);
}

#define NOBODY "{\"type\":\"open\"}"
#define ANNA   "{\"type\":\"open\",\"user\":\"anna\"}"
#define THREE                                                                             \
	"{\"type\":\"desktops\",\"desktops\":["                                           \
	"{\"id\":\"d1\",\"name\":\"one\",\"pool\":\"p\",\"state\":\"\",\"last_used\":0}," \
	"{\"id\":\"d2\",\"name\":\"two\",\"pool\":\"p\",\"state\":\"\",\"last_used\":5}," \
	"{\"id\":\"d3\",\"name\":\"three\",\"pool\":\"\",\"state\":\"ready\",\"last_used\":9}]}"

static void test_signin(void)
{
	World world;

	world_open(&world, NOBODY);
	type("\n"); /* the next field that is empty */
	type("\n");
	expect_heard(&world, "");
	type("anna\n"); /* it went back to the name */
	expect_heard(&world, "");
	type("geheim\n");
	expect_heard(&world, "{\"user\":\"anna\",\"password\":\"geheim\",\"type\":\"login\"}");
	/* Once: the broker has not answered yet, and nothing more is typed. */
	type("x\n");
	expect_heard(&world, "");
	/* The name stays, the password does not, and has the focus. */
	tell_json(&world, "{\"type\":\"error\",\"text\":\"No.\",\"hint\":\"Again.\"}");
	type("\n");
	expect_heard(&world, "{\"user\":\"anna\",\"password\":\"\",\"type\":\"login\"}");
	world_close(&world);
}

static void test_prompts(void)
{
	World world;

	world_open(&world, NOBODY);
	tell_json(&world, "{\"type\":\"prompts\",\"prompts\":["
			  "{\"text\":\"Expired\",\"question\":false,\"echo\":false,\"error\":true},"
			  "{\"text\":\"Code:\",\"question\":true,\"echo\":true,\"error\":false},"
			  "{\"text\":\"\",\"question\":true,\"echo\":false,\"error\":false}]}");
	type("123\nneu\n");
	expect_heard(&world, "{\"answers\":[\"123\",\"neu\"],\"type\":\"answers\"}");
	tell_json(&world,
		  "{\"type\":\"prompts\",\"prompts\":["
		  "{\"text\":\"Read\",\"question\":false,\"echo\":false,\"error\":false}]}");
	type("\n");
	expect_heard(&world, "{\"answers\":[],\"type\":\"answers\"}");
	key(XKB_KEY_Escape);
	key(XKB_KEY_Escape);
	expect_heard(&world, "{\"type\":\"cancel\"}");
	expect_heard(&world, "");
	world_close(&world);
}

static void test_desktops(void)
{
	World world;

	world_open(&world, ANNA);
	type("\n");
	expect_heard(&world, "");
	tell_json(&world, THREE);
	key(XKB_KEY_Down);
	key(XKB_KEY_Down);
	key(XKB_KEY_Up);
	type("\n");
	expect_heard(&world, "{\"desktop\":\"d2\",\"type\":\"choose\"}");
	tell_json(&world, "{\"type\":\"progress\",\"text\":\"Starting\",\"percent\":-1}");
	type("\n"); /* nothing that Return could do by accident */
	expect_heard(&world, "");
	key(XKB_KEY_Escape);
	expect_heard(&world, "{\"type\":\"cancel\"}");
	/* It did not start: the list is there again, and its first row. */
	tell_json(&world, "{\"type\":\"error\",\"text\":\"It broke.\"}");
	type(" ");
	expect_heard(&world, "{\"desktop\":\"d1\",\"type\":\"choose\"}");
	tell_json(&world, "{\"type\":\"desktops\",\"desktops\":[]}");
	type("\t\n");
	expect_heard(&world, "{\"type\":\"signout\"}");
	world_close(&world);
}

/* Nowhere to go back to: the person is told, and may try again. */
static void test_failed(void)
{
	World world;

	world_open(&world, ANNA);
	tell_json(&world, "{\"type\":\"progress\",\"text\":\"Starting\",\"percent\":5}");
	tell_json(&world, "{\"type\":\"error\",\"text\":\"It broke.\"}");
	type("\n");
	expect_heard(&world, "{\"type\":\"cancel\"}");
	world_close(&world);
}

static void test_warning(void)
{
	World world;

	world_open(&world, ANNA);
	tell_json(&world, THREE);
	tell_json(&world, "{\"type\":\"warning\",\"seconds\":60,\"extend\":true}");
	type("\t\t\t\t\n"); /* behind three rows and "Sign out" */
	expect_heard(&world, "{\"type\":\"extend\"}");
	type("\n");
	expect_heard(&world, "");
	tell_json(&world, "{\"type\":\"warning\",\"seconds\":0,\"extend\":false}");
	world_close(&world);
}

/* It may be put off, or not; Esc is the way back as it is. */
static void test_ending(void)
{
	World world;

	world_open(&world, ANNA);
	tell_json(&world, "{\"type\":\"ending\",\"text\":\"Soon\",\"seconds\":60,\"extend\":true}");
	type("\n");
	expect_heard(&world, "{\"type\":\"extend\"}");
	type("\n"); /* one word is enough */
	expect_heard(&world, "");
	tell_json(&world,
		  "{\"type\":\"ending\",\"text\":\"Soon\",\"seconds\":60,\"extend\":false}");
	type("\n");
	expect_heard(&world, "{\"type\":\"cancel\"}");
	tell_json(&world, "{\"type\":\"warning\",\"seconds\":0,\"extend\":false}");
	tell_json(&world, ANNA);
	tell_json(&world, THREE);
	world_close(&world);
}

static void click(int x, int y)
{
	paper.events->pointer(paper.owner, x, y, 0);
	paper.events->pointer(paper.owner, x, y, 1);
	paper.events->pointer(paper.owner, x, y, 0);
}

/* Down the middle of the picture until the broker hears of it. */
static void test_pointer(void)
{
	World world;
	g_autoptr(GString) all = g_string_new(NULL);

	world_open(&world, ANNA);
	tell_json(&world, THREE);
	for (int y = 0; y < paper.height; y += 10) {
		g_autofree char *was = NULL;

		click(paper.width / 2, y);
		was = heard(&world);
		if (*was != '\0' && !g_str_has_suffix(all->str, was))
			g_string_append(all, was);
		tell_json(&world, THREE);
	}
	g_assert_cmpstr(all->str, ==,
			"{\"desktop\":\"d1\",\"type\":\"choose\"}"
			"{\"desktop\":\"d2\",\"type\":\"choose\"}"
			"{\"desktop\":\"d3\",\"type\":\"choose\"}"
			"{\"type\":\"signout\"}");
	world_close(&world);
}

static void test_paste(void)
{
	World world;

	world_open(&world, NOBODY);
	paper.events->clipboard(paper.owner, "anna\n");
	paper.events->key(paper.owner, XKB_KEY_Control_L, 0, TRUE);
	key('v');
	paper.events->key(paper.owner, XKB_KEY_Control_L, 0, FALSE);
	paper.events->clipboard(paper.owner, "ge heim");
	type("\t");
	paper.events->key(paper.owner, XKB_KEY_Shift_L, 0, TRUE);
	key(XKB_KEY_Insert);
	paper.events->key(paper.owner, XKB_KEY_Shift_L, 0, FALSE);
	type("\n");
	expect_heard(&world, "{\"user\":\"anna\",\"password\":\"ge heim\",\"type\":\"login\"}");
	world_close(&world);
}

/* A key changes its field, not the picture; nothing happens when nothing does. */
static void test_damage(void)
{
	World world;

	world_open(&world, NOBODY);
	g_assert_cmpuint(paper.damaged, >=, (guint)(paper.width * paper.height));
	paper.damaged = 0;
	key('a');
	spin();
	g_assert_cmpuint(paper.damaged, >, 0);
	g_assert_cmpuint(paper.damaged, <, (guint)(paper.width * paper.height / 10));
	paper.damaged = 0;
	paper.events->pointer(paper.owner, 1, 1, 0);
	paper.events->pointer(paper.owner, 2, 2, 0);
	spin();
	g_assert_cmpuint(paper.damaged, ==, 0);
	world_close(&world);
}

static guint32 lightest(void)
{
	guint32 most = 0;

	for (int i = 0; i < paper.width * paper.height; i++)
		most = MAX(most, paper.pixels[i] & 0xff);
	return most;
}

/* Every picture is drawn to its last pixel, and all widgets are within; larger text
 * stays usable. */
static void test_sizes(void)
{
	static const int sizes[][2] = {{320, 240}, {640, 480}, {1920, 1080}, {3840, 2160}};
	World world;

	world_open(&world, NOBODY);
	for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
		paper.events->window(paper.owner, sizes[i][0], sizes[i][1]);
		spin();
		g_assert_cmpint(paper.width, ==, sizes[i][0]);
		for (int p = 0; p < paper.width * paper.height; p++)
			g_assert_cmpuint(paper.pixels[p] & 0xffffff, !=, 0);
		g_assert_cmpuint(lightest(), ==, 0xff);
	}
	paper.events->window(paper.owner, 100, 100); /* nobody could read it */
	g_assert_cmpint(paper.width, ==, 3840);
	paper.follows = FALSE;
	paper.events->window(paper.owner, 800, 600);
	spin();
	g_assert_cmpint(paper.width, ==, 3840);
	world_close(&world);
}

static void test_ends(void)
{
	World world;

	world_open(&world, NOBODY);
	paper.events->closed(paper.owner);
	g_assert_cmpuint(world.ended, ==, 1);
	g_assert_null(world.fault);
	world_close(&world);

	world_open(&world, NOBODY);
	close(autofd_steal(&world.broker));
	spin();
	g_assert_cmpuint(world.ended, ==, 1);
	g_assert_null(world.fault);
	world_close(&world);

	world_open(&world, NOBODY);
	tell_json(&world, "{\"type\":\"extend\"}");
	g_assert_cmpuint(world.ended, ==, 1);
	g_assert_cmpstr(world.fault, ==, "not for a lobby's screen: extend");
	world_close(&world);

	world_open(&world, NOBODY);
	tell_json(&world, "{\"type\":\"channel\"}");
	g_assert_cmpuint(world.ended, ==, 1);
	g_assert_cmpstr(world.fault, ==, "channel without a descriptor");
	world_close(&world);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/lobby/signin", test_signin);
	g_test_add_func("/lobby/prompts", test_prompts);
	g_test_add_func("/lobby/desktops", test_desktops);
	g_test_add_func("/lobby/failed", test_failed);
	g_test_add_func("/lobby/warning", test_warning);
	g_test_add_func("/lobby/ending", test_ending);
	g_test_add_func("/lobby/pointer", test_pointer);
	g_test_add_func("/lobby/paste", test_paste);
	g_test_add_func("/lobby/damage", test_damage);
	g_test_add_func("/lobby/sizes", test_sizes);
	g_test_add_func("/lobby/ends", test_ends);
	return g_test_run();
}
