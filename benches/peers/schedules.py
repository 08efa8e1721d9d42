#!/usr/bin/env python3
"""Times our checkpointing schedules beside those of checkpoint_schedules and pyrevolve, in one run.

Per family the peer makes its schedule and walks through all actions, at 100, 200, 500, 1000, ...
steps until it takes longer than the limit; ours does the same in turns with it, a process per run.
At the largest size that the peer finished, both run again, and the medians and ratios of
neighbouring runs are printed as a table. Making the schedule is always included, but for the
executors, of which the sweeps alone are timed. Then ours runs at the sizes that are wanted.

The makespans of both sides, summed over their actions, are compared in the same run. The exit
status is 0 if all are equal, 1 if any differs, 2 if something could not be run, and with --strict 3
if a time is above the wanted one. A peer that cannot be installed is left out, which is said.

Needs cargo, Python 3.11, and network for the first installation; pyrevolve may need a C++ compiler.
"""

import argparse
import json
import select
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from run import HERE, Failure, built, machine, note, target_folder

PACKAGES = {
    "checkpoint_schedules": ["checkpoint_schedules==1.0.4", "numba==0.68.1", "numpy==2.4.6"],
    "pyrevolve": ["pyrevolve==2.2.8"],
}
STEPS = [digit * 10**power for power in range(2, 8) for digit in (1, 2, 5)]
CS, PYREVOLVE = PACKAGES


class Race(NamedTuple):
    """A family of schedules on both sides: names of `schedule_time.rs` and of the worker."""

    title: str
    ours: str
    package: str
    peer: str
    sizes: list
    # Those that are timed; otherwise the largest one that the peer finishes is looked for.
    steps: tuple = ()


class Target(NamedTuple):
    """What ours should take: seconds, or nanoseconds per action."""

    title: str
    command: list
    unit: str
    wanted: float


RACES = [
    Race("Revolve, 10 slots", "revolve", CS, "Revolve", [10]),
    Race("Revolve, 10 slots", "revolve", CS, "Multistage", [10]),
    Race("Revolve, 10 slots", "revolve", PYREVOLVE, "crevolve", [10], (10**4, 10**5)),
    Race("Multistage, 10 + 10 slots", "multistage", CS, "Multistage", [10, 10]),
    Race("H-Revolve, 10 + 10 slots", "h-revolve", CS, "HRevolve", [10, 10]),
    Race("Disk-Revolve (one read), 10 slots", "disk-revolve-one-read", CS, "DiskRevolve", [10]),
    Race("Periodic, 10 slots", "periodic-disk-revolve", CS, "PeriodicDiskRevolve", [10]),
    Race("Mixed, 50 units", "mixed", CS, "Mixed", [50]),
    Race("Two-level, period 100, 10 slots", "two-level", CS, "TwoLevel", [100, 10]),
    Race("Executor, 10 slots", "executor", PYREVOLVE, "MemoryRevolver", [10], (10**4, 10**5)),
]

TARGETS = [
    Target("Revolve, 10^5 steps, 10 slots", ["revolve", 10**5, 10], "ns/action", 5),
    Target("Revolve, 10^7 steps, 10 slots", ["revolve", 10**7, 10], "ns/action", 5),
    Target("Revolve, 10^7 steps, 50 slots", ["revolve", 10**7, 50], "ns/action", 5),
    Target("H-Revolve, 10^3 steps, 10 + 10 slots", ["h-revolve", 10**3, 10, 10], "s", 0.02),
    Target("H-Revolve, 10^4 steps, 10 + 10 slots", ["h-revolve", 10**4, 10, 10], "s", 1),
    Target("Disk-Revolve, 10^6 steps, 10 slots", ["disk-revolve", 10**6, 10], "s", 1),
    Target("Mixed, 10^4 steps, 50 units", ["mixed", 10**4, 50], "s", 0.3),
    Target("Chain (Rotor), 100 stages, 500 levels", ["chain", 100, 500], "s", 1),
]


def options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3, help="runs of each side at the largest size")
    parser.add_argument("--limit", type=float, default=30, help="seconds that a peer may take")
    parser.add_argument("--strict", action="store_true", help="fail above the wanted times too")
    parser.add_argument("--json", type=Path, default=target_folder() / "peers" / "schedules.json")
    parser.add_argument("--venv", type=Path, default=target_folder() / "peers-schedules-venv")
    return parser.parse_args()


