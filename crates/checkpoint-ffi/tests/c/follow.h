/* Schedules followed to their end. */
#ifndef FOLLOW_H
#define FOLLOW_H

#include "check.h"

/* Pulls a schedule to its end, proves it, and frees it. */
static inline void follow(rg_schedule *schedule, uint64_t steps, uint64_t total_forward)
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

#endif
