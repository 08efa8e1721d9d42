/* retrograd_checkpoint.h - optimal checkpointing for adjoints: schedules, planner, executor.
 *
 * The adjoint of n time steps reads their states last step first. Where they do not fit into
 * memory, a few snapshots are kept and the rest is recomputed. This library knows which ones.
 *
 * Words. Steps count from 0; step i leads from state x_i to x_(i+1). Ranges begin..end do not
 * include end. Restart data are the state at the start of a step: what continues the forward run.
 * Adjoint data are what the adjoint of one step reads. n slots are n snapshots at a time, x_0
 * included as soon as it is stored; the state that the simulator works on is not. A tier is a
 * place for snapshots, numbered from 0.
 *
 * Two ways to use it:
 *
 *   pull   rg_schedule_next gives one rg_action after the other, rg_schedule_pull an array of
 *          them, and the loop is yours; for several chains in one memory it is rg_join_next;
 *   push   rg_executor_run calls the functions of your rg_model, and keeps their snapshots.
 *
 * Rules of this interface
 *
 *   - Functions return an rg_status: negative if they failed, and rg_last_error() says why. What a
 *     failed call would have written is left as it was; a handle it would have made is NULL.
 *   - A pointer that must not be NULL and is, an unknown constant, a handle of another kind: these
 *     are errors. A pointer that points nowhere, or a handle that was freed, is undefined, as
 *     everywhere in C.
 *   - What a function makes, its *_free frees; NULL is free already. Nothing else is allocated that
 *     the caller could see. Structs are the caller's, and are not looked at after the call.
 *   - All sizes and counts are uint64_t, and saturate at UINT64_MAX where they are larger.
 *   - Handles may be used by any thread, one at a time. An executor that is running, in this or in
 *     another thread, says RG_ERROR_BUSY.
 *   - Callbacks return 0, or anything else if they have failed, which ends the run. They must not
 *     be left by longjmp, nor by a C++ exception, which ends the process.
 *   - Enumerations are passed as int32_t, so that their size does not depend on the compiler.
 *
 * Fortran: every struct can be a type with bind(c), every function an interface with bind(c).
 */
#ifndef RETROGRAD_CHECKPOINT_H
#define RETROGRAD_CHECKPOINT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------ status ------ */

/* The version of this header; rg_abi_version() is that of the library. They must be equal. */
#define RG_ABI_VERSION 2

typedef int32_t rg_status;
enum {
    RG_OK = 0,
    RG_END = 1,       /* a schedule has no more actions */
    RG_CANCELLED = 2, /* the watch callback wanted the run to stop */

    RG_ERROR_NULL = -1,     /* a pointer is NULL that must not be */
    RG_ERROR_ARGUMENT = -2, /* an unknown constant, a text that is no codec, a wrong extent */
    RG_ERROR_HANDLE = -3,   /* not a handle of this kind */
    RG_ERROR_BUSY = -4,     /* the executor is running */
    RG_ERROR_SCHEDULE = -5, /* there is no such schedule */
    RG_ERROR_BUDGET = -6,   /* it does not fit into the budget */
    RG_ERROR_MEMORY = -7,   /* the system has no memory */
    RG_ERROR_MODEL = -8,    /* a callback of the model failed: rg_executor_model_status */
    RG_ERROR_ACTION = -9,   /* an action breaks a rule, or needs more than the tiers have */
    RG_ERROR_TIER = -10,    /* a tier cannot be made, or has lost what cannot be recomputed */
    RG_ERROR_INTERNAL = -11 /* a bug of this library; the handles of the call can only be freed */
};

/* What went wrong in the last call on this thread that failed, in UTF-8; "" if none has. It stays
 * until another call on this thread fails. */
const char *rg_last_error(void);

/* The version of the library, such as "0.1.0". */
const char *rg_version(void);

/* The version of the interface: compare it with RG_ABI_VERSION. */
uint32_t rg_abi_version(void);

/* ----------------------------------------------------------------------------- actions ------ */

/* Kinds of actions. */
enum {
    RG_ADVANCE = 0, /* run begin..end forward and keep nothing; the model is at x_end then */
    RG_RECORD = 1,  /* run begin..end forward and keep in working memory what their adjoint reads */
    RG_REVERSE = 2, /* run the adjoint of begin..end, last step first; they are recorded */
    RG_STORE = 3,   /* keep data of step in tier */
    RG_LOAD = 4,    /* bring data of step back from tier, where they stay */
    RG_DISCARD = 5  /* free data of step in tier; directly after their load, a hand-over */
};

/* What is kept of a step. */
enum {
    RG_RESTART = 0, /* the state at its start */
    RG_ADJOINT = 1  /* what its adjoint reads */
};

