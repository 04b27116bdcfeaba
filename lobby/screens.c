/* SPDX-License-Identifier: GPL-3.0-or-later */
/* screens: what is on the page for each thing that the model can say (page.h). All words that the
 * lobby itself says to a person are in this file and view.c. */
#include "page.h"

#include <string.h>

#define NARROW 460
#define WIDE   620

static const char *given(const char *text)
{
	return text && *text ? text : NULL;
}

/* What went wrong is said first, and alone. */
static void add_notices(Page *page, const Model *model)
{
	if (given(model->error))
		page_add(page, WIDGET_ERROR, model->error, given(model->error_hint), ACT_NONE, 0);
	else if (given(model->notice))
		page_add(page, WIDGET_NOTICE, model->notice, given(model->notice_hint), ACT_NONE,
			 0);
}

static void add_user(Page *page, const Model *model)
{
	g_autofree char *text = NULL;

	if (!given(model->user))
		return;
	text = g_strdup_printf("Signed in as %s", model->user);
	page_add(page, WIDGET_TEXT, text, NULL, ACT_NONE, 0);
}

static Page *signin(const Model *model)
{
	Page *page = page_new(NARROW, ACT_NONE);

	page_add(page, WIDGET_TITLE, "Sign in", NULL, ACT_NONE, 0);
	if (!given(model->error) && !given(model->notice))
		page_add(page, WIDGET_TEXT, "to reach your desktop", NULL, ACT_NONE, 0);
	add_notices(page, model);
	page_add_field(page, "User name", FALSE);
	page_add_field(page, "Password", TRUE);
	page_add(page, WIDGET_BUTTON, "Sign in", NULL, ACT_SUBMIT, 0);
	return page;
}

/* PAM's questions end in a colon, which a label has no use for. */
static char *label_of(const LobbyPrompt *prompt)
{
	char *label = g_strstrip(g_strdup(prompt->text));
	gsize n = strlen(label);

	if (n > 0 && label[n - 1] == ':')
		label[n - 1] = '\0';
	if (*label != '\0')
		return label;
	g_free(label);
	return g_strdup(prompt->echo ? "Answer" : "Secret");
}

static Page *prompts(const Model *model)
{
	Page *page = page_new(NARROW, ACT_CANCEL);
	gboolean asks = FALSE;

	for (guint i = 0; i < model->prompts->len; i++)
		asks |= ((const LobbyPrompt *)model->prompts->pdata[i])->question;
	page_add(page, WIDGET_TITLE, asks ? "One more step" : "Please note", NULL, ACT_NONE, 0);
	add_notices(page, model);
	for (guint i = 0; i < model->prompts->len; i++) {
		const LobbyPrompt *prompt = model->prompts->pdata[i];

		if (prompt->question) {
			g_autofree char *label = label_of(prompt);

			page_add_field(page, label, !prompt->echo);
		} else if (given(prompt->text)) {
			page_add(page, prompt->error ? WIDGET_ERROR : WIDGET_NOTICE, prompt->text,
				 NULL, ACT_NONE, 0);
		}
	}
	page_add(page, WIDGET_BUTTON, "Continue", NULL, ACT_SUBMIT, 0);
	page_add(page, WIDGET_LINK, "Cancel", NULL, ACT_CANCEL, 0);
	return page;
}

