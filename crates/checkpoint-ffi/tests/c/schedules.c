/* What the header promises of schedules, pulled action by action. */

#include "follow.h"
#include "toy.h"

static int same(const rg_action *a, const rg_action *b)
{
    return a->kind == b->kind && a->data == b->data && a->begin == b->begin && a->end == b->end &&
           a->step == b->step && a->tier == b->tier;
}

static void schedules(void)
{
    rg_schedule *s = NULL, *other = NULL;
    rg_action first, again, list[3];
    uint64_t pulled;

    CHECK(rg_schedule_store_all(30, &s) == RG_OK);
    follow(s, 30, 30);
    CHECK(rg_schedule_store_none(30, &s) == RG_OK);
    follow(s, 30, 30 + 435);
    CHECK(rg_schedule_no_reuse(30, 3, &s) == RG_OK);
    follow(s, 30, 30 + 155);
    CHECK(rg_schedule_memory_reuse(30, 3, &s) == RG_OK);
    follow(s, 30, 30 + 100);
    CHECK(rg_schedule_revolve(30, 3, RG_TRAJECTORY_REVOLVE, &s) == RG_OK);
    follow(s, 30, 30 + 85);
    CHECK(rg_schedule_revolve(30, 3, RG_TRAJECTORY_MAXIMUM, &s) == RG_OK);
    follow(s, 30, 30 + 85);
    CHECK(rg_schedule_multistage(30, 2, 1, RG_TRAJECTORY_REVOLVE, &s) == RG_OK);
    follow(s, 30, 30 + 85);
    CHECK(rg_schedule_two_level(30, 10, 2, RG_LAST_BLOCK_RELOADED, &s) == RG_OK);
    follow(s, 30, 30 + 30 + 3 * 15);
    CHECK(rg_schedule_two_level(30, 10, 2, RG_LAST_BLOCK_FUSED, &s) == RG_OK);
    follow(s, 30, 30 + 20 + 2 * 15 + 20);
    CHECK(rg_schedule_asynchronous(30, 10, 3, &s) == RG_OK);
    follow(s, 30, 30 + 20 + 3 * 15);
    CHECK(rg_schedule_asynchronous_recording(30, 10, &s) == RG_OK);
    follow(s, 30, 30 + 20);
    CHECK(rg_schedule_mixed(30, 3, 1, 1, &s) == RG_OK);
    follow(s, 30, 100);
    CHECK(rg_schedule_cams(30, 3, 1, RG_METHOD_GENERAL, &s) == RG_OK);
    follow(s, 30, 100);

    /* Clones stand where the original does, and go their own ways. */
    CHECK(rg_schedule_revolve(9, 2, RG_TRAJECTORY_REVOLVE, &s) == RG_OK);
    CHECK(rg_schedule_next(s, &first) == RG_OK && first.kind == RG_STORE);
    CHECK(rg_schedule_clone(s, &other) == RG_OK);
    CHECK(rg_schedule_next(s, &first) == RG_OK && rg_schedule_next(other, &again) == RG_OK);
    CHECK(first.kind == RG_ADVANCE && again.kind == RG_ADVANCE && first.end == again.end);
    CHECK(rg_schedule_reset(s) == RG_OK);
    CHECK(rg_schedule_next(s, &first) == RG_OK && first.kind == RG_STORE);
    CHECK(rg_schedule_free(other) == RG_OK);

    /* By the array: the same actions, and no more than there is room for. */
    CHECK(rg_schedule_clone(s, &other) == RG_OK);
    CHECK(rg_schedule_pull(s, list, 2, &pulled) == RG_OK && pulled == 2);
    for (uint64_t i = 0; i < 2; i++)
        CHECK(rg_schedule_next(other, &again) == RG_OK && same(&list[i], &again));
    do {
        CHECK(rg_schedule_pull(s, list, 3, &pulled) == RG_OK && pulled >= 1 && pulled <= 3);
        for (uint64_t i = 0; i < pulled; i++)
            CHECK(rg_schedule_next(other, &again) == RG_OK && same(&list[i], &again));
    } while (again.kind != RG_REVERSE || again.begin > 0);
    CHECK(rg_schedule_next(other, &again) == RG_END);
    CHECK(rg_schedule_pull(s, list, 3, &pulled) == RG_END && pulled == 0);
    CHECK(rg_schedule_pull(s, list, 0, &pulled) == RG_ERROR_ARGUMENT);
    CHECK(rg_schedule_pull(s, NULL, 3, &pulled) == RG_ERROR_NULL);
    CHECK(rg_schedule_pull(s, list, 3, NULL) == RG_ERROR_NULL);
    CHECK(rg_schedule_free(other) == RG_OK && rg_schedule_free(s) == RG_OK);

    /* A schedule of our own. */
    memset(list, 0, sizeof list);
    list[0].kind = RG_RECORD;
    list[1].kind = RG_REVERSE;
    list[0].end = list[1].end = 5;
    CHECK(rg_schedule_from_actions(list, 2, &s) == RG_OK);
    follow(s, 5, 5);
    list[2].kind = 6;
    CHECK(rg_schedule_from_actions(list, 3, &s) == RG_ERROR_ARGUMENT && s == NULL);
    list[2].kind = RG_STORE;
    list[2].data = 2;
    CHECK(rg_schedule_from_actions(list, 3, &s) == RG_ERROR_ARGUMENT && s == NULL);
    CHECK(rg_schedule_from_actions(NULL, 3, &s) == RG_ERROR_NULL);
    CHECK(rg_schedule_from_actions(list, UINT64_MAX, &s) == RG_ERROR_ARGUMENT);
    CHECK(rg_schedule_from_actions(NULL, 0, &s) == RG_OK);
    CHECK(rg_schedule_next(s, &first) == RG_END && rg_schedule_free(s) == RG_OK);
}

