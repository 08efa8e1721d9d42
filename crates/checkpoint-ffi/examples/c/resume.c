/* A gradient whose plan is chosen from speeds, and whose process dies and is followed by another.
 *
 * Particles on a ring, each pushed by sin of the distance to its neighbours: x' = x + dt f(x). The
 * gradient of sum(x_n) with respect to x_0, within a few states of memory and a disk. The first
 * process ends in the middle of its reverse sweep, without a word, as when a batch system takes the
 * machine away; the second finds the state of the sweep and the snapshots on the disk, and goes on.
 *
 *     resume FOLDER STEPS  reverses so many steps, and dies
 *     resume FOLDER        takes up what there is in the folder, or begins, and checks the gradient
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "retrograd_checkpoint.h"

#define POINTS 8192
#define STEPS 500
#define DT 0.01

typedef double state[POINTS];

typedef struct ring {
    state x;   /* where the model is */
    state x0;  /* where it began */
    state bar; /* the adjoint state: all that the reverse sweep makes */
    state *tape;
    uint64_t room, recorded;
} ring;

static void step(double *x)
{
    state next;
    for (int i = 0; i < POINTS; i++) {
        next[i] = x[i] + DT * sin(x[(i + 1) % POINTS] - x[i]);
    }
    memcpy(x, next, sizeof next);
}

static void step_adjoint(const double *x, double *bar)
{
    state next;
    memcpy(next, bar, sizeof next);
    for (int i = 0; i < POINTS; i++) {
        double slope = DT * cos(x[(i + 1) % POINTS] - x[i]) * bar[i];
        next[(i + 1) % POINTS] += slope;
        next[i] -= slope;
    }
    memcpy(bar, next, sizeof next);
}

static int advance(void *ctx, uint64_t begin, uint64_t end)
{
    ring *r = ctx;
    for (; begin < end; begin++) {
        step(r->x);
    }
    return 0;
}

static int record(void *ctx, uint64_t begin, uint64_t end)
{
    ring *r = ctx;
    if (end - begin > r->room) {
        state *tape = realloc(r->tape, (size_t)(end - begin) * sizeof *tape);
        if (tape == NULL) {
            return 1;
        }
        r->tape = tape;
        r->room = end - begin;
    }
    r->recorded = begin;
    for (uint64_t i = begin; i < end; i++) {
        memcpy(r->tape[i - begin], r->x, sizeof(state));
        step(r->x);
    }
    return 0;
}

static int reverse(void *ctx, uint64_t begin, uint64_t end)
{
    ring *r = ctx;
    while (end > begin) {
        step_adjoint(r->tape[--end - r->recorded], r->bar);
    }
    return 0;
}

static int save(void *ctx, int32_t data, uint64_t at, void *buffer, uint64_t bytes)
{
    (void)data, (void)at;
    memcpy(buffer, ((ring *)ctx)->x, (size_t)bytes);
    return 0;
}

static int restore(void *ctx, int32_t data, uint64_t at, const void *buffer, uint64_t bytes)
{
    (void)data, (void)at;
    memcpy(((ring *)ctx)->x, buffer, (size_t)bytes);
    return 0;
}

static uint64_t snapshot_bytes(void *ctx, int32_t data, uint64_t at)
{
    (void)ctx, (void)data, (void)at;
    return sizeof(state);
}

static int restart(void *ctx)
{
    ring *r = ctx;
    memcpy(r->x, r->x0, sizeof(state));
    return 0;
}

static int save_sweep(void *ctx, void *buffer, uint64_t bytes)
{
    memcpy(buffer, ((ring *)ctx)->bar, (size_t)bytes);
    return 0;
}

static int load_sweep(void *ctx, const void *buffer, uint64_t bytes)
{
    memcpy(((ring *)ctx)->bar, buffer, (size_t)bytes);
    return 0;
}

/* The process dies when so many steps are reversed; 0 is never. */
static int watch(void *watch_ctx, const rg_progress *progress)
{
    uint64_t last = *(uint64_t *)watch_ctx;
    if (last > 0 && progress->reversed >= last) {
        printf("reversed %" PRIu64 " steps, and gone\n", progress->reversed);
        fflush(stdout);
        _Exit(0); /* nothing is freed, closed or finished */
    }
    return 0;
}

static void expect(rg_status status, rg_status wanted, const char *what)
{
    if (status != wanted) {
        fprintf(stderr, "%s: %s\n", what, rg_last_error());
        exit(1);
    }
}

static void start(ring *r)
{
    for (int i = 0; i < POINTS; i++) {
        r->x0[i] = sin(0.7 * i);
        r->bar[i] = 1 + 0.1 * i;
    }
    restart(r);
}

/* FOLDER/name */
static char *in_folder(const char *folder, const char *name)
{
    char *path = malloc(strlen(folder) + strlen(name) + 2);
    if (path == NULL) {
        exit(1);
    }
    strcpy(path, folder);
    strcat(path, "/");
    return strcat(path, name);
}

#define MOST_TIERS 4

/* An executor with the tiers of the plan; those in files have a manifest, by which it begins with
 * what an earlier process has left. */