/* One action. What does not belong to its kind is 0. */
typedef struct rg_action {
    int32_t kind;   /* RG_ADVANCE ... RG_DISCARD */
    int32_t data;   /* store, load, discard: RG_RESTART or RG_ADJOINT */
    uint64_t begin; /* advance, record, reverse: the first step */
    uint64_t end;   /* advance, record, reverse: the step behind the last */
    uint64_t step;  /* store, load, discard */
    uint32_t tier;  /* store, load, discard */
} rg_action;

/* --------------------------------------------------------------------------- schedules ------ */

/* A schedule, and how far it has been pulled. */
typedef struct rg_schedule rg_schedule;

/* Keeps the adjoint data of every step in working memory, and no snapshot: no recomputation. */
rg_status rg_schedule_store_all(uint64_t steps, rg_schedule **out);

/* Keeps x_0 only: n (n - 1) / 2 advances. */
rg_status rg_schedule_store_none(uint64_t steps, rg_schedule **out);

/* Snapshots at equal distances in tier 0, none of them reused. */
rg_status rg_schedule_no_reuse(uint64_t steps, uint64_t slots, rg_schedule **out);

/* Snapshots at equal distances in tier 0, those that are free again reused. */
rg_status rg_schedule_memory_reuse(uint64_t steps, uint64_t slots, rg_schedule **out);

/* Which of the optimal schedules: both have the same counts. */
enum {
    RG_TRAJECTORY_REVOLVE = 0, /* that of Algorithm 799 */
    RG_TRAJECTORY_MAXIMUM = 1  /* every advance as long as possible */
};

/* Revolve (Griewank & Walther 2000, doi:10.1145/347837.347846): the fewest advances with slots
 * snapshots in tier 0. */
rg_status rg_schedule_revolve(uint64_t steps, uint64_t slots, int32_t trajectory,
                              rg_schedule **out);

/* Revolve with ram snapshots in tier 0 and disk in tier 1, the busiest ones in tier 0 (Stumm &
 * Walther 2009, doi:10.1137/080718036). */
rg_status rg_schedule_multistage(uint64_t steps, uint64_t ram, uint64_t disk, int32_t trajectory,
                                 rg_schedule **out);

/* How the first sweep of the two-level schedule ends. */
enum {
    RG_LAST_BLOCK_RELOADED = 0, /* the last block is as any other */
    RG_LAST_BLOCK_FUSED = 1     /* its sweep is part of its reversal, its snapshots are in tier 0 */
};

/* A snapshot in tier 1 every period steps; blocks between them by Revolve, with slots more in tier
 * 0, which may be none. */
rg_status rg_schedule_two_level(uint64_t steps, uint64_t period, uint64_t slots,
                                int32_t last_block, rg_schedule **out);

/* A snapshot moved to tier 1 every period steps, in the background where that tier has a queue, and
 * back in time; blocks between them by Revolve with slots in tier 0. */
rg_status rg_schedule_asynchronous(uint64_t steps, uint64_t period, uint64_t slots,
                                   rg_schedule **out);

/* The same, where the steps between are recorded whole: working memory holds the adjoint data of
 * period steps, and nothing is stored in tier 0. */
rg_status rg_schedule_asynchronous_recording(uint64_t steps, uint64_t period, rg_schedule **out);

/* The fewest forward steps where snapshots of restart_size and adjoint data of adjoint_size units
 * share the capacity of tier 0 (Maddison 2024, doi:10.1016/j.jocs.2024.102405). */
rg_status rg_schedule_mixed(uint64_t steps, uint64_t capacity, uint64_t restart_size,
                            uint64_t adjoint_size, rg_schedule **out);

/* What the stages of a time-stepping method are good for. */
enum {
    RG_METHOD_GENERAL = 0,         /* its adjoint reads them */
    RG_METHOD_STIFFLY_ACCURATE = 1 /* and the last one is the state at the end of the step */
};

/* The fewest forward steps for a method of so many stages, with slots states or stages in tier 0.
 * That of a stiffly accurate method is for pulling: loading adjoint data puts the model at the end
 * of their step, which the executor does not know. */
rg_status rg_schedule_cams(uint64_t steps, uint64_t slots, uint64_t stages, int32_t method,
                           rg_schedule **out);

/* What steps and a disk cost, in any unit of time. */
typedef struct rg_prices {
    double forward; /* an advanced step */
    double adjoint; /* a reversed step with its recording */
    double write;   /* a snapshot written to the disk */
    double read;    /* a snapshot read from the disk */
} rg_prices;

