/* search_input.c: see search_input.h. */
#include "search_input.h"

sid_search_options cli_search_options(const cli_app *app)
{
    return (sid_search_options){.beam = (int)cli_int(app, "beam"),
                                .search = cli_flag(app, "exact") ? "exact" : "beam",
                                .normalize = cli_text(app, "normalize"),
                                .cold = cli_text(app, "cold")};
}
