/* openapi.c: the route table as OpenAPI 3.1. */
#include <semid.h>
#include <string.h>

#include "route_table.h"
#include "schemas.h"

/* name, schema, what it is: query parameters, the same wherever they stand but for `path`, whose row comes first. */
static const struct {
    const char *name, *schema, *help, *path;
} query_table[] = {
    {"limit", S_INT("1", "20000"), "How many points, drawn where there are more items", "/v1/map"},
    {"limit", S_INT("1", "1000"), "Rows of a page", NULL},
    {"cursor", "{'type':'string','pattern':'^[0-9]{1,9}$'}", "Where a page begins: `next` of the one before", NULL},
    {"prefix", "{'type':'string','pattern':'^((0|[1-9][0-9]{0,3})(-(0|[1-9][0-9]{0,3})){0,2})?$'}",
     "Codes joined by -, such as 12-153", NULL},
    {"from", S_INT("0", "65535"), "The first code to give: `next` of the answer before", NULL},
    {"with", "{'type':'string','pattern':'^[A-Za-z0-9_][A-Za-z0-9._-]{0,254}$'}", "A catalogue below --root", NULL},
    {"depth", S_INT("1", "64"), "Codes of a prefix", NULL},
};

/* With " where ' stands. */
static void put_schema(srv_text *text, const char *schema)
{
    for (const char *at = schema; *at; at++)
        srv_put(text, *at == '\'' ? "\"" : at, 1);
}

static void put_parameter(srv_text *text, const char *name, const char *where, const char *schema, const char *help)
{
    srv_printf(text, "{\"name\":\"%s\",\"in\":\"%s\",\"required\":%s,\"description\":\"%s\",\"schema\":", name, where,
               strcmp(where, "path") == 0 || strcmp(name, "with") == 0 ? "true" : "false", help);
    put_schema(text, schema);
    srv_puts(text, "}");
}

static void put_parameters(srv_text *text, const srv_route *route)
{
    const char *brace = strchr(route->path, '{');
    int count = 0;
    srv_puts(text, ",\"parameters\":[");
    if (brace) {
        char name[16] = "";
        memcpy(name, brace + 1, strcspn(brace + 1, "}"));
        put_parameter(text, name, "path", route->param_schema, "What is asked about");
        count++;
    }
    for (int i = 0; route->query[i]; i++)
        for (size_t q = 0; q < sizeof query_table / sizeof *query_table; q++)
            if (strcmp(query_table[q].name, route->query[i]) == 0 &&
                (!query_table[q].path || strcmp(query_table[q].path, route->path) == 0)) {
                srv_puts(text, count++ ? "," : "");
                put_parameter(text, query_table[q].name, "query", query_table[q].schema, query_table[q].help);
                break;
            }
    srv_puts(text, "]");
}

static void put_body(srv_text *text, const srv_route *route)
{
    if (!route->body_schema)
        return;
    srv_puts(text, ",\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{\"schema\":");
    put_schema(text, route->body_schema);
    srv_puts(text, route->takes_npy
                       ? "},\"application/x-npy\":{\"schema\":{\"type\":\"string\",\"format\":\"binary\"}}}}"
                       : "}}}");
}

static void put_success(srv_text *text, const srv_route *route, int status)
{
    srv_printf(text, "\"%d\":{\"description\":\"%s\"", status, route->summary);
    if (route->answer_schema) {
        srv_printf(text, ",\"content\":{\"%s\":{\"schema\":", route->content_type ? "text/plain" : SRV_JSON);
        put_schema(text, route->answer_schema);
        srv_puts(text, "}}");
    }
    srv_puts(text, "}");
}

static void put_problem(srv_text *text, int status)
{
    srv_printf(text, ",\"%d\":{\"$ref\":\"#/components/responses/Problem\"}", status);
}