/* Which schedules over memory and disk. */
enum {
    RG_DISK_OPTIMAL = 0,      /* all: Disk-Revolve */
    RG_DISK_ONE_READ = 1,     /* those that read every snapshot on disk once */
    RG_DISK_ONE_SNAPSHOT = 2, /* those with x_0 on disk and no more: 1D-Revolve */
    RG_DISK_PERIODIC = 3      /* that with a snapshot on disk every so many steps */
};

/* The best schedule with slots in tier 0, which cost nothing, and tier 1 without limit, which does
 * (Aupy et al. 2016, doi:10.1137/15M1019222). *time, if time is not NULL, is its cost: of all
 * advances, reversed steps, writes and reads. */
rg_status rg_schedule_disk_revolve(uint64_t steps, uint64_t slots, const rg_prices *prices,
                                   int32_t variant, double *time, rg_schedule **out);

/* A tier with its slots and costs. */
typedef struct rg_tier_spec {
    uint64_t slots;
    double write;
    double read;
} rg_tier_spec;

/* The best schedule over count tiers, number 0 first (H-Revolve, doi:10.1145/3378672, with its
 * borders corrected). forward, adjoint and *time as above. */
rg_status rg_schedule_h_revolve(uint64_t steps, const rg_tier_spec *tiers, uint64_t count,
                                double forward, double adjoint, double *time, rg_schedule **out);

/* Steps that are not alike: adaptive in time or in space. */
typedef struct rg_uneven {
    uint64_t steps;
    const double *forward;         /* cost of advancing each */
    const double *adjoint;         /* cost of reversing each with its recording */
    const uint64_t *restart_bytes; /* size of the snapshot of each; NULL if they count in slots */
} rg_uneven;

/* The best schedule for them in tier 0, with capacity bytes, or slots where sizes do not count. */
rg_status rg_schedule_uneven(const rg_uneven *uneven, uint64_t capacity, double *time,
                             rg_schedule **out);

/* A chain of L stages that differ in time and memory, such as the layers of a network; stage i
 * leads from state i to state i + 1, and a loss follows the last. Sizes are in bytes, times in any
 * unit. */
typedef struct rg_chain {
    uint64_t stages;    /* L */
    const uint64_t *x;  /* L + 1: states */
    const uint64_t *xb; /* L + 1: adjoint data, those of stage i at i + 1; contain its next state */
    const double *f;    /* L: time to record */
    const double *ff;   /* L: time to advance */
    const double *b;    /* L: time to reverse */
    const uint64_t *tf; /* L: temporaries while recording */
    const uint64_t *tn; /* L: temporaries while advancing */
    const uint64_t *tb; /* L + 1: temporaries while reversing, those of the loss at L */
} rg_chain;

/* Which schedules of a chain are considered. */
enum {
    RG_PERSISTENT = 0,    /* what is stored stays until its stage is reversed */
    RG_NON_PERSISTENT = 1 /* others as well: never slower, no proof */
};

/* The fastest schedule of a chain within a budget that holds everything: states, adjoint data,
 * gradients, temporaries (arXiv:1911.13214). *time, if time is not NULL, is what it takes. For
 * pulling: the adjoint data of a stage contain the state behind it, so that loading them puts the
 * model there, which the executor does not know. */
rg_status rg_schedule_chain(const rg_chain *chain, uint64_t budget_bytes, int32_t persistence,
                            double *time, rg_schedule **out);

/* The least budget within which there is a persistent one. */
rg_status rg_chain_minimum_bytes(const rg_chain *chain, uint64_t *out);

/* Rules for runs that do not know where they end. */
enum {
    RG_ONLINE_TARGETS = 0,   /* our own: the fewest advances */
    RG_ONLINE_WANG_MOIN = 1  /* doi:10.1137/080727890, to compare with */
};

/* When a run has found its end. */
enum {
    RG_BEFORE_LAST = 0, /* the next step is the last, and not run yet */
    RG_AT_END = 1       /* the last step has been run, and not recorded */
};

/* A forward sweep of which nobody knows where it ends, with slots snapshots in tier 0 and, if
 * period is not 0, one in tier 1 every period steps. It is pulled until the end is there, and then
 * finished by rg_schedule_finish; or run by rg_executor_run_until. Its costs are not known before,
 * and it cannot be replayed. */
rg_status rg_schedule_online(uint64_t slots, uint64_t period, int32_t rule, rg_schedule **out);

/* Says that the end is there, when the model has followed all actions pulled so far. What is pulled
 * next is the reverse sweep, optimal from the snapshots there are; from now on the schedule is one
 * as any other. */
rg_status rg_schedule_finish(rg_schedule *schedule, int32_t end);

/* A schedule of your own: a copy of count actions. rg_replay proves it. */
rg_status rg_schedule_from_actions(const rg_action *actions, uint64_t count, rg_schedule **out);

