#!/usr/bin/env python3
"""Times Retrograd beside deepwave, alternately, in one run: 2-D acoustic waves, forward and gradient.

Both sides propagate one shot over 1001 x 1001 points (deepwave: 921 x 921 and 40 points of its
layer on every side), 1000 steps, on one thread each. Deepwave's time step is the same one: it takes
smaller internal steps only above its stability limit. The gradient is that of the energy of the
samples, all states kept on both sides; deepwave is also timed with every fourth one
(`model_gradient_sampling_interval=4`), its usual way to save memory. Printed are medians and the
median, least and largest of the ratios of neighbouring runs.

The two are not compared number by number: the source lies beside the layers, which are of different
kinds (a sponge here, perfectly matched there). Ours is compared with Devito's by `run.py`.

Needs cargo, a C compiler, and a Python with torch and deepwave 0.0.27 (`--python`); on Debian:

    apt-get install python3-torch
    /usr/bin/python3 -m venv --system-site-packages VENV
    VENV/bin/pip install --no-deps deepwave==0.0.27
    benches/peers/deepwave_race.py --python VENV/bin/python
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

POINTS, LAYER, STEPS = 1001, 40, 1000
SPACING_M, PEAK_HZ = 10.0, 10.0
VELOCITIES_M_S = (1500.0, 2500.0)
DT_S = 0.38 * SPACING_M / VELOCITIES_M_S[1]


def worker(order):
    """Deepwave's side: a JSON command per line."""
    import time

    import deepwave
    import torch

    torch.set_num_threads(1)
    inner = POINTS - 2 * LAYER
    depth = torch.arange(inner) + LAYER
    column = torch.where(depth < POINTS // 2, *map(torch.tensor, VELOCITIES_M_S))
    model = column.repeat(inner, 1)
    turns = [math.pi * PEAK_HZ * (n * DT_S - 1 / PEAK_HZ) for n in range(STEPS)]
    ricker = torch.tensor([(1 - 2 * t * t) * math.exp(-t * t) for t in turns])
    along = torch.arange(inner)
    receivers = torch.stack([along, torch.full((inner,), 45 - LAYER)], -1)[None]
    shot = {
        "source_amplitudes": ricker[None, None],
        "source_locations": torch.tensor([[[POINTS // 2 - LAYER, 2]]]),
        "receiver_locations": receivers,
        "accuracy": order,
        "pml_width": LAYER,
        "pml_freq": PEAK_HZ,
        "max_vel": VELOCITIES_M_S[1],
    }
    for line in sys.stdin:
        command = json.loads(line)
        begun = time.perf_counter()
        if command["do"] == "forward":
            with torch.no_grad():
                deepwave.scalar(model, SPACING_M, DT_S, **shot)
        elif command["do"] == "gradient":
            velocity = model.clone().requires_grad_()
            every = command["every"]
            record = deepwave.scalar(
                velocity, SPACING_M, DT_S, model_gradient_sampling_interval=every, **shot
            )[-1]
            (0.5 * record.square().sum()).backward()
            assert velocity.grad.abs().sum() > 0
        seconds = time.perf_counter() - begun
        print(json.dumps({"seconds": seconds}), flush=True)


class Deepwave:
    def __init__(self, python, order):
        command = [python, __file__, "--worker", str(order)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())["seconds"]

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Ours:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder

    def run(self, label, *options, repetitions=1):
        command = [self.binary, label, "--reps", str(repetitions), "--threads", "1", *options]
        command += ["--dump", str(self.folder)]
        subprocess.run(command, check=True, capture_output=True)
        timed = json.loads((self.folder / f"{label}.json").read_text())["call_seconds"]
        return statistics.median(timed)


def race(name, runs, ours, theirs):
    ours(), theirs()
    pairs = [(ours(), theirs()) for _ in range(runs)]
    ratios = [b / a for a, b in pairs]
    a, b = (statistics.median(side) for side in zip(*pairs))
    points = POINTS * POINTS * STEPS / 1e9
    print(
        f"{name}: ours {a:.3f} s ({points / a:.2f} GPts/s), deepwave {b:.3f} s "
        f"({points / b:.2f} GPts/s), ratio {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f})",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", required=True, help="interpreter with torch and deepwave")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--orders", type=int, nargs="*", default=[4, 8])
    chosen = parser.parse_args()
    from run import built

    binary = built("bench", "waves")
    for order in chosen.orders:
        with tempfile.TemporaryDirectory() as made:
            ours, theirs = Ours(binary, Path(made)), Deepwave(chosen.python, order)
            race(
                f"forward, order {order}",
                chosen.runs,
                lambda: ours.run(f"ac2d_so{order}"),
                lambda: theirs.ask(do="forward"),
            )
            if order == 8:
                for every in (1, 4):
                    race(
                        f"gradient, order 8, deepwave's with every {every} states",
                        chosen.runs,
                        lambda: ours.run("grad2d_so8", "--kept", "all", repetitions=3),
                        lambda: theirs.ask(do="gradient", every=every),
                    )
            theirs.end()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        worker(int(sys.argv[2]))
    else:
        main()
