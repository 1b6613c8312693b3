/* json_where.h: where in a text of JSON a member stands, for messages about values that are well formed and wrong all the same. */
#ifndef SEMID_IO_JSON_WHERE_H
#define SEMID_IO_JSON_WHERE_H

#include "io/json.h"

/* The place of "features/2/kind" (names of members and places in lists, from 0): of the member's name, of the list's value; of
 * the last part found where the rest is not there. Names with a slash or an escape are not found. The text must be well formed. */
sid__place sid__json_where(const char *bytes, size_t size, const char *path, const char *file);

#endif
