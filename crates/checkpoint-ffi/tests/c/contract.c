/* What the header promises, asked for by C: every function called rightly and wrongly. The folder
 * for files is the first argument. */
#include "toy.h"

/* --------------------------------------------------------------------------- schedules ------ */

/* Pulls a schedule to its end, proves it, and frees it. */
static void follow(rg_schedule *schedule, uint64_t steps, uint64_t total_forward)
{
    rg_action action;
    rg_costs costs;
    rg_report report;
    rg_memory memory = {0};
    rg_tier_limit limits[2];
    rg_tier_report tiers[2];
    uint64_t reversed = 0, forward = 0, actions = 0;

    CHECK(schedule != NULL);
    while (rg_schedule_next(schedule, &action) == RG_OK) {
        actions++;
        forward += action.kind == RG_ADVANCE || action.kind == RG_RECORD ? action.end - action.begin : 0;
        if (action.kind == RG_REVERSE) {
            CHECK(action.end == steps - reversed);
            reversed += action.end - action.begin;
        }
    }
    CHECK(rg_schedule_next(schedule, &action) == RG_END);
    CHECK(reversed == steps && forward == total_forward);
    CHECK(rg_schedule_costs(schedule, &costs) == RG_OK);
    CHECK(costs.steps == steps && costs.total_forward == total_forward);

    for (uint32_t tier = 0; tier < 2; tier++) {
        limits[tier].bytes = RG_UNLIMITED;
        CHECK(rg_schedule_slots(schedule, tier, &limits[tier].slots) == RG_OK);
    }
    memory.tiers = limits;
    memory.tier_count = 2;
    memory.restart_bytes = memory.adjoint_bytes = 8;
    CHECK(rg_replay(schedule, steps, &memory, &report, tiers) == RG_OK);
    CHECK(report.actions == actions && report.advances == costs.advances);
    CHECK(tiers[0].writes + tiers[1].writes == costs.writes);
    CHECK(tiers[0].peak_slots == limits[0].slots && tiers[1].peak_slots == limits[1].slots);
    CHECK(rg_replay(schedule, steps, &memory, NULL, NULL) == RG_OK);
    CHECK(rg_replay(schedule, steps + 1, &memory, NULL, NULL) == RG_ERROR_ACTION);
    CHECK(strstr(rg_last_error(), "action") != NULL);
    CHECK(rg_schedule_free(schedule) == RG_OK);
}

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

/* ----------------------------------------------------------------------------- planner ------ */

static void plans(void)
{
    rg_workload work = {0};
    rg_plan_result plan;
    rg_schedule *s = NULL;
    uint64_t least = 0;

    work.steps = 100;
    work.snapshot_bytes = work.adjoint_bytes = 10;
    work.worker_bytes = 30;
    work.jobs = 1;
    CHECK(rg_plan(&work, RG_NO_BUDGET, &plan) == RG_OK);
    CHECK(plan.strategy == RG_STORE_ALL && plan.predicted_peak_bytes == 1030);
    CHECK(rg_plan_schedule(&plan, &s) == RG_OK);
    follow(s, 100, 100);
    CHECK(rg_plan(&work, 100, &plan) == RG_OK);
    CHECK(plan.strategy == RG_REVOLVE && plan.snapshots == 6 && plan.adjoint_bytes == 10);
    CHECK(rg_plan_schedule(&plan, &s) == RG_OK);
    follow(s, 100, (uint64_t)(100 * plan.recompute_factor + 0.5));
    CHECK(rg_minimum_bytes(&work, &least) == RG_OK && least == 50);
    CHECK(rg_plan(&work, 49, &plan) == RG_ERROR_BUDGET && plan.snapshots == 6);
    CHECK(rg_plan(NULL, 49, &plan) == RG_ERROR_NULL && rg_plan(&work, 49, NULL) == RG_ERROR_NULL);
    CHECK(rg_minimum_bytes(NULL, &least) == RG_ERROR_NULL);
    CHECK(rg_minimum_bytes(&work, NULL) == RG_ERROR_NULL);
    CHECK(rg_plan_schedule(NULL, &s) == RG_ERROR_NULL && s == NULL);
    plan.strategy = 3;
    CHECK(rg_plan_schedule(&plan, &s) == RG_ERROR_ARGUMENT);
}

