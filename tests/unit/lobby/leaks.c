/* SPDX-License-Identifier: GPL-3.0-or-later */
/* leaks: what LeakSanitizer need not tell of programs that draw text: fontconfig's lists of fonts,
 * as long as the program, which pango holds where the sanitizer does not look. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\n";
}
