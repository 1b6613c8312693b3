/* test_click_model_towers.c: a two-tower ranker taken apart: vectors of items and of requests. */
#include "click_model_case.h"

#include "linalg/scalar.h"
#include "semid_model.h"

static const char tower_features[] =
    "{\"format\":1,\n"
    " \"tables\":{\"user\":{\"dim\":4},\"item\":{\"dim\":8}},\n"
    " \"features\":[{\"name\":\"user\",\"kind\":\"id\",\"column\":\"user_id\",\"table\":\"user\"},\n"
    "  {\"name\":\"item\",\"kind\":\"id\",\"column\":\"item_id\",\"table\":\"item\"},\n"
    "  {\"name\":\"clicks\",\"kind\":\"history\",\"as\":\"item\",\"max\":3,\"pool\":\"mean\"}],\n"
    " \"model\":{\"family\":\"two-tower\",\"options\":{\"mlp\":\"16,6\"}}}\n";

static char *tower_with(const char *from, const char *to)
{
    char text[2048];
    const char *at = strstr(tower_features, from);
    assert_non_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - tower_features), tower_features, to, at + strlen(from));
    return write_case("tower.json", text);
}

/* A catalogue of items i0 .. and one that was never shown. */
static sid_catalog *catalog_of(void)
{
    enum { COUNT = CASE_ITEMS + 1, WIDTH = 4 };
    static float x[COUNT * WIDTH];
    static char text[COUNT][16];
    const char *id[COUNT];
    sid_vectors *vectors = NULL;
    sid_catalog *catalog = NULL;
    const sid_fit_options options = {.levels = 2, .codes = "4"};
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(text[i], sizeof text[i], i < CASE_ITEMS ? "i%d" : "never%d", i);
        id[i] = text[i];
        for (int d = 0; d < WIDTH; d++)
            x[i * WIDTH + d] = (float)case_draw(9, i * WIDTH + d);
    }
    TEST_OK(sid_vectors_create(ctx, x, COUNT, WIDTH, id, &vectors, err));
    TEST_OK(sid__remove_tree(path_of("once"), err));
    TEST_OK(sid_catalog_fit(ctx, &options, vectors, path_of("once"), &catalog, err));
    sid_vectors_free(vectors);
    return catalog;
}

static const float *vector_of(const sid_retriever_vectors *v, const char *id)
{
    for (int64_t i = 0; i < v->count; i++)
        if (strcmp(v->item_id[i], id) == 0)
            return v->vector + i * v->dim;
    return NULL;
}

/* The clicks of a user before a row, all of them. */
static int list_clicks(const sid_impressions *im, int64_t row, const char **id, double *age)
{
    int count = 0;
    for (int64_t i = 0; i < row; i++)
        if (im->row[i].user == im->row[row].user && im->row[i].label) {
            id[count] = im->items.id[im->row[i].item];
            age[count++] = (im->row[row].time - im->row[i].time) / 86400;
        }
    return count;
}

/* Fails when the product of both vectors is not the score that the ranker gives the impression: by history, its order, how long ago,
 * the user, a field of another width. */
static void test_product_is_score(void **state)
{
    const char *id[CASE_DAYS * CASE_DAY_COUNT];
    double age[CASE_DAYS * CASE_DAY_COUNT], p[CASE_DAY_COUNT];
    sid_retriever_vectors v;
    sid_ranker_day day;
    sid_towers *towers = NULL;
    int compared = 0;
    (void)state;
    sid_ranker *ranker = ranker_of(tower_with("\"max\":3", "\"max\":3"));
    sid_impressions *im = read_for(ranker, write_days("im.tsv", 1, 3));
    TEST_OK(sid_ranker_train(ranker, im, &(sid_ranker_days){.to = 2}, err));
    sid_catalog *catalog = catalog_of();
    TEST_OK(sid_ranker_eval(ranker, im, &(sid_ranker_days){.from = 3}, &day, p, err));
    TEST_OK(sid_towers_create(ranker, catalog, &towers, err));
    sid_towers_vectors(towers, &v);
    assert_int_equal(v.dim, 6);
    assert_null(vector_of(&v, "never40"));
    for (int64_t row = 2 * (int64_t)CASE_DAY_COUNT; row < im->count; row++) {
        const float *item = vector_of(&v, im->items.id[im->row[row].item]);
        sid_tower_request request = {.user_id = im->users.id[im->row[row].user], .history = id, .age_days = age};
        float u[6];
        double s = 0;
        request.history_count = list_clicks(im, row, id, age);
        TEST_OK(sid_towers_request(towers, &request, 1, u, err));
        for (int d = 0; item && d < 6; d++)
            s += (double)u[d] * (double)item[d];
        if (item) {
            double wanted = p[row - 2 * CASE_DAY_COUNT];
            assert_true(fabs(1 / (1 + sid__exp(-s)) - wanted) < 2e-6);
            compared++;
        }
    }
    assert_true(compared > CASE_DAY_COUNT / 2);
    sid_towers_free(towers);
    sid_catalog_close(catalog);
    sid_impressions_free(im);
    sid_ranker_free(ranker);
}