static void wrong_schedules(void)
{
    rg_schedule *s = (rg_schedule *)&s; /* overwritten with NULL */
    rg_memory memory = {0};
    rg_costs costs;
    rg_action action;
    uint64_t slots;

    CHECK(rg_schedule_revolve(30, 0, RG_TRAJECTORY_REVOLVE, &s) == RG_ERROR_SCHEDULE);
    CHECK(s == NULL && strstr(rg_last_error(), "help: allow at least 1") != NULL);
    CHECK(rg_schedule_revolve(30, 3, 2, &s) == RG_ERROR_ARGUMENT);
    CHECK(strstr(rg_last_error(), "`trajectory` is 2, but must be RG_TRAJECTORY_REVOLVE") != NULL);
    CHECK(rg_schedule_revolve(30, 3, RG_TRAJECTORY_REVOLVE, NULL) == RG_ERROR_NULL);
    CHECK(strcmp(rg_last_error(), "`out` is NULL") == 0);
    CHECK(rg_schedule_multistage(30, 0, 0, 0, &s) == RG_ERROR_SCHEDULE);
    CHECK(rg_schedule_multistage(30, 1, 1, -1, &s) == RG_ERROR_ARGUMENT);
    CHECK(rg_schedule_two_level(30, 0, 1, 0, &s) == RG_ERROR_SCHEDULE);
    CHECK(rg_schedule_two_level(30, 1, 1, 9, &s) == RG_ERROR_ARGUMENT);
    CHECK(rg_schedule_asynchronous(30, 0, 1, &s) == RG_ERROR_SCHEDULE);
    CHECK(rg_schedule_mixed(30, 1, 0, 1, &s) == RG_ERROR_SCHEDULE);
    CHECK(rg_schedule_cams(30, 3, 0, RG_METHOD_GENERAL, &s) == RG_ERROR_SCHEDULE);
    CHECK(rg_schedule_cams(30, 3, 1, 7, &s) == RG_ERROR_ARGUMENT);
    CHECK(rg_schedule_cams(1000000000, 1000000, 2, RG_METHOD_STIFFLY_ACCURATE, &s) == RG_ERROR_SCHEDULE);
    CHECK(rg_schedule_no_reuse(30, 0, &s) == RG_ERROR_SCHEDULE);
    CHECK(rg_schedule_memory_reuse(30, 0, &s) == RG_ERROR_SCHEDULE);
    CHECK(rg_schedule_store_all(1, NULL) == RG_ERROR_NULL);
    CHECK(rg_schedule_store_none(1, NULL) == RG_ERROR_NULL);

    CHECK(rg_schedule_next(NULL, &action) == RG_ERROR_NULL);
    CHECK(rg_schedule_reset(NULL) == RG_ERROR_NULL);
    CHECK(rg_schedule_clone(NULL, &s) == RG_ERROR_NULL && s == NULL);
    CHECK(rg_schedule_costs(NULL, &costs) == RG_ERROR_NULL);
    CHECK(rg_schedule_slots(NULL, 0, &slots) == RG_ERROR_NULL);
    CHECK(rg_replay(NULL, 1, &memory, NULL, NULL) == RG_ERROR_NULL);
    CHECK(rg_schedule_free(NULL) == RG_OK);

    CHECK(rg_schedule_store_none(UINT64_MAX, &s) == RG_OK);
    CHECK(rg_schedule_costs(s, &costs) == RG_OK && costs.advances == UINT64_MAX);
    CHECK(rg_schedule_next(s, NULL) == RG_ERROR_NULL);
    CHECK(rg_schedule_costs(s, NULL) == RG_ERROR_NULL);
    CHECK(rg_schedule_slots(s, 0, NULL) == RG_ERROR_NULL);
    CHECK(rg_schedule_slots(s, UINT32_MAX, &slots) == RG_OK && slots == 0);
    CHECK(rg_replay(s, 1, NULL, NULL, NULL) == RG_ERROR_NULL);
    memory.tier_count = 1;
    CHECK(rg_replay(s, 1, &memory, NULL, NULL) == RG_ERROR_NULL);
    CHECK(rg_executor_free((rg_executor *)s) == RG_ERROR_HANDLE);
    CHECK(strcmp(rg_last_error(), "`executor` is not a handle of this kind") == 0);
    CHECK(rg_schedule_free(s) == RG_OK);
}

