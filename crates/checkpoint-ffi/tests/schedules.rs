//! Schedules through the C interface: the actions of the families themselves, and what is said of
//! them without following them.

use std::ptr::null_mut;

use proptest::prelude::*;
use retrograd_checkpoint::schedule::Asynchronous;
use retrograd_checkpoint::{
    Action, Cams, LastBlock, MemoryReuse, Method, Mixed, Multistage, NoReuse, Revolve, StoreAll,
    StoreNone, Trajectory, TwoLevel,
};
use retrograd_checkpoint_ffi::handle::{Owned, Shared};
use retrograd_checkpoint_ffi::schedule::{self as c, Schedule};
use retrograd_checkpoint_ffi::status::rg_last_error;
use retrograd_checkpoint_ffi::{
    rg_action, rg_costs, rg_memory, rg_report, rg_schedule, rg_schedule_next, rg_status,
    rg_tier_limit, rg_tier_report,
};

/// A schedule that is freed in the end.
struct Held(*mut rg_schedule);

impl Held {
    fn of(make: impl FnOnce(&mut *mut rg_schedule) -> rg_status) -> Result<Self, rg_status> {
        let mut handle = null_mut();
        match make(&mut handle) {
            rg_status::RG_OK => Ok(Self(handle)),
            status => {
                assert!(handle.is_null());
                Err(status)
            }
        }
    }

    fn get(&self) -> Shared<'_, Schedule> {
        // SAFETY: made by this crate, freed when this is dropped.
        unsafe { Shared::new(self.0) }
    }

    fn pull(&self) -> Option<rg_action> {
        let mut action = rg_action::default();
        match rg_schedule_next(self.get(), (&mut action).into()) {
            rg_status::RG_OK => Some(action),
            status => {
                assert_eq!(status, rg_status::RG_END);
                None
            }
        }
    }

    fn costs(&self) -> rg_costs {
        let mut costs = rg_costs::default();
        assert_eq!(c::rg_schedule_costs(self.get(), (&mut costs).into()), rg_status::RG_OK);
        costs
    }

    fn slots(&self, tier: u32) -> u64 {
        let mut slots = 0;
        assert_eq!(c::rg_schedule_slots(self.get(), tier, (&mut slots).into()), rg_status::RG_OK);
        slots
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // SAFETY: made by this crate, and freed here only.
        let handle = unsafe { Owned::new(self.0) };
        assert_eq!(c::rg_schedule_free(handle), rg_status::RG_OK);
    }
}

/// Proves the schedule with as many slots as it says it needs; gives the report and the tiers'.
fn replay(schedule: &Held, steps: u64) -> (rg_report, [rg_tier_report; 2]) {
    let limit = |tier| rg_tier_limit { slots: schedule.slots(tier), bytes: u64::MAX };
    let (limits, mut report) = ([limit(0), limit(1)], rg_report::default());
    let mut tiers = [rg_tier_report::default(); 2];
    let memory = rg_memory {
        tiers: limits.as_ptr(),
        tier_count: 2,
        restart_bytes: 3,
        adjoint_bytes: 5,
        adjoint_restarts: 1,
    };
    let (get, to) = (schedule.get(), (&mut report).into());
    // SAFETY: two limits, and room for two reports.
    let status = unsafe {
        retrograd_checkpoint_ffi::replay::rg_replay(
            get,
            steps,
            (&memory).into(),
            to,
            tiers.as_mut_ptr(),
        )
    };
    assert_eq!(status, rg_status::RG_OK);
    (report, tiers)
}