/* The planner by predicted time: what it chooses runs, whatever it may use. */
static void choices(const char *folder)
{
    rg_workload work = {0};
    rg_means means;
    rg_codec_offer codec = {"shuffle+lz4", 1.5, 1e9, 1e9};
    rg_disk_offer disk;
    rg_choice *choice = NULL;
    uint64_t count, jobs;

    work.steps = 30;
    work.snapshot_bytes = work.adjoint_bytes = sizeof(double);
    work.jobs = work.concurrency = 1;
    memset(&means, 0, sizeof means);
    means.forward_seconds = means.record_seconds = means.reverse_seconds = 1e-3;
    memset(&disk, 0, sizeof disk);
    disk.path = folder;
    disk.capacity_bytes = 1 << 30;
    disk.write_bytes_per_second = disk.read_bytes_per_second = 1e9;
    disk.slowdown = disk.codec.ratio = 1;
    disk.codec.encode_bytes_per_second = disk.codec.decode_bytes_per_second = 1e9;

    for (int i = 0; i < 12; i++) {
        static const uint64_t budgets[] = {RG_NO_BUDGET, 80, 24, 16};
        toy t;
        rg_model model = model_of(&t);
        rg_executor *e = NULL;
        rg_schedule *s = NULL;
        rg_candidate chosen, other;
        rg_tier tier;

        means.stores_adjoint = i >= 4;
        means.ram_codecs = i >= 8 ? &codec : NULL;
        means.ram_codec_count = i >= 8;
        means.disk = i >= 8 ? &disk : NULL;
        CHECK(rg_choose(&work, &means, budgets[i % 4], &choice) == RG_OK);
        CHECK(rg_choice_count(choice, &jobs, &count) == RG_OK && count >= 1 && jobs == 1);
        CHECK(rg_choice_get(choice, 0, &chosen) == RG_OK && *chosen.reason == 0);
        CHECK(*chosen.strategy != 0 && chosen.seconds > 0 && chosen.peak_bytes <= budgets[i % 4]);
        for (uint64_t k = 1; k < count; k++) {
            CHECK(rg_choice_get(choice, k, &other) == RG_OK && *other.reason != 0);
            CHECK(other.seconds < 0 || other.seconds >= chosen.seconds);
        }
        for (uint32_t k = 0; k < chosen.tiers; k++)
            CHECK(rg_choice_tier(choice, 0, k, &tier) == RG_OK);
        CHECK(rg_choice_tier(choice, 0, (uint32_t)chosen.tiers, &tier) == RG_ERROR_ARGUMENT);
        CHECK(rg_choice_get(choice, count, &other) == RG_ERROR_ARGUMENT);
        CHECK(rg_choice_schedule(choice, &s) == RG_OK);
        CHECK(rg_choice_executor(choice, "chosen", &e) == RG_OK);
        CHECK(rg_choice_free(choice) == RG_OK);
        CHECK(rg_executor_run(e, s, &model, NULL, NULL, NULL) == RG_OK);
        CHECK(distance(t.bar, gradient(30)) < 1e-12 * t.bar);
        CHECK(rg_executor_free(e) == RG_OK && rg_schedule_free(s) == RG_OK);
    }

    CHECK(rg_choose(&work, &means, 15, &choice) == RG_ERROR_BUDGET && choice == NULL);
    codec.ratio = 0;
    CHECK(rg_choose(&work, &means, 99, &choice) == RG_ERROR_ARGUMENT);
    CHECK(strstr(rg_last_error(), "`offer.ratio` is 0, but must be") != NULL);
    means.ram_codec_count = 0;
    means.forward_seconds = 0;
    CHECK(rg_choose(&work, &means, 99, &choice) == RG_ERROR_ARGUMENT);
    CHECK(rg_choose(&work, NULL, 99, &choice) == RG_ERROR_NULL);
    CHECK(rg_choose(NULL, &means, 99, &choice) == RG_ERROR_NULL);
    CHECK(rg_choice_count(NULL, &jobs, &count) == RG_ERROR_NULL && rg_choice_free(NULL) == RG_OK);
}

/* ---------------------------------------------------------------------------- executor ------ */

static int stop_at_ten(void *ctx, const rg_progress *progress)
{
    ++*(int *)ctx;
    return progress->actions >= 10;
}

