//! One budget for many: threads that ask for memory and wait until it is free.

use retrograd_checkpoint::{Arbiter, Lease};

use crate::handle::{Content, Handle, Owned, Shared, free, make, make_some};
use crate::pointer::Out;
use crate::status::rg_status;

/// A byte budget shared by many: `rg_arbiter`.
pub type rg_arbiter = Handle<Arbiter>;

/// Bytes taken from it: `rg_lease`.
pub type rg_lease = Handle<Lease>;

impl Content for Arbiter {
    const TAG: [u8; 8] = *b"rgarbit\0";
}

impl Content for Lease {
    const TAG: [u8; 8] = *b"rglease\0";
}

/// Shares `budget_bytes`. Any thread may lease from it.
#[unsafe(no_mangle)]
pub extern "C" fn rg_arbiter_new(budget_bytes: u64, out: Out<'_, *mut rg_arbiter>) -> rg_status {
    make(out, || Ok(Arbiter::new(budget_bytes)))
}

/// Waits until `bytes` are free, and takes them. Who asked first is served first.
#[unsafe(no_mangle)]
pub extern "C" fn rg_arbiter_lease(
    arbiter: Shared<'_, Arbiter>,
    bytes: u64,
    out: Out<'_, *mut rg_lease>,
) -> rg_status {
    make(out, || Ok(arbiter.get("arbiter")?.lease(bytes)?))
}

/// Takes `bytes` if they are free and nobody waits; otherwise the lease is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn rg_arbiter_try_lease(
    arbiter: Shared<'_, Arbiter>,
    bytes: u64,
    out: Out<'_, *mut rg_lease>,
) -> rg_status {
    make_some(out, || Ok(arbiter.get("arbiter")?.try_lease(bytes)?))
}

/// Gives the bytes of a lease back; NULL is none. The arbiter may be freed before.
#[unsafe(no_mangle)]
pub extern "C" fn rg_lease_free(lease: Owned<Lease>) -> rg_status {
    free(lease, "lease")
}

/// Frees an arbiter of which nobody leases at the moment; NULL is none.
#[unsafe(no_mangle)]
pub extern "C" fn rg_arbiter_free(arbiter: Owned<Arbiter>) -> rg_status {
    free(arbiter, "arbiter")
}
