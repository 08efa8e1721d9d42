/* A gradient whose plan is chosen from speeds, and which is stopped and taken up again.
 *
 * Particles on a ring, each pushed by sin of the distance to its neighbours: x' = x + dt f(x). The
 * gradient of sum(x_n) with respect to x_0, within a few states of memory and a disk. The first
 * run is stopped in the middle of its reverse sweep, as a batch system would; a second one, with an
 * executor that knows nothing of the first, finds what was written and goes on.
 *
 *     resume FOLDER        a folder for snapshots and for the state of the sweep
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "retrograd_checkpoint.h"

#define POINTS 64
#define STEPS 2000
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

/* The batch system takes the machine away when so many steps are reversed; 0 is never. */
static int watch(void *watch_ctx, const rg_progress *progress)
{
    uint64_t last = *(uint64_t *)watch_ctx;
    return last > 0 && progress->reversed >= last;
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

/* One run, as far as it comes, with an executor of its own. */
static rg_progress run(const rg_choice *choice, const rg_sweep *sweep, ring *r, uint64_t stop)
{
    rg_model model = {0};
    rg_executor *executor = NULL;
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
    expect(rg_choice_executor(choice, "snapshots", &executor), RG_OK, "the executor");
    expect(rg_executor_run_resumable(executor, schedule, &model, sweep, watch, &stop, &done),
           stop > 0 ? RG_CANCELLED : RG_OK, "the run");
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
    char file[4096];
    rg_workload work = {0};
    rg_means means = {0};
    rg_disk_offer disk = {0};
    rg_choice *choice = NULL;
    rg_sweep sweep = {0};
    rg_progress first, second;

    if (count != 2 || strlen(arguments[1]) + 10 > sizeof file) {
        fprintf(stderr, "resume FOLDER\n");
        return 2;
    }
    work.steps = STEPS;
    work.snapshot_bytes = work.adjoint_bytes = sizeof(state);
    work.worker_bytes = 3 * sizeof(state);
    work.jobs = work.concurrency = 1;
    means.forward_seconds = means.record_seconds = means.reverse_seconds = 1e-3;
    disk.path = arguments[1];
    disk.capacity_bytes = 1 << 28;
    disk.write_bytes_per_second = disk.read_bytes_per_second = 1e8;
    disk.latency_seconds = 1e-4;
    disk.slowdown = 1;
    disk.codec.ratio = 1; /* no codec, at the speed of a copy */
    disk.codec.encode_bytes_per_second = disk.codec.decode_bytes_per_second = 1e9;
    means.disk = &disk;
    expect(rg_choose(&work, &means, 4 << 20, &choice), RG_OK, "the choice");
    explain(choice);
    rg_choice_free(choice);
    /* Without all that RAM. */
    expect(rg_choose(&work, &means, 30 * sizeof(state), &choice), RG_OK, "the choice");
    explain(choice);

    strcpy(file, arguments[1]);
    strcat(file, "/sweep");
    sweep.path = file;
    sweep.identity = STEPS; /* a hash of the parameters, in a simulator that has some */
    sweep.every_seconds = 0;
    sweep.bytes = sizeof(state);
    sweep.save = save_sweep;
    sweep.load = load_sweep;

    run(choice, &sweep, &whole, 0);
    first = run(choice, &sweep, &parts, STEPS / 2);
    second = run(choice, &sweep, &parts, 0);
    rg_choice_free(choice);
    printf("reversed %" PRIu64 " steps, then %" PRIu64 "\n", first.reversed, second.recorded);
    free(whole.tape);
    free(parts.tape);
    if (memcmp(whole.bar, parts.bar, sizeof(state)) != 0) {
        printf("another gradient\n");
        return 1;
    }
    printf("the same gradient to the last bit\n");
    return 0;
}
