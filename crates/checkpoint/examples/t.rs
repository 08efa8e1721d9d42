use retrograd_checkpoint::*;
use std::time::Instant;
fn main() {
    for (n, c, w, r, uf) in [
        (1_000_000u64, 10u64, 5.0, 5.0, 1.0),
        (1_000_000_000, 10, 5.0, 5.0, 1.0),
        (1_000_000, 3, 17.0, 28.0, 3.0),
        (1_000_000, 3, 1.7, 2.8, 0.3),
        (1_000_000_000, 3, 1.7, 2.8, 0.3),
        (1u64 << 40, 10, 5.0, 5.0, 1.0),
        (1u64 << 40, 1, 5e9, 5.3, 1.0),
        (1u64 << 40, 1, 5e18, 5.3, 1.0),
        (1_000_000, 1, 5e3, 0.3, 1.0),
        (1_000_000, 1, 5e3, 0.0, 1.0),
    ] {
        let d = TierCost { write: w, read: r };
        let t = Instant::now();
        let s = DiskRevolve::new(n, c, d, uf, 1.0).unwrap();
        let a = t.elapsed();
        println!(
            "{n} {c} {w} {r} {uf}: {:?} makespan {} D {} R {}",
            a,
            s.makespan(),
            s.disk_writes(),
            s.disk_reads()
        );
        if n <= 1_000_000 {
            let t = Instant::now();
            let mut k = 0u64;
            let mut last = 0;
            for x in s.clone() {
                k += 1;
                if let Action::Reverse { steps } = x {
                    last = steps.start
                }
            }
            println!(
                "   walk {:?} {k} {last} {:.1} ns/action",
                t.elapsed(),
                t.elapsed().as_nanos() as f64 / k as f64
            );
        }
    }
}