/* Calls for the executor from its own run: refused, and the run goes on. */
static int misuse(void *ctx, const rg_progress *progress)
{
    rg_executor *executor = ctx;
    rg_tier_use use;
    (void)progress;
    CHECK(rg_executor_usage(executor, 0, &use) == RG_ERROR_BUSY);
    CHECK(rg_executor_free(executor) == RG_ERROR_BUSY);
    CHECK(rg_executor_run(executor, NULL, NULL, NULL, NULL, NULL) == RG_ERROR_BUSY);
    CHECK(rg_executor_failure(executor, 0) == NULL && rg_executor_model_status(executor) == 0);
    return 0;
}

static void runs(void)
{
    toy t;
    rg_model model = model_of(&t);
    rg_tier ram = {0};
    rg_executor *e = NULL;
    rg_schedule *s = NULL;
    rg_progress done;
    rg_tier_use use;
    int calls = 0;

    ram.slots = 3;
    CHECK(rg_executor_new(&ram, 1, &e) == RG_OK);
    CHECK(rg_schedule_revolve(30, 3, RG_TRAJECTORY_REVOLVE, &s) == RG_OK);
    CHECK(rg_executor_run(e, s, &model, NULL, NULL, &done) == RG_OK);
    CHECK(distance(t.bar, gradient(30)) < 1e-12 * t.bar);
    CHECK(done.reversed == 30 && done.advances == 85 && done.recorded == 30);
    CHECK(done.peak_held == 3 && done.held == 0 && done.lost == 0);
    CHECK(rg_executor_usage(e, 0, &use) == RG_OK && use.held_bytes == 0);
    CHECK(rg_executor_usage(e, 1, &use) == RG_ERROR_ARGUMENT);

    model = model_of(&t);
    CHECK(rg_executor_run(e, s, &model, stop_at_ten, &calls, &done) == RG_CANCELLED);
    CHECK(calls > 0 && done.actions == 10 && strstr(rg_last_error(), "cancelled after 10") != NULL);

    model = model_of(&t);
    CHECK(rg_executor_run(e, s, &model, misuse, e, NULL) == RG_OK);
    CHECK(distance(t.bar, gradient(30)) < 1e-12 * t.bar);

    model = model_of(&t);
    t.fail_at = 7;
    CHECK(rg_executor_run(e, s, &model, NULL, NULL, &done) == RG_ERROR_MODEL);
    CHECK(rg_executor_model_status(e) == 42 && strstr(rg_last_error(), "has returned 42") != NULL);
    CHECK(done.actions > 0 && done.actions < 30);

    CHECK(rg_schedule_free(s) == RG_OK);
    CHECK(rg_schedule_revolve(30, 4, RG_TRAJECTORY_REVOLVE, &s) == RG_OK);
    model = model_of(&t);
    CHECK(rg_executor_run(e, s, &model, NULL, NULL, &done) == RG_ERROR_ACTION);
    CHECK(strstr(rg_last_error(), "all 3 slots are taken") != NULL);
    CHECK(rg_schedule_free(s) == RG_OK);

    /* Adjoint data in the slots; and a model that does not know them. */
    CHECK(rg_schedule_mixed(30, 3, 1, 1, &s) == RG_OK);
    model = model_of(&t);
    CHECK(rg_executor_run(e, s, &model, NULL, NULL, &done) == RG_OK);
    CHECK(distance(t.bar, gradient(30)) < 1e-12 * t.bar);
    model = model_of(&t);
    model.stores_adjoint = 0;
    CHECK(rg_executor_run(e, s, &model, NULL, NULL, &done) == RG_ERROR_ACTION);
    CHECK(rg_schedule_free(s) == RG_OK && rg_executor_free(e) == RG_OK);
}

