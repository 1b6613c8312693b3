/* recommend_next.c: events to a model to the next items. Usage: recommend_next EVENTS ITEM... (oldest first). */
#include <stdio.h>

#include <semid_model.h>

int main(int argc, char **argv)
{
    sid_error err = {0};
    sid_ctx *ctx = NULL;
    sid_events *events = NULL;
    sid_model *model = NULL;
    sid_recommendations found = {0};
    if (argc < 3)
        return fprintf(stderr, "usage: recommend_next EVENTS ITEM...\n"), 2;
    const sid_train_options options = {.family = "itemknn", .split = {.split = "all"}};
    const sid_request request = {.history = (const char *const *)argv + 2, .history_count = argc - 2, .k = 5};
    if (sid_ctx_create(&ctx, &err) || sid_events_read(ctx, argv[1], NULL, &events, &err) ||
        sid_model_train(ctx, &options, events, NULL, &model, &err) ||
        sid_model_recommend(model, &request, &found, &err))
        fprintf(stderr, "%s\n", err.message);
    for (int64_t i = 0; i < found.count; i++)
        printf("%s\t%.4f\n", found.row[i].item_id, found.row[i].score);
    sid_recommendations_drop(&found);
    sid_model_close(model);
    sid_events_free(events);
    sid_ctx_free(ctx);
    return sid_status_exit_code(err.status);
}