/// The same actions, and counts as they are when it is followed; not if `expected` is an error.
fn check<T: Iterator<Item = Action>, E>(
    steps: u64,
    made: Result<Held, rg_status>,
    expected: Result<T, E>,
) {
    let (made, expected) = match (made, expected) {
        (Ok(made), Ok(expected)) => (made, expected),
        (made, expected) => {
            assert_eq!(made.err(), expected.err().map(|_| rg_status::RG_ERROR_SCHEDULE));
            return;
        }
    };
    let before = made.costs();
    for action in expected {
        assert_eq!(made.pull(), Some(action.into()));
    }
    assert_eq!((made.pull(), made.pull()), (None, None));
    let (report, tiers) = replay(&made, steps);
    let forward = report.advances + report.recorded;
    let counted = rg_costs {
        steps,
        advances: report.advances,
        total_forward: forward,
        writes: tiers[0].writes + tiers[1].writes,
        reads: tiers[0].reads + tiers[1].reads,
        recompute_factor: if steps == 0 { 1.0 } else { forward as f64 / steps as f64 },
    };
    assert_eq!((before, made.costs()), (counted, counted));
    let slots = tiers.map(|tier| tier.peak_slots);
    assert_eq!([made.slots(0), made.slots(1), made.slots(2)], [slots[0], slots[1], 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn every_family_is_itself(n in 0_u64..60, s in 0_u64..9, p in 0_u64..12, b in 0_u64..5) {
        check(n, Held::of(|out| c::rg_schedule_store_all(n, out.into())), Ok::<_, ()>(StoreAll::new(n)));
        check(n, Held::of(|out| c::rg_schedule_store_none(n, out.into())), Ok::<_, ()>(StoreNone::new(n)));
        check(n, Held::of(|out| c::rg_schedule_no_reuse(n, s, out.into())), NoReuse::new(n, s));
        let made = Held::of(|out| c::rg_schedule_memory_reuse(n, s, out.into()));
        check(n, made, MemoryReuse::new(n, s));
        for (number, by) in [(0, Trajectory::Revolve), (1, Trajectory::Maximum)] {
            let made = Held::of(|out| c::rg_schedule_revolve(n, s, number, out.into()));
            check(n, made, Revolve::with_trajectory(n, s, by));
            let made = Held::of(|out| c::rg_schedule_multistage(n, s, b, number, out.into()));
            check(n, made, Multistage::with_trajectory(n, s, b, by));
        }
        for (number, last) in [(0, LastBlock::Reloaded), (1, LastBlock::Fused)] {
            let made = Held::of(|out| c::rg_schedule_two_level(n, p, s, number, out.into()));
            check(n, made, TwoLevel::with_last_block(n, p, s, last));
        }
        let made = Held::of(|out| c::rg_schedule_asynchronous(n, p, s, out.into()));
        check(n, made, Asynchronous::new(n, p, s));
        let made = Held::of(|out| c::rg_schedule_mixed(n, s, 1, b, out.into()));
        check(n, made, Mixed::new(n, s, 1, b));
        for (number, method) in [(0, Method::General), (1, Method::StifflyAccurate)] {
            let made = Held::of(|out| c::rg_schedule_cams(n, s, b, number, out.into()));
            check(n, made, Cams::new(n, s, b, method));
        }
    }
}

/// A list goes in and comes out as it is, and is refused by the replayer if it is wrong.
#[test]
fn lists_are_followed_as_they_are() {
    let actions: Vec<rg_action> = Revolve::new(20, 3).unwrap().map(rg_action::from).collect();
    let make = |actions: &[rg_action]| {
        // SAFETY: as many actions as the slice has.
        Held::of(|out| unsafe {
            c::rg_schedule_from_actions(actions.as_ptr(), actions.len() as u64, out.into())
        })
    };
    check(20, make(&actions), Revolve::new(20, 3));

    let wrong = make(&actions[1..]).unwrap();
    let memory = rg_memory {
        tiers: &rg_tier_limit { slots: 3, bytes: u64::MAX },
        tier_count: 1,
        restart_bytes: 0,
        adjoint_bytes: 0,
        adjoint_restarts: 0,
    };
    // SAFETY: one limit; no reports.
    let status = unsafe {
        let nothing = retrograd_checkpoint_ffi::pointer::Out::NULL;
        let get = wrong.get();
        retrograd_checkpoint_ffi::replay::rg_replay(get, 20, (&memory).into(), nothing, null_mut())
    };
    assert_eq!(status, rg_status::RG_ERROR_ACTION);
    // SAFETY: a text that stays until another call on this thread fails.
    let text = unsafe { std::ffi::CStr::from_ptr(rg_last_error()) }.to_string_lossy();
    assert!(text.contains("is not in tier 0") || text.contains("are not in tier 0"), "{text}");
}

/// Threads do not see each other's errors.
#[test]
fn errors_are_of_their_thread() {
    assert_eq!(
        Held::of(|out| c::rg_schedule_revolve(5, 0, 0, out.into())).err(),
        Some(rg_status::RG_ERROR_SCHEDULE)
    );
    let elsewhere = std::thread::spawn(|| {
        // SAFETY: a text that stays until another call on this thread fails.
        unsafe { std::ffi::CStr::from_ptr(rg_last_error()) }.to_owned()
    });
    assert_eq!(elsewhere.join().unwrap().as_bytes(), b"");
}