static rg_executor *executor_of(const rg_choice *choice, uint64_t identity)
{
    rg_executor *executor = NULL;
    rg_candidate plan;
    rg_tier tiers[MOST_TIERS];
    rg_tier_use use;
    char *texts[2 * MOST_TIERS];
    uint64_t count = 0, found = 0;

    expect(rg_choice_get(choice, 0, &plan), RG_OK, "the plan");
    if (plan.tiers > MOST_TIERS) {
        fprintf(stderr, "a plan of more tiers than expected\n");
        exit(1);
    }
    for (uint32_t i = 0; i < plan.tiers; i++) {
        expect(rg_choice_tier(choice, 0, i, &tiers[i]), RG_OK, "a tier");
        if (tiers[i].path != NULL) { /* that of the folder */
            tiers[i].manifest = texts[count++] = in_folder(tiers[i].path, "manifest");
            tiers[i].path = texts[count++] = in_folder(tiers[i].path, "snapshots");
            tiers[i].identity = identity;
        }
    }
    expect(rg_executor_new(tiers, plan.tiers, &executor), RG_OK, "the executor");
    for (uint32_t i = 0; i < plan.tiers; i++) {
        expect(rg_executor_usage(executor, i, &use), RG_OK, "the use of a tier");
        found += use.held_bytes;
    }
    printf("found %" PRIu64 " bytes of snapshots\n", found);
    while (count > 0) {
        free(texts[--count]);
    }
    return executor;
}

/* A run that dies when stop steps are reversed, unless that is 0. */
static rg_progress run(const rg_choice *choice, const rg_sweep *sweep, ring *r, uint64_t stop)
{
    rg_model model = {0};
    rg_executor *executor = executor_of(choice, sweep->identity);
    rg_schedule *schedule = NULL;
    rg_progress done;

    model.ctx = r;
    model.advance = advance;
    model.record = record;
    model.reverse = reverse;
    model.save = save;
    model.restore = restore;
    model.snapshot_bytes = snapshot_bytes;
    model.restart = restart;
    start(r);
    expect(rg_choice_schedule(choice, &schedule), RG_OK, "the schedule");
    expect(rg_executor_run_resumable(executor, schedule, &model, sweep, watch, &stop, &done),
           RG_OK, "the run");
    rg_executor_free(executor);
    rg_schedule_free(schedule);
    return done;
}

/* What was chosen, and what lost. */
static void explain(const rg_choice *choice)
{
    rg_candidate plan;
    uint64_t count;

    expect(rg_choice_count(choice, NULL, &count), RG_OK, "the choice");
    for (uint64_t i = 0; i < count; i++) {
        expect(rg_choice_get(choice, i, &plan), RG_OK, "a plan");
        printf("%-60s %8.3f s %8" PRIu64 " bytes  %s\n", plan.strategy, plan.seconds,
               plan.peak_bytes, i == 0 ? "chosen" : plan.reason);
    }
}

int main(int count, char **arguments)
{
    static ring whole, parts;
    char *file;
    rg_workload work = {0};
    rg_means means = {0};
    rg_disk_offer disk = {0};
    rg_choice *choice = NULL;
    rg_sweep sweep = {0};
    rg_progress done;

    if (count != 2 && count != 3) {
        fprintf(stderr, "resume FOLDER [STEPS]\n");
        return 2;
    }
    work.steps = STEPS;
    work.snapshot_bytes = work.adjoint_bytes = sizeof(state);
    work.worker_bytes = 3 * sizeof(state);
    work.jobs = work.concurrency = 1;
    means.forward_seconds = means.record_seconds = means.reverse_seconds = 1e-3;
    disk.path = arguments[1];
    disk.capacity_bytes = 1 << 28;
    disk.write_bytes_per_second = disk.read_bytes_per_second = 1e9;
    disk.latency_seconds = 1e-4;
    disk.slowdown = 1;
    disk.codec.ratio = 1; /* no codec, at the speed of a copy */
    disk.codec.encode_bytes_per_second = disk.codec.decode_bytes_per_second = 1e10;
    disk.log_bytes = sizeof(state) + 32;
    means.disk = &disk;
    expect(rg_choose(&work, &means, 1 << 26, &choice), RG_OK, "the choice");
    explain(choice);
    rg_choice_free(choice);
    /* Without all that RAM. */
    expect(rg_choose(&work, &means, 40 * sizeof(state), &choice), RG_OK, "the choice");
    explain(choice);

    file = in_folder(arguments[1], "sweep");
    sweep.path = file;
    sweep.identity = STEPS; /* a hash of the parameters, in a simulator that has some */
    sweep.every_seconds = 0;
    sweep.bytes = sizeof(state);
    sweep.save = save_sweep;
    sweep.load = load_sweep;
    done = run(choice, &sweep, &parts, count == 3 ? strtoull(arguments[2], NULL, 10) : 0);
    rg_choice_free(choice);
    free(file);
    printf("reversed %" PRIu64 " steps with %" PRIu64 " advances\n", done.recorded, done.advances);

    /* With every state in memory. */
    start(&whole);
    if (record(&whole, 0, STEPS) != 0) {
        return 1;
    }
    reverse(&whole, 0, STEPS);
    free(whole.tape);
    free(parts.tape);
    if (memcmp(whole.bar, parts.bar, sizeof(state)) != 0) {
        printf("another gradient\n");
        return 1;
    }
    printf("the gradient to the last bit\n");
    return 0;
}
