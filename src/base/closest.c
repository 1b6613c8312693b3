/* closest.c: did-you-mean. Optimal string alignment distance; a suggestion is near when it is at most a third of its
 * own length away, rounded up; all of it is too far, or every letter would be near a name of one letter.
 */
#include <string.h>

#include "semid.h"

enum { WORD_MAX = 63 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int edit_distance(const char *a, const char *b)
{
    int n = (int)strlen(a), m = (int)strlen(b), row[WORD_MAX + 1][WORD_MAX + 1];
    for (int i = 0; i <= n; i++)
        row[i][0] = i;
    for (int j = 0; j <= m; j++)
        row[0][j] = j;
    for (int i = 1; i <= n; i++) {
        for (int j = 1; j <= m; j++) {
            int change = row[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            row[i][j] = least(change, least(row[i - 1][j], row[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[i][j] = least(row[i][j], row[i - 2][j - 2] + 1);
        }
    }
    return row[n][m];
}

const char *sid_closest(const char *word, const char *const *names, int count)
{
    const char *best = NULL;
    int best_distance = WORD_MAX;
    if (strlen(word) > WORD_MAX)
        return NULL;
    for (int i = 0; i < count; i++) {
        if (strlen(names[i]) > WORD_MAX)
            continue;
        int distance = edit_distance(word, names[i]);
        int length = (int)strlen(names[i]);
        if (distance < best_distance && distance < length && 3 * distance <= length + 2) {
            best = names[i];
            best_distance = distance;
        }
    }
    return best;
}
