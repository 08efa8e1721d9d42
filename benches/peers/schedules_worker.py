"""Makes and walks the checkpointing schedules of one peer for `schedules.py`.

Arguments: the peer, a name of `PEERS`, and its sizes. Commands are lines of JSON on standard input,
one answer each on standard output: `{"do": "time", "n": 1000}` times making a schedule and walking
through all its actions, `"cost"` sums the makespan of the actions instead.

Costs are those of `schedule_time.rs`: advanced and reversed steps 1, writes to disk and reads from
it 5, memory nothing. The cost of a step is the same forward and backward because HRevolve 1.0.4
swaps the two.
"""

import json
import os
import resource
import sys
import time
from importlib.metadata import version

DISK = 5


class CheckpointSchedules:
    """A family of checkpoint_schedules: `make` has the number of steps, then the sizes."""

    package = "checkpoint_schedules"

    def __init__(self, make):
        self.make = make

    def timed(self, n, *sizes):
        start = time.perf_counter()
        schedule = self.make(n, *sizes)
        made = time.perf_counter()
        actions = self.walk(schedule, n)
        end = time.perf_counter()
        return {"made_s": made - start, "walked_s": end - made, "actions": actions}

    def walk(self, schedule, n, see=None):
        """Iterates up to the end of the first reversal and counts."""
        actions, last = 0, cs.EndReverse
        if schedule.max_n is None:
            actions = self.sweep(schedule, n, see)
        for action in schedule:
            actions += 1
            if see:
                see(action)
            if type(action) is last:
                break
        return actions

    def sweep(self, schedule, n, see):
        """The first sweep of a schedule that is told of its end when it gets there."""
        actions = 0
        while schedule.n < n:
            action = next(schedule)
            actions += 1
            if see:
                see(action)
        schedule.finalize(n)
        return actions

    def makespan(self, n, *sizes):
        total = 0

        def see(action):
            nonlocal total
            if isinstance(action, cs.Forward):
                total += 0 if action.write_adj_deps else len(action)
                total += DISK * (action.write_ics and action.storage is cs.StorageType.DISK)
            elif isinstance(action, cs.Reverse):
                total += len(action)
            elif isinstance(action, (cs.Copy, cs.Move)):
                total += DISK * (action.from_storage is cs.StorageType.DISK)

        self.walk(self.make(n, *sizes), n, see)
        return total


class Crevolve:
    """The C++ Revolve inside pyrevolve, called for one action after the other."""

    package = "pyrevolve"

    def timed(self, n, slots):
        start = time.perf_counter()
        revolve = crevolve.CRevolve(slots, n, None)
        made = time.perf_counter()
        actions = 1
        while revolve.revolve() != crevolve.Action.terminate:
            actions += 1
        end = time.perf_counter()
        return {"made_s": made - start, "walked_s": end - made, "actions": actions}

    def makespan(self, n, slots):
        revolve = crevolve.CRevolve(slots, n, None)
        total = 0
        while (action := revolve.revolve()) != crevolve.Action.terminate:
            if action == crevolve.Action.advance:
                total += revolve.capo - revolve.oldcapo
            elif action in (crevolve.Action.firstrun, crevolve.Action.youturn):
                total += 1
        return total


class Executor:
    """pyrevolve's MemoryRevolver over operators that do nothing and a state of one number."""

    package = "pyrevolve"

    class Idle:
        forward = 0

        def apply(self, t_start, t_end):
            pass

    class Counting(Idle):
        def apply(self, t_start, t_end):
            self.forward += t_end - t_start

    def prepared(self, n, slots, operator):
        state = numpy.zeros(1, dtype=numpy.float32)

        class State(pyrevolve.Checkpoint):
            dtype = numpy.float32
            size = 1

            def get_data(self, timestep):
                return [state]

            def get_data_location(self, timestep):
                return [state]

        return pyrevolve.MemoryRevolver(State(), operator, self.Idle(), slots, n)

    def timed(self, n, slots):
        start = time.perf_counter()
        revolver = self.prepared(n, slots, self.Idle())
        made = time.perf_counter()
        revolver.apply_forward()
        revolver.apply_reverse()
        end = time.perf_counter()
        return {"made_s": made - start, "walked_s": end - made, "actions": None}

    def makespan(self, n, slots):
        # Every recorded step is run forward as well, and costs as much as its reversal.
        operator = self.Counting()
        revolver = self.prepared(n, slots, operator)
        revolver.apply_forward()
        revolver.apply_reverse()
        return operator.forward


COSTS = {"uf": 1, "ub": 1, "wd": DISK, "rd": DISK}
PEERS = {
    "Revolve": CheckpointSchedules(lambda n, c: cs.Revolve(n, c, **COSTS)),
    "Multistage": CheckpointSchedules(
        lambda n, ram, disk=0: cs.MultistageCheckpointSchedule(n, ram, disk, trajectory="revolve")
    ),
    "HRevolve": CheckpointSchedules(lambda n, ram, disk: cs.HRevolve(n, ram, disk, **COSTS)),
    "DiskRevolve": CheckpointSchedules(lambda n, c: cs.DiskRevolve(n, c, **COSTS)),
    "PeriodicDiskRevolve": CheckpointSchedules(lambda n, c: cs.PeriodicDiskRevolve(n, c, **COSTS)),
    "Mixed": CheckpointSchedules(
        lambda n, s: cs.MixedCheckpointSchedule(n, s, storage=cs.StorageType.RAM)
    ),
    "TwoLevel": CheckpointSchedules(
        lambda n, period, s: cs.TwoLevelCheckpointSchedule(
            period, s, binomial_storage=cs.StorageType.RAM
        )
    ),
    "crevolve": Crevolve(),
    "MemoryRevolver": Executor(),
}


def answered(peer, command, sizes):
    try:
        if command["do"] == "time":
            return peer.timed(command["n"], *sizes)
        return {"makespan": peer.makespan(command["n"], *sizes)}
    except Exception as error:
        return {"error": type(error).__name__}


def main():
    peer, sizes = PEERS[sys.argv[1]], [int(size) for size in sys.argv[2:]]
    # Peers print and redirect standard output; answers have a descriptor of their own.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    # Half of the memory, so that a table that is too large is an error and not the machine's end.
    half = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    resource.setrlimit(resource.RLIMIT_AS, (half, half))
    # Some schedules recurse once per snapshot on disk.
    sys.setrecursionlimit(10**6)

    peer.timed(100, *sizes)  # what is compiled on first use
    print(json.dumps({"version": version(peer.package)}), file=answers, flush=True)
    for line in sys.stdin:
        answer = answered(peer, json.loads(line), sizes)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    if PEERS[sys.argv[1]].package == "pyrevolve":
        import numpy
        import pyrevolve
        from pyrevolve import crevolve
    else:
        import checkpoint_schedules as cs
    main()
