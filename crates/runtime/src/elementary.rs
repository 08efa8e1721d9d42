//! The elementary functions that generated code calls: the interpreter's.

use std::ffi::c_long;
use std::sync::{Mutex, PoisonError};

use libloading::Library;
use retrograd_compile::emit::{ELEMENTARY, Elementary};
use retrograd_ir::DType;
use retrograd_ir::interpret::{self, Subnormals};

use crate::real::Real;
use crate::subnormals;

/// See [`retrograd_compile::emit::LINK`].
type Call<T> = unsafe extern "C" fn(c_long, *mut T, *const T, c_long);
type Link<T> = unsafe extern "C" fn(Call<T>);

/// Hands a module of this number type the elementary functions, by its function of this name.
pub(crate) fn provide(
    library: &'static Library,
    name: &str,
    dtype: DType,
) -> Result<(), libloading::Error> {
    match dtype {
        DType::F32 => provide_for::<f32>(library, name),
        DType::F64 => provide_for::<f64>(library, name),
    }
}

fn provide_for<T: Real>(library: &'static Library, name: &str) -> Result<(), libloading::Error> {
    // A module that is loaded twice is one module: its kernels may be running.
    static PROVIDED: Mutex<Vec<usize>> = Mutex::new(Vec::new());
    // SAFETY: the emitter gives the function this type in modules of this number type, which
    // includes that it is called once and before any kernel; the lock and the list see to that.
    unsafe {
        let link = *library.get::<Link<T>>(name.as_bytes())?;
        let mut provided = PROVIDED.lock().unwrap_or_else(PoisonError::into_inner);
        if !provided.contains(&(link as usize)) {
            link(call::<T>);
            provided.push(link as usize);
        }
    }
    Ok(())
}

/// Replaces `n` numbers from `x` by the results of an operation on them (and on those from `y`).
///
/// # Safety
/// `x` has to point to `n` numbers that nobody else uses, `y` to as many where the operation takes
/// two, which nobody writes.
unsafe extern "C" fn call<T: Real>(operation: c_long, x: *mut T, y: *const T, n: c_long) {
    // Kernels flush subnormals by the processor; the functions expect arithmetic as it is, and the
    // interpreter's operations flush by themselves.
    let _mode = subnormals::Subnormals::keep();
    let (dtype, flush) = (T::DTYPE, Subnormals::Flush);
    let operation = usize::try_from(operation).ok().and_then(|k| ELEMENTARY.get(k));
    let Some((operation, _)) = operation else { return };
    for k in 0..usize::try_from(n).unwrap_or(0) {
        // SAFETY: `k < n`; the caller vouches for the numbers.
        unsafe {
            let a = x.add(k).read().to_f64();
            let value = match *operation {
                Elementary::Unary(op) => interpret::unary(op, a, dtype, flush),
                Elementary::Binary(op) => {
                    interpret::binary(op, [a, y.add(k).read().to_f64()], dtype, flush)
                }
            };
            x.add(k).write(T::from_f64(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use retrograd_ir::UnaryOp;

    /// Values that libraries reach by way of subnormals are those of unflushed arithmetic, and the
    /// mode of the caller stays.
    #[test]
    fn callers_that_flush_get_the_values_of_unflushed_arithmetic() {
        let number = |wanted| {
            let at = ELEMENTARY.iter().position(|(known, _)| *known == Elementary::Unary(wanted));
            at.expect("should be in the table") as c_long
        };
        let arguments = [1e-160, -2.5e-155, 0.3, -0.7, 1e308, -708.0, f64::MIN_POSITIVE / 8.0];
        for op in [UnaryOp::Exp, UnaryOp::Sin, UnaryOp::Cos, UnaryOp::Tan, UnaryOp::Tanh] {
            let expected =
                arguments.map(|x| interpret::unary(op, x, DType::F64, Subnormals::Flush).to_bits());
            let mut found = arguments;
            let flushed = {
                let _mode = subnormals::Subnormals::flush();
                // SAFETY: an array of its own, of that length.
                unsafe {
                    call::<f64>(number(op), found.as_mut_ptr(), std::ptr::null(), 7);
                }
                std::hint::black_box(f64::MIN_POSITIVE) * std::hint::black_box(0.5)
            };
            assert_eq!(found.map(f64::to_bits), expected, "{op:?}");
            assert_eq!(flushed, 0.0);
        }
    }
}
