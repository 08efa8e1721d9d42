//! Schedules through the C interface: the actions of the families themselves, and what is said of
//! them without following them.

use std::ptr::{null, null_mut};

use proptest::prelude::*;
use retrograd_checkpoint::schedule::Asynchronous;
use retrograd_checkpoint::{
    Action, Cams, DiskRevolve, HRevolve, LastBlock, MemoryReuse, Method, Mixed, Multistage,
    NoReuse, Online, PerStep, Revolve, StoreAll, StoreNone, TierCost, TierSpec, Trajectory,
    TwoLevel, UnevenSteps,
};
use retrograd_checkpoint_ffi::action::kind;
use retrograd_checkpoint_ffi::handle::{Owned, Shared};
use retrograd_checkpoint_ffi::pointer::Out;
use retrograd_checkpoint_ffi::schedule::{self as c, Schedule, choice};
use retrograd_checkpoint_ffi::status::rg_last_error;
use retrograd_checkpoint_ffi::{
    rg_action, rg_costs, rg_memory, rg_prices, rg_report, rg_schedule, rg_schedule_next, rg_status,
    rg_tier_limit, rg_tier_report, rg_tier_spec, rg_uneven,
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
        let made = Held::of(|out| c::rg_schedule_asynchronous_recording(n, p, out.into()));
        check(n, made, Asynchronous::recording(n, p));
        let made = Held::of(|out| c::rg_schedule_mixed(n, s, 1, b, out.into()));
        check(n, made, Mixed::new(n, s, 1, b));
        for (number, method) in [(0, Method::General), (1, Method::StifflyAccurate)] {
            let made = Held::of(|out| c::rg_schedule_cams(n, s, b, number, out.into()));
            check(n, made, Cams::new(n, s, b, method));
        }
    }
}

/// What the families with costs say they take is what they take.
fn check_time<T: Iterator<Item = Action>, E>(
    steps: u64,
    make: impl FnOnce(Out<'_, f64>, Out<'_, *mut rg_schedule>) -> rg_status,
    expected: Result<(T, f64), E>,
) {
    let mut time = -1.0;
    let made = Held::of(|out| make((&mut time).into(), out.into()));
    if let Ok((_, expected)) = &expected {
        assert_eq!(time, *expected);
    }
    check(steps, made, expected.map(|(schedule, _)| schedule));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn families_with_costs_are_themselves(
        n in 0_u64..40, s in 0_u64..5, disk in 0_u64..4, write in -1..9_i32, read in 0..9_i32,
        sizes in prop::collection::vec(1_u64..4, 40), costs in prop::collection::vec(0.0..3.0, 80),
    ) {
        let (write, read) = (f64::from(write), f64::from(read));
        let cost = TierCost { write, read };
        let prices = rg_prices { forward: 1.5, adjoint: 2.5, write, read };
        let variants =
            [DiskRevolve::new, DiskRevolve::one_read, DiskRevolve::one_snapshot, DiskRevolve::periodic];
        for (number, variant) in (0..).zip(variants) {
            let make = |time: Out<'_, _>, out: Out<'_, _>| {
                c::rg_schedule_disk_revolve(n, s, (&prices).into(), number, time, out)
            };
            let expected = variant(n, s, cost, 1.5, 2.5);
            check_time(n, make, expected.map(|schedule| (schedule.clone(), schedule.makespan())));
        }

        let specs = [
            rg_tier_spec { slots: s, write: 0.5, read: 0.0 },
            rg_tier_spec { slots: disk, write, read },
        ];
        // SAFETY: two tiers.
        let make = |time: Out<'_, _>, out: Out<'_, _>| unsafe {
            c::rg_schedule_h_revolve(n, specs.as_ptr(), 2, 1.5, 2.5, time, out)
        };
        let specs = specs.map(|tier| TierSpec {
            slots: tier.slots,
            cost: TierCost { write: tier.write, read: tier.read },
        });
        let expected = HRevolve::new(n, &specs, 1.5, 2.5);
        check_time(n, make, expected.map(|schedule| (schedule.clone(), schedule.makespan())));

        let (forward, adjoint) = costs.split_at(40);
        for in_slots in [true, false] {
            let uneven = rg_uneven {
                steps: n,
                forward: forward.as_ptr(),
                adjoint: adjoint.as_ptr(),
                restart_bytes: if in_slots { null() } else { sizes.as_ptr() },
            };
            // SAFETY: arrays of 40, of which no more than these steps are read.
            let make = |time: Out<'_, _>, out: Out<'_, _>| unsafe {
                c::rg_schedule_uneven((&uneven).into(), 2 * s, time, out)
            };
            let count = n as usize;
            let steps = UnevenSteps {
                forward: forward[..count].to_vec(),
                adjoint: PerStep::Each(adjoint[..count].to_vec()),
                restart_bytes: PerStep::Each(sizes[..count].to_vec()),
            };
            let expected =
                if in_slots { steps.solve_slots(2 * s) } else { steps.solve_bytes(2 * s) };
            check_time(n, make, expected.map(|schedule| (schedule.actions(), schedule.makespan())));
        }
    }

    /// Until the end shows nothing is known of it, and then it is a schedule as any other.
    #[test]
    fn open_schedules_are_finished_where_the_end_is(
        n in 1_u64..60, slots in 1_u64..6, period in 0_u64..9, before_last: bool,
    ) {
        let make = || Held::of(|out| c::rg_schedule_online(slots, period, 0, out.into())).unwrap();
        let online = match period {
            0 => Online::new(slots),
            period => Online::with_disk(slots, period),
        };
        let (online, open) = (online.unwrap(), make());
        let (mut at, mut pulled) = (0, Vec::new());
        while at + u64::from(before_last) < n {
            let action = open.pull().unwrap();
            at = if action.kind == kind::RG_ADVANCE { action.end } else { at };
            pulled.push(action);
        }
        let end = if before_last { choice::RG_BEFORE_LAST } else { choice::RG_AT_END };
        prop_assert_eq!(c::rg_schedule_finish(open.get(), end), rg_status::RG_OK);
        pulled.extend(std::iter::from_fn(|| open.pull()));
        if before_last {
            let known: Vec<rg_action> = online.until_end(n).map(rg_action::from).collect();
            prop_assert_eq!(&pulled, &known);
        }
        prop_assert_eq!(c::rg_schedule_reset(open.get()), rg_status::RG_OK);
        let again: Vec<rg_action> = std::iter::from_fn(|| open.pull()).collect();
        prop_assert_eq!(&pulled, &again);
        let (report, _) = replay(&open, n);
        prop_assert_eq!(report.recorded, n);
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
    assert!(text.contains("restart data of step 0 are not in tier 0"), "{text}");
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
