/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/authwire.h"
#include "control/jsonframe.h"
#include "fault.h"
#include "transcript.h"

static void append_list(GString *said, const char *name, char **texts)
{
	for (; texts && *texts; texts++)
		g_string_append_printf(said, " %s=%s", name, *texts);
}

static char *run(const Piece *pieces, gsize n_pieces, gconstpointer data)
{
	g_autoptr(GByteArray) in = g_byte_array_new();
	g_auto(AuthMessage) m = {0};
	g_autoptr(GError) error = NULL;
	GString *said = g_string_new(NULL);
	gssize used = 0;

	for (gsize i = 0; i < n_pieces && used == 0; i++) {
		g_byte_array_append(in, pieces[i].bytes, (guint)pieces[i].n);
		used = auth_decode(in->data, in->len, &m, &error);
	}
	if (used <= 0) {
		g_string_append(said, used < 0 ? error->message : "more");
		g_assert_true(used == 0 || g_error_matches(error, FAULT, FAULT_BROKER));
		return g_string_free(said, FALSE);
	}
	g_string_append_printf(said, "%d user=%s peer=%s", m.type, m.user, m.peer);
	for (guint i = 0; m.prompts && i < m.prompts->len; i++) {
		const AuthPrompt *prompt = m.prompts->pdata[i];

		g_string_append_printf(said, " {%d %s}", prompt->kind, prompt->text);
	}
	append_list(said, "answer", m.answers);
	append_list(said, "group", m.groups);
	return g_string_free(said, FALSE);
}

static void round_trip(const AuthMessage *message, const char *expected)
{
	GByteArray *bytes = auth_encode(message);

	transcript_check(bytes->data, bytes->len, run, NULL, expected);
	jsonframe_wipe(bytes);
}

static void test_round_trip(void)
{
	char *texts[] = {(char *)"one", (char *)"", (char *)"\"\303\244", NULL};
	char *none[] = {NULL};
	g_autoptr(GPtrArray) asking = auth_prompts_new(), telling = auth_prompts_new();
	g_autoptr(GPtrArray) silent = auth_prompts_new();

	g_ptr_array_add(telling, auth_prompt_new(AUTH_INFO, "Last login: never"));
	g_ptr_array_add(asking, auth_prompt_new(AUTH_ERROR, "too short"));
	g_ptr_array_add(asking, auth_prompt_new(AUTH_SECRET, "Password: "));
	g_ptr_array_add(asking, auth_prompt_new(AUTH_VISIBLE, "Code: "));

	round_trip(&(AuthMessage){AUTH_BEGIN, .user = (char *)"anna", .peer = (char *)"192.0.2.1"},
		   "0 user=anna peer=192.0.2.1");
	round_trip(&(AuthMessage){AUTH_ASK, .prompts = asking},
		   "1 user=(null) peer=(null) {3 too short} {0 Password: } {1 Code: }");
	round_trip(&(AuthMessage){AUTH_ANSWERS, .answers = texts},
		   "2 user=(null) peer=(null) answer=one answer= answer=\"\303\244");
	round_trip(
		&(AuthMessage){AUTH_ACCEPTED, .user = (char *)"anna", .prompts = telling,
			       .groups = texts},
		"3 user=anna peer=(null) {2 Last login: never} group=one group= group=\"\303\244");
	round_trip(&(AuthMessage){AUTH_ACCEPTED, .user = (char *)"a", .prompts = silent,
				  .groups = none},
		   "3 user=a peer=(null)");
	round_trip(&(AuthMessage){AUTH_REFUSED}, "4 user=(null) peer=(null)");
}

static void refuse(const char *json)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	guint32 head = GUINT32_TO_BE((guint32)strlen(json));

	g_byte_array_append(bytes, (const guint8 *)&head, 4);
	g_byte_array_append(bytes, (const guint8 *)json, (guint)strlen(json));
	transcript_check(bytes->data, bytes->len, run, NULL, "a login message that is not one");
}

static void test_refused(void)
{
	g_autofree char *lng = g_strnfill(AUTH_ANSWER + 1, 'x');
	g_autofree char *answer =
		g_strconcat("{\"type\":\"answers\",\"answers\":[\"", lng, "\"]}", NULL);
	g_autoptr(GString) many = g_string_new("{\"type\":\"answers\",\"answers\":[\"\"");

	for (unsigned i = 0; i < AUTH_PROMPTS; i++)
		g_string_append(many, ",\"\"");
	g_string_append(many, "]}");
	refuse(answer);
	refuse(many->str);
	refuse("{}");
	refuse("{\"type\":\"nonsense\"}");
	refuse("{\"type\":\"begin\",\"user\":\"u\"}");
	refuse("{\"type\":\"begin\",\"user\":\"u\",\"peer\":7}");
	refuse("{\"type\":\"begin\",\"user\":\"u\",\"peer\":\"p\",\"x\":1}");
	refuse("{\"type\":\"refused\",\"why\":\"no such user\"}");
	refuse("{\"type\":\"answers\",\"answers\":{}}");
	refuse("{\"type\":\"answers\",\"answers\":[1]}");
	refuse("{\"type\":\"prompts\",\"prompts\":[]}");
	refuse("{\"type\":\"prompts\",\"prompts\":[{\"kind\":\"info\",\"text\":\"t\"}]}");
	refuse("{\"type\":\"prompts\",\"prompts\":[{\"kind\":\"binary\",\"text\":\"t\"}]}");
	refuse("{\"type\":\"prompts\",\"prompts\":[{\"kind\":\"secret\"}]}");
	refuse("{\"type\":\"prompts\",\"prompts\":[{\"kind\":\"secret\",\"text\":\"t\",\"x\":1}]}");
	refuse("{\"type\":\"prompts\",\"prompts\":[7]}");
	refuse("{\"type\":\"accepted\",\"user\":\"u\",\"prompts\":[],\"groups\":[null]}");
	refuse("{\"type\":\"accepted\",\"user\":\"u\",\"prompts\":"
	       "[{\"kind\":\"secret\",\"text\":\"t\"}],\"groups\":[]}");
}

/* The longest message there can be. */
static void test_worst_groups(void)
{
	g_autofree char *name = g_strnfill(AUTH_NAME + 9, '\1');
	g_autofree char **groups = g_new0(char *, AUTH_GROUPS + 1);
	g_autoptr(GPtrArray) prompts = auth_prompts_new();
	AuthMessage message = {AUTH_ACCEPTED, .user = name, .prompts = prompts, .groups = groups};
	g_auto(AuthMessage) back = {0};
	GByteArray *bytes;

	for (unsigned i = 0; i < AUTH_GROUPS; i++)
		groups[i] = name;
	for (unsigned i = 0; i < AUTH_PROMPTS; i++)
		g_ptr_array_add(prompts, auth_prompt_new(AUTH_INFO, name));
	bytes = auth_encode(&message);
	g_assert_cmpint(auth_decode(bytes->data, bytes->len, &back, NULL), ==, bytes->len);
	g_assert_cmpuint(g_strv_length(back.groups), ==, AUTH_GROUPS);
	g_assert_cmpuint(strlen(back.groups[0]), ==, AUTH_NAME);
	jsonframe_wipe(bytes);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/authwire/round-trip", test_round_trip);
	g_test_add_func("/authwire/refused", test_refused);
	g_test_add_func("/authwire/worst-groups", test_worst_groups);
	return g_test_run();
}