/* Families with costs: where tier 1 is free, they need no more advances than with slots for all. */
static void costed(void)
{
    static const rg_prices free_disk = {1, 2, 0, 0}, dear_disk = {1, 2, 1e9, 1e9};
    static const rg_tier_spec tiers[2] = {{3, 0, 0}, {30, 1e9, 1e9}};
    static double one[30], two[30];
    static uint64_t bytes[30];
    rg_uneven uneven = {30, one, two, NULL};
    rg_schedule *s = NULL;
    double time = 0;

    for (int i = 0; i < 30; i++) {
        one[i] = 1;
        two[i] = 2;
        bytes[i] = 8;
    }
    CHECK(rg_schedule_disk_revolve(30, 3, &free_disk, RG_DISK_OPTIMAL, &time, &s) == RG_OK);
    CHECK(time == 29 + 60);
    follow(s, 30, 30 + 29);
    for (int32_t variant = RG_DISK_OPTIMAL; variant <= RG_DISK_PERIODIC; variant++) {
        CHECK(rg_schedule_disk_revolve(30, 3, &free_disk, variant, NULL, &s) == RG_OK);
        CHECK(rg_schedule_free(s) == RG_OK);
    }
    CHECK(rg_schedule_disk_revolve(30, 3, &dear_disk, RG_DISK_OPTIMAL, &time, &s) == RG_OK);
    CHECK(time == 85 + 60);
    follow(s, 30, 30 + 85);
    CHECK(rg_schedule_disk_revolve(30, 3, &free_disk, 4, &time, &s) == RG_ERROR_ARGUMENT);
    CHECK(rg_schedule_disk_revolve(30, 3, NULL, 0, &time, &s) == RG_ERROR_NULL);

    CHECK(rg_schedule_h_revolve(30, tiers, 2, 1, 2, &time, &s) == RG_OK && time == 85 + 60);
    follow(s, 30, 30 + 85);
    CHECK(rg_schedule_h_revolve(30, NULL, 0, 1, 2, &time, &s) == RG_ERROR_SCHEDULE);
    CHECK(rg_schedule_h_revolve(30, NULL, 2, 1, 2, &time, &s) == RG_ERROR_NULL);
    CHECK(rg_schedule_h_revolve(30, tiers, 2, -1, 2, &time, &s) == RG_ERROR_SCHEDULE);

    CHECK(rg_schedule_uneven(&uneven, 3, &time, &s) == RG_OK && time == 85 + 60);
    follow(s, 30, 30 + 85);
    uneven.restart_bytes = bytes;
    CHECK(rg_schedule_uneven(&uneven, 24, &time, &s) == RG_OK && time == 85 + 60);
    follow(s, 30, 30 + 85);
    CHECK(rg_schedule_uneven(&uneven, 7, &time, &s) == RG_ERROR_SCHEDULE);
    uneven.adjoint = NULL;
    CHECK(rg_schedule_uneven(&uneven, 24, &time, &s) == RG_ERROR_NULL);
    CHECK(rg_schedule_uneven(NULL, 24, &time, &s) == RG_ERROR_NULL);
}

