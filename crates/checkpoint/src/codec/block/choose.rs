//! Which predictors serve a slab.

use super::pack::{BLOCK, fold, width};
use super::predict::{self, Layout, Predictor, REACH};

/// Predictors that the blocks of a slab choose from.
pub(super) const CHOICES: usize = 4;

/// Blocks that are tried, at most twice as many: few enough not to show in the time, enough for
/// the ratio.
const TRIED_BLOCKS: usize = 64;

/// Bits per value in each of the blocks tried.
type Widths = [u8; 2 * TRIED_BLOCKS];

/// Chooses predictors by what they would take in a sample of the blocks that are not 0: first
/// the one that serves all best, then each for those blocks that the ones before serve badly.
/// `busy` are those blocks. In the order of their numbers.
#[inline(always)]
pub(super) fn predictors(values: &[i32], layout: Layout, busy: &[u32]) -> [Predictor; CHOICES] {
    // Odd, so that it is not in step with the blocks of a row.
    let stride = (busy.len() / TRIED_BLOCKS) | 1;
    let mut tried = [[0; 2 * TRIED_BLOCKS]; Predictor::COUNT];
    let sample = || busy.iter().step_by(stride).map(|&block| block as usize);
    for (i, block) in sample().enumerate().take(2 * TRIED_BLOCKS) {
        try_block(values, layout, block, i, &mut tried);
    }
    let mut chosen = [Predictor::default(); CHOICES];
    let mut least: Widths = [u8::MAX; 2 * TRIED_BLOCKS];
    for choice in &mut chosen {
        // The first of equals: the one with least differences.
        let mut best = u32::MAX;
        for candidate in Predictor::all().filter(|&candidate| layout.allows(candidate)) {
            let cost = cost(&least, &tried[usize::from(candidate.number())]);
            if cost < best {
                (best, *choice) = (cost, candidate);
            }
        }
        let widths = &tried[usize::from(choice.number())];
        for i in 0..2 * TRIED_BLOCKS {
            least[i] = least[i].min(widths[i]);
        }
    }
    chosen.sort_unstable();
    chosen
}

/// Bits of the blocks tried, by the better of what is chosen and a candidate: of a block of
/// width 0 the presence, of others the header besides.
#[inline(always)]
fn cost(least: &Widths, candidate: &Widths) -> u32 {
    let mut bits = 0;
    for i in 0..2 * TRIED_BLOCKS {
        let width = least[i].min(candidate[i]);
        bits += BLOCK as u32 * u32::from(width) + 8 * u32::from(width > 0);
    }
    bits
}

/// Writes to place `i` of each candidate what it would take in one block.
#[inline(always)]
fn try_block(
    values: &[i32],
    layout: Layout,
    block: usize,
    i: usize,
    tried: &mut [Widths; Predictor::COUNT],
) {
    let at = layout.front() + block * BLOCK - REACH;
    let mut across = [0; BLOCK + REACH];
    for candidate in Predictor::all().step_by(3).filter(|&candidate| layout.allows(candidate)) {
        predict::across(candidate.across(), values, at, layout.shifts(), &mut across);
        let first = usize::from(candidate.number());
        tried[first][i] = of_order::<0>(&across);
        tried[first + 1][i] = of_order::<1>(&across);
        tried[first + 2][i] = of_order::<2>(&across);
    }
}

/// Bits per value of a block.
#[inline(always)]
fn of_order<const C: usize>(across: &[i32; BLOCK + REACH]) -> u8 {
    let residuals: [i32; BLOCK] = predict::along::<C, BLOCK>(across);
    let mut any = 0;
    for i in 0..BLOCK {
        any |= fold(residuals[i]);
    }
    width(any) as u8
}
