/* The gradient of a nonlinear heat equation with respect to its initial state, within a budget of
 * bytes.
 *
 *     u_t = (k(u) u_x)_x,   k(u) = 1 + u^2,   periodic in x,
 *     J   = 1/2 sum_i u_i(t_n)^2
 *
 * in space by finite volumes, in time by explicit Euler; with the flux between two cells
 *
 *     f_i  = k(m_i) (u_(i+1) - u_i),  m_i = (u_i + u_(i+1)) / 2
 *     u'_i = u_i + r (f_i - f_(i-1)),  r = dt / h^2
 *
 * The gradient is computed twice: by the executor, which calls the functions of a model, and in a
 * loop of our own, which pulls the actions of the same schedule. Both have the same bits. A
 * difference quotient says that they are right.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "retrograd_checkpoint.h"

enum { CELLS = 200, STEPS = 1000 };

static const double R = 0.2; /* stable: below 1 / (2 max k) */

typedef double state[CELLS];

static const uint64_t STATE_BYTES = sizeof(state);

/* --------------------------------------------------------------------------- simulator ------ */

typedef struct heat {
    state u;     /* x_i */
    state bar;   /* derivative of J by the state behind the steps reversed so far */
    state *tape; /* the states at the start of the recorded steps */
    size_t recorded, room;
} heat;

static void step(double *u)
{
    state flux;
    for (int i = 0; i < CELLS; i++) {
        const double right = u[(i + 1) % CELLS], m = 0.5 * (u[i] + right);
        flux[i] = (1 + m * m) * (right - u[i]);
    }
    for (int i = 0; i < CELLS; i++) {
        u[i] += R * (flux[i] - flux[(i + CELLS - 1) % CELLS]);
    }
}

/* The transpose of the derivative of one step at u. */
static void step_adjoint(const double *u, double *bar)
{
    state flux_bar;
    for (int i = 0; i < CELLS; i++) {
        flux_bar[i] = R * (bar[i] - bar[(i + 1) % CELLS]);
    }
    for (int i = 0; i < CELLS; i++) {
        const int right = (i + 1) % CELLS;
        const double m = 0.5 * (u[i] + u[right]), jump = u[right] - u[i];
        bar[i] += (m * jump - (1 + m * m)) * flux_bar[i];
        bar[right] += (m * jump + (1 + m * m)) * flux_bar[i];
    }
}

/* u_0 + eps * direction, and no tape. */
static void start(heat *h, double eps)
{
    for (int i = 0; i < CELLS; i++) {
        const double x = 6.283185307179586 * i / CELLS;
        h->u[i] = 0.6 * sin(x) + 0.2 * cos(3 * x) + eps * cos(x);
    }
}

static double objective(const double *u)
{
    double sum = 0;
    for (int i = 0; i < CELLS; i++) {
        sum += 0.5 * u[i] * u[i];
    }
    return sum;
}

/* --------------------------------------------------------- what the executor asks of it ------ */

static int advance(void *ctx, uint64_t begin, uint64_t end)
{
    heat *h = ctx;
    for (uint64_t i = begin; i < end; i++) {
        step(h->u);
    }
    return 0;
}

static int record(void *ctx, uint64_t begin, uint64_t end)
{
    heat *h = ctx;
    const size_t count = (size_t)(end - begin);
    if (count > h->room) {
        state *tape = realloc(h->tape, count * sizeof *tape);
        if (tape == NULL) {
            return 1;
        }
        h->tape = tape;
        h->room = count;
    }
    for (h->recorded = 0; h->recorded < count; h->recorded++) {
        memcpy(h->tape[h->recorded], h->u, sizeof(state));
        step(h->u);
    }
    return 0;
}

static int reverse(void *ctx, uint64_t begin, uint64_t end)
{
    heat *h = ctx;
    if (end == STEPS) {
        memcpy(h->bar, h->u, sizeof(state)); /* dJ/du_n: the model is still at x_n */
    }
    for (uint64_t i = end; i > begin; i--) {
        step_adjoint(h->tape[--h->recorded], h->bar);
    }
    return 0;
}

static int save(void *ctx, int32_t data, uint64_t at, void *buffer, uint64_t bytes)
{
    const heat *h = ctx;
    (void)data, (void)at;
    memcpy(buffer, h->u, (size_t)bytes);
    return 0;
}

static int restore(void *ctx, int32_t data, uint64_t at, const void *buffer, uint64_t bytes)
{
    heat *h = ctx;
    (void)data, (void)at;
    memcpy(h->u, buffer, (size_t)bytes);
    return 0;
}

static uint64_t snapshot_bytes(void *ctx, int32_t data, uint64_t at)
{
    (void)ctx, (void)data, (void)at;
    return STATE_BYTES;
}

