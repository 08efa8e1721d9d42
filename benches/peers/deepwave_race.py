#!/usr/bin/env python3
"""Times Retrograd beside deepwave, alternately, in one run: 2-D acoustic waves, forward and gradient.

Both sides propagate one shot over 1001 x 1001 points (deepwave: 921 x 921 and 40 points of its
layer on every side), 1000 steps, on one thread each. Deepwave's time step is the same one: it takes
smaller internal steps only above its stability limit. The gradient is that of the energy of the
samples, all states kept on both sides; deepwave is also timed with every fourth one
(`model_gradient_sampling_interval=4`), its usual way to save memory. Printed are medians and the
median, least and largest of the ratios of neighbouring runs.

The samples of both sides are compared up to a factor (the sources are scaled differently) before
anything can have come back from the layers, which differ. The exit status is 1 if they do not agree.

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
from array import array
from pathlib import Path

POINTS, LAYER, STEPS = 1001, 40, 1000
SPACING_M, PEAK_HZ = 10.0, 10.0
VELOCITIES_M_S = (1500.0, 2500.0)
DT_S = 0.38 * SPACING_M / VELOCITIES_M_S[1]
# Up to here nothing has come back from a layer at the receivers compared.
COMPARED_STEPS = 700
TOLERANCE = 0.01


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
    samples = None
    for line in sys.stdin:
        command = json.loads(line)
        begun = time.perf_counter()
        if command["do"] == "forward":
            with torch.no_grad():
                samples = deepwave.scalar(model, SPACING_M, DT_S, **shot)[-1][0]
        elif command["do"] == "gradient":
            velocity = model.clone().requires_grad_()
            every = command["every"]
            record = deepwave.scalar(
                velocity, SPACING_M, DT_S, model_gradient_sampling_interval=every, **shot
            )[-1]
            (0.5 * record.square().sum()).backward()
            assert velocity.grad.abs().sum() > 0
        seconds = time.perf_counter() - begun
        if command["do"] == "dump":
            array("f", samples.flatten().tolist()).tofile(open(command["file"], "wb"))
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

    def run(self, label, *options):
        command = [self.binary, label, "--reps", "1", "--threads", "1", *options]
        command += ["--dump", str(self.folder)]
        subprocess.run(command, check=True, capture_output=True)
        return json.loads((self.folder / f"{label}.json").read_text())["call_seconds"][0]


def interpolated(row, position):
    """Linear interpolation between grid points, as our receivers do it."""
    low = int(position)
    part = position - low
    return row[low] * (1 - part) + (row[low + 1] * part if part else 0.0)


def distance(folder, order, theirs):
    """Relative L2 distance of the samples, up to the factor that fits best."""
    ours = array("f")
    ours.frombytes((folder / f"ac2d_so{order}_rec.f32").read_bytes())
    theirs.ask(do="dump", file=str(folder / "deepwave.f32"))
    found = array("f")
    found.frombytes((folder / "deepwave.f32").read_bytes())
    width = SPACING_M * (POINTS - 1) - 800
    best = math.inf
    # The two tools count the first sample differently, by a step.
    for shift in (-1, 0, 1):
        a, b = [], []
        for k in range(300, 701, 5):
            at = (400 + k / (POINTS - 1) * width) / SPACING_M - LAYER
            row = lambda i, n: found[i * STEPS + n]
            for n in range(1, COMPARED_STEPS):
                a.append(ours[n * POINTS + k])
                b.append(interpolated([row(int(at), n + shift), row(int(at) + 1, n + shift)], at % 1))
        scale = sum(x * y for x, y in zip(a, b)) / sum(y * y for y in b)
        apart = sum((x - scale * y) ** 2 for x, y in zip(a, b)) / sum(x * x for x in a)
        best = min(best, apart**0.5)
    return best


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
    agree = True
    for order in chosen.orders:
        with tempfile.TemporaryDirectory() as made:
            ours, theirs = Ours(binary, Path(made)), Deepwave(chosen.python, order)
            race(
                f"forward, order {order}",
                chosen.runs,
                lambda: ours.run(f"ac2d_so{order}"),
                lambda: theirs.ask(do="forward"),
            )
            apart = distance(Path(made), order, theirs)
            agree = agree and apart <= TOLERANCE
            print(f"{'':8} samples differ by {apart:.1e}, relative L2 up to a factor")
            if order == 8:
                for every in (1, 4):
                    race(
                        f"gradient, order 8, deepwave's with every {every} states",
                        chosen.runs,
                        lambda: ours.run("grad2d_so8", "--kept", "all"),
                        lambda: theirs.ask(do="gradient", every=every),
                    )
            theirs.end()
    return 0 if agree else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        worker(int(sys.argv[2]))
    else:
        sys.exit(main())