def prepared(folder):
    """The interpreter of an environment with the peers, made on first use, and those it has."""
    python = folder / "bin" / "python"
    if not python.exists():
        note(f"making {folder}")
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    found = []
    for package, pinned in PACKAGES.items():
        if subprocess.run([python, "-c", f"import {package}"], capture_output=True).returncode:
            note(f"installing {' '.join(pinned)}")
            subprocess.run([python, "-m", "pip", "install", "--quiet", *pinned])
        if subprocess.run([python, "-c", f"import {package}"], capture_output=True).returncode:
            print(f"{package} could not be installed: left out")
        else:
            found.append(package)
    return python, found


class Stopped(Exception):
    """The peer did not answer: too late, or its process ended."""


class Peer:
    """A process that times one family of a peer; started again after it was ended."""

    def __init__(self, python, race):
        sizes = [str(size) for size in race.sizes]
        self.command = [python, HERE / "schedules_worker.py", race.peer, *sizes]
        self.process = None

    def ask(self, command, patience):
        """The answer within so many seconds."""
        if not self.process:
            pipe = subprocess.PIPE
            self.process = subprocess.Popen(self.command, stdin=pipe, stdout=pipe, text=True)
            # Imports, and what is compiled on first use.
            self.version = self.line(60 + patience)["version"]
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        answer = self.line(patience)
        if "error" in answer:
            raise Stopped(answer["error"])
        return answer

    def line(self, patience):
        if not select.select([self.process.stdout], [], [], patience)[0]:
            self.end()
            raise Stopped(f"more than {patience:g} s")
        line = self.process.stdout.readline()
        if not line:
            self.end()
            raise Stopped("the process ended")
        return json.loads(line)

    def end(self):
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.process = None


class Contest:
    """Both sides of a race: runs in turns, and the makespans they agree on."""

    def __init__(self, race, binary, peer, limit):
        self.race, self.binary, self.peer, self.limit = race, binary, peer, limit
        self.pairs, self.makespans = {}, {}

    def seconds(self, times):
        """What is compared."""
        made = 0 if self.race.ours == "executor" else times["made_s"]
        return made + times["walked_s"]

    def ours(self, n):
        return ours(self.binary, [self.race.ours, n, *self.race.sizes])

    def pair(self, n):
        """One more run of each side; which goes first changes every time. Says why if the peer
        failed."""
        pairs = self.pairs.get(n, [])
        # What is not compared, the start of an executor, is waited for.
        patience = self.limit * (3 if self.race.ours == "executor" else 1)
        mine = self.ours(n) if len(pairs) % 2 else None
        try:
            theirs = self.peer.ask({"do": "time", "n": n}, patience)
        except Stopped as reason:
            return f"{n:,} steps: {reason}"
        if self.seconds(theirs) > self.limit:
            return f"{n:,} steps: {self.seconds(theirs):.0f} s"
        self.pairs[n] = [*pairs, (mine or self.ours(n), theirs)]
        return None

    def compare(self, n):
        """Notes the makespans of both at `n` steps."""
        try:
            theirs = self.peer.ask({"do": "cost", "n": n}, 5 * self.limit)["makespan"]
        except Stopped as reason:
            theirs = str(reason)
        self.makespans[n] = {"ours": self.pairs[n][0][0]["makespan"], "peer": theirs}

    def run(self, runs):
        """Sizes until the limit, then more runs: of the last size, or of each if they are given."""
        stopped = None
        for n in self.race.steps or STEPS:
            stopped = self.pair(n)
            if stopped:
                break
            took = self.seconds(self.pairs[n][-1][1])
            note(f"{self.race.title}, {self.race.peer}: {n} steps in {took:.3g} s")
            if took < self.limit / 10:
                self.compare(n)
        if not self.pairs:
            print(f"{self.race.title}, {self.race.peer}: left out; {stopped}")
        sizes = list(self.pairs)[0 if self.race.steps else -1 :]
        for n in sizes:
            for _ in range(runs - 1):
                # A run above the limit after one below it is lost, and the others count.
                self.pair(n)
            if n not in self.makespans:
                self.compare(n)
        return [self.row(n, stopped) for n in sizes]

    def row(self, n, stopped):
        mine, theirs = ([side[i] for side in self.pairs[n]] for i in (0, 1))
        ratios = [self.seconds(b) / self.seconds(a) for a, b in self.pairs[n]]
        ours_s, peer_s = (statistics.median(map(self.seconds, side)) for side in (mine, theirs))
        by_step = self.race.ours == "executor"
        return {
            "schedule": self.race.title,
            "peer": f"{self.race.package} {self.peer.version} {self.race.peer}",
            "steps": n,
            "runs": len(ratios),
            "peer_s": peer_s,
            "ours_s": ours_s,
            "ratio": statistics.median(ratios),
            "least": min(ratios),
            "most": max(ratios),
            "peer_s_each": peer_s / (n if by_step else theirs[0]["actions"]),
            "ours_s_each": ours_s / (n if by_step else mine[0]["actions"]),
            "each": "step" if by_step else "action",
            "makespans": self.makespans,
            "agree": all(both["ours"] == both["peer"] for both in self.makespans.values()),
            "stopped": stopped,
            "pairs": self.pairs[n],
        }