/* Every medium gives the same gradient; codecs as good as they say. */
static void media(const char *folder)
{
    static const struct { int32_t medium; uint32_t depth; const char *codec; double error; } all[] = {
        {RG_RAM, 0, NULL, 0}, {RG_RAM, 3, "shuffle+lz4", 0}, {RG_RAM, 1, "block:absolute=1e-9", 1e-9},
        {RG_FILE, 2, NULL, 0}, {RG_FILE_CACHED, 0, "zstd:3", 0}, {RG_MAPPED, 2, NULL, 0},
        {RG_MAPPED, 0, "pco", 0}, {RG_MAPPED_SCRATCH, 1, NULL, 0}
    };
    rg_schedule *s = NULL;
    char file[4096];

    CHECK(strlen(folder) + 10 < sizeof file);
    strcpy(file, folder);
    strcat(file, "/snapshots");
    CHECK(rg_schedule_asynchronous(30, 5, 3, &s) == RG_OK);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        toy t;
        rg_model model = model_of(&t);
        rg_tier tiers[2];
        rg_executor *e = NULL;
        rg_progress done;
        rg_tier_use use;

        memset(tiers, 0, sizeof tiers);
        tiers[0].slots = 3;
        tiers[1].medium = all[i].medium;
        tiers[1].queue_depth = all[i].depth;
        tiers[1].codec = all[i].codec;
        tiers[1].path = all[i].medium == RG_MAPPED_SCRATCH ? folder : file;
        tiers[1].capacity_bytes = 1 << 16;
        tiers[1].snapshot_bytes = sizeof(double);
        tiers[1].threads = 2;
        model.fields = fields;
        model.snapshot_bytes = NULL;
        CHECK(rg_executor_new(tiers, 2, &e) == RG_OK);
        CHECK(rg_executor_run(e, s, &model, NULL, NULL, &done) == RG_OK);
        CHECK(done.lost == 0 && rg_executor_failure(e, 0) == NULL);
        CHECK(distance(t.bar, gradient(30)) <= (1e-12 + 1e3 * all[i].error) * t.bar);
        CHECK(rg_executor_usage(e, 1, &use) == RG_OK);
        CHECK(use.raw_bytes == 5 * sizeof(double) && use.max_error <= all[i].error);
        CHECK(rg_executor_free(e) == RG_OK);
    }

    /* A tier without room loses what it is given, and the model is asked again. */
    {
        toy t;
        rg_model model = model_of(&t);
        rg_tier tiers[2];
        rg_executor *e = NULL;
        rg_progress done;

        memset(tiers, 0, sizeof tiers);
        tiers[0].slots = 3;
        tiers[1].medium = RG_MAPPED_SCRATCH;
        tiers[1].path = folder;
        CHECK(rg_executor_new(tiers, 2, &e) == RG_OK);
        CHECK(rg_executor_run(e, s, &model, NULL, NULL, &done) == RG_OK);
        CHECK(done.lost > 0 && distance(t.bar, gradient(30)) < 1e-12 * t.bar);
        CHECK(strstr(rg_executor_failure(e, 0), "has no room") != NULL);
        CHECK(rg_executor_free(e) == RG_OK);
    }
    CHECK(rg_schedule_free(s) == RG_OK);
}

