//! A ring of points with `x' = x + dt (sin x + c (left - right))`, as functions that C could have
//! written.

use std::ffi::{c_int, c_void};

use retrograd_checkpoint_ffi::model::element::{RG_BYTE, RG_F64};
use retrograd_checkpoint_ffi::{rg_field, rg_model};

pub const POINTS: usize = 24;
const DT: f64 = 0.05;

pub type State = [f64; POINTS];

/// The simulator behind the callbacks.
pub struct Ring {
    x: State,
    bar: State,
    /// The first step on the tape, and the states at the start of the recorded steps.
    recorded: u64,
    tape: Vec<State>,
    /// The callback to fail in, after how many calls of it, with which code.
    pub fails: Option<(&'static str, u32, c_int)>,
    /// The callback to panic in.
    pub panics: Option<&'static str>,
    pub calls: u64,
}

fn initial() -> State {
    std::array::from_fn(|i| (i as f64 * 0.37).sin())
}

fn step(x: &State) -> State {
    std::array::from_fn(|i| {
        let (left, right) = (x[(i + POINTS - 1) % POINTS], x[(i + 1) % POINTS]);
        x[i] + DT * (x[i].sin() + 0.3 * (left - right))
    })
}

fn step_adjoint(x: &State, bar: &State) -> State {
    std::array::from_fn(|i| {
        let (left, right) = (bar[(i + POINTS - 1) % POINTS], bar[(i + 1) % POINTS]);
        bar[i] + DT * (bar[i] * x[i].cos() + 0.3 * (right - left))
    })
}

/// The states before and behind each of `steps`.
fn states(steps: u64) -> Vec<State> {
    let mut states = vec![initial()];
    for _ in 0..steps {
        states.push(step(states.last().expect("there is the first")));
    }
    states
}

/// The largest magnitude in any of them.
pub fn largest(steps: u64) -> f64 {
    states(steps).as_flattened().iter().fold(0.0, |most, x| most.max(x.abs()))
}

/// The gradient of the sum of all points after `steps`, with every state in memory, to the bit.
pub fn gradient_by_hand(steps: u64) -> Vec<u64> {
    let states = states(steps);
    let mut bar = [1.0; POINTS];
    for x in states[..steps as usize].iter().rev() {
        bar = step_adjoint(x, &bar);
    }
    bar.map(f64::to_bits).to_vec()
}

impl Ring {
    pub fn new() -> Self {
        let (x, bar) = (initial(), [1.0; POINTS]);
        Self { x, bar, recorded: 0, tape: Vec::new(), fails: None, panics: None, calls: 0 }
    }

    pub fn gradient_bits(&self) -> Vec<u64> {
        self.bar.map(f64::to_bits).to_vec()
    }

    pub fn gradient(&self) -> State {
        self.bar
    }

    /// The callbacks, for a simulator that stays where it is.
    pub fn model(&mut self) -> rg_model {
        rg_model {
            ctx: std::ptr::from_mut(self).cast(),
            advance: Some(advance),
            record: Some(record),
            reverse: Some(reverse),
            save: Some(save),
            restore: Some(restore),
            snapshot_bytes: Some(snapshot_bytes),
            fields: None,
            restart: Some(restart),
            stores_adjoint: 1,
        }
    }

    /// As [`Ring::model`], whose snapshots say that they are `double`.
    pub fn model_of_fields(&mut self) -> rg_model {
        rg_model { snapshot_bytes: None, fields: Some(fields), ..self.model() }
    }

