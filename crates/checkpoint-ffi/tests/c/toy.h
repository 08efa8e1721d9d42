/* A simulator with its adjoint, as functions of an rg_model and an rg_sweep. */
#ifndef TOY_H
#define TOY_H

#include <float.h>

#include "check.h"

/* x' = 1.5 x - 0.1 x^2, whose adjoint is bar = (1.5 - 0.2 x) bar'. */
typedef struct toy {
    double x, tape[64], bar;
    uint64_t recorded;
    int fail_at;    /* calls until a failure; negative: none */
    uint64_t found; /* where the run has found its end */
    int lies;       /* about the size of snapshots, until the sweep is taken up */
} toy;

static inline int call(toy *t)
{
    return t->fail_at >= 0 && t->fail_at-- == 0 ? 42 : 0;
}

static inline int advance(void *ctx, uint64_t begin, uint64_t end)
{
    toy *t = ctx;
    for (; begin < end; begin++) {
        t->x = 1.5 * t->x - 0.1 * t->x * t->x;
    }
    return call(t);
}

static inline int record(void *ctx, uint64_t begin, uint64_t end)
{
    toy *t = ctx;
    t->recorded = begin;
    for (uint64_t i = begin; i < end; i++) {
        t->tape[i - begin] = t->x;
        t->x = 1.5 * t->x - 0.1 * t->x * t->x;
    }
    return call(t);
}

static inline int reverse(void *ctx, uint64_t begin, uint64_t end)
{
    toy *t = ctx;
    while (end > begin) {
        t->bar *= 1.5 - 0.2 * t->tape[--end - t->recorded];
    }
    return call(t);
}

static inline int save(void *ctx, int32_t data, uint64_t step, void *buffer, uint64_t bytes)
{
    toy *t = ctx;
    const double *from = data == RG_RESTART ? &t->x : &t->tape[step - t->recorded];
    CHECK(bytes == sizeof(double));
    memcpy(buffer, from, sizeof(double));
    return call(t);
}

static inline int restore(void *ctx, int32_t data, uint64_t step, const void *buffer, uint64_t bytes)
{
    toy *t = ctx;
    CHECK(bytes == sizeof(double));
    if (data == RG_RESTART) {
        memcpy(&t->x, buffer, sizeof(double));
    } else {
        t->recorded = step;
        memcpy(&t->tape[0], buffer, sizeof(double));
    }
    return call(t);
}

static inline uint64_t snapshot_bytes(void *ctx, int32_t data, uint64_t step)
{
    (void)data, (void)step;
    return ((toy *)ctx)->lies ? 3 * sizeof(double) : sizeof(double);
}

static inline const rg_field *fields(void *ctx, int32_t data, uint64_t step, uint64_t *count)
{
    static const rg_field one = {RG_F64, {1, 1, 1}};
    (void)ctx, (void)data, (void)step;
    *count = 1;
    return &one;
}

static inline int restart(void *ctx)
{
    toy *t = ctx;
    t->x = 0.7;
    return 0;
}

/* The run ends when x is near its fixed point. */
static inline int below(void *ctx, uint64_t step)
{
    toy *t = ctx;
    t->found = step + 1;
    return 5 - t->x < 1e-3;
}

static inline rg_model model_of(toy *t)
{
    rg_model model;
    memset(t, 0, sizeof *t);
    t->x = 0.7;
    t->bar = 1;
    t->fail_at = -1;
    memset(&model, 0, sizeof model);
    model.ctx = t;
    model.advance = advance;
    model.record = record;
    model.reverse = reverse;
    model.save = save;
    model.restore = restore;
    model.snapshot_bytes = snapshot_bytes;
    model.restart = restart;
    model.stores_adjoint = 1;
    return model;
}

static inline double gradient(uint64_t steps)
{
    double x = 0.7, bar = 1;
    for (; steps > 0; steps--) {
        bar *= 1.5 - 0.2 * x;
        x = 1.5 * x - 0.1 * x * x;
    }
    return bar;
}

static inline double distance(double a, double b)
{
    return a > b ? a - b : b - a;
}

/* The same factors, multiplied in the other order: each way steps - 1 roundings by half an epsilon
 * at most, and one more epsilon for what is of higher order. */
static inline int is_gradient(double bar, uint64_t steps)
{
    return distance(bar, gradient(steps)) <= (double)steps * DBL_EPSILON * bar;
}

static inline int save_sweep(void *ctx, void *buffer, uint64_t bytes)
{
    toy *t = ctx;
    CHECK(bytes == sizeof t->bar);
    memcpy(buffer, &t->bar, sizeof t->bar);
    return call(t);
}

static inline int load_sweep(void *ctx, const void *buffer, uint64_t bytes)
{
    toy *t = ctx;
    CHECK(bytes == sizeof t->bar);
    memcpy(&t->bar, buffer, sizeof t->bar);
    t->lies = 0;
    return call(t);
}

#endif
