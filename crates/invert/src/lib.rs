//! Full-waveform inversion on Retrograd.
#![forbid(unsafe_code)]

pub mod absorb;
pub mod acoustic;
pub mod basin;
pub mod check;
pub mod engine;
pub mod files;
#[cfg(test)]
mod fixture;
pub mod inversion;
pub mod model_error;
pub mod models;
pub mod npy;
pub mod optimise;
pub mod records;
pub mod report;
pub mod resample;
pub mod smooth;
pub mod survey;
pub mod wavelet;
mod words;
