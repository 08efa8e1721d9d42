/* Several chains in one memory, followed by C: gradients of branches that meet in one loss, by
 * schedules that are pulled, against those with every state in memory. */
#include "check.h"

#define BRANCHES 4 /* the trunk included */
#define STEPS 40

/* Step i of branch j: x' = a x - b x^2, with factors of their own. */
static double step(uint64_t branch, double x)
{
    return (1.5 + 0.01 * (double)branch) * x - 0.1 * x * x;
}

static double slope(uint64_t branch, double x)
{
    return (1.5 + 0.01 * (double)branch) - 0.2 * x;
}

static double initial(uint64_t branch)
{
    return 0.7 + 0.1 * (double)branch;
}

/* The slots and the one working state, by the rules of the header. A state has one name: that of
 * the trunk where it is the start of all branches. */
typedef struct memory {
    const rg_branches *chains;
    double slot[BRANCHES][STEPS];
    int full[BRANCHES][STEPS];
    uint64_t taken, slots;
    double x; /* the working state: that of branch at the start of step at */
    uint64_t branch, at;
    double tape; /* the step that was recorded */
    uint64_t advances;
    double end[BRANCHES], bar[BRANCHES];
    int turned;
} memory;

/* Whether the working state is the start of the step of the branch. */
static int stands_at(const memory *m, uint64_t branch, uint64_t at)
{
    const rg_branches *c = m->chains;
    int shared = c->shape == RG_PITCHFORK && branch < c->count && at == 0;
    return (m->branch == branch && m->at == at) ||
           (shared && m->branch == c->count && m->at == c->trunk) ||
           (shared && m->branch < c->count && m->at == 0);
}

/* The loss: the product of all ends. */
static void turn(memory *m)
{
    const rg_branches *c = m->chains;
    CHECK(!m->turned && c->shape != RG_INDEPENDENT);
    m->turned = 1;
    for (uint64_t j = 0; j < c->count; j++) {
        if (stands_at(m, j, c->steps[j])) {
            m->end[j] = m->x;
        } else if (c->shape == RG_PITCHFORK && c->steps[j] == 0) {
            CHECK(m->full[c->count][c->trunk]);
            m->end[j] = m->slot[c->count][c->trunk];
        } else {
            CHECK(m->full[j][c->steps[j]]);
            m->end[j] = m->slot[j][c->steps[j]];
        }
    }
}

static void follow(memory *m, const rg_join_action *one)
{
    const rg_action *a = &one->action;
    uint64_t j = one->branch;
    if (a->kind == RG_TURN) {
        CHECK(j == 0 && a->data == 0 && a->begin == 0 && a->end == 0 && a->step == 0 && a->tier == 0);
        turn(m);
        return;
    }
    CHECK(j < m->chains->count + (m->chains->shape == RG_PITCHFORK) && a->tier == 0);
    switch (a->kind) {
    case RG_ADVANCE:
        CHECK(stands_at(m, j, a->begin));
        for (uint64_t i = a->begin; i < a->end; i++, m->advances++) {
            m->x = step(j, m->x);
        }
        m->branch = j;
        m->at = a->end;
        break;
    case RG_RECORD:
        CHECK(stands_at(m, j, a->begin) && a->end == a->begin + 1);
        m->tape = m->x;
        m->x = step(j, m->x);
        m->branch = j;
        m->at = a->end;
        break;
    case RG_REVERSE:
        /* The last adjoint step of a branch that meets others leads into the loss. */
        if (m->chains->shape != RG_INDEPENDENT && j < m->chains->count &&
            a->begin == m->chains->steps[j]) {
            CHECK(m->turned && m->tape == m->end[j]);
            for (uint64_t k = 0; k < m->chains->count; k++) {
                m->bar[j] *= k == j ? 1 : m->end[k];
            }
        } else {
            m->bar[j] *= slope(j, m->tape);
        }
        m->branch = UINT64_MAX;
        break;
    case RG_STORE:
        CHECK(a->data == RG_RESTART && stands_at(m, j, a->step) && !m->full[j][a->step]);
        CHECK(++m->taken <= m->slots);
        m->full[j][a->step] = 1;
        m->slot[j][a->step] = m->x;
        break;
    case RG_LOAD:
        CHECK(a->data == RG_RESTART && m->full[j][a->step]);
        m->x = m->slot[j][a->step];
        m->branch = j;
        m->at = a->step;
        break;
    default:
        CHECK(a->kind == RG_DISCARD && m->full[j][a->step]);
        m->full[j][a->step] = 0;
        m->taken--;
    }
}

/* With every state in memory: the adjoint of the initial state of each branch, before the adjoint
 * of the trunk where there is one. */
