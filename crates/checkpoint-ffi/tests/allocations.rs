//! A run that has reached its peak allocates nothing more, however many steps it takes.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicU64, Ordering};

use common::ring::{Ring, gradient_by_hand};
use retrograd_checkpoint_ffi::executor::{rg_executor_free, rg_executor_new};
use retrograd_checkpoint_ffi::handle::{Owned, Shared};
use retrograd_checkpoint_ffi::pointer::Out;
use retrograd_checkpoint_ffi::schedule::{rg_schedule_free, rg_schedule_revolve};
use retrograd_checkpoint_ffi::{rg_executor, rg_executor_run, rg_schedule, rg_status, rg_tier};

struct Counting;

static COUNT: AtomicU64 = AtomicU64::new(0);

// SAFETY: as the system's, which does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        // SAFETY: promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: promised by the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn buffers_are_used_again() {
    let tier = rg_tier {
        medium: 0,
        queue_depth: 0,
        threads: 0,
        slots: 5,
        capacity_bytes: 0,
        snapshot_bytes: 0,
        path: null(),
        codec: null(),
        manifest: null(),
        identity: 0,
    };
    let mut executor: *mut rg_executor = null_mut();
    // SAFETY: one tier.
    let status = unsafe { rg_executor_new(&raw const tier, 1, (&mut executor).into()) };
    assert_eq!(status, rg_status::RG_OK);
    let allocations = |steps| {
        let mut schedule: *mut rg_schedule = null_mut();
        rg_schedule_revolve(steps, 5, 0, (&mut schedule).into());
        let mut ring = Ring::new();
        let (model, before) = (ring.model(), COUNT.load(Ordering::Relaxed));
        // SAFETY: the handles are freed below; the ring is what the header says.
        let status = unsafe {
            let (executor, schedule) = (Shared::new(executor), Shared::new(schedule));
            rg_executor_run(executor, schedule, (&model).into(), None, null_mut(), Out::NULL)
        };
        let count = COUNT.load(Ordering::Relaxed) - before;
        assert_eq!(status, rg_status::RG_OK);
        assert_eq!(ring.gradient_bits(), gradient_by_hand(steps));
        // SAFETY: made above, and not used again.
        rg_schedule_free(unsafe { Owned::new(schedule) });
        count
    };
    allocations(50);
    assert_eq!(allocations(60), allocations(600));
    // SAFETY: made above, and not used again.
    rg_executor_free(unsafe { Owned::new(executor) });
}
