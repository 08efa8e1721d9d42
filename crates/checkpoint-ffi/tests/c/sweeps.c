/* Reverse sweeps that are stopped and taken up, and what is found by a manifest. The folder for
 * files is the first argument. */
#include "toy.h"

static int stop_in_the_middle(void *ctx, const rg_progress *progress)
{
    (void)ctx;
    return progress->reversed == 11;
}

/* A run is stopped and taken up, by the executor that knows its snapshots and by one that does not:
 * the same gradient to the last bit. */
static void sweeps(const char *folder)
{
    rg_sweep sweep = {0};
    rg_tier ram = {0};
    rg_schedule *s = NULL;
    rg_progress done;
    toy t;
    double expected;
    char file[4096];

    CHECK(strlen(folder) + 10 < sizeof file);
    strcpy(file, folder);
    strcat(file, "/sweep");
    sweep.path = file;
    sweep.identity = 7;
    sweep.bytes = sizeof(double);
    sweep.save = save_sweep;
    sweep.load = load_sweep;
    ram.slots = 3;
    CHECK(rg_schedule_revolve(30, 3, RG_TRAJECTORY_REVOLVE, &s) == RG_OK);
    for (int fresh = 0; fresh < 2; fresh++) {
        rg_executor *e = NULL;
        rg_model model = model_of(&t);

        CHECK(rg_executor_new(&ram, 1, &e) == RG_OK);
        CHECK(rg_executor_run(e, s, &model, NULL, NULL, &done) == RG_OK);
        expected = t.bar;
        model = model_of(&t);
        CHECK(rg_executor_run_resumable(e, s, &model, &sweep, stop_in_the_middle, NULL, &done) ==
              RG_CANCELLED);
        CHECK(done.reversed == 11);
        if (fresh) {
            CHECK(rg_executor_free(e) == RG_OK && rg_executor_new(&ram, 1, &e) == RG_OK);
        }
        model = model_of(&t);
        sweep.bytes = 9;
        CHECK(rg_executor_run_resumable(e, s, &model, &sweep, NULL, NULL, &done) ==
              RG_ERROR_ARGUMENT);
        CHECK(strstr(rg_last_error(), "`sweep.bytes` is 9") != NULL);
        sweep.bytes = sizeof(double);
        t.bar = 0; /* taken from the file */
        CHECK(rg_executor_run_resumable(e, s, &model, &sweep, NULL, NULL, &done) == RG_OK);
        CHECK(done.recorded == 19 && memcmp(&t.bar, &expected, sizeof expected) == 0);
        /* There is nothing to take up any more. */
        model = model_of(&t);
        CHECK(rg_executor_run_resumable(e, s, &model, &sweep, NULL, NULL, &done) == RG_OK);
        CHECK(done.recorded == 30 && memcmp(&t.bar, &expected, sizeof expected) == 0);

        sweep.every_seconds = -1;
        CHECK(rg_executor_run_resumable(e, s, &model, &sweep, NULL, NULL, NULL) ==
              RG_ERROR_ARGUMENT);
        sweep.every_seconds = 0;
        sweep.load = NULL;
        CHECK(rg_executor_run_resumable(e, s, &model, &sweep, NULL, NULL, NULL) == RG_ERROR_NULL);
        sweep.load = load_sweep;
        CHECK(rg_executor_run_resumable(e, s, &model, NULL, NULL, NULL, NULL) == RG_ERROR_NULL);
        CHECK(rg_executor_free(e) == RG_OK);
    }
    CHECK(rg_schedule_free(s) == RG_OK);
}

/* FOLDER/name, in a buffer. */
static const char *in_folder(const char *folder, const char *name, char *buffer, size_t room)
{
    CHECK(strlen(folder) + strlen(name) + 2 <= room);
    strcpy(buffer, folder);
    strcat(buffer, "/");
    return strcat(buffer, name);
}

/* How the second executor differs from the first. */
enum { THE_SAME, OTHER_IDENTITY, OTHER_SIZE, WHOLE_RUN };

/* A run over tier 1 as given is stopped, and its executor is freed; another executor goes on.
 * Gives the advances of that, and proves the gradient. */
