//! Rules that relate sections to each other.

use super::reader::Reader;
use super::types::{DType, Data, Model, Physics, Start, Survey, Truth, Wavelet};

/// Whether the truth is known where it is needed.
pub(super) fn truth_is_known(reader: &mut Reader<'_>, model: &Model, data: Option<&Data>) {
    // A true model that was named but not found has been reported already.
    if model.truth != Truth::Unknown || !reader.is_sound(&["model.vp_true"]) {
        return;
    }
    let help = "give model.vp_true, the file of the true model".to_owned();
    if matches!(data, Some(Data::Synthetic { .. } | Data::SameGrid)) {
        let message = "data are synthetic but the true model is unknown".to_owned();
        let help = format!("{help}, or recorded data: data.kind = \"files\" and data.files");
        reader.reject("model.vp_true", message, "no `vp_true` in this section", help);
    } else if matches!(model.start, Start::SmoothTrue(_)) {
        let message = "`model.start.smooth_true` smooths a true model that is unknown".to_owned();
        reader.reject("model.start.smooth_true", message, "smooths nothing", help);
    }
}

/// Whether synthetic data differ from what explains them in anything but the grid.
pub(super) fn no_hidden_inverse_crime(
    reader: &mut Reader<'_>,
    physics: Physics,
    data: Option<&Data>,
) {
    let Some(Data::Synthetic { refine: 1, space_order }) = data else { return };
    if *space_order == physics.space_order {
        let message =
            "`data.refine` = 1 with the space order of the inversion is the same operator"
                .to_owned();
        let help = "refine the grid, take another data.space_order, or say so plainly: \
                    data.kind = \"same-grid\""
            .to_owned();
        reader.reject("data.refine", message, "an inverse crime", help);
    }
}

/// Whether there is one data file per shot, or one for all.
pub(super) fn data_files_match_shots(
    reader: &mut Reader<'_>,
    survey: &Survey,
    data: Option<&Data>,
) {
    let Some(Data::Files(files)) = data else { return };
    let shots = survey.sources.len();
    if shots > 0 && files.len() != 1 && files.len() != shots {
        let message = format!("`data.files` names {} files for {shots} shots", files.len());
        let help = "name one file per source, in their order, or one for all shots".to_owned();
        reader.reject("data.files", message, "another number than sources", help);
    }
}

/// Whether the wavelet that made recorded data is known: stages cannot each have one of their own.
pub(super) fn recorded_data_have_their_wavelet(
    reader: &mut Reader<'_>,
    wavelet: Option<&Wavelet>,
    data: Option<&Data>,
) {
    if let (Some(Wavelet::RickerOfStage { .. }), Some(Data::Files(_))) = (wavelet, data)
        && reader.is_sound(&["wavelet.kind", "wavelet.peak"])
    {
        let message = "recorded data need the wavelet that the sources emitted".to_owned();
        let help = "set wavelet.kind = \"file\", wavelet.file and wavelet.dt; or wavelet.peak, \
                    the frequency of a Ricker; every stage filters wavelet and data alike"
            .to_owned();
        reader.reject("data.kind", message, "recorded with which wavelet?", help);
    }
}

/// Whether the shots to be drawn exist.
pub(super) fn report_shots_exist(
    reader: &mut Reader<'_>,
    survey: &Survey,
    shots: Option<&[usize]>,
) {
    let count = survey.sources.len();
    let Some(missing) = shots.and_then(|shots| shots.iter().find(|&&shot| shot >= count)) else {
        return;
    };
    if count > 0 {
        let message = format!("`report.shots`: there is no shot {missing}");
        let help = format!("the survey has {count} shots, 0 to {}", count - 1);
        reader.reject("report.shots", message, "no such shot", help);
    }
}

/// Whether the budget holds even one wavefield: a missing unit is the usual cause.
pub(super) fn budget_is_plausible(
    reader: &mut Reader<'_>,
    nodes: f64,
    physics: Physics,
    budget: u64,
) {
    let word = match physics.dtype {
        DType::F32 => 4.0,
        DType::F64 => 8.0,
    };
    let least = nodes * word;
    if (budget as f64) < least && reader.is_sound(&["memory.budget"]) {
        let message = format!("`memory.budget` of {budget} bytes does not hold one wavefield");
        let help = format!(
            "one wavefield alone takes {least:.0} bytes; a plain number is in bytes, write \
             \"512 MiB\" for more"
        );
        reader.reject("memory.budget", message, "too small", help);
    }
}