/* The next action: RG_OK, or RG_END, and *out as it was, if there is none. */
rg_status rg_schedule_next(rg_schedule *schedule, rg_action *out);

/* The next actions, as many as there are and fit into an array of room (at least 1): RG_OK and how
 * many, or RG_END and 0 if there is none. About half the time per action of rg_schedule_next. */
rg_status rg_schedule_pull(rg_schedule *schedule, rg_action *actions, uint64_t room,
                           uint64_t *count);

/* Goes back to the first action. */
rg_status rg_schedule_reset(rg_schedule *schedule);

/* Another schedule, which stands where this one does. */
rg_status rg_schedule_clone(const rg_schedule *schedule, rg_schedule **out);

/* Counts of a whole schedule. */
typedef struct rg_costs {
    uint64_t steps;          /* reversed */
    uint64_t advances;       /* forward steps run without recording */
    uint64_t total_forward;  /* forward steps in all */
    uint64_t writes;         /* snapshots stored */
    uint64_t reads;          /* snapshots loaded */
    double recompute_factor; /* forward steps per step reversed; 1 is no recomputation */
} rg_costs;

/* Counts of the whole schedule, however much of it was pulled: at once for store_all to
 * asynchronous_recording, otherwise it takes as long as pulling all of them. */
rg_status rg_schedule_costs(const rg_schedule *schedule, rg_costs *out);

/* The most snapshots in a tier at a time: slots that the tier needs. Takes as long as the costs. */
rg_status rg_schedule_slots(const rg_schedule *schedule, uint32_t tier, uint64_t *out);

/* Frees a schedule. An executor that follows it has its own copy. */
rg_status rg_schedule_free(rg_schedule *schedule);

/* --- several chains in one memory --- */

/* How chains hang together. */
enum {
    RG_JOIN = 0,       /* each has an initial state of its own; one loss over all of their ends */
    RG_PITCHFORK = 1,  /* all start from the end of a trunk; one loss over all of their ends */
    RG_INDEPENDENT = 2 /* they have nothing in common but the memory */
};

/* Chains. A branch that meets others has as many forward steps as said and one adjoint step more:
 * step l of l forward steps leads into the loss, and is recorded, but never advanced. A chain of
 * its own has as many adjoint steps as said, the last of them likewise. A pitchfork of one branch
 * is a join of one branch, as long as both together. */
typedef struct rg_branches {
    int32_t shape;         /* RG_JOIN, RG_PITCHFORK, RG_INDEPENDENT */
    uint64_t count;        /* branches or chains */
    const uint64_t *steps; /* of each: forward steps, or adjoint steps if independent */
    uint64_t trunk;        /* RG_PITCHFORK: forward steps of the trunk; otherwise 0 */
} rg_branches;

/* The turn: the loss, and the adjoints of all ends. Once, when every end is in a slot or the
 * working state; what is in slots stays there. None if the chains are independent. */
enum { RG_TURN = 6 };

/* One action of several chains. Steps count from the start of the branch. The trunk counts as
 * branch number count; the state at its end, from which all branches start, is stored, loaded and
 * discarded by the number of the trunk and its length. */
typedef struct rg_join_action {
    uint64_t branch;  /* from 0; 0 for the turn */
    rg_action action; /* as always, or of kind RG_TURN */
} rg_join_action;

/* A schedule of several chains, and how far it has been pulled. For pulling: the executor knows
 * one chain. */
typedef struct rg_join rg_join;

/* The fewest advances with one working state, whichever branch it belongs to, and slots states in
 * tier 0 (Beaumont, Herrmann, Pallez & Shilova 2020, doi:10.1098/rsta.2019.0049). The initial
 * states, or that of the trunk, count among them: they are stored before the first action. Branches
 * that meet need a table, in time and memory that grow with the product of their lengths;
 * RG_ERROR_SCHEDULE, with the reason, if that is too much, or if there are too few slots. */
rg_status rg_join_new(const rg_branches *branches, uint64_t slots, rg_join **out);

/* The fewest slots with which there is a schedule. */
rg_status rg_join_minimum_slots(const rg_branches *branches, uint64_t *out);

/* As rg_schedule_next, rg_schedule_pull, rg_schedule_reset, rg_schedule_clone. */
rg_status rg_join_next(rg_join *join, rg_join_action *out);
rg_status rg_join_pull(rg_join *join, rg_join_action *actions, uint64_t room, uint64_t *count);
rg_status rg_join_reset(rg_join *join);
rg_status rg_join_clone(const rg_join *join, rg_join **out);

/* Forward steps run without recording, of the whole schedule: known at once. */
rg_status rg_join_advances(const rg_join *join, uint64_t *out);

