//! Schedules for runs that do not know where they end.

use retrograd_checkpoint::schedule::AnySchedule;
use retrograd_checkpoint::{Action, Online, OnlineRule, Reversal};

use super::{Actions, Known, Schedule, choice, rg_schedule};
use crate::handle::{Shared, make};
use crate::pointer::Out;
use crate::status::{Error, rg_status, run};

/// A forward sweep of which nobody knows where it ends, with `slots` snapshots in tier 0 and, if
/// `period` is not 0, one in tier 1 every `period` steps.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_online(
    slots: u64,
    period: u64,
    rule: i32,
    out: Out<'_, *mut rg_schedule>,
) -> rg_status {
    make(out, || {
        let allowed = "RG_ONLINE_TARGETS, or RG_ONLINE_WANG_MOIN without a period";
        let online = match (rule, period) {
            (choice::RG_ONLINE_TARGETS, 0) => Online::new(slots)?,
            (choice::RG_ONLINE_TARGETS, period) => Online::with_disk(slots, period)?,
            (choice::RG_ONLINE_WANG_MOIN, 0) => Online::with_rule(slots, OnlineRule::WangMoin)?,
            (other, _) => return Err(Error::argument("rule", other, allowed)),
        };
        Ok(Schedule::open(online))
    })
}

/// A whole run of which the end turned out to be behind its last step.
#[derive(Clone)]
struct ToEnd {
    forward: Online,
    end: u64,
    reverse: Option<Reversal>,
}

impl Iterator for ToEnd {
    type Item = Action;

    fn next(&mut self) -> Option<Action> {
        if self.reverse.is_none() && self.forward.at() < self.end {
            return self.forward.next();
        }
        self.reverse.get_or_insert_with(|| self.forward.clone().finish_at_end()).next()
    }
}

/// Says that the end is there, when the model has followed all actions pulled so far:
/// `RG_BEFORE_LAST` if the next step is the last, `RG_AT_END` if the step before was. What is pulled
/// next is the reverse sweep.
#[unsafe(no_mangle)]
pub extern "C" fn rg_schedule_finish(schedule: Shared<'_, Schedule>, end: i32) -> rg_status {
    run(|| {
        let mut state = schedule.get("schedule")?.lock();
        let (Actions::Open(whole), Actions::Open(rest)) = (&state.whole, &state.rest) else {
            return Err(Error::Closed);
        };
        let (forward, rest) = (Online::clone(whole), Online::clone(rest));
        let (whole, rest) = match end {
            choice::RG_BEFORE_LAST => {
                let steps = rest.at().saturating_add(1);
                (AnySchedule::new(forward.until_end(steps)), rest.finish_before_last())
            }
            choice::RG_AT_END => {
                let whole = ToEnd { forward, end: rest.at(), reverse: None };
                (AnySchedule::new(whole), rest.finish_at_end())
            }
            other => return Err(Error::argument("end", other, "RG_BEFORE_LAST or RG_AT_END")),
        };
        state.whole = Actions::Closed(whole);
        state.rest = Actions::Closed(AnySchedule::new(rest));
        state.known = Known::default();
        Ok(rg_status::RG_OK)
    })
}
