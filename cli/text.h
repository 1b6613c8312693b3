/* text.h: text as a terminal shows it. Ids and titles come from other people's files, so nothing of them reaches a
 * terminal unescaped.
 */
#ifndef SEMID_CLI_TEXT_H
#define SEMID_CLI_TEXT_H

#include <stdint.h>
#include <stdio.h>

/* One code point of valid UTF-8 and its length in bytes; an invalid byte gives -1 and length 1. */
int32_t cli_utf8_next(const char *text, int *length);
/* Columns on a terminal: wide East Asian characters and emoji take two, combining marks none. */
int cli_width(const char *text);
/* A malloc'd copy; control characters, direction overrides and bytes that are not UTF-8 become \t, \n, \x1b, \u202e. */
char *cli_escape(const char *text);
/* Writes `text` escaped likewise. */
void cli_print_escaped(FILE *file, const char *text);
/* "12,101"; `text` has 32 bytes. Gives `text`. */
char *cli_group(int64_t number, char *text);
/* A malloc'd word for a POSIX shell, quoted when it must be. */
char *cli_shell_word(const char *text);
/* A malloc'd copy that is valid UTF-8: other bytes become U+FFFD. */
char *cli_valid_utf8(const char *text);

#endif