/* Those that any request of the route may meet. */
static void put_problems(srv_text *text, const srv_route *route)
{
    static const int worked[] = {429, 503, 504}, bodied[] = {413, 415, 422}, keyed[] = {401, 403};
    put_problem(text, 400);
    put_problem(text, 421);
    put_problem(text, 500);
    if (route->param_schema || route->body_schema || route->query[0])
        put_problem(text, 404);
    for (size_t i = 0; route->right != SRV_RIGHT_NONE && i < 2; i++)
        put_problem(text, keyed[i]);
    for (size_t i = 0; route->body_schema && i < 3; i++)
        put_problem(text, bodied[i]);
    if (!route->body_schema && (route->query[0] || route->param_schema))
        put_problem(text, 422);
    if (route->lane == SRV_LANE_WRITE)
        put_problem(text, 409);
    for (size_t i = 0; route->lane != SRV_LANE_LOOP && i < 3; i++)
        put_problem(text, worked[i]);
    if (route->run == srv_run_ready)
        put_problem(text, 503);
}

static void put_operation(srv_text *text, const srv_route *route)
{
    srv_puts(text, strcmp(route->method, "GET") == 0      ? "\"get\":{"
                   : strcmp(route->method, "PUT") == 0    ? "\"put\":{"
                   : strcmp(route->method, "DELETE") == 0 ? "\"delete\":{"
                                                          : "\"post\":{");
    srv_printf(text, "\"summary\":\"%s\"", route->summary);
    if (route->right == SRV_RIGHT_NONE)
        srv_puts(text, ",\"security\":[]");
    put_parameters(text, route);
    put_body(text, route);
    srv_puts(text, ",\"responses\":{");
    put_success(text, route, route->success);
    if (route->success_too) {
        srv_puts(text, ",");
        put_success(text, route, route->success_too);
    }
    put_problems(text, route);
    srv_puts(text, "}}");
}

static bool is_first_of_path(int index)
{
    for (int i = 0; i < index; i++)
        if (strcmp(srv_route_table[i].path, srv_route_table[index].path) == 0)
            return false;
    return true;
}

static void put_paths(srv_text *text)
{
    for (int i = 0; i < srv_route_count; i++) {
        if (!is_first_of_path(i))
            continue;
        srv_printf(text, "%s\"%s\":{", i ? "," : "", srv_route_table[i].path);
        int count = 0;
        for (int j = i; j < srv_route_count; j++)
            if (strcmp(srv_route_table[j].path, srv_route_table[i].path) == 0) {
                srv_puts(text, count++ ? "," : "");
                put_operation(text, &srv_route_table[j]);
            }
        srv_puts(text, "}");
    }
}

static void put_components(srv_text *text, bool has_keys)
{
    static const struct {
        const char *name, *schema;
    } component[] = {
#define COMPONENT(name, schema) {name, schema},
        /* cppcheck-suppress unknownMacro ; it gives up on macros in the text of macros */
        SRV_COMPONENT_LIST(COMPONENT)
#undef COMPONENT
    };
    srv_puts(text, "\"components\":{\"schemas\":{");
    for (size_t i = 0; i < sizeof component / sizeof *component; i++) {
        srv_printf(text, "%s\"%s\":", i ? "," : "", component[i].name);
        put_schema(text, component[i].schema);
    }
    srv_puts(text, "},\"responses\":{\"Problem\":{\"description\":\"What is wrong, and what to do\",\"content\":"
                   "{\"" SRV_PROBLEM "\":{\"schema\":{\"$ref\":\"#/components/schemas/Problem\"}}}}}");
    if (has_keys)
        srv_puts(text, ",\"securitySchemes\":{\"key\":{\"type\":\"http\",\"scheme\":\"bearer\"}}");
    srv_puts(text, "}");
}

void srv_openapi_put(srv_text *text, bool has_keys)
{
    srv_printf(text,
               "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"semid\",\"version\":\"%s\",\"description\":"
               "\"Semantic IDs of a catalogue: looked up, encoded, changed, recommended.\",\"license\":{\"name\":"
               "\"Apache-2.0\",\"identifier\":\"Apache-2.0\"}},\"servers\":[{\"url\":\"/\"}],",
               sid_version());
    if (has_keys)
        srv_puts(text, "\"security\":[{\"key\":[]}],");
    srv_puts(text, "\"paths\":{");
    put_paths(text);
    srv_puts(text, "},");
    put_components(text, has_keys);
    srv_puts(text, "}\n");
}
