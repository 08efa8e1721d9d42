//! Differences across planes and along rows, kept row by row while encoding: those across rows
//! then take few operations for each predictor.

use super::choose::CHOICES;
use super::pack::BLOCK;
use super::predict::{self, Block, Layout, Predictor, Reach};

/// Differences of the row at hand and the two before it.
#[derive(Default, Debug)]
pub(super) struct Differences {
    layout: Layout,
    kept: [Kept; CHOICES],
    /// The row at hand, within its plane.
    row: usize,
    /// A row of zeros: what is outside the slab.
    outside: Vec<Block>,
}

/// Differences of one order across planes and one along rows.
#[derive(Default, Debug)]
struct Kept {
    /// `None` if not wanted.
    orders: Option<[u8; 2]>,
    /// By row modulo 3.
    rows: [Vec<Block>; 3],
}

/// The orders that are kept for a predictor.
fn kept_orders(predictor: Predictor) -> [u8; 2] {
    let [a, _, c] = predictor.orders();
    [a, c]
}

impl Differences {
    /// Starts a slab, for these predictors.
    pub(super) fn start(&mut self, layout: Layout, choices: [Predictor; CHOICES]) {
        self.layout = layout;
        self.outside.resize(layout.blocks(), [0; BLOCK]);
        self.kept.iter_mut().for_each(|kept| kept.orders = None);
        for orders in choices.map(kept_orders) {
            // There are as many places as predictors.
            let place = |kept: &&mut Kept| kept.orders.is_none_or(|of| of == orders);
            if let Some(kept) = self.kept.iter_mut().find(place) {
                kept.orders = Some(orders);
                kept.rows.iter_mut().for_each(|row| row.resize(layout.blocks(), [0; BLOCK]));
            }
        }
    }

    /// Goes to row `row` of all planes: the one after the last, or the first.
    pub(super) fn go_to(&mut self, values: &[Block], row: usize) {
        self.row = row % self.layout.extents[1];
        let planes = predict::planes(values, self.layout, row)
            .map(|row| if row.is_empty() { &self.outside } else { row }.as_flattened());
        for Kept { orders, rows } in &mut self.kept {
            if let &mut Some([a, c]) = orders {
                let to = rows[self.row % 3].as_flattened_mut();
                predict::planes_and_columns(a, c, planes, to);
                // Padding: 0 in all rows, and then in what is made of them.
                to[self.layout.columns()..].fill(0);
            }
        }
    }

    /// The differences that those of `predictor` across rows are made of.
    pub(super) fn reach(&self, predictor: Predictor) -> Reach<'_> {
        let orders = Some(kept_orders(predictor));
        let Some(kept) = self.kept.iter().find(|kept| kept.orders == orders) else {
            return [&[]; 3];
        };
        let at = |b| self.row.checked_sub(b).map_or(&[][..], |row| &kept.rows[row % 3][..]);
        [at(0), at(1), at(2)]
    }
}