/* A sweep whose end shows on the way. */
static void open_ends(void)
{
    rg_schedule *s = NULL;
    rg_executor *e = NULL;
    rg_tier ram = {0};
    rg_action action;
    rg_costs costs;
    uint64_t slots, at;
    toy t;
    rg_model model = model_of(&t);

    ram.slots = 3;
    CHECK(rg_executor_new(&ram, 1, &e) == RG_OK);
    CHECK(rg_schedule_online(3, 0, RG_ONLINE_TARGETS, &s) == RG_OK);
    CHECK(rg_schedule_costs(s, &costs) == RG_ERROR_SCHEDULE);
    CHECK(rg_schedule_slots(s, 0, &slots) == RG_ERROR_SCHEDULE);
    CHECK(rg_executor_run(e, s, &model, NULL, NULL, NULL) == RG_ERROR_SCHEDULE);
    CHECK(strstr(rg_last_error(), "nobody knows where this schedule ends") != NULL);
    CHECK(rg_schedule_finish(s, 2) == RG_ERROR_ARGUMENT);
    for (at = 0; at < 29;) {
        CHECK(rg_schedule_next(s, &action) == RG_OK);
        at += action.kind == RG_ADVANCE ? action.end - action.begin : 0;
    }
    CHECK(rg_schedule_finish(s, RG_BEFORE_LAST) == RG_OK);
    CHECK(rg_schedule_finish(s, RG_BEFORE_LAST) == RG_ERROR_SCHEDULE);
    CHECK(rg_schedule_costs(s, &costs) == RG_OK && costs.steps == 30);
    CHECK(costs.advances >= 85 && costs.advances <= 90);
    while (rg_schedule_next(s, &action) == RG_OK) {
        at -= action.kind == RG_REVERSE ? action.end - action.begin : 0;
    }
    CHECK(at + 1 == 0);
    CHECK(rg_schedule_reset(s) == RG_OK);
    follow(s, 30, costs.total_forward);

    CHECK(rg_schedule_online(2, 10, RG_ONLINE_TARGETS, &s) == RG_OK);
    for (at = 0; at < 30;) {
        CHECK(rg_schedule_next(s, &action) == RG_OK);
        at += action.kind == RG_ADVANCE ? action.end - action.begin : 0;
    }
    CHECK(rg_schedule_finish(s, RG_AT_END) == RG_OK && rg_schedule_costs(s, &costs) == RG_OK);
    CHECK(rg_schedule_reset(s) == RG_OK && costs.steps == 30);
    follow(s, 30, costs.total_forward);

    CHECK(rg_schedule_online(3, 0, RG_ONLINE_WANG_MOIN, &s) == RG_OK);
    CHECK(rg_executor_run_until(e, s, &model, below, NULL, NULL, NULL) == RG_OK);
    CHECK(distance(t.bar, gradient(t.found)) < 1e-12 * t.bar && t.found > 5);
    CHECK(rg_executor_run_until(e, s, &model, NULL, NULL, NULL, NULL) == RG_ERROR_NULL);
    CHECK(rg_executor_run_until(e, NULL, &model, below, NULL, NULL, NULL) == RG_ERROR_NULL);
    CHECK(rg_schedule_free(s) == RG_OK);
    CHECK(rg_schedule_store_all(3, &s) == RG_OK);
    CHECK(rg_schedule_finish(s, RG_AT_END) == RG_ERROR_SCHEDULE);
    CHECK(rg_executor_run_until(e, s, &model, below, NULL, NULL, NULL) == RG_ERROR_SCHEDULE);
    CHECK(rg_schedule_free(s) == RG_OK && rg_executor_free(e) == RG_OK);

    CHECK(rg_schedule_online(0, 0, RG_ONLINE_TARGETS, &s) == RG_ERROR_SCHEDULE);
    CHECK(rg_schedule_online(3, 5, RG_ONLINE_WANG_MOIN, &s) == RG_ERROR_ARGUMENT);
    CHECK(rg_schedule_finish(NULL, RG_AT_END) == RG_ERROR_NULL);
}