def ours(binary, command):
    made = subprocess.run([binary, *map(str, command)], capture_output=True, text=True)
    if made.returncode:
        raise Failure(made.stderr)
    return json.loads(made.stdout)


def reached(target, binary, runs):
    """Medians of ours alone at a wanted size."""
    times = [ours(binary, target.command) for _ in range(runs)]
    seconds = [run["made_s"] + run["walked_s"] for run in times]
    if target.unit == "ns/action":
        values = [1e9 * run["walked_s"] / run["actions"] for run in times]
    else:
        values = seconds
    return {
        "schedule": target.title,
        "unit": target.unit,
        "median": statistics.median(values),
        "least": min(values),
        "wanted": target.wanted,
        "met": statistics.median(values) <= target.wanted,
        "seconds": seconds,
    }


def span(seconds):
    """A time with three digits and a unit."""
    for unit, size in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def number(value):
    """Three digits, without a power of ten."""
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else f"{value:.3g}"


def print_races(rows):
    print("\n| schedule | peer | steps | peer | ours | ratio | peer, ours each | makespans |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        spread = f"{number(row['ratio'])} ({number(row['least'])} to {number(row['most'])})"
        each = f"{span(row['peer_s_each'])}, {span(row['ours_s_each'])} per {row['each']}"
        verdict = f"equal ({len(row['makespans'])})" if row["agree"] else "DIFFER"
        print(
            f"| {row['schedule']} | {row['peer']} | {row['steps']:,} | {span(row['peer_s'])} | "
            f"{span(row['ours_s'])} | {spread} | {each} | {verdict} |"
        )
    print()
    for row in rows:
        if row["stopped"]:
            print(f"{row['schedule']}, {row['peer']} stopped at {row['stopped']}")
        if not row["agree"]:
            print(f"{row['schedule']}, {row['peer']}: makespans {row['makespans']}")


def print_targets(rows):
    print("\n| ours alone | median | least | wanted |")
    print("|---|---|---|---|")
    for row in rows:

        def said(value, unit=row["unit"]):
            return span(value) if unit == "s" else f"{value:.2f} {unit}"

        met = "" if row["met"] else " MISSED"
        print(
            f"| {row['schedule']} | {said(row['median'])} | {said(row['least'])} | "
            f"{row['wanted']:g} {row['unit']}{met} |"
        )


def main():
    chosen = options()
    binary = built("example", "schedule_time", "retrograd-checkpoint")
    python, found = prepared(chosen.venv)
    about = machine()
    print(
        f"{about['processor']}, {about['cores']} cores, load before {about['load']:.1f}; commit "
        f"{about['commit']}; {chosen.runs} runs of each side in turns, limit {chosen.limit:g} s",
        flush=True,
    )
    begun = time.perf_counter()
    races = []
    for race in RACES:
        if race.package in found:
            peer = Peer(python, race)
            try:
                races += Contest(race, binary, peer, chosen.limit).run(chosen.runs)
            finally:
                peer.end()
    targets = [reached(target, binary, 2 * chosen.runs - 1) for target in TARGETS]
    print_races(races)
    print_targets(targets)
    note(f"took {time.perf_counter() - begun:.0f} s")
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    results = {"machine": about, "races": races, "targets": targets}
    chosen.json.write_text(json.dumps(results, indent=2))
    if not all(row["agree"] for row in races):
        return 1
    if chosen.strict and not all(row["met"] for row in targets):
        return 3
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failure, OSError, subprocess.CalledProcessError) as error:
        note(f"error: {error}")
        sys.exit(2)
