/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/jsonframe.h"
#include "fault.h"
#include "lobby/lobby_wire.h"

#include <string.h>

static char *tell(const LobbyMessage *m)
{
	GString *said = g_string_new(lobby_type_name(m->type));

	g_string_append_printf(said, " %s/%s/%s/%s/%s %d %d %d", m->user ? m->user : "-",
			       m->password ? m->password : "-", m->text ? m->text : "-",
			       m->hint ? m->hint : "-", m->desktop ? m->desktop : "-", m->percent,
			       m->seconds, m->extend);
	for (guint i = 0; m->prompts && i < m->prompts->len; i++) {
		const LobbyPrompt *prompt = m->prompts->pdata[i];

		g_string_append_printf(said, " {%s %d %d %d}", prompt->text, prompt->question,
				       prompt->echo, prompt->error);
	}
	for (guint i = 0; m->desktops && i < m->desktops->len; i++) {
		const LobbyDesktop *desktop = m->desktops->pdata[i];

		g_string_append_printf(said, " [%s %s %s %s %d]", desktop->id, desktop->name,
				       desktop->pool, desktop->state, (int)desktop->last_used);
	}
	for (char **answer = m->answers; answer && *answer; answer++)
		g_string_append_printf(said, " =%s", *answer);
	return g_string_free(said, FALSE);
}

static void round_trip(const LobbyMessage *message, const char *expected)
{
	g_auto(LobbyMessage) back = {0};
	g_autofree char *said = NULL;
	GByteArray *bytes = lobby_encode(message);

	g_assert_true(lobby_decode(bytes->data, bytes->len, &back, NULL));
	said = tell(&back);
	g_assert_cmpstr(said, ==, expected);
	jsonframe_wipe(bytes);
}

static void test_round_trip(void)
{
	char *answers[] = {(char *)"123456", (char *)"", (char *)"\"\303\244\\", NULL};
	char *none[] = {NULL};
	g_autoptr(GPtrArray) prompts = lobby_prompts_new();
	g_autoptr(GPtrArray) desktops = lobby_desktops_new();

	g_ptr_array_add(prompts, lobby_prompt_new("Expired", FALSE, FALSE, TRUE));
	g_ptr_array_add(prompts, lobby_prompt_new("New: ", TRUE, TRUE, FALSE));
	g_ptr_array_add(desktops, lobby_desktop_new("a", "win-7", "Office", "ready", 12));
	g_ptr_array_add(desktops, lobby_desktop_new("b", "\303\274", "", "", 0));

	round_trip(&(LobbyMessage){LOBBY_OPEN}, "open -/-/-/-/- 0 0 0");
	round_trip(&(LobbyMessage){LOBBY_OPEN, .user = (char *)"anna",
				   .text = (char *)"It ended\nnow", .hint = (char *)"Choose"},
		   "open anna/-/It ended\nnow/Choose/- 0 0 0");
	round_trip(&(LobbyMessage){LOBBY_CHANNEL}, "channel -/-/-/-/- 0 0 0");
	round_trip(&(LobbyMessage){LOBBY_PROMPTS_ARE, .prompts = prompts},
		   "prompts -/-/-/-/- 0 0 0 {Expired 0 0 1} {New:  1 1 0}");
	round_trip(&(LobbyMessage){LOBBY_DESKTOPS_ARE, .desktops = desktops},
		   "desktops -/-/-/-/- 0 0 0 [a win-7 Office ready 12] [b \303\274   0]");
	round_trip(&(LobbyMessage){LOBBY_PROGRESS, .text = (char *)"Starting", .percent = -1},
		   "progress -/-/Starting/-/- -1 0 0");
	round_trip(&(LobbyMessage){LOBBY_ERROR, .text = (char *)"No", .hint = (char *)"Wait"},
		   "error -/-/No/Wait/- 0 0 0");
	round_trip(&(LobbyMessage){LOBBY_WARNING, .seconds = 300, .extend = TRUE},
		   "warning -/-/-/-/- 0 300 1");
	round_trip(&(LobbyMessage){LOBBY_ENDING, .text = (char *)"Soon", .seconds = 90},
		   "ending -/-/Soon/-/- 0 90 0");
	round_trip(&(LobbyMessage){LOBBY_LOGIN, .user = (char *)"u",
				   .password = (char *)"p\t\303\244"},
		   "login u/p\t\303\244/-/-/- 0 0 0");
	round_trip(&(LobbyMessage){LOBBY_ANSWERS, .answers = answers},
		   "answers -/-/-/-/- 0 0 0 =123456 = =\"\303\244\\");
	round_trip(&(LobbyMessage){LOBBY_ANSWERS, .answers = none}, "answers -/-/-/-/- 0 0 0");
	round_trip(&(LobbyMessage){LOBBY_CHOOSE, .desktop = (char *)"a"}, "choose -/-/-/-/a 0 0 0");
	round_trip(&(LobbyMessage){LOBBY_CANCEL}, "cancel -/-/-/-/- 0 0 0");
	round_trip(&(LobbyMessage){LOBBY_EXTEND}, "extend -/-/-/-/- 0 0 0");
	round_trip(&(LobbyMessage){LOBBY_SIGNOUT}, "signout -/-/-/-/- 0 0 0");
	/* What a peer of ours has no bound for is cut, cleaned and clamped. */
	round_trip(&(LobbyMessage){LOBBY_ERROR, .text = (char *)"a\33[31m\377"},
		   "error -/-/a [31m?/-/- 0 0 0");
	round_trip(&(LobbyMessage){LOBBY_PROGRESS, .text = (char *)"", .percent = 900},
		   "progress -/-//-/- 100 0 0");
}

