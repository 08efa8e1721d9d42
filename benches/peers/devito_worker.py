"""Devito's side of `run.py`: the standard acoustic problems, one JSON command per line.

Started by `run.py` inside the virtual environment that has Devito. Commands on standard input:

    {"do": "prepare", "case": "ac2d_so8"}    build, tune, choose the fastest settings
    {"do": "run"}                            one timed run from a zero wavefield
    {"do": "dump", "folder": "..."}          final wavefield and samples as raw f32
    {"do": "exact", "case": "ac2d_so8", "folder": "..."}   the same, computed in f64
    {"do": "quit"}

Each is answered by one line of JSON on standard output. With `--gradient FILE` the script instead
computes one gradient of the cold-start problem, writes it as raw f32 and ends.

The problem is that of `crates/retrograd/src/bench.rs`, in Devito's customary units m, ms, km/s.
"""

import json
import math
import sys
import time

from cases import CASES, GRADIENT

SPACING_M = 10.0
LAYER = 40
VELOCITIES_KM_S = (1.5, 2.5)
PEAK_KHZ = 0.010
DT_MS = 0.38 * SPACING_M / VELOCITIES_KM_S[1]


class Model:
    """Grid, medium, sponge, source and receivers of a case."""

    def __init__(self, case, dtype="float32"):
        import numpy as np
        from devito import Function, Grid, SparseTimeFunction

        self.case = case
        shape, order, steps = case["shape"], case["order"], case["steps"]
        extent = [SPACING_M * (n - 1) for n in shape]
        self.grid = Grid(shape=tuple(shape), extent=tuple(extent), dtype=np.dtype(dtype).type)
        self.m = Function(name="m", grid=self.grid, space_order=order)
        self.damp = Function(name="damp", grid=self.grid, space_order=order)
        depth = np.arange(shape[-1])
        velocity = np.where(depth < shape[-1] // 2, *VELOCITIES_KM_S)
        self.m.data[:] = velocity**-2.0
        self.damp.data[:] = sum(np.ix_(*(sponge_profile(n) for n in shape)))

        middle = [length / 2 for length in extent]
        self.src = SparseTimeFunction(name="src", grid=self.grid, npoint=1, nt=steps)
        self.src.coordinates.data[0, :] = middle[:-1] + [(LAYER + 2) * SPACING_M]
        turns = math.pi * PEAK_KHZ * (np.arange(steps) * DT_MS - 1.0 / PEAK_KHZ)
        self.src.data[:, 0] = (1 - 2 * turns**2) * np.exp(-(turns**2))

        count = shape[0]
        self.rec = SparseTimeFunction(name="rec", grid=self.grid, npoint=count, nt=steps)
        self.rec.coordinates.data[:] = middle
        self.rec.coordinates.data[:, 0] = np.linspace(400.0, extent[0] - 400.0, count)
        self.rec.coordinates.data[:, -1] = 450.0

    def wavefield(self, name, save=None):
        from devito import TimeFunction

        order = self.case["order"]
        return TimeFunction(name=name, grid=self.grid, time_order=2, space_order=order, save=save)

    def forward(self, u, **settings):
        """One step of the wave, the source into the new level, samples of the current one."""
        from devito import Eq, Operator, solve

        # Centred in time like ours: Devito's `u.dt` is one-sided, another damping.
        wave = self.m * u.dt2 - u.laplace + self.damp * u.dtc
        dt = self.grid.stepping_dim.spacing
        equations = [Eq(u.forward, solve(wave, u.forward))]
        equations += self.src.inject(field=u.forward, expr=self.src * dt**2 / self.m)
        equations += self.rec.interpolate(expr=u)
        return Operator(equations, subs=self.grid.spacing_map, name="Forward", **settings)

    def imaging(self, u, v, gradient):
        """The adjoint wave driven by the samples, and its correlation with the forward one."""
        from devito import Eq, Inc, Operator, solve

        wave = self.m * v.dt2 - v.laplace - self.damp * v.dtc
        dt = self.grid.stepping_dim.spacing
        equations = [Eq(v.backward, solve(wave, v.backward))]
        equations += self.rec.inject(field=v.backward, expr=self.rec * dt**2 / self.m)
        equations += [Inc(gradient, -u.dt2 * v)]
        return Operator(equations, subs=self.grid.spacing_map, name="Gradient")


def sponge_profile(n):
    """Damping along one dimension of `n` points, in ms/m^2."""
    import numpy as np

    inside = np.minimum(np.arange(n), np.arange(n)[::-1])
    x = np.maximum(LAYER - inside, 0) / LAYER
    peak = 1.5 * math.log(1000.0) / LAYER / SPACING_M
    return peak * (x - np.sin(2 * math.pi * x) / (2 * math.pi))


class Candidate:
    """An operator with one choice of settings."""

    def __init__(self, label, operator, sizes):
        self.label = label
        self.operator = operator
        self.sizes = sizes


class Side:
    """A prepared case."""

    def __init__(self, case):
        self.model = Model(case)
        self.u = self.model.wavefield("u")
        self.chosen = None
        timed = [(self.timed(c)["loop"], c) for c in self.candidates()]
        # A second round in the opposite order: the machine may have been busy in the first.
        timed += [(self.timed(c)["loop"], c) for _, c in reversed(timed)]
        self.trials = {}
        for seconds, candidate in timed:
            known = self.trials.get(candidate.label, math.inf)
            self.trials[candidate.label] = min(known, seconds)
        self.chosen = min(timed, key=lambda t: t[0])[1]

    def arguments(self):
        import numpy as np

        steps = self.model.case["steps"]
        return {"dt": np.float32(DT_MS), "time_m": 0, "time_M": steps - 1}

    def candidates(self):
        choices = [("as it comes", {}, False)]
        if len(self.model.case["shape"]) == 2:
            choices += [
                ("static schedule", {"par-dynamic-work": 10**9}, False),
                ("blocked inner loop, tuned", {"blockinner": True}, True),
            ]
        else:
            choices += [("tuned", {}, True)]
        for label, options, tune in choices:
            operator = self.model.forward(self.u, opt=("advanced", options))
            sizes = self.tuned(operator) if tune else {}
            yield Candidate(label, operator, sizes)

    def tuned(self, operator):
        """Block sizes that the autotuner likes best."""
        operator.apply(autotune=("aggressive", "preemptive"), **self.arguments())
        found = {}
        for record in operator._state.get("autotuning", []):
            sizes = record.get("tuned", {})
            found.update({k: int(v) for k, v in sizes.items() if k.endswith("_size")})
        return found

    def timed(self, candidate=None):
        candidate = candidate or self.chosen
        self.model.rec.data[:] = 0
        begun = time.perf_counter()
        self.u.data_with_halo[:] = 0
        summary = candidate.operator.apply(**self.arguments(), **candidate.sizes)
        samples = self.model.rec.data[:].copy()
        call = time.perf_counter() - begun
        assert samples.size
        return {"loop": float(sum(entry.time for entry in summary.values())), "call": call}

    def dump(self, folder):
        write_results(self.model, self.u, f"{folder}/devito")


def write_results(model, u, prefix):
    import numpy as np

    newest = model.case["steps"] % 3
    np.asarray(u.data[newest], dtype="<f4").tofile(f"{prefix}_u.f32")
    np.asarray(model.rec.data, dtype="<f4").tofile(f"{prefix}_rec.f32")


def write_exact(case, folder):
    """The same scheme in f64: tells rounding from another problem."""
    model = Model(case, "float64")
    u = model.wavefield("u")
    model.forward(u).apply(dt=DT_MS, time_m=0, time_M=case["steps"] - 1)
    write_results(model, u, f"{folder}/exact")


def serve():
    import devito

    # Answers go to the real standard output; whatever libraries print goes to standard error.
    answers, sys.stdout = sys.stdout, sys.stderr
    side = None
    for line in sys.stdin:
        command = json.loads(line)
        answer = {}
        if command["do"] == "prepare":
            side = Side(CASES[command["case"]])
            answer = {
                "version": devito.__version__,
                "compiler": str(devito.configuration["compiler"]),
                "trials": side.trials,
                "chosen": side.chosen.label,
                "sizes": side.chosen.sizes,
            }
        elif command["do"] == "run":
            answer = side.timed()
        elif command["do"] == "dump":
            side.dump(command["folder"])
        elif command["do"] == "exact":
            write_exact(CASES[command["case"]], command["folder"])
        elif command["do"] == "quit":
            return
        print(json.dumps(answer), file=answers, flush=True)


def write_gradient(path):
    """Gradient of half the energy of the samples with respect to `m`."""
    import numpy as np
    from devito import Function

    model = Model(GRADIENT)
    steps = GRADIENT["steps"]
    u = model.wavefield("u", save=steps)
    model.forward(u).apply(dt=np.float32(DT_MS), time_m=1, time_M=steps - 2)
    v = model.wavefield("v")
    gradient = Function(name="gradient", grid=model.grid)
    model.imaging(u, v, gradient).apply(dt=np.float32(DT_MS), time_m=1, time_M=steps - 2)
    np.asarray(gradient.data, dtype="<f4").tofile(path)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--gradient"]:
        write_gradient(sys.argv[2])
    else:
        serve()