/* What a valid schedule of several chains did. */
typedef struct rg_join_report {
    uint64_t actions;
    uint64_t advances;
    uint64_t recorded;
    uint64_t writes; /* states stored, without the initial ones */
    uint64_t reads;
    uint64_t peak_slots; /* the most states stored at a time, with the initial ones */
} rg_join_report;

/* Proves the whole schedule against its branches and slots, as rg_replay does. out may be NULL. */
rg_status rg_join_replay(const rg_join *join, rg_join_report *out);

/* Frees a schedule of several chains. */
rg_status rg_join_free(rg_join *join);

/* ---------------------------------------------------------------------------- replayer ------ */

#define RG_UNLIMITED UINT64_MAX

/* What a tier may hold. */
typedef struct rg_tier_limit {
    uint64_t slots; /* snapshots, or RG_UNLIMITED */
    uint64_t bytes; /* or RG_UNLIMITED */
} rg_tier_limit;

/* The memory that a schedule is replayed against. */
typedef struct rg_memory {
    const rg_tier_limit *tiers;
    uint64_t tier_count;
    uint64_t restart_bytes;   /* restart data of a step */
    uint64_t adjoint_bytes;   /* adjoint data of a step */
    int32_t adjoint_restarts; /* whether loading adjoint data puts the model at the step's end */
} rg_memory;

/* What a valid schedule did. */
typedef struct rg_report {
    uint64_t actions;
    uint64_t advances;
    uint64_t recorded;
    uint64_t peak_recorded; /* the most steps recorded in working memory */
    uint64_t peak_bytes;    /* of all tiers and of the recorded steps */
} rg_report;

/* What it did to one tier. */
typedef struct rg_tier_report {
    uint64_t writes;
    uint64_t reads;
    uint64_t peak_slots;
    uint64_t peak_bytes;
} rg_tier_report;

/* Proves the whole schedule: every action finds what it needs, capacities are kept, all steps are
 * reversed once and in order, nothing is left at the end. RG_ERROR_ACTION if not, and in words
 * which action breaks which rule. out and tiers (memory->tier_count of them) may be NULL. */
rg_status rg_replay(const rg_schedule *schedule, uint64_t steps, const rg_memory *memory,
                    rg_report *out, rg_tier_report *tiers);

/* ----------------------------------------------------------------------------- planner ------ */

/* What one process has to do. */
typedef struct rg_workload {
    uint64_t steps;          /* of one job */
    uint64_t snapshot_bytes; /* one restart snapshot */
    uint64_t adjoint_bytes;  /* adjoint data of one step */
    uint64_t worker_bytes;   /* what each concurrent worker holds whatever the schedule */
    uint64_t shared_bytes;   /* what all workers share */
    uint64_t jobs;           /* independent jobs (shots) in all */
    uint64_t concurrency;    /* wanted number of jobs at a time; 0 counts as 1 */
} rg_workload;

/* Strategies. */
enum {
    RG_STORE_ALL = 0, /* keep the adjoint data of every step */
    RG_REVOLVE = 1    /* keep snapshots and recompute the rest */
};

/* A choice that fits. */
typedef struct rg_plan_result {
    int32_t strategy;              /* RG_STORE_ALL or RG_REVOLVE */
    uint64_t snapshots;            /* of one job at a time: slots of its executor */
    uint64_t steps;                /* of one job */
    uint64_t concurrency;          /* jobs at a time */
    uint64_t wanted_concurrency;   /* at most the number of jobs */
    uint64_t predicted_peak_bytes; /* the sum of the next four */
    uint64_t shared_bytes;
    uint64_t workers_bytes;
    uint64_t snapshots_bytes;
    uint64_t adjoint_bytes;
    double recompute_factor; /* forward steps per step reversed */
    uint64_t makespan_steps; /* of all jobs, in units of one forward step */
} rg_plan_result;

#define RG_NO_BUDGET UINT64_MAX

/* Chooses the schedule and the number of workers that take the least time within a budget, which
 * covers everything. RG_ERROR_BUDGET if nothing fits. */
rg_status rg_plan(const rg_workload *work, uint64_t budget_bytes, rg_plan_result *out);

/* The least budget with which rg_plan finds something. */
rg_status rg_minimum_bytes(const rg_workload *work, uint64_t *out);

/* The schedule of one job of a plan. */
rg_status rg_plan_schedule(const rg_plan_result *plan, rg_schedule **out);

/* ------------------------------------------------------------------------------- model ------ */

/* Types of elements. */
enum {
    RG_BYTE = 0, /* anything; every codec keeps it to the bit */
    RG_F32 = 1,  /* float */
    RG_F64 = 2   /* double */
};

