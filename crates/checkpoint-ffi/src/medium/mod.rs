//! Media that need unsafe code, which the checkpoint crate does not allow itself.

mod mapped;

pub use mapped::MappedFile;
