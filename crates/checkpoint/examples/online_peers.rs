//! Prints how online rules compare: worst ratios, and every number of steps at which a peer needs
//! fewer forward steps than we do.

use retrograd_checkpoint::{Costs, Online, OnlineRule};

/// Advances for each number of steps from 1 to `most`, index 0 unused.
fn advances(slots: u64, rule: OnlineRule, most: u64) -> Vec<u128> {
    let mut forward = Online::with_rule(slots, rule).expect("there should be a slot");
    let mut advances = vec![0];
    while forward.at() < most {
        let before = u128::from(forward.at());
        advances.push(before + forward.clone().finish_before_last().advances());
        let at = forward.at();
        while forward.at() == at {
            forward.next();
        }
    }
    advances
}

fn main() {
    let most: u64 = std::env::args().nth(1).map_or(500, |s| s.parse().unwrap());
    for slots in 1..=32 {
        let t0 = std::time::Instant::now();
        let ours = advances(slots, OnlineRule::Targets, most);
        let dt = t0.elapsed();
        let wm = advances(slots, OnlineRule::WangMoin, most.min(500));
        let ratio = |v: &[u128], from: usize| {
            (from..v.len())
                .map(|n| {
                    let o = Costs::revolve(n as u64, slots).unwrap().advances;
                    (v[n] as f64 / o as f64, n)
                })
                .fold((1.0, 0), |a, b| if b.0 > a.0 { b } else { a })
        };
        let wins = (1..wm.len()).filter(|&n| wm[n] < ours[n]).collect::<Vec<_>>();
        println!(
            "{slots} ours {:?} beyond 500 {:?} 1e4 {:?} wm {:?} wins {wins:?} {dt:?}",
            ratio(&ours[..501.min(ours.len())], 2),
            ratio(&ours, 501),
            ratio(&ours, 10001),
            ratio(&wm, 2)
        );
    }
}
