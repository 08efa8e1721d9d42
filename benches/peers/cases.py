"""The timed problems; they are those of `crates/retrograd/benches/waves.rs`."""


def case(physics, shape, order, steps, dt=1.0):
    return {"physics": physics, "shape": shape, "order": order, "steps": steps, "dt": dt}


CASES = {
    f"{name}_so{order}": case("acoustic", shape, order, steps)
    for name, shape, steps in (("ac2d", [1001] * 2, 1000), ("ac3d", [256] * 3, 100))
    for order in (4, 8, 12)
}
# Time steps are shorter by a factor: the fastest wave of these takes more of a cell.
CASES["tti3d_so8"] = case("tti", [192] * 3, 8, 50, dt=0.7)
CASES["el3d_so8"] = case("elastic", [128] * 3, 8, 50, dt=0.6)

# Gradients of half the energy of the samples by `m`: all states kept; so many snapshots.
GRADIENTS = {
    "grad2d_all": {**CASES["ac2d_so8"], "ours": "grad2d_so8", "snapshots": None},
    "grad2d_30": {**CASES["ac2d_so8"], "ours": "grad2d_so8", "snapshots": 30},
}

# From process start to first gradient: `crates/retrograd/examples/cold_start.rs`.
GRADIENT = {**case("acoustic", [201, 201], 8, 500), "snapshots": None}

# Wanted ratios, Devito's time by ours.
TARGETS = {
    "ac2d_so4": 1.6,
    "ac2d_so8": 2.0,
    "ac2d_so12": 2.0,
    "ac3d_so4": 1.6,
    "ac3d_so8": 1.6,
    "ac3d_so12": 1.5,
    "tti3d_so8": 1.6,
    "el3d_so8": 2.0,
    "grad2d_all": 1.5,
    "grad2d_30": 3.0,
    "cold_start": 4.0,
}