static void wrong_executors(void)
{
    rg_tier tier = {0};
    rg_executor *e = (rg_executor *)&e;
    rg_schedule *s = NULL;
    rg_tier_use use;
    toy t;
    rg_model model;

    CHECK(rg_executor_new(NULL, 1, &e) == RG_ERROR_NULL && e == NULL);
    CHECK(rg_executor_new(&tier, 1, NULL) == RG_ERROR_NULL);
    CHECK(rg_executor_new(&tier, UINT64_MAX, &e) == RG_ERROR_ARGUMENT);
    tier.slots = UINT64_MAX;
    CHECK(rg_executor_new(&tier, 1, &e) == RG_ERROR_MEMORY);
    tier.codec = "lz4";
    CHECK(rg_executor_new(&tier, 1, &e) == RG_ERROR_ARGUMENT);
    tier.medium = 17;
    CHECK(rg_executor_new(&tier, 1, &e) == RG_ERROR_ARGUMENT);
    tier.medium = RG_RAM;
    tier.codec = "lzzz";
    CHECK(rg_executor_new(&tier, 1, &e) == RG_ERROR_ARGUMENT && strstr(rg_last_error(), "lzzz"));
    tier.codec = "\xff";
    CHECK(rg_executor_new(&tier, 1, &e) == RG_ERROR_ARGUMENT);
    tier.codec = NULL;
    tier.queue_depth = UINT32_MAX;
    CHECK(rg_executor_new(&tier, 1, &e) == RG_ERROR_ARGUMENT);
    tier.queue_depth = 0;
    tier.threads = UINT32_MAX;
    CHECK(rg_executor_new(&tier, 1, &e) == RG_ERROR_ARGUMENT);
    tier.threads = 0;
    tier.capacity_bytes = UINT64_MAX;
    CHECK(rg_executor_new(&tier, 1, &e) == RG_ERROR_TIER && strstr(rg_last_error(), "tier 0"));
    tier.capacity_bytes = 4096;
    tier.medium = RG_MAPPED;
    CHECK(rg_executor_new(&tier, 1, &e) == RG_ERROR_NULL);
    tier.path = "/nowhere/at/all";
    CHECK(rg_executor_new(&tier, 1, &e) == RG_ERROR_TIER);
    tier.medium = RG_FILE;
    CHECK(rg_executor_new(&tier, 1, &e) == RG_ERROR_TIER && e == NULL);

    CHECK(rg_executor_new(NULL, 0, &e) == RG_OK);
    CHECK(rg_schedule_revolve(5, 2, RG_TRAJECTORY_REVOLVE, &s) == RG_OK);
    model = model_of(&t);
    CHECK(rg_executor_run(e, s, &model, NULL, NULL, NULL) == RG_ERROR_ACTION);
    CHECK(rg_executor_run(NULL, s, &model, NULL, NULL, NULL) == RG_ERROR_NULL);
    CHECK(rg_executor_run(e, NULL, &model, NULL, NULL, NULL) == RG_ERROR_NULL);
    CHECK(rg_executor_run(e, s, NULL, NULL, NULL, NULL) == RG_ERROR_NULL);
    CHECK(rg_executor_run((rg_executor *)s, s, &model, NULL, NULL, NULL) == RG_ERROR_HANDLE);
    CHECK(rg_executor_run(e, (rg_schedule *)e, &model, NULL, NULL, NULL) == RG_ERROR_HANDLE);
    model.save = NULL;
    CHECK(rg_executor_run(e, s, &model, NULL, NULL, NULL) == RG_ERROR_NULL);
    CHECK(strcmp(rg_last_error(), "`model.save` is NULL") == 0);
    model = model_of(&t);
    model.snapshot_bytes = NULL;
    CHECK(rg_executor_run(e, s, &model, NULL, NULL, NULL) == RG_ERROR_NULL);
    CHECK(rg_executor_usage(NULL, 0, &use) == RG_ERROR_NULL);
    CHECK(rg_executor_usage(e, 0, NULL) == RG_ERROR_NULL);
    CHECK(rg_executor_failure(NULL, 0) == NULL && rg_executor_failure(e, UINT64_MAX) == NULL);
    CHECK(rg_executor_model_status(NULL) == 0);
    CHECK(rg_executor_free(NULL) == RG_OK && rg_executor_free(e) == RG_OK);
    CHECK(rg_schedule_free(s) == RG_OK);
}

/* ----------------------------------------------------------------------------- arbiter ------ */

static void arbiters(void)
{
    rg_arbiter *a = NULL;
    rg_lease *one = NULL, *two = NULL;

    CHECK(rg_arbiter_new(100, &a) == RG_OK);
    CHECK(rg_arbiter_lease(a, 70, &one) == RG_OK && one != NULL);
    CHECK(rg_arbiter_try_lease(a, 40, &two) == RG_OK && two == NULL);
    CHECK(rg_lease_free(one) == RG_OK);
    CHECK(rg_arbiter_try_lease(a, 40, &two) == RG_OK && two != NULL);
    CHECK(rg_arbiter_lease(a, 101, &one) == RG_ERROR_BUDGET && one == NULL);
    CHECK(rg_lease_free((rg_lease *)a) == RG_ERROR_HANDLE);
    CHECK(rg_arbiter_free(a) == RG_OK && rg_lease_free(two) == RG_OK);
    CHECK(rg_arbiter_free(NULL) == RG_OK && rg_lease_free(NULL) == RG_OK);
    CHECK(rg_arbiter_new(1, NULL) == RG_ERROR_NULL);
    CHECK(rg_arbiter_lease(NULL, 1, &one) == RG_ERROR_NULL);
    CHECK(rg_arbiter_try_lease(NULL, 1, &one) == RG_ERROR_NULL);
}

int main(int count, char **arguments)
{
    CHECK(count == 2);
    CHECK(strcmp(rg_last_error(), "") == 0);
    CHECK(rg_abi_version() == RG_ABI_VERSION && strlen(rg_version()) >= 5);
    schedules();
    wrong_schedules();
    costed();
    open_ends();
    chains();
    plans();
    choices(arguments[1]);
    runs();
    media(arguments[1]);
    wrong_executors();
    arbiters();
    puts("all as promised");
    return 0;
}