/* Fails when many requests at once are not each alone, nobody has the vector of somebody, or the threads matter. */
static void test_many_requests(void **state)
{
    enum { MANY = 1500 };
    static const char *const history[] = {"i1", "gone", "i4", "i7", "i9"};
    static const double age[] = {3, 2, 2, 1, .01};
    static float all[2][MANY][6];
    sid_tower_request *request = test_calloc(MANY, sizeof *request);
    char user[MANY][8];
    sid_towers *towers = NULL;
    float one[6];
    (void)state;
    sid_ranker *ranker = trained(tower_with("mean", "pma"), 1, 2);
    sid_catalog *catalog = catalog_of();
    TEST_OK(sid_towers_create(ranker, catalog, &towers, err));
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(user[i], sizeof user[i], "u%d", i % 50); /* from u30 on unknown */
        request[i] = (sid_tower_request){
            .user_id = i % 7 ? user[i] : NULL, .history = history, .age_days = age, .history_count = i % 6};
    }
    for (int t = 0; t < 2; t++) {
        TEST_OK(sid_ctx_set_threads(ctx, t + 1, err));
        TEST_OK(sid_towers_request(towers, request, MANY, all[t][0], err));
    }
    assert_memory_equal(all[0], all[1], sizeof all[0]);
    for (int i = 0; i < MANY; i += 13) {
        TEST_OK(sid_towers_request(towers, &request[i], 1, one, err));
        assert_memory_equal(all[0][i], one, sizeof one);
    }
    request[0] = (sid_tower_request){.user_id = "u45"};
    request[1] = (sid_tower_request){.user_id = NULL};
    TEST_OK(sid_towers_request(towers, request, 2, all[0][0], err));
    assert_memory_equal(all[0][0], all[0][1], sizeof one); /* unknown is nobody */
    sid_towers_free(towers);
    sid_catalog_close(catalog);
    sid_ranker_free(ranker);
    test_free(request);
}

/* Fails when what cannot be taken apart is, without a word of why. */
static void test_refusals(void **state)
{
    sid_towers *towers = NULL;
    (void)state;
    sid_catalog *catalog = catalog_of();
    sid_ranker *ranker = ranker_of(tower_with("\"two-tower\",\"options\":{\"mlp\":\"16,6\"}", "\"fm\""));
    TEST_FAILS(sid_towers_create(ranker, catalog, &towers, err), SID_EUSAGE, "family fm scores request and item");
    sid_ranker_free(ranker);
    ranker = ranker_of(tower_with("mean", "din"));
    TEST_FAILS(sid_towers_create(ranker, catalog, &towers, err), SID_EUSAGE, "\"clicks\" weighs clicks");
    sid_ranker_free(ranker);
    ranker = ranker_of(
        tower_with("  {\"name\":\"clicks\"",
                   "  {\"name\":\"hour\",\"kind\":\"dense\",\"columns\":[\"hour\"]},\n  {\"name\":\"clicks\""));
    TEST_FAILS(sid_towers_create(ranker, catalog, &towers, err), SID_EUSAGE, "\"hour\" stands beside");
    sid_ranker_free(ranker);
    ranker = ranker_of(tower_with("mean", "last"));
    TEST_FAILS(sid_towers_create(ranker, catalog, &towers, err), SID_EDATA, "not one of the 41 items");
    sid_ranker_free(ranker);
    sid_catalog_close(catalog);
}

/* Fails when a fault leaks. */
static void test_faults(void **state)
{
    (void)state;
    sid_ranker *ranker = trained(tower_with("mean", "sum"), 1, 1);
    sid_catalog *catalog = catalog_of();
    for (int64_t after = 0;; after += 3) {
        sid_towers *towers = NULL;
        sid__memory_drop(&ranker->memory);
        sid__mem_fail(after, 1);
        sid_status status = sid_towers_create(ranker, catalog, &towers, NULL);
        sid__mem_fail(-1, 0);
        sid_towers_free(towers);
        if (status == SID_OK)
            break;
        assert_int_equal(status, SID_ENOMEM);
    }
    sid_catalog_close(catalog);
    sid_ranker_free(ranker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_product_is_score), cmocka_unit_test(test_many_requests),
                                       cmocka_unit_test(test_refusals), cmocka_unit_test(test_faults)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
