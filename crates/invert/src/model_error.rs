//! How far a model is from the truth. Misfit is not model: a run that knows the truth reports
//! both.

/// Distance between a model and the true one, over the cells that an inversion may change.
#[derive(Clone, Copy, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct ModelError {
    /// `|model - truth| / |truth|` in the Euclidean norm, no unit.
    pub relative_l2: f64,
    /// Mean of `|model - truth|`, in the unit of the model.
    pub mean_absolute: f64,
    /// Number of cells counted.
    pub cells: usize,
}

impl ModelError {
    /// Compares the cells for which `frozen` is false; an empty `frozen` counts every cell.
    ///
    /// `None` if there is nothing to compare: every cell is frozen, or the truth is zero.
    /// Takes `f32` or `f64`; sums in `f64`.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn between<T: Copy + Into<f64>>(model: &[T], truth: &[T], frozen: &[bool]) -> Option<Self> {
        assert_eq!(model.len(), truth.len(), "`model` and `truth` should have one length");
        assert!(
            frozen.is_empty() || frozen.len() == model.len(),
            "`frozen` should be empty or have the length of `model`"
        );
        let (mut squares, mut norm, mut absolute, mut cells) = (0.0, 0.0, 0.0, 0);
        for (i, (&model, &truth)) in model.iter().zip(truth).enumerate() {
            if frozen.get(i).is_some_and(|&frozen| frozen) {
                continue;
            }
            let (model, truth): (f64, f64) = (model.into(), truth.into());
            squares += (model - truth).powi(2);
            norm += truth.powi(2);
            absolute += (model - truth).abs();
            cells += 1;
        }
        (cells > 0 && norm > 0.0).then(|| Self {
            relative_l2: (squares / norm).sqrt(),
            mean_absolute: absolute / cells as f64,
            cells,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_free_cells_only() {
        let (model, truth) = ([9.0_f32, 3.0, 5.0], [1.0_f32, 4.0, 3.0]);
        let error = ModelError::between(&model, &truth, &[true, false, false]).unwrap();
        assert_eq!(error.relative_l2, (5.0_f64 / 25.0).sqrt());
        assert_eq!((error.mean_absolute, error.cells), (1.5, 2));
    }

    #[test]
    fn no_mask_counts_all_and_equal_models_have_no_error() {
        let error = ModelError::between(&[2.0, 3.0], &[2.0, 3.0], &[]).unwrap();
        assert_eq!((error.relative_l2, error.mean_absolute, error.cells), (0.0, 0.0, 2));
    }

    #[test]
    fn nothing_to_compare_is_none() {
        assert!(ModelError::between(&[2.0], &[2.0], &[true]).is_none());
        assert!(ModelError::between(&[2.0], &[0.0], &[]).is_none());
    }
}
