//! The two number types.

use retrograd_ir::DType;

mod private {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A number type of programs: `f32` or `f64`. The only numeric bound in the workspace.
pub trait Real: private::Sealed + Copy + Send + Sync + Default + PartialOrd + 'static {
    /// The type as data.
    const DTYPE: DType;
    /// Rounded from f64.
    fn from_f64(x: f64) -> Self;
    /// Exactly as f64.
    fn to_f64(self) -> f64;
    /// Numbers as the bytes of memory.
    fn bytes(numbers: &[Self]) -> &[u8];
    /// Numbers as the bytes of memory, to be written.
    fn bytes_mut(numbers: &mut [Self]) -> &mut [u8];
}

impl Real for f32 {
    const DTYPE: DType = DType::F32;
    fn from_f64(x: f64) -> Self {
        x as Self
    }
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    fn bytes(numbers: &[Self]) -> &[u8] {
        bytemuck::cast_slice(numbers)
    }
    fn bytes_mut(numbers: &mut [Self]) -> &mut [u8] {
        bytemuck::cast_slice_mut(numbers)
    }
}

impl Real for f64 {
    const DTYPE: DType = DType::F64;
    fn from_f64(x: f64) -> Self {
        x
    }
    fn to_f64(self) -> f64 {
        self
    }
    fn bytes(numbers: &[Self]) -> &[u8] {
        bytemuck::cast_slice(numbers)
    }
    fn bytes_mut(numbers: &mut [Self]) -> &mut [u8] {
        bytemuck::cast_slice_mut(numbers)
    }
}
