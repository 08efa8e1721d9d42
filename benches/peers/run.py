#!/usr/bin/env python3
"""Times Retrograd beside Devito, alternately, in one run.

Both sides solve the same problems in f32 on the same number of threads: a wave (acoustic, in tilted
transversely isotropic media, elastic) in two layers with a sponge, one source, a line of receivers;
gradients with all states kept and, Devito with pyrevolve, with 30 snapshots. Per case, Devito is built with several
settings, autotuned where that applies, and its fastest setting is raced. Then both run in turns;
printed are medians and the median, least and largest of the ratios of neighbouring runs, of the
time loop alone and of the whole call. `cold_start` is the time of a process from its start to a
written gradient, with empty kernel caches.

The final wavefields and the records of both sides are compared. Where they differ by more than the
tolerance, Devito solves the same problem once more in f64, and ours (in f32) has to agree with
that: what is left is Devito's rounding. Gradients, which both sides scale in their own way, are
compared by the sine of the angle between them. The exit status is 0 if all agree, 1 if any differs,
2 if something could not be run. Ratios below the wanted ones do not change the exit status unless --strict is given (then 3).

Needs cargo, a C compiler, and network for Devito's first installation.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from array import array
from pathlib import Path

from cases import CASES, GRADIENT, GRADIENTS, TARGETS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DEVITO = ["devito>=4.8,<5", "pyrevolve>=2.2,<3"]


# Ours is the exact gradient of the discrete misfit; Devito's example correlates with the second
# difference in time and leaves out the first and the last step.
GRADIENT_TOLERANCE = 1e-2


class Failure(Exception):
    """Something could not be run."""


def options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [*CASES, *GRADIENTS, "cold_start"]
    parser.add_argument("cases", nargs="*", help=f"of: {', '.join(names)}; default: all")
    parser.add_argument("--runs", type=int, default=7, help="runs of each side per case")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--tolerance", type=float, default=1e-4, help="relative L2")
    parser.add_argument("--pin", action="store_true", help="pin Devito's threads to cores")
    parser.add_argument("--strict", action="store_true", help="fail below the wanted ratios too")
    parser.add_argument("--tile", help="our tile extents along the first two dimensions: A,B")
    parser.add_argument("--json", type=Path, help="write all numbers to this file")
    parser.add_argument(
        "--venv", type=Path, help="environment with Devito; default: made in the target folder"
    )
    chosen = parser.parse_args()
    chosen.cases = chosen.cases or names
    for name in chosen.cases:
        if name not in names:
            parser.error(f"no case `{name}`; there are: {', '.join(names)}")
    return chosen


def target_folder():
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def devito_python(folder):
    """The interpreter of an environment that has Devito, made on first use."""
    folder = folder or target_folder() / "peers-venv"
    python = folder / "bin" / "python"
    if not python.exists():
        note(f"making {folder}")
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    if subprocess.run([python, "-c", "import devito, pyrevolve"], capture_output=True).returncode:
        note("installing Devito")
        subprocess.run([python, "-m", "pip", "install", "--quiet", *DEVITO], check=True)
    return python


def built(kind, name, package="retrograd"):
    """Builds a benchmark or an example; the path of its binary."""
    command = ["cargo", "bench", "--no-run"] if kind == "bench" else ["cargo", "build", "--release"]
    command += ["--package", package, f"--{kind}", name, "--message-format", "json"]
    made = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if made.returncode:
        raise Failure(f"{kind} `{name}` does not build")
    for line in made.stdout.splitlines():
        message = json.loads(line) if line.startswith("{") else {}
        if message.get("executable") and message["target"]["name"] == name:
            return message["executable"]
    raise Failure(f"cargo made no binary of {kind} `{name}`")


class Ours:
    """Our benchmark, one process per run: the time loop and the call are timed inside."""

    def __init__(self, binary, case, chosen, folder):
        gradient = GRADIENTS.get(case)
        label = gradient["ours"] if gradient else case
        # The first gradients of a process map the memory of all states.
        repetitions = "3" if gradient else "1"
        self.command = [binary, label, "--reps", repetitions, "--threads", str(chosen.threads)]
        if gradient:
            self.command += ["--kept", str(gradient["snapshots"] or "all")]
        if chosen.tile:
            self.command += ["--tile", chosen.tile]
        self.command += ["--dump", str(folder)]
        self.case, self.folder = label, folder

    def run(self):
        made = subprocess.run(self.command, capture_output=True, text=True)
        if made.returncode:
            raise Failure(made.stderr)
        numbers = json.loads((self.folder / f"{self.case}.json").read_text())
        return {what: statistics.median(numbers[f"{what}_seconds"]) for what in ("loop", "call")}

    def files(self):
        return self.folder / f"{self.case}_u.f32", self.folder / f"{self.case}_rec.f32"


class Devito:
    """A process that holds a prepared case of Devito.

    It is stopped between commands: OpenMP's threads keep a core busy while they wait for work.
    """

    def __init__(self, python, case, chosen, folder, waiting):
        self.folder = folder
        self.process = subprocess.Popen(
            [python, HERE / "devito_worker.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=devito_environment(chosen, folder, waiting),
        )
        self.about = self.ask({"do": "prepare", "case": case})
        self.about["waiting"] = waiting

    @classmethod
    def fastest(cls, python, case, chosen, folder):
        """Prepared under each way of waiting at OpenMP's barriers; the fastest stays.

        Active waiting wins on a quiet machine, passive waiting on a shared one.
        """
        best = None
        for waiting in ("active", "passive")[: chosen.threads]:
            side = cls(python, case, chosen, folder, waiting)
            if best is None or side.seconds() < best.seconds():
                best, side = side, best
            if side:
                side.end()
        return best

    def seconds(self):
        return min(self.about["trials"].values())

    def ask(self, command):
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Failure("Devito's process ended")
        self.process.send_signal(signal.SIGSTOP)
        return json.loads(line)

    def run(self):
        return self.ask({"do": "run"})

    def files(self):
        self.ask({"do": "dump", "folder": str(self.folder)})
        return self.folder / "devito_u.f32", self.folder / "devito_rec.f32"

    def exact_files(self, case):
        """Wavefield and samples of the same scheme in f64."""
        self.ask({"do": "exact", "case": case, "folder": str(self.folder)})
        return self.folder / "exact_u.f32", self.folder / "exact_rec.f32"

    def end(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.close()
        self.process.wait()


def devito_environment(chosen, folder, waiting):
    """OpenMP by the C compiler that we use too, kernels cached in `folder`."""
    pins = {"OMP_PROC_BIND": "close", "OMP_PLACES": "cores"} if chosen.pin else {}
    return {
        **os.environ,
        "DEVITO_LANGUAGE": "openmp",
        "DEVITO_ARCH": "gcc",
        "DEVITO_LOGGING": "ERROR",
        "OMP_NUM_THREADS": str(chosen.threads),
        "OMP_WAIT_POLICY": waiting,
        "TMPDIR": str(folder),
        **pins,
    }


def numbers(path):
    values = array("f")
    values.frombytes(path.read_bytes())
    return values


def distance(path, reference):
    """Relative L2 distance of two files of f32."""
    a, b = numbers(path), numbers(reference)
    if len(a) != len(b):
        raise Failure(f"{len(a)} values beside {len(b)}")
    square = sum((x - y) ** 2 for x, y in zip(a, b))
    # A comparison with NaN is false, hence not "agrees".
    return (square / sum(y * y for y in b)) ** 0.5


def cosine(path, other):
    a, b = numbers(path), numbers(other)
    inner = sum(x * y for x, y in zip(a, b))
    return inner / (sum(x * x for x in a) * sum(y * y for y in b)) ** 0.5


def alternately(ours, theirs, runs):
    """Runs both in turns; which goes first changes every time."""
    ours.run(), theirs.run()
    pairs = []
    for turn in range(runs):
        if turn % 2:
            second = theirs.run()
            pairs.append((ours.run(), second))
        else:
            first = ours.run()
            pairs.append((first, theirs.run()))
    return pairs


def compared(pairs, what):
    """Medians of both sides and of the ratios of pairs."""
    a, b = [p[0][what] for p in pairs], [p[1][what] for p in pairs]
    ratios = [y / x for x, y in zip(a, b)]
    return {
        "ours_s": statistics.median(a),
        "devito_s": statistics.median(b),
        "ratio": statistics.median(ratios),
        "least": min(ratios),
        "most": max(ratios),
    }


def agree(ours, theirs, case, tolerance):
    """Distances of wavefields and records, in f32; where they are large, those of each side from
    Devito in f64 as well."""
    if case in GRADIENTS:
        along = cosine(ours.files()[0], theirs.files()[0])
        sine = max(0.0, 1 - along**2) ** 0.5
        return {"apart": [sine], "agree": sine <= GRADIENT_TOLERANCE}
    apart = [distance(a, b) for a, b in zip(ours.files(), theirs.files())]
    found = {"apart": apart, "agree": all(d <= tolerance for d in apart)}
    if not found["agree"]:
        exact = theirs.exact_files(case)
        found["ours_from_f64"] = [distance(a, b) for a, b in zip(ours.files(), exact)]
        found["devito_from_f64"] = [distance(a, b) for a, b in zip(theirs.files(), exact)]
        found["agree"] = all(d <= tolerance for d in found["ours_from_f64"])
    return found


def print_agreement(found, tolerance):
    def both(pair):
        return f"wavefield {pair[0]:.1e}, records {pair[1]:.1e}"

    verdict = "agree" if found["agree"] else f"DIFFER by more than {tolerance:g}"
    if len(found["apart"]) == 1:
        print(f"{'':9} sine of the angle between the gradients {found['apart'][0]:.1e}: {verdict}")
        return
    if "ours_from_f64" in found:
        print(f"{'':9} relative L2 in f32: {both(found['apart'])}")
        print(f"{'':9} from Devito in f64: ours {both(found['ours_from_f64'])}: {verdict}")
        print(f"{'':9}                     Devito in f32 {both(found['devito_from_f64'])}")
    else:
        print(f"{'':9} relative L2 in f32: {both(found['apart'])}: {verdict}")


def race(case, binary, python, chosen):
    """One case: times, ratios, agreement."""
    with tempfile.TemporaryDirectory(prefix="retrograd-peers-") as made:
        folder = Path(made)
        ours = Ours(binary, case, chosen, folder)
        theirs = Devito.fastest(python, case, chosen, folder)
        try:
            pairs = alternately(ours, theirs, chosen.runs)
            agreement = agree(ours, theirs, case, chosen.tolerance)
        finally:
            theirs.end()
    problem = GRADIENTS.get(case) or CASES[case]
    points = problem["steps"]
    for extent in problem["shape"]:
        points *= extent
    result = {
        "case": case,
        "loop": compared(pairs, "loop"),
        "call": compared(pairs, "call"),
        "devito": theirs.about,
        **agreement,
    }
    for what in ("loop", "call"):
        row = result[what]
        print(
            f"{case:9} {what}: ours {points / row['ours_s'] / 1e9:5.2f} GPts/s "
            f"({row['ours_s']:.3f} s), Devito {points / row['devito_s'] / 1e9:5.2f} GPts/s "
            f"({row['devito_s']:.3f} s), {ratio_text(row)}"
        )
    about = theirs.about
    trials = ", ".join(f"{k} {v:.3f} s" for k, v in about["trials"].items())
    print(
        f"{'':9} Devito {about['version']}: {about['chosen']}, {about['waiting']} waiting "
        f"{about['sizes'] or ''} (tried: {trials})"
    )
    print_agreement(agreement, chosen.tolerance)
    wanted(case, result["loop"])
    return result


class Process:
    """A program that is timed from its start to its end, with empty caches."""

    def __init__(self, command, environment):
        self.command, self.environment = command, environment

    def run(self):
        with tempfile.TemporaryDirectory(prefix="retrograd-peers-") as cache:
            environment = self.environment(Path(cache))
            begun = time.perf_counter()
            made = subprocess.run(self.command, capture_output=True, text=True, env=environment)
            seconds = time.perf_counter() - begun
        if made.returncode:
            raise Failure(made.stderr)
        return {"process": seconds}


def cold_start(example, python, chosen):
    with tempfile.TemporaryDirectory(prefix="retrograd-peers-") as made:
        files = [Path(made) / "ours.f32", Path(made) / "devito.f32"]
        threads = str(chosen.threads)
        ours = Process(
            [example, str(files[0]), threads],
            lambda cache: {**os.environ, "RETROGRAD_CACHE": str(cache)},
        )
        theirs = Process(
            [python, HERE / "devito_worker.py", "--gradient", str(files[1])],
            lambda cache: devito_environment(chosen, cache, "passive"),
        )
        pairs = alternately(ours, theirs, chosen.runs)
        alike = cosine(*files)
    row = compared(pairs, "process")
    extents = " x ".join(map(str, GRADIENT["shape"]))
    print(
        f"cold_start: {extents}, {GRADIENT['steps']} steps: ours {row['ours_s']:.2f} s, "
        f"Devito {row['devito_s']:.2f} s, {ratio_text(row)}"
    )
    print(f"{'':9} cosine of the two gradients {alike:.6f}")
    wanted("cold_start", row)
    # The last digits depend on rounding; a wrong term or index would cost far more.
    return {"case": "cold_start", "process": row, "cosine": alike, "agree": alike > 0.9999}


def ratio_text(row):
    return f"ratio {row['ratio']:.2f} ({row['least']:.2f} to {row['most']:.2f})"


def wanted(case, row):
    if case in TARGETS:
        met = "met" if row["ratio"] >= TARGETS[case] else "MISSED"
        print(f"{'':9} wanted ratio {TARGETS[case]:.1f}: {met}")


def note(text):
    print(text, file=sys.stderr, flush=True)


def machine():
    """Processor, cores, load, compiler and commit, as text."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    asked = {
        "compiler": [os.environ.get("CC", "cc"), "--version"],
        "commit": ["git", "-C", str(ROOT), "rev-parse", "HEAD"],
    }
    answers = {}
    for what, command in asked.items():
        text = ""
        if shutil.which(command[0]):
            text = subprocess.run(command, capture_output=True, text=True).stdout
        answers[what] = text.splitlines()[0] if text else "unknown"
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        **answers,
    }


def main():
    chosen = options()
    python = devito_python(chosen.venv)
    about = machine()
    print(
        f"{about['processor']}, {about['cores']} cores, {chosen.threads} threads, load before "
        f"{about['load']:.1f}; {about['compiler']}; commit {about['commit']}"
    )
    results = []
    binary = None
    for case in chosen.cases:
        if case == "cold_start":
            results.append(cold_start(built("example", "cold_start"), python, chosen))
        else:
            binary = binary or built("bench", "waves")
            results.append(race(case, binary, python, chosen))
        sys.stdout.flush()
    if chosen.json:
        chosen.json.write_text(json.dumps({"machine": about, "results": results}, indent=2))
    if not all(r["agree"] for r in results):
        return 1
    ratios = {r["case"]: r.get("loop", r.get("process"))["ratio"] for r in results}
    if chosen.strict and any(ratios[c] < TARGETS[c] for c in ratios if c in TARGETS):
        return 3
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failure, OSError, subprocess.CalledProcessError) as error:
        note(f"error: {error}")
        sys.exit(2)
