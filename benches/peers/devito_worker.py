"""Devito's side of `run.py`: the standard problems, one JSON command per line.

Started by `run.py` inside the virtual environment that has Devito. Commands on standard input:

    {"do": "prepare", "case": "ac2d_so8"}    build, tune, choose the fastest settings
    {"do": "run"}                            one timed run from a zero wavefield
    {"do": "dump", "folder": "..."}          final wavefield and samples as raw f32
    {"do": "exact", "case": "ac2d_so8", "folder": "..."}   the same, computed in f64
    {"do": "quit"}

Each is answered by one line of JSON on standard output. With `--gradient FILE` the script instead
computes one gradient of the cold-start problem, writes it as raw f32 and ends.

The problems are those of `crates/retrograd/src/bench/`, in Devito's customary units m, ms, km/s.
"""

import json
import math
import sys
import time

from cases import CASES, GRADIENT, GRADIENTS

SPACING_M = 10.0
LAYER = 40
VELOCITIES_KM_S = (1.5, 2.5)
PEAK_KHZ = 0.010
DT_MS = 0.38 * SPACING_M / VELOCITIES_KM_S[1]


class Model:
    """Grid, medium, sponge, source and receivers of a case."""

    def __init__(self, case, dtype="float32"):
        import numpy as np
        from devito import Grid

        self.case = case
        shape, steps = case["shape"], case["steps"]
        extent = [SPACING_M * (n - 1) for n in shape]
        self.grid = Grid(shape=tuple(shape), extent=tuple(extent), dtype=np.dtype(dtype).type)
        self.m, self.damp = self.function("m"), self.function("damp")
        depth = np.arange(shape[-1])
        velocity = np.where(depth < shape[-1] // 2, *VELOCITIES_KM_S)
        self.m.data[:] = velocity**-2.0
        self.damp.data[:] = sum(np.ix_(*(sponge_profile(n) for n in shape)))
        self.dt = DT_MS * case["dt"]

        middle = [length / 2 for length in extent]
        self.src = self.points("src", 1)
        self.src.coordinates.data[0, :] = middle[:-1] + [(LAYER + 2) * SPACING_M]
        turns = math.pi * PEAK_KHZ * (np.arange(steps) * self.dt - 1.0 / PEAK_KHZ)
        self.src.data[:, 0] = (1 - 2 * turns**2) * np.exp(-(turns**2))
        self.rec = self.receivers("rec")

    def function(self, name):
        from devito import Function

        return Function(name=name, grid=self.grid, space_order=self.case["order"])

    def points(self, name, count):
        from devito import SparseTimeFunction

        return SparseTimeFunction(
            name=name, grid=self.grid, npoint=count, nt=self.case["steps"]
        )

    def receivers(self, name):
        import numpy as np

        extent, count = self.grid.extent, self.case["shape"][0]
        rec = self.points(name, count)
        rec.coordinates.data[:] = [length / 2 for length in extent]
        rec.coordinates.data[:, 0] = np.linspace(400.0, extent[0] - 400.0, count)
        rec.coordinates.data[:, -1] = 450.0
        return rec

    def wavefield(self, name, save=None):
        from devito import TimeFunction

        order = self.case["order"]
        return TimeFunction(name=name, grid=self.grid, time_order=2, space_order=order, save=save)

    def build(self):
        """The wavefields, the first of which is compared, and a maker of the forward operator."""
        return {"acoustic": self.acoustic, "tti": self.tti, "elastic": self.elastic}[
            self.case["physics"]
        ]()

    def operator(self, equations, name, settings):
        from devito import Operator

        return Operator(equations, subs=self.grid.spacing_map, name=name, **settings)

    def acoustic(self):
        u = self.wavefield("u")
        return [u], lambda **settings: self.forward(u, **settings)

    def forward(self, u, **settings):
        """One step of the wave, the source into the new level, samples of the current one."""
        from devito import Eq, solve

        # Centred in time like ours: Devito's `u.dt` is one-sided, another damping.
        wave = self.m * u.dt2 - u.laplace + self.damp * u.dtc
        dt = self.grid.stepping_dim.spacing
        equations = [Eq(u.forward, solve(wave, u.forward))]
        equations += self.src.inject(field=u.forward, expr=self.src * dt**2 / self.m)
        equations += self.rec.interpolate(expr=u)
        return self.operator(equations, "Forward", settings)

    def tti(self):
        """The centred rotated Laplacian of `examples/seismic/tti`."""
        import numpy as np
        from devito import Eq, cos, sin, solve, sqrt

        values = {}
        for name, value in (("epsilon", 0.2), ("delta", 0.1), ("theta", 0.5), ("phi", 0.3)):
            values[name] = self.function(name)
            values[name].data[:] = value * (1 + 0.1 * np.linspace(0, 1, self.case["shape"][-1]))
        u, v = self.wavefield("u"), self.wavefield("v")
        x, y, z = self.grid.dimensions
        tilt, azimuth = values["theta"], values["phi"]
        axis = [sin(tilt) * cos(azimuth), sin(tilt) * sin(azimuth), cos(tilt)]
        half = self.case["order"] // 2

        def along(w):
            slopes = [w.dx, w.dy, w.dz]
            slope = sum(
                n * d(fd_order=half, x0=dim + dim.spacing / 2)
                for n, d, dim in zip(axis, slopes, (x, y, z))
            )
            flux = [slope * n for n in axis]
            outer = [flux[0].dx, flux[1].dy, flux[2].dz]
            return sum(d(fd_order=half, x0=dim - dim.spacing / 2) for d, dim in zip(outer, (x, y, z)))

        stretch, moveout = 1 + 2 * values["epsilon"], sqrt(1 + 2 * values["delta"])
        across, vertical = u.laplace - along(u), along(v)
        forces = [stretch * across + moveout * vertical, moveout * across + vertical]
        dt = self.grid.stepping_dim.spacing
        equations = []
        for w, force in zip((u, v), forces):
            wave = self.m * w.dt2 - force + self.damp * w.dtc
            equations.append(Eq(w.forward, solve(wave, w.forward)))
        equations += self.src.inject(
            field=(u.forward, v.forward), expr=self.src * dt**2 / self.m
        )
        equations += self.rec.interpolate(expr=u + v)
        return [u, v], lambda **settings: self.operator(equations, "Tti", settings)

    def elastic(self):
        """Velocity and stress, as `examples/seismic/elastic`, with a factor that damps both."""
        import numpy as np
        from devito import Eq, TensorTimeFunction, VectorTimeFunction, diag, div, grad, solve

        lam, mu, b, kept = (self.function(name) for name in ("lam", "mu", "b", "kept"))
        squared = 1.0 / self.m.data[:]
        lam.data[:], mu.data[:], b.data[:] = squared / 2, squared / 4, 1.0
        kept.data[:] = np.clip(1 - 0.2 * self.damp.data[:] * self.dt, 0, 1)
        order = self.case["order"]
        v = VectorTimeFunction(name="v", grid=self.grid, space_order=order, time_order=1)
        tau = TensorTimeFunction(name="tau", grid=self.grid, space_order=order, time_order=1)
        strain = grad(v.forward) + grad(v.forward).transpose(inner=False)
        velocity = v.dt - b * div(tau)
        stress = tau.dt - lam * diag(div(v.forward)) - mu * strain
        equations = [
            Eq(v.forward, kept * solve(velocity, v.forward)),
            Eq(tau.forward, kept * solve(stress, tau.forward)),
        ]
        dt = self.grid.stepping_dim.spacing
        other = self.receivers("rec_s")
        equations += self.src.inject(tau.forward.diagonal(), expr=self.src * dt)
        equations += self.rec.interpolate(expr=div(v))
        equations += other.interpolate(expr=tau[-1, -1])
        return [*v, *tau], lambda **settings: self.operator(equations, "Elastic", settings)

    def imaging(self, u, v, gradient):
        """The adjoint wave driven by the samples, and its correlation with the forward one."""
        from devito import Eq, Inc, solve

        wave = self.m * v.dt2 - v.laplace - self.damp * v.dtc
        dt = self.grid.stepping_dim.spacing
        equations = [Eq(v.backward, solve(wave, v.backward))]
        equations += self.rec.inject(field=v.backward, expr=self.rec * dt**2 / self.m)
        equations += [Inc(gradient, -u.dt2 * v)]
        return self.operator(equations, "Gradient", {})


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
        self.fields, self.make = self.model.build()
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
        return {"dt": np.float32(self.model.dt), "time_m": 0, "time_M": steps - 1}

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
            operator = self.make(opt=("advanced", options))
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
        for field in self.fields:
            field.data_with_halo[:] = 0
        summary = candidate.operator.apply(**self.arguments(), **candidate.sizes)
        samples = self.model.rec.data[:].copy()
        call = time.perf_counter() - begun
        assert samples.size
        return {"loop": float(sum(entry.time for entry in summary.values())), "call": call}

    def dump(self, folder):
        write_results(self.model, self.fields[0], f"{folder}/devito")


class GradientSide:
    """A gradient with all states kept, or with snapshots by pyrevolve."""

    def __init__(self, case):
        from devito import Function

        self.model = model = Model(case)
        self.steps, self.snapshots = case["steps"], case["snapshots"]
        save = None if self.snapshots else self.steps
        self.u, self.v = model.wavefield("u", save=save), model.wavefield("v")
        self.gradient = Function(name="gradient", grid=model.grid)
        self.forward = model.forward(self.u)
        self.reverse = model.imaging(self.u, self.v, self.gradient)
        self.chosen = Candidate("states kept" if save else "pyrevolve", None, {})
        self.timed()
        self.trials = {self.chosen.label: self.timed()["loop"]}

    def timed(self):
        import numpy as np

        self.v.data_with_halo[:] = 0
        self.u.data_with_halo[:] = 0
        self.gradient.data_with_halo[:] = 0
        self.model.rec.data[:] = 0
        begun = time.perf_counter()
        if self.snapshots:
            self.revolve()
        else:
            inner = {"dt": np.float32(self.model.dt), "time_m": 1, "time_M": self.steps - 2}
            self.forward.apply(**inner)
            self.reverse.apply(**inner)
        seconds = time.perf_counter() - begun
        return {"loop": seconds, "call": seconds}

    def revolve(self):
        from devito import CheckpointOperator, DevitoCheckpoint, Revolver

        model, dt = self.model, self.model.dt
        shared = {"u": self.u, "rec": model.rec, "m": model.m, "damp": model.damp, "dt": dt}
        forward = CheckpointOperator(self.forward, src=model.src, **shared)
        reverse = CheckpointOperator(self.reverse, v=self.v, gradient=self.gradient, **shared)
        checkpoint = DevitoCheckpoint([self.u])
        revolver = Revolver(checkpoint, forward, reverse, self.snapshots, self.steps - 2)
        revolver.apply_forward()
        revolver.apply_reverse()

    def dump(self, folder):
        import numpy as np

        np.asarray(self.gradient.data, dtype="<f4").tofile(f"{folder}/devito_u.f32")
        np.asarray(self.model.rec.data, dtype="<f4").tofile(f"{folder}/devito_rec.f32")


def write_results(model, u, prefix):
    import numpy as np

    newest = model.case["steps"] % (u.time_order + 1)
    np.asarray(u.data[newest], dtype="<f4").tofile(f"{prefix}_u.f32")
    np.asarray(model.rec.data, dtype="<f4").tofile(f"{prefix}_rec.f32")


def write_exact(case, folder):
    """The same scheme in f64: tells rounding from another problem."""
    model = Model(case, "float64")
    fields, make = model.build()
    make().apply(dt=model.dt, time_m=0, time_M=case["steps"] - 1)
    write_results(model, fields[0], f"{folder}/exact")


def serve():
    import devito

    # Answers go to the real standard output; whatever libraries print goes to standard error.
    answers, sys.stdout = sys.stdout, sys.stderr
    side = None
    for line in sys.stdin:
        command = json.loads(line)
        answer = {}
        if command["do"] == "prepare":
            name = command["case"]
            side = GradientSide(GRADIENTS[name]) if name in GRADIENTS else Side(CASES[name])
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
    model.forward(u).apply(dt=np.float32(model.dt), time_m=1, time_M=steps - 2)
    v = model.wavefield("v")
    gradient = Function(name="gradient", grid=model.grid)
    model.imaging(u, v, gradient).apply(dt=np.float32(model.dt), time_m=1, time_M=steps - 2)
    np.asarray(gradient.data, dtype="<f4").tofile(path)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--gradient"]:
        write_gradient(sys.argv[2])
    else:
        serve()