    fn called(&mut self, name: &'static str) -> c_int {
        self.calls += 1;
        assert_ne!(self.panics, Some(name), "the test says so");
        if let Some((callback, left, code)) = &mut self.fails
            && *callback == name
        {
            if *left == 0 {
                return *code;
            }
            *left -= 1;
        }
        0
    }
}

/// # Safety
/// `ctx` is the ring of the model, which nobody else uses.
unsafe fn ring<'a>(ctx: *mut c_void) -> &'a mut Ring {
    // SAFETY: promised by the caller.
    unsafe { &mut *ctx.cast::<Ring>() }
}

unsafe extern "C-unwind" fn advance(ctx: *mut c_void, begin: u64, end: u64) -> c_int {
    // SAFETY: the executor hands over the `ctx` of the model.
    let ring = unsafe { ring(ctx) };
    (begin..end).for_each(|_| ring.x = step(&ring.x));
    ring.called("advance")
}

unsafe extern "C-unwind" fn record(ctx: *mut c_void, begin: u64, end: u64) -> c_int {
    // SAFETY: as above.
    let ring = unsafe { ring(ctx) };
    ring.recorded = begin;
    ring.tape.clear();
    for _ in begin..end {
        ring.tape.push(ring.x);
        ring.x = step(&ring.x);
    }
    ring.called("record")
}

unsafe extern "C-unwind" fn reverse(ctx: *mut c_void, begin: u64, end: u64) -> c_int {
    // SAFETY: as above.
    let ring = unsafe { ring(ctx) };
    for at in (begin..end).rev() {
        ring.bar = step_adjoint(&ring.tape[(at - ring.recorded) as usize], &ring.bar);
    }
    ring.x = [f64::NAN; POINTS]; // a load has to come first
    ring.called("reverse")
}

/// Adjoint data have a byte in front, so that the two kinds differ in size.
fn size(data: c_int) -> usize {
    size_of::<State>() + data as usize
}

unsafe extern "C-unwind" fn save(
    ctx: *mut c_void,
    data: i32,
    step: u64,
    buffer: *mut c_void,
    bytes: u64,
) -> c_int {
    // SAFETY: as above.
    let ring = unsafe { ring(ctx) };
    assert_eq!(bytes, size(data) as u64);
    assert_eq!(buffer.addr() % 64, 0);
    let state = if data == 0 { ring.x } else { ring.tape[(step - ring.recorded) as usize] };
    // SAFETY: the executor hands over a buffer of so many bytes.
    let into = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), bytes as usize) };
    into[..data as usize].fill(7);
    for (to, x) in into[data as usize..].chunks_exact_mut(8).zip(state) {
        to.copy_from_slice(&x.to_le_bytes());
    }
    ring.called("save")
}

unsafe extern "C-unwind" fn restore(
    ctx: *mut c_void,
    data: i32,
    step: u64,
    buffer: *const c_void,
    bytes: u64,
) -> c_int {
    // SAFETY: as above.
    let ring = unsafe { ring(ctx) };
    assert_eq!(bytes, size(data) as u64);
    // SAFETY: the executor hands over a buffer of so many bytes.
    let from = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), bytes as usize) };
    assert!(from[..data as usize].iter().all(|&byte| byte == 7));
    let (numbers, _) = from[data as usize..].as_chunks::<8>();
    let state = std::array::from_fn(|i| f64::from_le_bytes(numbers[i]));
    if data == 0 {
        ring.x = state;
    } else {
        (ring.recorded, ring.tape) = (step, vec![state]);
    }
    ring.called("restore")
}

unsafe extern "C-unwind" fn snapshot_bytes(_: *mut c_void, data: i32, _: u64) -> u64 {
    size(data) as u64
}

unsafe extern "C-unwind" fn fields(
    _: *mut c_void,
    data: i32,
    _: u64,
    count: *mut u64,
) -> *const rg_field {
    static FIELDS: [rg_field; 2] = [
        rg_field { element: RG_BYTE, extents: [1, 1, 1] },
        rg_field { element: RG_F64, extents: [1, 4, POINTS as u64 / 4] },
    ];
    let fields = if data == 0 { &FIELDS[1..] } else { &FIELDS[..] };
    // SAFETY: the executor hands over room for a count.
    unsafe { count.write(fields.len() as u64) };
    fields.as_ptr()
}

unsafe extern "C-unwind" fn restart(ctx: *mut c_void) -> c_int {
    // SAFETY: as above.
    let ring = unsafe { ring(ctx) };
    ring.x = initial();
    ring.called("restart")
}