static void refuse_bytes(const void *bytes, gsize n)
{
	g_auto(LobbyMessage) message = {0};
	g_autoptr(GError) error = NULL;

	g_assert_false(lobby_decode(bytes, n, &message, &error));
	g_assert_error(error, FAULT, FAULT_CLIENT);
	g_assert_null(message.user);
}

static void refuse(const char *json)
{
	refuse_bytes(json, strlen(json));
}

static void test_refused(void)
{
	g_autofree char *lng = g_strnfill(LOBBY_SECRET + 1, 'x');
	g_autofree char *login =
		g_strconcat("{\"type\":\"login\",\"user\":\"u\",\"password\":\"", lng, "\"}", NULL);
	g_autofree char *huge = g_strnfill(LOBBY_MAX + 1, ' ');
	g_autoptr(GString) many = g_string_new("{\"type\":\"answers\",\"answers\":[\"\"");

	for (unsigned i = 0; i < LOBBY_PROMPTS; i++)
		g_string_append(many, ",\"\"");
	g_string_append(many, "]}");
	memcpy(huge, "{\"type\":\"cancel\"}", 17);
	refuse(many->str);
	refuse(login);
	refuse_bytes(huge, LOBBY_MAX + 1);
	refuse("");
	refuse("[]");
	refuse("{}");
	refuse("{\"type\":7}");
	refuse("{\"type\":\"prompts_are\"}");
	refuse("{\"type\":\"cancel\"}x");
	refuse("{\"type\":\"cancel\",\"type\":\"cancel\"}");
	refuse("{\"type\":\"cancel\",\"user\":\"u\"}");
	refuse("{\"type\":\"open\",\"user\":null}");
	refuse("{\"type\":\"login\",\"user\":\"u\"}");
	refuse("{\"type\":\"login\",\"user\":\"u\",\"password\":7}");
	refuse("{\"type\":\"login\",\"user\":\"u\",\"password\":\"\\u0000\"}");
	refuse("{\"type\":\"login\",\"user\":\"u\",\"password\":\"p\",\"x\":1}");
	refuse("{\"type\":\"progress\",\"text\":\"t\",\"percent\":101}");
	refuse("{\"type\":\"progress\",\"text\":\"t\",\"percent\":4294967296}");
	refuse("{\"type\":\"progress\",\"text\":\"t\",\"percent\":1.0}");
	refuse("{\"type\":\"warning\",\"seconds\":-1,\"extend\":true}");
	refuse("{\"type\":\"warning\",\"seconds\":5,\"extend\":1}");
	refuse("{\"type\":\"answers\",\"answers\":{}}");
	refuse("{\"type\":\"answers\",\"answers\":[null]}");
	refuse("{\"type\":\"prompts\",\"prompts\":[]}");
	refuse("{\"type\":\"prompts\",\"prompts\":[7]}");
	refuse("{\"type\":\"prompts\",\"prompts\":[{\"text\":\"t\",\"question\":true,\"echo\":true}"
	       "]}");
	refuse("{\"type\":\"desktops\",\"desktops\":[{\"id\":\"a\"}]}");
	refuse("{\"type\":\"desktops\",\"desktops\":[{\"id\":\"a\",\"name\":\"\",\"pool\":\"\","
	       "\"state\":\"\",\"last_used\":-1}]}");
	refuse("{\"type\":\"desktops\",\"desktops\":[{\"id\":\"a\",\"name\":\"\",\"pool\":\"\","
	       "\"state\":\"\",\"last_used\":0,\"x\":0}]}");
}

/* The longest messages there can be, from a peer that bounds nothing. */
static void test_worst(void)
{
	g_autofree char *lng = g_strnfill(4096, '"');
	g_autoptr(GPtrArray) prompts = lobby_prompts_new();
	g_autoptr(GPtrArray) desktops = lobby_desktops_new();
	g_auto(LobbyMessage) back = {0}, again = {0};
	GByteArray *bytes;

	for (unsigned i = 0; i < LOBBY_DESKTOPS + 9; i++)
		g_ptr_array_add(desktops, lobby_desktop_new(lng, lng, lng, lng, G_MAXINT64));
	for (unsigned i = 0; i < LOBBY_PROMPTS + 9; i++)
		g_ptr_array_add(prompts, lobby_prompt_new(lng, TRUE, TRUE, TRUE));
	bytes = lobby_encode(&(LobbyMessage){LOBBY_DESKTOPS_ARE, .desktops = desktops});
	g_assert_true(lobby_decode(bytes->data, bytes->len, &back, NULL));
	g_assert_cmpuint(back.desktops->len, ==, LOBBY_DESKTOPS);
	jsonframe_wipe(bytes);
	bytes = lobby_encode(&(LobbyMessage){LOBBY_PROMPTS_ARE, .prompts = prompts});
	g_assert_true(lobby_decode(bytes->data, bytes->len, &again, NULL));
	g_assert_cmpuint(again.prompts->len, ==, LOBBY_PROMPTS);
	jsonframe_wipe(bytes);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/lobby-wire/round-trip", test_round_trip);
	g_test_add_func("/lobby-wire/refused", test_refused);
	g_test_add_func("/lobby-wire/worst", test_worst);
	return g_test_run();
}
