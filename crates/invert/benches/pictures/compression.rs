//! How far every state of a run can be compressed.

use std::num::NonZeroUsize;
use std::path::Path;

use retrograd::checkpoint::codec::{Codec, Element, FieldShape, Scratch};
use retrograd_plot::{AxisScale, Curves};

use crate::common::{Case, Failure, Shot};

const CODECS: [&str; 4] =
    ["zfp:lossless", "zfp:absolute=1e-3", "zfp:relative=1e-3", "block:relative=1e-3"];

/// Draws bytes by encoded bytes of the pressure at every step. The absolute tolerance is 1e-3 of the
/// largest pressure of the whole run, as where all snapshots have to be equally good.
pub(crate) fn draw(model: &Path, out: &Path) -> Result<(), Failure> {
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let mut shot = Shot::new((Case::Marmousi, None), model, threads.get())?;
    let simulation = &mut shot.simulation;
    let (steps, shape) = (simulation.steps(), simulation.grid().shape().to_vec());
    let field = FieldShape::new(Element::F32, [1, shape[0], shape[1]])?;
    let mut largest = 0.0_f32;
    simulation.reset();
    for step in 0..steps {
        simulation.advance(step..step + 1)?;
        let pressure: Vec<f32> = simulation.level("u", 0)?;
        largest = pressure.iter().fold(largest, |most, p| most.max(p.abs()));
    }
    let absolute = format!("zfp:absolute={:e}", 1e-3 * largest);
    let parse = |name: &&str| name.replace("zfp:absolute=1e-3", &absolute).parse::<Codec>();
    let codecs = CODECS.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    let mut ratios = vec![Vec::with_capacity(steps); codecs.len()];
    let (mut scratch, mut code) = (Scratch::default(), Vec::new());
    simulation.reset();
    for step in 0..steps {
        simulation.advance(step..step + 1)?;
        let pressure: Vec<f32> = simulation.level("u", 0)?;
        let bytes: Vec<u8> = pressure.iter().flat_map(|p| p.to_le_bytes()).collect();
        for (codec, ratios) in codecs.iter().zip(&mut ratios) {
            code.clear();
            codec.encode(field, &bytes, &mut scratch, &mut code)?;
            ratios.push(bytes.len() as f64 / code.len() as f64);
        }
    }
    let at: Vec<f64> = (1..=steps).map(|step| step as f64).collect();
    let mut curves = Curves::new("Pressure of one shot over Marmousi, every step")
        .x_axis("Step")
        .y_axis("Bytes by encoded bytes")
        .scale(AxisScale::Log10);
    let names = [
        "ZFP, lossless",
        "ZFP, 1e-3 of the run's maximum",
        "ZFP, 1e-3 of the step's maximum",
        "block, 1e-3 of the step's maximum",
    ];
    for (name, ratios) in names.iter().zip(&ratios) {
        let mean = steps as f64 / ratios.iter().map(|ratio| 1.0 / ratio).sum::<f64>();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        println!("compression, {name}: {mean:.1} of all together, {least:.1} at least");
        curves = curves.line(*name, &at, ratios);
    }
    curves.draw()?.save(out.join("compression.png"))?;
    Ok(())
}