/* One array of a snapshot. */
typedef struct rg_field {
    int32_t element;     /* RG_BYTE, RG_F32, RG_F64 */
    uint64_t extents[3]; /* last axis fastest; 1 for axes that do not exist */
} rg_field;

/* A simulator. It is at x_0 when a run begins, and always asked in an order that makes sense: a
 * forward run starts where the model is; a reverse finds its steps recorded by the last record, or
 * loaded; after a reverse a restore comes first, so that the adjoint may overwrite the forward
 * state. All callbacks are called by the thread that runs the executor. */
typedef struct rg_model {
    void *ctx; /* handed to every callback */

    /* Runs begin..end forward, and keeps nothing. */
    int (*advance)(void *ctx, uint64_t begin, uint64_t end);

    /* Runs begin..end forward, and keeps what their adjoint reads. What an earlier call kept may
     * be dropped. */
    int (*record)(void *ctx, uint64_t begin, uint64_t end);

    /* Runs the adjoint of begin..end, last step first. */
    int (*reverse)(void *ctx, uint64_t begin, uint64_t end);

    /* Fills the buffer, which is aligned to 64 bytes, with data of a step: all of its bytes, which
     * are as many as snapshot_bytes or fields say. */
    int (*save)(void *ctx, int32_t data, uint64_t step, void *buffer, uint64_t bytes);

    /* Takes data of a step from the buffer. */
    int (*restore)(void *ctx, int32_t data, uint64_t step, const void *buffer, uint64_t bytes);

    /* The bytes of a snapshot without fields. NULL if all have fields. */
    uint64_t (*snapshot_bytes)(void *ctx, int32_t data, uint64_t step);

    /* The arrays of a snapshot, one behind the other in the buffer without gaps; *count of them,
     * in memory that stays until the next callback. Codecs that know numbers need them. Returns
     * NULL for a snapshot without fields. NULL if none has. */
    const rg_field *(*fields)(void *ctx, int32_t data, uint64_t step, uint64_t *count);

    /* Goes back to x_0, for when a tier has lost everything. NULL if the model cannot. */
    int (*restart)(void *ctx);

    /* Whether save and restore know RG_ADJOINT. Schedules that store it are refused if not. */
    int stores_adjoint;
} rg_model;

/* ------------------------------------------------------------------------------- tiers ------ */

/* Media of tiers. */
enum {
    RG_BUFFERS = 0,       /* the buffers that save has filled, as they are: no copy */
    RG_RAM = 1,           /* bytes in RAM */
    RG_FILE = 2,          /* the file path, past the page cache where the system can */
    RG_FILE_CACHED = 3,   /* the file path, through the page cache */
    RG_MAPPED = 4,        /* the file path, mapped and locked */
    RG_MAPPED_SCRATCH = 5 /* a file without a name in the folder path, mapped */
};

/* A tier. What is 0 or NULL is not used, or has its default.
 *
 * Codecs, as text: "lz4", "shuffle+lz4", "zstd:3", "shuffle+zstd:3", "pco:8", "zfp:lossless",
 * "zfp:absolute=1e-3", "zfp:relative=1e-3", "zfp:rate=8", "zfp:precision=16",
 * "block:absolute=1e-3", "block:relative=1e-3". Errors are of single elements; relative is to the
 * largest magnitude of the field. What has no fields is kept to the bit by all of them.
 *
 * Files are as large as their capacity from the beginning, so that a disk that is too full says so
 * when the executor is made. They stay when it is freed, but for those without a name.
 *
 * A manifest is a file beside such a file, with a line for each snapshot that was written: by it
 * the executor of a later process begins with the snapshots there are, if they are of a run of the
 * same identity. rg_executor_run_resumable takes them up; other runs begin without them. Which
 * bytes are of which array, a manifest does not say: the model is asked, by snapshot_bytes or
 * fields, for steps that it is not at. What is damaged or of another size is computed again. */
typedef struct rg_tier {
    int32_t medium;          /* RG_BUFFERS ... RG_MAPPED_SCRATCH */
    uint32_t queue_depth;    /* snapshots on their way in the background, each way; 0: none */
    uint32_t threads;        /* of the codec; 0 counts as 1 */
    uint64_t slots;          /* RG_BUFFERS: the most snapshots */
    uint64_t capacity_bytes; /* others: the most bytes */
    uint64_t snapshot_bytes; /* others: the largest snapshot, if known: tunes the size of pages */
    const char *path;        /* files: where */
    const char *codec;       /* others: as above; NULL: none */
    const char *manifest;    /* RG_FILE, RG_FILE_CACHED, RG_MAPPED: where; NULL: none */
    uint64_t identity;       /* a hash of all that snapshots depend on, their codec included */
} rg_tier;

/* ---------------------------------------------------------------------------- executor ------ */

