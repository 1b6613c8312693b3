/* test_feature_file.c: the file that says what a ranker is given. */
#include "rank/feature_file.h"

#include "test.h"

static const char good[] =
    "{\"format\":1, \"label\":[\"click\",\"like\"], \"user\":\"u\", \"item\":\"i\", \"day\":\"d\", "
    "\"timestamp\":\"t\",\n"
    " \"tables\":{\"user\":{\"kind\":\"growing\",\"dim\":16,\"admit\":{\"count\":2},\"ttl_days\":30,\"lr\":0.1},\n"
    "  \"sid\":{\"kind\":\"hashed\",\"dim\":8,\"rows\":14505,\"optimizer\":\"ftrl\",\"options\":\"l1=0.1\"}},\n"
    " \"features\":[{\"name\":\"user\",\"kind\":\"id\",\"column\":\"u\",\"table\":\"user\"},\n"
    "  {\"name\":\"item\",\"kind\":\"sid\",\"column\":\"i\",\"catalog\":\"c\",\"pieces\":\"p\",\"table\":\"sid\"},\n"
    "  {\"name\":\"clicks\",\"kind\":\"history\",\"from\":\"clicks\",\"max\":20,\"as\":\"item\",\"pool\":\"din\"},\n"
    "  {\"name\":\"hour\",\"kind\":\"dense\",\"columns\":[\"hour\",\"x\"],\"transform\":\"standard\"}],\n"
    " \"model\":{\"family\":\"mmoe\",\"options\":{\"experts\":3,\"mlp\":\"32\"}}}\n";

/* Fails when a member goes elsewhere or is lost. */
static void test_good(void **state)
{
    sid__feature_plan plan;
    (void)state;
    TEST_OK(sid__feature_plan_parse(good, sizeof good - 1, "f.json", &plan, err));
    assert_int_equal(plan.label_count, 2);
    assert_string_equal(plan.label[1], "like");
    assert_string_equal(plan.time_column, "t");
    assert_int_equal(plan.table_count, 2);
    assert_int_equal(plan.table[0].admit_count, 2);
    assert_true(plan.table[0].ttl_days == 30);
    assert_string_equal(plan.table[0].optimizer, "adagrad");
    assert_string_equal(plan.table[0].rate, "rate=0.10000000000000001");
    assert_int_equal(plan.table[1].rows, 14505);
    assert_string_equal(plan.table[1].rate, "rate=0.050000000000000003,l1=0.1");
    assert_int_equal(plan.user, 0);
    assert_int_equal(plan.item, 1);
    assert_int_equal(plan.history, 2);
    assert_int_equal(plan.feature[1].table, 1);
    assert_string_equal(plan.feature[1].pieces, "p");
    assert_int_equal(plan.feature[2].as, 1);
    assert_int_equal(plan.feature[2].max, 20);
    assert_int_equal(plan.feature[2].pool, SID__POOL_DIN);
    assert_int_equal(plan.feature[3].transform, SID__STANDARD);
    assert_int_equal(plan.dense_count, 2);
    assert_string_equal(plan.dense[1], "x");
    assert_string_equal(plan.family->info.name, "mmoe");
    sid__feature_plan_drop(&plan);
}

/* Fails when a mistake is let through, or its message lacks the line, the value or the way out. */
static void test_bad(void **state)
{
    static const struct {
        const char *from, *to, *message;
    } bad[] = {
        {"\"format\":1", "\"format\":2", "f.json:1: format must be a whole number from 1 to 1"},
        {"\"format\":1, ", "", "f.json:1: member \"format\" is missing"},
        {"\"dim\":8", "\"dim\":0", "f.json:3: dim must be a whole number from 1 to 1024"},
        {"\"ttl_days\"", "\"ttl_day\"", "f.json:2: member \"ttl_day\" is unknown; did you mean \"ttl_days\"?"},
        {"\"ftrl\"", "\"ftlr\"", "f.json:3: optimizer \"ftlr\" is unknown; did you mean \"ftrl\"?"},
        {"\"rows\":14505,", "", "f.json:3: table sid is hashed, and \"rows\" is missing"},
        {"\"dim\":16", "\"dim\":16,\"rows\":5", "f.json:2: table user is growing, which has no \"rows\""},
        {"\"table\":\"sid\"", "\"table\":\"sids\"", "f.json:5: table \"sids\" is unknown; did you mean \"sid\"?"},
        {"\"kind\":\"dense\"", "\"kind\":\"dens\"", "f.json:7: kind \"dens\" is unknown; did you mean \"dense\"?"},
        {"\"pool\":\"din\"", "\"pool\":\"max\"", "f.json:6: pool \"max\" is unknown"},
        {"\"as\":\"item\"", "\"as\":\"user\"", "f.json:6: user is no feature of the item's column \"i\""},
        {"\"from\":\"clicks\"", "\"from\":\"likes\"", "f.json:6: from \"likes\" is unknown"},
        {"\"name\":\"hour\"", "\"name\":\"user\"", "f.json:7: feature \"user\" is named twice"},
        {"\"name\":\"hour\"", "\"name\":\"h/r\"", "f.json:7: name \"h/r\" holds more than letters"},
        {"[\"hour\",\"x\"]", "[]", "f.json:7: \"columns\" must list"},
        {"\"column\":\"u\"", "\"column\":\"v\"", "f.json:4: no feature of kind id has the user's column \"u\""},
        {"\"column\":\"i\"", "\"column\":\"j\"", "f.json:5: item is of \"j\"; SIDs are of the item's column"},
        {"\"mmoe\"", "\"mmo\"", "f.json:8: family \"mmo\" is unknown; did you mean \"mmoe\"?"},
        {"\"experts\":3", "\"expert_s\":3", "f.json:8: option \"expert_s\" is unknown"},
        {"\"experts\":3", "\"experts\":300", "f.json:8: "},
        {"\"mmoe\",\"options\":{\"experts\":3,\"mlp\":\"32\"}", "\"dot\"", "f.json:1: 2 labels; dot learns one"},
        {"[\"click\",\"like\"]", "[]", "f.json:1: label lists 0 columns"},
        {"\"model\"", "\"modle\"", "f.json:8: member \"modle\" is unknown; did you mean \"model\"?"},
        {"\"features\":[", "\"features\":[7,", "f.json:4: an object"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[2048];
        const char *at = strstr(good, bad[i].from);
        sid__feature_plan plan;
        assert_non_null(at);
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, bad[i].to, at + strlen(bad[i].from));
        TEST_FAILS(sid__feature_plan_parse(text, strlen(text), "f.json", &plan, err), SID_EUSAGE, bad[i].message);
        sid__feature_plan_drop(&plan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