static uint64_t taken_up(const rg_tier *file, const rg_sweep *sweep, int with_fields, int how)
{
    rg_tier tiers[2];
    rg_schedule *s = NULL;
    rg_executor *e = NULL;
    rg_progress done;
    rg_tier_use use;
    double expected;
    toy t;
    rg_model model;

    memset(tiers, 0, sizeof tiers);
    tiers[0].slots = 3;
    tiers[1] = *file;
    CHECK(rg_schedule_asynchronous(30, 5, 3, &s) == RG_OK);
    for (int second = 0; second < 2; second++) {
        model = model_of(&t);
        if (with_fields) {
            model.fields = fields;
            model.snapshot_bytes = NULL;
        }
        if (second && how == OTHER_IDENTITY) {
            tiers[1].identity++;
        }
        CHECK(rg_executor_new(tiers, 2, &e) == RG_OK);
        CHECK(rg_executor_usage(e, 1, &use) == RG_OK);
        CHECK((use.held_bytes > 0) == (second && how != OTHER_IDENTITY));
        if (!second) {
            CHECK(rg_executor_run_resumable(e, s, &model, sweep, stop_in_the_middle, NULL, &done) ==
                  RG_CANCELLED);
        } else if (how == WHOLE_RUN) {
            CHECK(rg_executor_run(e, s, &model, NULL, NULL, &done) == RG_OK);
            CHECK(done.recorded == 30);
        } else {
            t.lies = how == OTHER_SIZE;
            t.bar = 0; /* taken from the file */
            CHECK(rg_executor_run_resumable(e, s, &model, sweep, NULL, NULL, &done) == RG_OK);
            CHECK(done.recorded == 19);
        }
        if (!second) {
            CHECK(rg_executor_free(e) == RG_OK);
        }
    }
    CHECK(rg_executor_usage(e, 1, &use) == RG_OK && use.held_bytes == 0);
    expected = t.bar;
    CHECK(rg_executor_free(e) == RG_OK);
    memset(tiers, 0, sizeof tiers);
    tiers[0].slots = tiers[1].slots = 30;
    model = model_of(&t);
    CHECK(rg_executor_new(tiers, 2, &e) == RG_OK);
    CHECK(rg_executor_run(e, s, &model, NULL, NULL, NULL) == RG_OK);
    CHECK(memcmp(&t.bar, &expected, sizeof expected) == 0);
    CHECK(rg_executor_free(e) == RG_OK && rg_schedule_free(s) == RG_OK);
    return done.advances;
}

/* Whatever the file and the codec: the snapshots of an executor that is gone are found by their
 * manifest, which saves advances, and the gradient is the same to the last bit. */
static void manifests(const char *folder)
{
    static const struct { int32_t medium; uint32_t depth; const char *codec; } all[] = {
        {RG_FILE, 0, NULL}, {RG_FILE, 2, "shuffle+lz4"}, {RG_FILE_CACHED, 1, "zstd:3"},
        {RG_FILE_CACHED, 0, NULL}, {RG_MAPPED, 2, NULL}, {RG_MAPPED, 0, "pco"}
    };
    char data[4096], log[4096], manifest[4096];
    rg_sweep sweep = {0};

    sweep.path = in_folder(folder, "log", log, sizeof log);
    sweep.identity = 7;
    sweep.bytes = sizeof(double);
    sweep.save = save_sweep;
    sweep.load = load_sweep;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        rg_tier file = {0};
        uint64_t known, other, anew;

        file.medium = all[i].medium;
        file.queue_depth = all[i].depth;
        file.codec = all[i].codec;
        file.capacity_bytes = 1 << 18;
        file.path = in_folder(folder, "data", data, sizeof data);
        file.manifest = in_folder(folder, "manifest", manifest, sizeof manifest);
        file.identity = 3 * i;
        known = taken_up(&file, &sweep, all[i].codec != NULL, THE_SAME);
        other = taken_up(&file, &sweep, all[i].codec != NULL, OTHER_IDENTITY);
        CHECK(known < other);
        CHECK(taken_up(&file, &sweep, 0, OTHER_SIZE) == other);
        /* A run that is not resumable begins with nothing. */
        anew = taken_up(&file, &sweep, all[i].codec != NULL, WHOLE_RUN);
        CHECK(anew > known && remove(log) == 0);
    }
}

/* Where there is no file that could be found again, there is no manifest. */
static void wrong_manifests(const char *folder)
{
    static const int32_t media[] = {RG_BUFFERS, RG_RAM, RG_MAPPED_SCRATCH};
    rg_executor *e = (rg_executor *)&e;
    rg_tier tier = {0};
    char data[4096];

    tier.path = folder;
    tier.capacity_bytes = 1 << 16;
    tier.manifest = "manifest";
    for (size_t i = 0; i < sizeof media / sizeof *media; i++) {
        tier.medium = media[i];
        CHECK(rg_executor_new(&tier, 1, &e) == RG_ERROR_ARGUMENT && e == NULL);
        CHECK(strstr(rg_last_error(), "`tier.manifest` is manifest, but must be NULL") != NULL);
    }
    tier.medium = RG_FILE;
    tier.path = in_folder(folder, "data", data, sizeof data);
    tier.manifest = "/nowhere/at/all";
    CHECK(rg_executor_new(&tier, 1, &e) == RG_ERROR_TIER && e == NULL);
    tier.manifest = "\xff";
    CHECK(rg_executor_new(&tier, 1, &e) == RG_ERROR_ARGUMENT);
}

int main(int count, char **arguments)
{
    CHECK(count == 2);
    sweeps(arguments[1]);
    manifests(arguments[1]);
    wrong_manifests(arguments[1]);
    puts("all as promised");
    return 0;
}