/* Tiers, and the snapshots they hold during a run. */
typedef struct rg_executor rg_executor;

/* An executor with count tiers, number 0 first. The tiers and their texts are copied. */
rg_status rg_executor_new(const rg_tier *tiers, uint64_t count, rg_executor **out);

/* How far a run has come. */
typedef struct rg_progress {
    uint64_t actions;   /* done */
    uint64_t advances;  /* forward steps run without recording */
    uint64_t recorded;  /* forward steps run with recording */
    uint64_t reversed;  /* steps reversed */
    uint64_t writes;    /* snapshots stored */
    uint64_t reads;     /* snapshots loaded */
    uint64_t held;      /* snapshots held now */
    uint64_t peak_held; /* the most snapshots held at a time */
    uint64_t lost;      /* data that a tier has lost, and that were computed again */
} rg_progress;

/* Called before every action; anything but 0 stops the run. */
typedef int (*rg_watch)(void *watch_ctx, const rg_progress *progress);

/* Runs the whole schedule, however much of it was pulled, over a model that is at x_0. One executor
 * serves any number of runs. watch and done may be NULL; done says how far the run has come, also
 * if it has failed. After a failure, where the model stands is not defined.
 *
 * Data that a tier has lost (a full disk, a damaged block) are computed again from what is left,
 * and the result is the same: done->lost counts them, rg_executor_failure says why. */
rg_status rg_executor_run(rg_executor *executor, const rg_schedule *schedule,
                          const rg_model *model, rg_watch watch, void *watch_ctx,
                          rg_progress *done);

/* Where and how often the state of a reverse sweep is written, for another run to take it up. */
typedef struct rg_sweep {
    const char *path;     /* the file */
    uint64_t identity;    /* whose sweep: a hash of everything that the result depends on */
    double every_seconds; /* from one writing to the next, at least */
    uint64_t bytes;       /* of what the reverse sweep has made: adjoint state, gradient sums */

    /* Fills a buffer with it, and takes it from a buffer. Called with the ctx of the model. */
    int (*save)(void *ctx, void *buffer, uint64_t bytes);
    int (*load)(void *ctx, const void *buffer, uint64_t bytes);
} rg_sweep;

/* As rg_executor_run, such that a run that was stopped or killed is taken up by another: the state
 * of its reverse sweep is written aside, synced and renamed from time to time. If there is one of
 * the same identity, the steps left are reversed from what this executor still holds, or has found
 * by the manifests of its tiers, or else from x_0, where the model goes by its restart. The gradient
 * is the same to the last bit, unless a codec loses something. When the run is done the file is
 * removed. Files that are damaged, or of another identity, are not taken up. */
rg_status rg_executor_run_resumable(rg_executor *executor, const rg_schedule *schedule,
                                    const rg_model *model, const rg_sweep *sweep, rg_watch watch,
                                    void *watch_ctx, rg_progress *done);

/* Asked at each new state, after all actions before: is the step from there the last? 0 if not. */
typedef int (*rg_is_last)(void *ctx, uint64_t step);

/* As rg_executor_run, for a schedule of rg_schedule_online, which is run from its beginning and
 * left as it is. is_last is called with the ctx of the model. */
rg_status rg_executor_run_until(rg_executor *executor, const rg_schedule *schedule,
                                const rg_model *model, rg_is_last is_last, rg_watch watch,
                                void *watch_ctx, rg_progress *done);

/* --- the planner by predicted time --- */

/* A codec, and what it makes of the data. Numbers above 0. */
typedef struct rg_codec_offer {
    const char *codec; /* as in rg_tier; NULL is none */
    double ratio;      /* raw bytes per encoded byte, of the snapshot that is encoded worst */
    double encode_bytes_per_second;
    double decode_bytes_per_second;
} rg_codec_offer;

/* A folder on a disk for snapshots. */
typedef struct rg_disk_offer {
    const char *path;                /* the folder */
    uint64_t capacity_bytes;         /* for all jobs together */
    double write_bytes_per_second;   /* by all jobs together */
    double read_bytes_per_second;
    double latency_seconds;          /* of every transfer */
    double slowdown;                 /* time of a step while the disk is busy; 1 is no slower */
    rg_codec_offer codec;            /* on the way to the disk */
    uint64_t log_bytes;              /* of an rg_sweep, and 32 more; 0 where there is none */
} rg_disk_offer;

/* How fast the model is, and what a plan may use beside buffers in RAM. Guesses do: they decide
 * what is chosen, never what is computed. */
