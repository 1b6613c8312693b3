/* event_time.c: read by hand, since strtod asks the locale what a decimal point is, and files hold millions of these. */
#include "data/event_time.h"

#include <math.h>
#include <stdint.h>

typedef struct cursor {
    const char *at, *end;
} cursor;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool take(cursor *c, char wanted)
{
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

/* ---- Numbers ---- */

/* Digits before and after the point as one integer and a power of ten; beyond 18 digits only the size counts. */
static bool take_mantissa(cursor *c, int64_t *mantissa, int *power)
{
    bool has_digit = false, is_fraction = false;
    int used = 0;
    for (; c->at < c->end; c->at++) {
        if (*c->at == '.' && !is_fraction) {
            is_fraction = true;
            continue;
        }
        if (!is_digit(*c->at))
            break;
        has_digit = true;
        if (used < 18) {
            *mantissa = *mantissa * 10 + (*c->at - '0');
            used += *mantissa > 0;
            *power -= is_fraction;
        } else {
            *power += !is_fraction;
        }
    }
    return has_digit;
}

static bool take_exponent(cursor *c, int *power)
{
    int exponent = 0;
    if (c->at == c->end)
        return true;
    if (!take(c, 'e') && !take(c, 'E'))
        return false;
    bool is_negative = take(c, '-');
    if (!is_negative)
        (void)take(c, '+');
    if (c->at == c->end)
        return false;
    for (; c->at < c->end && is_digit(*c->at); c->at++)
        exponent = exponent < 10000 ? exponent * 10 + (*c->at - '0') : exponent;
    *power += is_negative ? -exponent : exponent;
    return c->at == c->end;
}

static bool read_number(cursor c, double *out)
{
    int64_t mantissa = 0;
    int power = 0;
    bool is_negative = take(&c, '-');
    if (!is_negative)
        (void)take(&c, '+');
    if (!take_mantissa(&c, &mantissa, &power) || !take_exponent(&c, &power))
        return false;
    double value = (double)mantissa;
    if (mantissa != 0 && (power > 300 || power < -300))
        return false;
    double scale = 1;
    for (int i = 0; mantissa != 0 && i < (power < 0 ? -power : power); i++)
        scale *= 10;
    value = power < 0 ? value / scale : value * scale;
    if (!isfinite(value))
        return false;
    *out = is_negative ? -value : value;
    return true;
}

/* ---- Dates ---- */

static bool take_digits(cursor *c, int count, int *out)
{
    *out = 0;
    for (int i = 0; i < count; i++, c->at++) {
        if (c->at == c->end || !is_digit(*c->at))
            return false;
        *out = *out * 10 + (*c->at - '0');
    }
    return true;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap);
}

/* Days from 1970-01-01; years are counted from March, so that the leap day comes last. */
static int64_t days_since_1970(int year, int month, int day)
{
    int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "Z", "+02:00"; nothing: as Z. */
static bool take_offset(cursor *c, int *offset_s)
{
    int hours = 0, minutes = 0;
    *offset_s = 0;
    if (c->at == c->end)
        return true;
    if (take(c, 'Z') || take(c, 'z'))
        return c->at == c->end;
    bool is_negative = take(c, '-');
    if (!is_negative && !take(c, '+'))
        return false;
    if (!take_digits(c, 2, &hours) || !take(c, ':') || !take_digits(c, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *offset_s = (is_negative ? -1 : 1) * (hours * 3600 + minutes * 60);
    return c->at == c->end;
}

static bool take_clock(cursor *c, double *seconds)
{
    int hours = 0, minutes = 0, whole = 0, offset_s = 0;
    double unit = 1, fraction = 0;
    if (!take_digits(c, 2, &hours) || !take(c, ':') || !take_digits(c, 2, &minutes) || !take(c, ':') ||
        !take_digits(c, 2, &whole) || hours > 23 || minutes > 59 || whole > 60)
        return false;
    if (take(c, '.')) {
        if (c->at == c->end || !is_digit(*c->at))
            return false;
        for (int i = 0; c->at < c->end && is_digit(*c->at); c->at++, i++)
            if (i < 9) {
                fraction = fraction * 10 + (*c->at - '0');
                unit *= 10;
            }
    }
    if (!take_offset(c, &offset_s))
        return false;
    *seconds = hours * 3600 + minutes * 60 + whole - offset_s + fraction / unit;
    return true;
}

static bool read_date(cursor c, double *out)
{
    int year = 0, month = 0, day = 0;
    double seconds = 0;
    if (!take_digits(&c, 4, &year) || !take(&c, '-') || !take_digits(&c, 2, &month) || !take(&c, '-') ||
        !take_digits(&c, 2, &day) || month < 1 || month > 12 || day < 1 || day > days_in(year, month))
        return false;
    if (c.at < c.end && !((take(&c, 'T') || take(&c, 't') || take(&c, ' ')) && take_clock(&c, &seconds)))
        return false;
    *out = (double)days_since_1970(year, month, day) * 86400 + seconds;
    return true;
}

bool sid__event_number(const char *text, size_t size, double *out)
{
    return read_number((cursor){text, text + size}, out);
}

bool sid__event_time(const char *text, size_t size, double *out)
{
    cursor c = {text, text + size};
    return read_number(c, out) || read_date(c, out);
}
