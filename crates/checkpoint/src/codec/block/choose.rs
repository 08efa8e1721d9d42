//! Which predictors serve a slab.

use super::pack::{BLOCK, fold, width};
use super::predict::{Layout, Predictor, across, along, history, neighbours};

/// Predictors that the blocks of a slab choose from.
pub(super) const CHOICES: usize = 4;

/// Blocks that are tried: few enough not to show in the time, enough for the ratio.
const TRIED_BLOCKS: usize = 256;

/// Bits per value that each predictor would take in one block.
type Widths = [u8; Predictor::COUNT];

/// Chooses predictors by what they would take in a sample of the blocks that are not 0: first
/// the one that serves all best, then each for those blocks that the ones before serve badly.
/// `busy` and `tried` are scratch.
pub(super) fn predictors(
    values: &[i32],
    layout: Layout,
    busy: &mut Vec<usize>,
    tried: &mut Vec<Widths>,
) -> [Predictor; CHOICES] {
    let blocks = values.as_chunks::<BLOCK>().0;
    busy.clear();
    busy.extend(
        (0..blocks.len()).filter(|&index| blocks[index].iter().fold(0, |any, &q| any | q) != 0),
    );
    let candidates = Predictor::all().filter(|predictor| {
        let [a, b] = predictor.across();
        let used = [a, b, predictor.along()];
        used.iter().zip(layout.extents).all(|(&order, extent)| order == 0 || extent > 1)
    });
    tried.clear();
    let stride = busy.len().div_ceil(TRIED_BLOCKS).max(1);
    tried.extend(
        busy.iter().step_by(stride).map(|&index| widths(values, layout, index, candidates.clone())),
    );
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
    values: &[i32],
    layout: Layout,
    index: usize,
    candidates: impl Iterator<Item = Predictor>,
) -> Widths {
    let (row, block) = (index / layout.blocks(), index % layout.blocks());
    let here = neighbours(values, layout, row, block);
    let before = block.checked_sub(1).map(|block| neighbours(values, layout, row, block));
    let mut widths = [u8::MAX; Predictor::COUNT];
    let mut known = ([u8::MAX; 2], [0; BLOCK], [0; 2]);
    for candidate in candidates {
        // Neighbouring numbers differ in the order along the row only.
        if known.0 != candidate.across() {
            let orders = candidate.across();
            let before = before.map_or([0; 2], |before| history(&across(orders, &before)));
            known = (orders, across(orders, &here), before);
        }
        let residual = along(candidate.along(), known.2, &known.1);
        let len = layout.block_len(block);
        let any = residual[..len].iter().fold(0, |any, &r| any | fold(r));
        widths[usize::from(candidate.number())] = width(any) as u8;
    }
    widths
}