/* Ten stages of 10 bytes and 20 of adjoint data. */
static void chains(void)
{
    static uint64_t x[11], xb[11], none[11];
    static double one[10];
    rg_chain chain = {10, x, xb, one, one, one, none, none, none};
    rg_schedule *s = NULL;
    rg_action action;
    rg_costs costs;
    double time = 0;
    uint64_t least = 0, reversed = 0;

    for (int i = 0; i <= 10; i++) {
        x[i] = 10;
        xb[i] = 20;
        if (i < 10) {
            one[i] = 1;
        }
    }
    CHECK(rg_schedule_chain(&chain, 1000, RG_PERSISTENT, &time, &s) == RG_OK && time == 20);
    CHECK(rg_schedule_free(s) == RG_OK);
    CHECK(rg_chain_minimum_bytes(&chain, &least) == RG_OK && least > 40 && least < 230);
    CHECK(rg_schedule_chain(&chain, least - 1, RG_PERSISTENT, NULL, &s) == RG_ERROR_SCHEDULE);
    CHECK(rg_schedule_chain(&chain, least, RG_NON_PERSISTENT, &time, &s) == RG_OK && time > 20);
    CHECK(rg_schedule_costs(s, &costs) == RG_OK);
    CHECK(costs.steps == 10 && (double)(costs.total_forward + 10) == time);
    while (rg_schedule_next(s, &action) == RG_OK) {
        reversed += action.kind == RG_REVERSE ? action.end - action.begin : 0;
    }
    CHECK(reversed == 10 && rg_schedule_free(s) == RG_OK);

    CHECK(rg_schedule_chain(&chain, least, 2, &time, &s) == RG_ERROR_ARGUMENT);
    CHECK(rg_schedule_chain(NULL, least, RG_PERSISTENT, &time, &s) == RG_ERROR_NULL);
    CHECK(rg_schedule_chain(&chain, least, RG_PERSISTENT, NULL, NULL) == RG_ERROR_NULL);
    CHECK(rg_chain_minimum_bytes(&chain, NULL) == RG_ERROR_NULL);
    chain.stages = UINT64_MAX;
    CHECK(rg_chain_minimum_bytes(&chain, &least) == RG_ERROR_ARGUMENT);
    chain.stages = 0;
    CHECK(rg_chain_minimum_bytes(&chain, &least) == RG_ERROR_SCHEDULE);
    chain.stages = 10;
    chain.ff = NULL;
    CHECK(rg_chain_minimum_bytes(&chain, &least) == RG_ERROR_NULL);
    CHECK(strcmp(rg_last_error(), "`chain.ff` is NULL") == 0);
}

int main(void)
{
    schedules();
    wrong_schedules();
    costed();
    open_ends();
    chains();
    puts("all as promised");
    return 0;
}
