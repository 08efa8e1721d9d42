//! Which predictors serve a slab.

use super::pack::{BLOCK, fold_block, width};
use super::predict::{self, Block, Layout, Predictor};

/// Predictors that the blocks of a slab choose from.
pub(super) const CHOICES: usize = 4;

/// Blocks that are tried: few enough not to show in the time, enough for the ratio.
const TRIED_BLOCKS: usize = 64;

/// Bits per value that each predictor would take in one block.
type Widths = [u8; Predictor::COUNT];

/// Chooses predictors by what they would take in a sample of the blocks that are not 0: first
/// the one that serves all best, then each for those blocks that the ones before serve badly.
/// `busy` and `tried` are scratch.
pub(super) fn predictors(
    values: &[Block],
    layout: Layout,
    busy: &mut Vec<usize>,
    tried: &mut Vec<Widths>,
) -> [Predictor; CHOICES] {
    busy.clear();
    let is_busy = |block: &Block| block.iter().fold(0, |any, &q| any | q) != 0;
    busy.extend((0..values.len()).filter(|&index| is_busy(&values[index])));
    let candidates = Predictor::all().filter(|predictor| {
        let mut axes = predictor.orders().into_iter().zip(layout.extents);
        axes.all(|(order, extent)| order == 0 || extent > 1)
    });
    // Odd, so that it is not in step with the blocks of a row.
    let stride = (busy.len() / TRIED_BLOCKS) | 1;
    let sample = busy.iter().step_by(stride);
    tried.clear();
    tried.extend(sample.map(|&index| widths(values, layout, index, candidates.clone())));
    let mut chosen = [Predictor::default(); CHOICES];
    for k in 0..CHOICES {
        let cost = |candidate: &Predictor| -> u64 {
            let with = |widths: &Widths| {
                let width_of = |predictor: &Predictor| widths[usize::from(predictor.number())];
                chosen[..k].iter().map(width_of).fold(width_of(candidate), u8::min)
            };
            tried.iter().map(|widths| bits(with(widths))).sum()
        };
        // The first of equals: the one with least differences.
        chosen[k] = candidates.clone().min_by_key(cost).unwrap_or_default();
    }
    chosen
}

/// What a block of some width takes, with its header.
fn bits(width: u8) -> u64 {
    if width == 0 { 1 } else { 9 + BLOCK as u64 * u64::from(width) }
}

/// What each of the candidates would take in one block.
fn widths(
    values: &[Block],
    layout: Layout,
    index: usize,
    candidates: impl Iterator<Item = Predictor>,
) -> Widths {
    let (row, block) = (index / layout.blocks(), index % layout.blocks());
    // Differences along the row reach into the block before.
    let first = block.saturating_sub(1);
    let count = block - first + 1;
    let outside = [[0; BLOCK]; 2];
    let highest = if layout.extents[0] > 1 { 2 } else { 0 };
    let mut differences = [[[[0; BLOCK]; 3]; 3]; 3];
    for b in 0..=(row % layout.extents[1]).min(2) {
        let planes = predict::planes(values, layout, row - b)
            .map(|row| row.get(first..=block).unwrap_or(&outside[..count]).as_flattened());
        for (a, differences) in (0..=highest).zip(&mut differences) {
            for (c, differences) in (0..).zip(differences) {
                let mut out = [[0; BLOCK]; 2];
                predict::planes_and_columns(a, c, planes, out[..count].as_flattened_mut());
                differences[b] = out[count - 1];
                differences[b][layout.block_len(block)..].fill(0);
            }
        }
    }
    let mut widths = [0; Predictor::COUNT];
    for candidate in candidates {
        let [a, b, c] = candidate.orders();
        let reach = differences[usize::from(a)][usize::from(c)].each_ref();
        let residual = predict::across(b, reach.map(std::slice::from_ref), 0);
        let any = fold_block(&residual, &mut [0; BLOCK]);
        widths[usize::from(candidate.number())] = width(any) as u8;
    }
    widths
}
