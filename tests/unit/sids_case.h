/* sids_case.h: a small catalogue over the items of made_events(), and a family that takes its SIDs. */
#ifndef SEMID_SIDS_CASE_H
#define SEMID_SIDS_CASE_H

#include "catalog_fixture.h"
#include "model/model.h"

/* Events of the items i0 .. i(items - 1), as model_case.h makes them, on this fixture's context. */
__attribute__((unused)) static sid_events *case_events(fixture *f, int users, int items)
{
    sid_events *events = NULL;
    uint64_t draw = 0;
    TEST_OK(sid__events_create(f->ctx, "made", &events, err));
    for (int i = 0; i < items; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "i%d", i);
        TEST_OK(sid__events_add_item(events, id, err));
    }
    for (int u = 0; u < users; u++) {
        int length = 3 + (int)sid__philox_below(5, SID__STREAM_TEST, draw++, 10);
        for (int e = 0; e < length; e++) {
            char user[16], item[16];
            double at = sid__philox_uniform(5, SID__STREAM_TEST, draw++);
            sid__field uf = {.text = user}, itf = {.text = item};
            uf.size = (size_t)snprintf(user, sizeof user, "u%d", u);
            itf.size = (size_t)snprintf(item, sizeof item, "i%d", (int)(at * at * (items - 1)));
            TEST_OK(sid__events_add(events, &uf, &itf, e, 0, (sid__place){.byte = -1}, err));
        }
    }
    TEST_OK(sid__events_finish(events, SID__REPEATS_KEEP, 0, err));
    return events;
}

/* The catalogue of fixture_fit with a collision policy. */
__attribute__((unused)) static sid_catalog *case_catalog(fixture *f, const char *collisions)
{
    sid_catalog *catalog = NULL;
    const sid_fit_options options = {.levels = 3, .codes = "4", .collisions = collisions, .force = true};
    fixture_fit(f, &options, &catalog);
    return catalog;
}

#endif
