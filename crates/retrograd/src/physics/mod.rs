//! Equations that people use, written in the language: none has a kernel of its own.
//!
//! | system | equations |
//! |---|---|
//! | [`acoustic`] | pressure, constant density |
//! | [`variable_density`] | pressure, variable density |
//! | [`tti`], [`vti`] | pseudo-acoustic waves in tilted or vertical transverse isotropy |
//! | [`viscoacoustic`] | pressure and velocity, one standard linear solid |
//! | [`elastic`], [`elastic_vti`] | velocity and stress |
//! | [`elastic_half_space`] | the isotropic ones below a free surface |
//! | [`sh`] | horizontally polarised shear waves, in a plane |
//! | [`maxwell_tm`] | ground-penetrating radar, transverse magnetic, in a plane |
//! | [`heat`], [`advection_diffusion`], [`burgers`] | transport |
//!
//! A [`System`] has its equations, parameters and states by name; sources and receivers are added to
//! its [`operator`](System::operator), and everything else follows: kernels, the exact adjoint,
//! gradients by any of its parameters. Parameters are the usual ones (velocities, density, Thomsen's
//! parameters, quality factors); moduli are computed from them once.

mod acoustic;
mod anisotropic;
mod elastic;
mod maxwell;
mod setting;
mod transport;
mod viscoacoustic;

pub use acoustic::{acoustic, variable_density};
pub use anisotropic::{tti, vti};
pub use elastic::{elastic, elastic_half_space, elastic_vti, sh};
pub use maxwell::{VACUUM_PERMEABILITY, VACUUM_PERMITTIVITY, maxwell_tm};
pub use setting::{Absorbing, Parameter, Setting, System};
pub use transport::{advection_diffusion, burgers, heat};
pub use viscoacoustic::viscoacoustic;

/// A way to write a system for a setting.
pub type Writer = fn(&Setting) -> System;

/// Every system by name, with the numbers of dimensions that it is there for.
pub const SYSTEMS: &[(&str, Writer, &[usize])] = &[
    ("acoustic", acoustic, &[1, 2, 3]),
    ("variable_density", variable_density, &[1, 2, 3]),
    ("vti", vti, &[2, 3]),
    ("tti", tti, &[2, 3]),
    ("viscoacoustic", viscoacoustic, &[1, 2, 3]),
    ("elastic", elastic, &[2, 3]),
    ("elastic_vti", elastic_vti, &[2, 3]),
    ("sh", sh, &[2]),
    ("maxwell_tm", maxwell_tm, &[2]),
    ("heat", heat, &[1, 2, 3]),
    ("advection_diffusion", advection_diffusion, &[1, 2, 3]),
    ("burgers", burgers, &[1, 2, 3]),
];
