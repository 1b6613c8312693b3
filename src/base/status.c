/* status.c: names, texts and exit codes of sid_status, all from the one list in semid.h. */
#include "semid.h"

static const struct {
    const char *name, *text;
    int exit_code;
} status_table[] = {
#define ROW(name, exit_code, text) [SID_##name] = {"SID_" #name, text, exit_code},
    SID_STATUS_LIST(ROW)
#undef ROW
};

static bool is_known(sid_status status)
{
    return (int)status >= 0 && status < SID_STATUS_COUNT;
}

const char *sid_status_name(sid_status status)
{
    return is_known(status) ? status_table[status].name : "unknown status";
}

const char *sid_status_message(sid_status status)
{
    return is_known(status) ? status_table[status].text : "unknown status";
}

int sid_status_exit_code(sid_status status)
{
    return is_known(status) ? status_table[status].exit_code : 1;
}

#define STRING_(x) #x
#define STRING(x) STRING_(x)

const char *sid_version(void)
{
    return STRING(SID_VERSION_MAJOR) "." STRING(SID_VERSION_MINOR) "." STRING(SID_VERSION_PATCH);
}