static void by_hand(const rg_branches *c, double *bar)
{
    double end[BRANCHES];
    for (uint64_t j = 0; j < c->count; j++) {
        double x = initial(j);
        uint64_t forward = c->steps[j];
        if (c->shape == RG_PITCHFORK) {
            x = initial(c->count);
            for (uint64_t i = 0; i < c->trunk; i++) {
                x = step(c->count, x);
            }
        }
        bar[j] = 1;
        for (uint64_t i = 0; i < forward; i++) {
            bar[j] *= slope(j, x);
            x = step(j, x);
        }
        end[j] = x;
    }
    for (uint64_t j = 0; j < c->count && c->shape != RG_INDEPENDENT; j++) {
        for (uint64_t k = 0; k < c->count; k++) {
            bar[j] *= k == j ? 1 : end[k];
        }
    }
    if (c->shape == RG_PITCHFORK) {
        double x = initial(c->count);
        bar[c->count] = 1;
        for (uint64_t i = 0; i < c->trunk; i++) {
            bar[c->count] *= slope(c->count, x);
            x = step(c->count, x);
        }
    }
}

static void start(memory *m, const rg_branches *c, uint64_t slots)
{
    memset(m, 0, sizeof *m);
    m->chains = c;
    m->slots = slots;
    m->branch = UINT64_MAX;
    for (uint64_t j = 0; j <= c->count; j++) {
        m->bar[j] = 1;
        if ((j < c->count) == (c->shape != RG_PITCHFORK)) {
            m->full[j][0] = 1;
            m->slot[j][0] = initial(j);
            m->taken++;
        }
    }
}

/* Products of at most so many factors, in another order: an error of half a unit each, on both
 * sides. */
static int close_to(double a, double b)
{
    double error = a > b ? a - b : b - a;
    double unit = 2.3e-16, size = b > 0 ? b : -b;
    return error <= (2 * STEPS + 2 * BRANCHES) * unit * size;
}

/* One shape with every number of slots that makes a difference: the same gradient, with advances
 * as said and proved. */
static void shape(const rg_branches *c)
{
    static memory m;
    double expected[BRANCHES];
    uint64_t least, advances, last = UINT64_MAX, all = c->trunk, pulled;

    for (uint64_t j = 0; j < c->count; j++) {
        all += c->steps[j];
    }
    by_hand(c, expected);
    CHECK(rg_join_minimum_slots(c, &least) == RG_OK && least >= 1);
    for (uint64_t slots = least; slots <= all + c->count; slots++) {
        rg_join *join = NULL, *other = NULL;
        rg_join_action one, many[5];
        rg_join_report report;

        CHECK(rg_join_new(c, slots, &join) == RG_OK);
        CHECK(rg_join_advances(join, &advances) == RG_OK && advances <= last);
        last = advances;
        CHECK(rg_join_replay(join, &report) == RG_OK && report.advances == advances);
        CHECK(report.peak_slots <= slots && rg_join_replay(join, NULL) == RG_OK);
        CHECK(rg_join_clone(join, &other) == RG_OK);
        start(&m, c, slots);
        for (uint64_t count = 0; rg_join_next(join, &one) == RG_OK; count++) {
            follow(&m, &one);
            CHECK(count < report.actions);
        }
        CHECK(m.advances == advances && m.taken == 0);
        CHECK(m.turned == (c->shape != RG_INDEPENDENT));
        for (uint64_t j = 0; j < c->count + (c->shape == RG_PITCHFORK); j++) {
            CHECK(close_to(m.bar[j], expected[j]));
        }

        /* By the array, and again from the start: the same. */
        start(&m, c, slots);
        CHECK(rg_join_reset(join) == RG_OK);
        for (uint64_t i = 0; i < report.actions; i++) {
            if (i % 5 == 0) {
                uint64_t left = report.actions - i;
                CHECK(rg_join_pull(other, many, 5, &pulled) == RG_OK);
                CHECK(pulled == (left < 5 ? left : 5));
            }
            CHECK(rg_join_next(join, &one) == RG_OK && one.branch == many[i % 5].branch);
            CHECK(one.action.kind == many[i % 5].action.kind);
            follow(&m, &many[i % 5]);
        }
        CHECK(rg_join_pull(other, many, 5, &pulled) == RG_END && pulled == 0);
        CHECK(rg_join_next(join, &one) == RG_END && m.advances == advances);
        CHECK(rg_join_free(other) == RG_OK && rg_join_free(join) == RG_OK);
    }
    /* With a slot for each state, what is advanced is one sweep. */
    CHECK(last == all - (c->shape == RG_INDEPENDENT ? c->count : 0));
}

