//! Prints `docs/online-peers.md`: how online schedules compare with the offline optimum and with
//! each other, and every number of steps at which a peer needs fewer advances than we do.
//!
//! ```text
//! cargo run --release -p retrograd-checkpoint --example online_peers > docs/online-peers.md
//! ```

use retrograd_checkpoint::{Costs, Online, OnlineRule};
use serde::Deserialize;

/// Steps up to which every end is compared.
const COMPARED: u64 = 500;
/// Steps up to which ours are measured at every end.
const MEASURED: u64 = 20_000;
/// Most slots in the table of ratios.
const SLOTS: u64 = 32;

/// Reference values: number of steps, slots, offline optimum, and the peers'.
#[derive(Deserialize)]
struct Reference {
    rows: Vec<[u64; 7]>,
}

/// A worst ratio to the offline optimum, and where it is.
#[derive(Clone, Copy)]
struct Worst {
    ratio: f64,
    steps: u64,
}

impl std::fmt::Display for Worst {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.steps {
            0 => f.write_str("1"),
            steps => write!(f, "{:.4} ({steps})", self.ratio),
        }
    }
}

fn worst(slots: u64, advances: impl IntoIterator<Item = (u64, u128)>) -> Worst {
    let none = Worst { ratio: 1.0, steps: 0 };
    advances.into_iter().fold(none, |worst, (steps, advances)| {
        let ratio = advances as f64 / optimum(steps, slots) as f64;
        if ratio > worst.ratio { Worst { ratio, steps } } else { worst }
    })
}

fn optimum(steps: u64, slots: u64) -> u128 {
    Costs::revolve(steps, slots).expect("there should be a slot").advances
}

/// Advances for each number of steps from 1 to `most`: one sweep, finished at each state.
fn advances(slots: u64, rule: OnlineRule, most: u64) -> Vec<(u64, u128)> {
    let mut forward = Online::with_rule(slots, rule).expect("there should be a slot");
    let mut all = Vec::new();
    for at in 0..most {
        all.push((at + 1, u128::from(at) + forward.clone().finish_before_last().advances()));
        while forward.at() == at {
            forward.next();
        }
    }
    all
}

/// A row of the table of ratios; collects the rows of the table of ends.
fn compare(slots: u64, reference: &[[u64; 7]], wins: &mut Vec<String>) -> String {
    let ours = advances(slots, OnlineRule::Targets, MEASURED);
    let wang_moin = advances(slots, OnlineRule::WangMoin, COMPARED);
    let (short, long) = ours.split_at(COMPARED as usize);
    for (&(n, ours), &(_, peer)) in short.iter().zip(&wang_moin) {
        if peer < ours {
            let optimum = optimum(n, slots);
            wins.push(format!("| {slots} | {n} | {optimum} | {ours} | wang_moin {peer} |"));
        }
    }
    let mut crevolve = Vec::new();
    let mut at_the_same = Vec::new();
    for &[n, _, optimum, peer, ..] in reference.iter().filter(|row| row[1] == slots) {
        let (_, ours) = short[n as usize - 1];
        if u128::from(peer) < ours {
            wins.push(format!("| {slots} | {n} | {optimum} | {ours} | crevolve_online {peer} |"));
        }
        crevolve.push((n, peer.into()));
        at_the_same.push((n, ours));
    }
    let of_the_table = if crevolve.is_empty() {
        "| - | -".to_owned()
    } else {
        format!("| {} | {}", worst(slots, at_the_same), worst(slots, crevolve))
    };
    let [short, wang_moin] = [short.to_vec(), wang_moin].map(|all| worst(slots, all));
    let long = worst(slots, long.to_vec());
    format!("| {slots} | {short} | {wang_moin} {of_the_table} | {long} |")
}

fn main() -> Result<(), serde_json::Error> {
    let text = include_str!("../tests/data/d_online.json");
    let reference: Reference = serde_json::from_str(text)?;
    let mut wins = Vec::new();
    let ratios: Vec<String> =
        (1..=SLOTS).map(|slots| compare(slots, &reference.rows, &mut wins)).collect();
    println!(
        "# Online schedules and their peers

Printed by

    cargo run --release -p retrograd-checkpoint --example online_peers > docs/online-peers.md

An online schedule does not know the number of steps `n`; at `x_(n-1)` it learns that the next
step is the last. Counted are advances, the forward steps run without recording, `n - 1` of them
in the first sweep; `c` is the number of snapshots, `x_0` included. The optimum is that of Revolve,
which knows `n`.

* ours: `Online`;
* wang_moin: the rule of Wang, Moin & Iaccarino (2009), `OnlineRule::WangMoin`, with the same
  knowledge and the same optimal reverse sweep;
* crevolve_online: pyrevolve 2.2.8 (Stumm & Walther 2010 for r = 2 and 3, then Wang-Moin-Iaccarino),
  at the ends of the reference table, `crates/checkpoint/tests/data/d_online.json`: {} values of
  `n` up to {COMPARED} for each of its `c`.

## Worst ratio to the optimum, and the `n` where it is

By exhaustive search (see the head of the reference table), no rule can have a worst ratio below
1.1219 for c = 2 and 1.0557 for c = 3, nor below 1.0334 for c = 4 up to n = 60.

| c | ours, every n <= {COMPARED} | wang_moin, every n <= {COMPARED} | ours, n of the table \
| crevolve_online, n of the table | ours, every n from {} to {MEASURED} |
|---|---|---|---|---|---|",
        reference.rows.iter().filter(|row| row[1] == 1).count(),
        COMPARED + 1,
    );
    println!("{}", ratios.join("\n"));
    println!(
        "
## Every end where a peer needs fewer advances

Of wang_moin at every n <= {COMPARED} for c = 1 to {SLOTS}, of crevolve_online at every row of the
reference table.

| c | n | optimum | ours | peer |
|---|---|---|---|---|"
    );
    println!("{}", wins.join("\n"));
    Ok(())
}
