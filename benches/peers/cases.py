"""The timed problems; they are those of `crates/retrograd/benches/acoustic.rs`."""

CASES = {
    f"{name}_so{order}": {"shape": shape, "order": order, "steps": steps}
    for name, shape, steps in (("ac2d", [1001, 1001], 1000), ("ac3d", [256, 256, 256], 100))
    for order in (4, 8, 12)
}

# From process start to first gradient: `crates/retrograd/examples/cold_start.rs`.
GRADIENT = {"shape": [201, 201], "order": 8, "steps": 500}

# Wanted ratios, Devito's time by ours.
TARGETS = {
    "ac2d_so4": 1.6,
    "ac2d_so8": 2.0,
    "ac2d_so12": 2.0,
    "ac3d_so4": 1.6,
    "ac3d_so8": 1.6,
    "ac3d_so12": 1.5,
    "cold_start": 4.0,
}
