/* size.c: see size.h. */
#include "size.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char unit_letter[] = "KMGT";

/* Power of 1024 named by "", "B", "K", "KB", "KiB", ..; -1: none. */
static int unit_power(const char *text)
{
    if (!*text || strcasecmp(text, "B") == 0)
        return 0;
    const char *letter = strchr(unit_letter, toupper((unsigned char)*text));
    bool is_plain = text[1] == 0 || strcasecmp(text + 1, "B") == 0 || strcasecmp(text + 1, "iB") == 0;
    return letter && is_plain ? (int)(letter - unit_letter) + 1 : -1;
}

bool cli_size_parse(const char *text, size_t *out)
{
    char *end = NULL;
    if (!isdigit((unsigned char)*text) || strpbrk(text, "xXpPnN"))
        return false;
    double number = strtod(text, &end);
    while (*end == ' ')
        end++;
    int power = unit_power(end);
    double size = ldexp(number, 10 * (power < 0 ? 0 : power));
    if (power < 0 || !(size < 9e18))
        return false;
    *out = (size_t)size;
    return true;
}

void cli_size_format(double size, char *text)
{
    int power = 0;
    for (; size >= 1024 && power < 4; power++)
        size /= 1024;
    if (power == 0)
        (void)snprintf(text, 32, "%.0f B", size);
    else
        (void)snprintf(text, 32, size < 10 ? "%.1f %ciB" : "%.0f %ciB", size, unit_letter[power - 1]);
}