static void wrong(void)
{
    static const uint64_t steps[] = {3, 2};
    rg_branches c = {RG_JOIN, 2, steps, 0};
    rg_join *join = (rg_join *)&join; /* overwritten with NULL */
    rg_join_action one;
    rg_schedule *schedule = NULL;
    uint64_t number;

    CHECK(rg_join_new(&c, 2, &join) == RG_ERROR_SCHEDULE && join == NULL);
    CHECK(strstr(rg_last_error(), "help: allow at least 3") != NULL);
    CHECK(rg_join_new(NULL, 4, &join) == RG_ERROR_NULL);
    CHECK(rg_join_new(&c, 4, NULL) == RG_ERROR_NULL);
    CHECK(rg_join_minimum_slots(NULL, &number) == RG_ERROR_NULL);
    CHECK(rg_join_minimum_slots(&c, NULL) == RG_ERROR_NULL);
    c.shape = 3;
    CHECK(rg_join_new(&c, 4, &join) == RG_ERROR_ARGUMENT);
    CHECK(strstr(rg_last_error(), "`branches.shape` is 3, but must be RG_JOIN") != NULL);
    c.shape = RG_INDEPENDENT;
    c.trunk = 1;
    CHECK(rg_join_new(&c, 4, &join) == RG_ERROR_ARGUMENT);
    CHECK(strstr(rg_last_error(), "`branches.trunk` is 1") != NULL);
    c.trunk = 0;
    c.count = 0;
    CHECK(rg_join_new(&c, 4, &join) == RG_ERROR_SCHEDULE);
    CHECK(rg_join_minimum_slots(&c, &number) == RG_ERROR_SCHEDULE);
    c.shape = RG_JOIN;
    CHECK(rg_join_new(&c, 4, &join) == RG_ERROR_SCHEDULE);
    c.count = UINT64_MAX;
    CHECK(rg_join_new(&c, 4, &join) == RG_ERROR_ARGUMENT);
    c.count = 2;
    c.steps = NULL;
    CHECK(rg_join_new(&c, 4, &join) == RG_ERROR_NULL && join == NULL);

    CHECK(rg_join_next(NULL, &one) == RG_ERROR_NULL && rg_join_reset(NULL) == RG_ERROR_NULL);
    CHECK(rg_join_pull(NULL, &one, 1, &number) == RG_ERROR_NULL);
    CHECK(rg_join_clone(NULL, &join) == RG_ERROR_NULL);
    CHECK(rg_join_advances(NULL, &number) == RG_ERROR_NULL);
    CHECK(rg_join_replay(NULL, NULL) == RG_ERROR_NULL && rg_join_free(NULL) == RG_OK);

    c.steps = steps;
    CHECK(rg_join_new(&c, UINT64_MAX, &join) == RG_OK);
    CHECK(rg_join_next(join, NULL) == RG_ERROR_NULL);
    CHECK(rg_join_pull(join, NULL, 1, &number) == RG_ERROR_NULL);
    CHECK(rg_join_pull(join, &one, 1, NULL) == RG_ERROR_NULL);
    CHECK(rg_join_pull(join, &one, 0, &number) == RG_ERROR_ARGUMENT);
    CHECK(rg_join_advances(join, NULL) == RG_ERROR_NULL);
    /* The two kinds of schedules are not taken for each other. */
    CHECK(rg_schedule_reset((rg_schedule *)join) == RG_ERROR_HANDLE);
    CHECK(rg_schedule_store_all(3, &schedule) == RG_OK);
    CHECK(rg_join_reset((rg_join *)schedule) == RG_ERROR_HANDLE);
    CHECK(rg_schedule_free(schedule) == RG_OK && rg_join_free(join) == RG_OK);
    /* An action of several chains is none of one chain. */
    memset(&one, 0, sizeof one);
    one.action.kind = RG_TURN;
    CHECK(rg_schedule_from_actions(&one.action, 1, &schedule) == RG_ERROR_ARGUMENT);
}

int main(void)
{
    static const uint64_t steps[][3] = {{5, 3, 4}, {1, 1, 1}, {0, 7, 2}, {9, 0, 0}, {6, 6, 1}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        for (uint64_t count = 1; count <= 3; count++) {
            rg_branches c = {RG_JOIN, count, steps[i], 0};
            shape(&c);
            /* A pitchfork of one branch is a join of one. */
            if (count > 1) {
                c.shape = RG_PITCHFORK;
                for (c.trunk = 0; c.trunk < 6; c.trunk += 2) {
                    shape(&c);
                }
            }
        }
    }
    for (uint64_t count = 1; count <= 3; count++) {
        static const uint64_t chains[] = {12, 5, 9};
        rg_branches c = {RG_INDEPENDENT, count, chains, 0};
        shape(&c);
    }
    {
        static const uint64_t branch = 5, both = 9;
        rg_branches fork = {RG_PITCHFORK, 1, &branch, 4}, one = {RG_JOIN, 1, &both, 0};
        rg_join *of_fork = NULL, *of_one = NULL;
        rg_join_action a, b;
        CHECK(rg_join_new(&fork, 3, &of_fork) == RG_OK && rg_join_new(&one, 3, &of_one) == RG_OK);
        while (rg_join_next(of_fork, &a) == RG_OK) {
            CHECK(rg_join_next(of_one, &b) == RG_OK && a.branch == 0 && b.branch == 0);
            CHECK(a.action.kind == b.action.kind && a.action.step == b.action.step);
            CHECK(a.action.begin == b.action.begin && a.action.end == b.action.end);
        }
        CHECK(rg_join_next(of_one, &b) == RG_END);
        CHECK(rg_join_free(of_fork) == RG_OK && rg_join_free(of_one) == RG_OK);
    }
    wrong();
    puts("all as promised");
    return 0;
}
