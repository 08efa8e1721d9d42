//! Schedules for chains of stages that differ in time and memory.

use retrograd_checkpoint::{Chain, ChainColumns, ChainOptions, Persistence};

use super::{Schedule, rg_schedule};
use crate::handle::make;
use crate::pointer::{In, Out, array};

use crate::status::{Error, rg_status, run};

/// A chain of stages as columns: `rg_chain`. What the letters mean is said by
/// [`ChainColumns`].
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct rg_chain {
    /// Stages, `L`.
    pub stages: u64,
    /// `L + 1` states.
    pub x: *const u64,
    /// `L + 1` adjoint data, those of stage `i` at `i + 1`.
    pub xb: *const u64,
    /// `L` times to record.
    pub f: *const f64,
    /// `L` times to advance.
    pub ff: *const f64,
    /// `L` times to reverse.
    pub b: *const f64,
    /// `L` temporaries while recording.
    pub tf: *const u64,
    /// `L` temporaries while advancing.
    pub tn: *const u64,
    /// `L + 1` temporaries while reversing, those of the loss at `L`.
    pub tb: *const u64,
}

/// Which schedules of a chain are considered.
pub mod persistence {
    /// `Persistence::Persistent`.
    pub const RG_PERSISTENT: i32 = 0;
    /// `Persistence::NonPersistent`.
    pub const RG_NON_PERSISTENT: i32 = 1;
}

impl rg_chain {
    /// # Safety
    /// The columns are NULL or as long as said.
    unsafe fn chain(&self) -> Result<Chain, Error> {
        let stages = self.stages;
        let Some(states) = stages.checked_add(1) else {
            return Err(Error::argument("chain.stages", stages, "less than 2^64 - 1"));
        };
        // SAFETY: promised by the caller, for each of the columns.
        let columns = unsafe {
            ChainColumns {
                x: array(self.x, states, "chain.x")?.to_vec(),
                xb: array(self.xb, states, "chain.xb")?.to_vec(),
                f: array(self.f, stages, "chain.f")?.to_vec(),
                ff: array(self.ff, stages, "chain.ff")?.to_vec(),
                b: array(self.b, stages, "chain.b")?.to_vec(),
                tf: array(self.tf, stages, "chain.tf")?.to_vec(),
                tn: array(self.tn, stages, "chain.tn")?.to_vec(),
                tb: array(self.tb, states, "chain.tb")?.to_vec(),
            }
        };
        Ok(Chain::from_columns(&columns)?)
    }
}

/// The fastest schedule of a chain within a budget that holds everything. `time`, if not NULL, is
/// what all operations take.
///
/// # Safety
/// The columns of the chain are NULL or as long as said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rg_schedule_chain(
    chain: In<'_, rg_chain>,
    budget_bytes: u64,
    persistence: i32,
    time: Out<'_, f64>,
    out: Out<'_, *mut rg_schedule>,
) -> rg_status {
    make(out, || {
        let mut place = time.wanted("time")?;
        let allowed = "RG_PERSISTENT or RG_NON_PERSISTENT";
        let persistence = match persistence {
            persistence::RG_PERSISTENT => Persistence::Persistent,
            persistence::RG_NON_PERSISTENT => Persistence::NonPersistent,
            other => return Err(Error::argument("persistence", other, allowed)),
        };
        // SAFETY: promised by the caller.
        let chain = unsafe { chain.get("chain")?.chain() }?;
        let options = ChainOptions { persistence, levels: None };
        let solved = chain.solve_with(budget_bytes, options)?;
        if let Some(place) = &mut place {
            place.put(solved.makespan());
        }
        Ok(Schedule::listed(solved.actions().collect()))
    })
}

/// The least budget within which a persistent schedule of a chain exists.
///
/// # Safety
/// As for [`rg_schedule_chain`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rg_chain_minimum_bytes(
    chain: In<'_, rg_chain>,
    out: Out<'_, u64>,
) -> rg_status {
    run(|| {
        let mut place = out.get("out")?;
        // SAFETY: promised by the caller.
        let chain = unsafe { chain.get("chain")?.chain() }?;
        place.put(chain.minimum_budget()?);
        Ok(rg_status::RG_OK)
    })
}