static char *ago(gint64 seconds)
{
	static const struct {
		gint64 length;
		const char *one, *many;
	} units[] = {
		{86400, "yesterday", "%d days ago"},
		{3600, "an hour ago", "%d hours ago"},
		{60, "a minute ago", "%d minutes ago"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
		gint64 n = seconds / units[i].length;

		if (n == 1)
			return g_strdup(units[i].one);
		if (n > 1)
			return g_strdup_printf(units[i].many, (int)MIN(n, 99999));
	}
	return g_strdup("just now");
}

/* Pool, state, last used: what there is of them. */
static char *detail_of(const LobbyDesktop *desktop, gint64 now)
{
	GString *detail = g_string_new(desktop->pool);

	if (given(desktop->state))
		g_string_append_printf(detail, "%s%s", detail->len ? " · " : "", desktop->state);
	if (desktop->last_used > 0) {
		g_autofree char *when = ago(now / G_USEC_PER_SEC - desktop->last_used);

		g_string_append_printf(detail, "%sused %s", detail->len ? " · " : "", when);
	}
	return g_string_free(detail, detail->len == 0);
}

static Page *desktops(const Model *model, gint64 now)
{
	gboolean any = model->desktops->len > 0;
	Page *page = page_new(any ? WIDE : NARROW, ACT_NONE);

	page_add(page, WIDGET_TITLE, any ? "Choose a desktop" : "No desktop", NULL, ACT_NONE, 0);
	add_user(page, model);
	add_notices(page, model);
	if (!any)
		page_add(page, WIDGET_NOTICE, "There is no desktop for you yet.",
			 "Ask whoever looks after your desktops to give you one.", ACT_NONE, 0);
	for (guint i = 0; i < model->desktops->len; i++) {
		const LobbyDesktop *desktop = model->desktops->pdata[i];
		g_autofree char *detail = detail_of(desktop, now);

		page_add(page, WIDGET_ROW, desktop->name, detail, ACT_CHOOSE, i);
	}
	page_add(page, WIDGET_LINK, "Sign out", NULL, ACT_SIGNOUT, 0);
	return page;
}

static Page *progress(const Model *model)
{
	Page *page = page_new(NARROW, ACT_CANCEL);
	g_autofree char *title = model->chosen ? g_strdup_printf("Starting %s", model->chosen)
					       : g_strdup("Starting your desktop");
	g_autofree char *text =
		model->percent < 0 ? g_strdup(model->progress)
				   : g_strdup_printf("%s · %d %%", model->progress, model->percent);

	page_add(page, WIDGET_TITLE, title, NULL, ACT_NONE, 0);
	page_add(page, WIDGET_TEXT, text, NULL, ACT_NONE, 0);
	page_add(page, WIDGET_BAR, "", NULL, ACT_NONE, 0)->percent = model->percent;
	page_add(page, WIDGET_LINK, "Cancel", NULL, ACT_CANCEL, 0);
	return page;
}

static Page *failed(const Model *model)
{
	Page *page = page_new(NARROW, ACT_CANCEL);

	page_add(page, WIDGET_TITLE, "That did not work", NULL, ACT_NONE, 0);
	add_user(page, model);
	add_notices(page, model);
	page_add(page, WIDGET_BUTTON, "Try again", NULL, ACT_CANCEL, 0);
	page_add(page, WIDGET_LINK, "Sign out", NULL, ACT_SIGNOUT, 0);
	return page;
}

static Page *wait(const Model *model)
{
	Page *page = page_new(NARROW, ACT_NONE);

	page_add(page, WIDGET_TITLE, "One moment…", NULL, ACT_NONE, 0);
	add_user(page, model);
	add_notices(page, model);
	return page;
}

/* How long it still is stands above the page. */
static Page *ending(const Model *model)
{
	Page *page = page_new(NARROW, ACT_CANCEL);

	page_add(page, WIDGET_TITLE, "Your session ends soon", NULL, ACT_NONE, 0);
	page_add(page, WIDGET_TEXT, model->ending, NULL, ACT_NONE, 0);
	add_notices(page, model);
	if (model->extend)
		page_add(page, WIDGET_BUTTON, "Stay longer", NULL, ACT_EXTEND, 0);
	page_add(page, model->extend ? WIDGET_LINK : WIDGET_BUTTON, "Go back", NULL, ACT_CANCEL, 0);
	return page;
}

Page *screens_page(const Model *model, gint64 now)
{
	switch (model->screen) {
	case SCREEN_SIGNIN: return signin(model);
	case SCREEN_PROMPTS: return prompts(model);
	case SCREEN_DESKTOPS: return desktops(model, now);
	case SCREEN_PROGRESS: return progress(model);
	case SCREEN_ERROR: return failed(model);
	case SCREEN_ENDING: return ending(model);
	case SCREEN_WAIT: break;
	}
	return wait(model);
}

Page *screens_layouts(guint chosen)
{
	Page *page = page_new(NARROW, ACT_BACK);

	page_add(page, WIDGET_TITLE, "Your keyboard", NULL, ACT_NONE, 0);
	for (guint i = 0; i < keyboard_layouts(); i++)
		page_add(page, WIDGET_ROW, keyboard_layout_name(i), NULL, ACT_LAYOUT, i)->marked =
			i == chosen;
	page_add(page, WIDGET_LINK, "Back", NULL, ACT_BACK, 0);
	return page;
}