/* ----------------------------------------------------------------------- the two ways ------- */

static void expect(rg_status status, const char *what)
{
    if (status != RG_OK) {
        fprintf(stderr, "%s: %s\n", what, rg_last_error());
        exit(1);
    }
}

/* Push: the executor has the loop and the snapshots. */
static rg_progress gradient_by_executor(const rg_schedule *schedule, uint64_t slots, heat *h)
{
    rg_tier ram = {0};
    rg_model model = {0};
    rg_executor *executor = NULL;
    rg_progress done;

    ram.medium = RG_BUFFERS;
    ram.slots = slots;
    model.ctx = h;
    model.advance = advance;
    model.record = record;
    model.reverse = reverse;
    model.save = save;
    model.restore = restore;
    model.snapshot_bytes = snapshot_bytes;

    start(h, 0);
    expect(rg_executor_new(&ram, 1, &executor), "the executor");
    expect(rg_executor_run(executor, schedule, &model, NULL, NULL, &done), "the run");
    rg_executor_free(executor);
    return done;
}

/* Pull: the loop and the snapshots are ours. Revolve's snapshots come and go like a stack, which
 * is all the storage that it takes. */
static void gradient_by_hand(rg_schedule *schedule, uint64_t slots, heat *h)
{
    state *snapshots = malloc((size_t)(slots + 1) * sizeof *snapshots);
    size_t held = 0;
    rg_action action;

    if (snapshots == NULL) {
        exit(1);
    }
    start(h, 0);
    while (rg_schedule_next(schedule, &action) == RG_OK) {
        switch (action.kind) {
        case RG_ADVANCE: advance(h, action.begin, action.end); break;
        case RG_RECORD: record(h, action.begin, action.end); break;
        case RG_REVERSE: reverse(h, action.begin, action.end); break;
        case RG_STORE: memcpy(snapshots[held++], h->u, sizeof(state)); break;
        case RG_LOAD: memcpy(h->u, snapshots[held - 1], sizeof(state)); break;
        case RG_DISCARD: held--; break;
        }
    }
    free(snapshots);
}

int main(void)
{
    static heat by_executor, by_hand, forward;
    const uint64_t budget = 24 * STATE_BYTES;
    rg_workload work = {0};
    rg_plan_result plan;
    rg_schedule *schedule = NULL;
    rg_progress done;
    double norm2 = 0, slope = 0, ahead, behind, quotient;
    const double eps = 1e-5;

    if (rg_abi_version() != RG_ABI_VERSION) {
        fprintf(stderr, "the library is not that of the header\n");
        return 1;
    }
    work.steps = STEPS;
    work.snapshot_bytes = STATE_BYTES;
    work.adjoint_bytes = STATE_BYTES;    /* one state on the tape per step */
    work.worker_bytes = 3 * STATE_BYTES; /* u, bar, fluxes */
    expect(rg_plan(&work, budget, &plan), "the plan");
    expect(rg_plan_schedule(&plan, &schedule), "the schedule");
    printf("budget %" PRIu64 " bytes: %" PRIu64 " snapshots, %.3f forward steps per step, "
           "peak %" PRIu64 " bytes\n",
           budget, plan.snapshots, plan.recompute_factor, plan.predicted_peak_bytes);

    done = gradient_by_executor(schedule, plan.snapshots, &by_executor);
    printf("advances %" PRIu64 ", recorded %" PRIu64 ", writes %" PRIu64 ", reads %" PRIu64
           ", snapshots %" PRIu64 "\n",
           done.advances, done.recorded, done.writes, done.reads, done.peak_held);

    gradient_by_hand(schedule, plan.snapshots, &by_hand);
    rg_schedule_free(schedule);
    if (memcmp(by_executor.bar, by_hand.bar, sizeof(state)) != 0) {
        printf("the loop of our own has another gradient\n");
        return 1;
    }

    for (int i = 0; i < CELLS; i++) {
        norm2 += by_hand.bar[i] * by_hand.bar[i];
        slope += by_hand.bar[i] * cos(6.283185307179586 * i / CELLS);
    }
    start(&forward, eps);
    advance(&forward, 0, STEPS);
    ahead = objective(forward.u);
    start(&forward, -eps);
    advance(&forward, 0, STEPS);
    behind = objective(forward.u);
    quotient = (ahead - behind) / (2 * eps);
    printf("gradient norm %.12e\n", sqrt(norm2));
    printf("slope %.12e, difference quotient %.12e\n", slope, quotient);
    free(by_executor.tape);
    free(by_hand.tape);

    /* The quotient is off by about eps^2 times a third derivative, which is of the order of J, and
     * by the rounding of J, about 1e-16 J STEPS, over eps. */
    return fabs(slope - quotient) <= 1e-8 * (ahead + 1) ? 0 : 1;
}
