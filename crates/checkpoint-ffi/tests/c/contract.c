/* What the header promises of plans, tiers, executors and arbiters: every function called rightly and
 * wrongly. The folder for files is the first argument. */
#include "follow.h"
#include "toy.h"

/* ------------------------------------------------------------------------------- plans ------ */

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
        for (uint32_t k = 0; k < chosen.tiers; k++) {
            CHECK(rg_choice_tier(choice, 0, k, &tier) == RG_OK);
            CHECK(tier.snapshot_bytes == (tier.medium == RG_BUFFERS ? 0 : sizeof(double)));
        }
        CHECK(rg_choice_tier(choice, 0, (uint32_t)chosen.tiers, &tier) == RG_ERROR_ARGUMENT);
        CHECK(rg_choice_get(choice, count, &other) == RG_ERROR_ARGUMENT);
        CHECK(rg_choice_schedule(choice, &s) == RG_OK);
        CHECK(rg_choice_executor(choice, "chosen", &e) == RG_OK);
        CHECK(rg_choice_free(choice) == RG_OK);
        CHECK(rg_executor_run(e, s, &model, NULL, NULL, NULL) == RG_OK);
        CHECK(is_gradient(t.bar, 30));
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
    CHECK(is_gradient(t.bar, 30));
    CHECK(done.reversed == 30 && done.advances == 85 && done.recorded == 30);
    CHECK(done.peak_held == 3 && done.held == 0 && done.lost == 0);
    CHECK(rg_executor_usage(e, 0, &use) == RG_OK && use.held_bytes == 0);
    CHECK(rg_executor_usage(e, 1, &use) == RG_ERROR_ARGUMENT);

    model = model_of(&t);
    CHECK(rg_executor_run(e, s, &model, stop_at_ten, &calls, &done) == RG_CANCELLED);
    CHECK(calls > 0 && done.actions == 10 && strstr(rg_last_error(), "cancelled after 10") != NULL);

    model = model_of(&t);
    CHECK(rg_executor_run(e, s, &model, misuse, e, NULL) == RG_OK);
    CHECK(is_gradient(t.bar, 30));

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
    CHECK(is_gradient(t.bar, 30));
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
        CHECK(done.lost > 0 && is_gradient(t.bar, 30));
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
    plans();
    choices(arguments[1]);
    runs();
    media(arguments[1]);
    wrong_executors();
    arbiters();
    puts("all as promised");
    return 0;
}