typedef struct rg_means {
    double forward_seconds;           /* a forward step; above 0 */
    double record_seconds;            /* one whose adjoint data are kept */
    double reverse_seconds;           /* a reverse step */
    double restart_seconds;           /* of every start of a forward run, beside its steps */
    double inner_efficiency;          /* jobs get faster by threads^this with those of others */
    const rg_codec_offer *ram_codecs; /* for snapshots in RAM */
    uint64_t ram_codec_count;
    const rg_disk_offer *disk;        /* NULL is none */
    int32_t stores_adjoint;           /* whether the model saves and restores adjoint data */
} rg_means;

/* The plan that was chosen, and what lost against it. */
typedef struct rg_choice rg_choice;

/* One of these. Texts live as long as the choice. */
typedef struct rg_candidate {
    const char *strategy; /* what is kept and what is recomputed, in words */
    const char *reason;   /* why it was not chosen; "" for the one that was */
    double seconds;       /* predicted, of all jobs; negative if it does not fit */
    uint64_t peak_bytes;  /* of the process, at most */
    uint64_t tiers;       /* of each job */
} rg_candidate;

/* Chooses the strategy with the least predicted time that keeps the budget. Simulates some dozens
 * of schedules, in milliseconds to seconds. RG_ERROR_BUDGET if nothing fits. */
rg_status rg_choose(const rg_workload *work, const rg_means *means, uint64_t budget_bytes,
                    rg_choice **out);

/* How many plans there are to tell of, and, if concurrency is not NULL, how many jobs at a time. */
rg_status rg_choice_count(const rg_choice *choice, uint64_t *concurrency, uint64_t *out);

/* A plan: number 0 was chosen, the others are the best of every other kind, fastest first. */
rg_status rg_choice_get(const rg_choice *choice, uint64_t index, rg_candidate *out);

/* A tier of each job of a plan. The path of a file is that of its folder. Texts live as long as
 * the choice. */
rg_status rg_choice_tier(const rg_choice *choice, uint64_t index, uint32_t tier, rg_tier *out);

/* The schedule of one job of the plan that was chosen. */
rg_status rg_choice_schedule(const rg_choice *choice, rg_schedule **out);

/* An executor with the tiers of one job of the plan that was chosen. A tier in a file is called
 * name, in the folder of the disk; name may be NULL if there is none. */
rg_status rg_choice_executor(const rg_choice *choice, const char *name, rg_executor **out);

/* Frees a choice and its texts. */
rg_status rg_choice_free(rg_choice *choice);

/* --- what has happened --- */

/* What the callback of the model has returned that ended the last run; 0 if none did. */
int rg_executor_model_status(const rg_executor *executor);

/* What went wrong in tiers during the last run and was mended, in words: the first few, NULL
 * behind the last. The text stays until the next run. */
const char *rg_executor_failure(const rg_executor *executor, uint64_t index);

/* What a tier has done, of all runs together. Bytes are 0 for RG_BUFFERS. */
typedef struct rg_tier_use {
    uint64_t held_bytes;    /* now, those found by a manifest included */
    uint64_t peak_bytes;
    uint64_t raw_bytes;     /* handed in, before the codec */
    uint64_t written_bytes; /* behind the codec */
    uint64_t read_bytes;
    double waited_seconds; /* that runs have waited for stores and loads */
    double write_seconds;  /* of encoding and writing, in whatever thread */
    double read_seconds;   /* of reading and decoding */
    double max_error;      /* of the codec, in the unit of the data */
} rg_tier_use;

rg_status rg_executor_usage(const rg_executor *executor, uint32_t tier, rg_tier_use *out);

/* Frees an executor, its buffers and files. RG_ERROR_BUSY, and it is not freed, while it runs. */
rg_status rg_executor_free(rg_executor *executor);

/* ----------------------------------------------------------------------------- arbiter ------ */

/* A budget shared by threads that run gradients side by side, and bytes taken from it. */
typedef struct rg_arbiter rg_arbiter;
typedef struct rg_lease rg_lease;

rg_status rg_arbiter_new(uint64_t budget_bytes, rg_arbiter **out);

/* Waits until so many bytes are free, and takes them. Who asked first is served first.
 * RG_ERROR_BUDGET if there never will be so many. */
rg_status rg_arbiter_lease(rg_arbiter *arbiter, uint64_t bytes, rg_lease **out);

/* Takes them if they are free and nobody waits; otherwise RG_OK and *out is NULL. */
rg_status rg_arbiter_try_lease(rg_arbiter *arbiter, uint64_t bytes, rg_lease **out);

/* Gives the bytes back, before or after the arbiter is freed. */
rg_status rg_lease_free(rg_lease *lease);

/* Frees an arbiter; nobody must be waiting for it. */
rg_status rg_arbiter_free(rg_arbiter *arbiter);

#ifdef __cplusplus
}
#endif

#endif
