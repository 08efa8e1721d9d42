//! Whether a thread computes with subnormal numbers or takes them for 0.

/// The width of the control register.
#[cfg(target_arch = "x86_64")]
type Register = u32;
#[cfg(target_arch = "aarch64")]
type Register = u64;

/// Bits 15 (flush to zero) and 6 (denormals are zero).
#[cfg(target_arch = "x86_64")]
const FLUSH: Register = 0x8040;
/// Bit 24: flush to zero, operands and results.
#[cfg(target_arch = "aarch64")]
const FLUSH: Register = 1 << 24;

/// Sets or clears flush-to-zero and denormals-are-zero while it lives.
pub(crate) struct Subnormals {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    before: Register,
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
impl Subnormals {
    /// Takes them for 0.
    pub(crate) fn flush() -> Self {
        let before = control_register();
        set_control_register(before | FLUSH);
        Self { before }
    }

    /// Computes with them, as IEEE 754 says.
    pub(crate) fn keep() -> Self {
        let before = control_register();
        set_control_register(before & !FLUSH);
        Self { before }
    }
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
impl Drop for Subnormals {
    fn drop(&mut self) {
        set_control_register(self.before);
    }
}

#[cfg(target_arch = "x86_64")]
fn control_register() -> Register {
    let mut value: Register = 0;
    // SAFETY: stores the SSE control register of this thread to a local; SSE is part of x86-64.
    unsafe {
        std::arch::asm!("stmxcsr [{}]", in(reg) &raw mut value, options(nostack, preserves_flags));
    }
    value
}

#[cfg(target_arch = "x86_64")]
fn set_control_register(value: Register) {
    // SAFETY: changes only the two subnormal bits of the value that was read, or restores it. Where
    // they are set, Rust code in between is kernel code and integer arithmetic, whose results are
    // documented to be computed with subnormals flushed; where they are clear, as Rust expects.
    // What is computed stays on its side: numbers come from memory and go there, and memory is taken
    // to be touched here.
    unsafe {
        std::arch::asm!("ldmxcsr [{}]", in(reg) &raw const value, options(nostack, preserves_flags));
    }
}

#[cfg(target_arch = "aarch64")]
fn control_register() -> Register {
    let value: Register;
    // SAFETY: reads the floating-point control register of this thread.
    unsafe {
        std::arch::asm!("mrs {}, fpcr", out(reg) value, options(nomem, nostack, preserves_flags));
    }
    value
}

#[cfg(target_arch = "aarch64")]
fn set_control_register(value: Register) {
    // SAFETY: as on x86-64, changes only how subnormal numbers are treated, or restores it. Not
    // `nomem`: numbers are read from memory after the change and written before the next one, so
    // that what is computed from them lies in between.
    unsafe {
        std::arch::asm!("msr fpcr, {}", in(reg) value, options(nostack, preserves_flags));
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
impl Subnormals {
    pub(crate) fn flush() -> Self {
        Self {}
    }

    pub(crate) fn keep() -> Self {
        Self {}
    }
}
