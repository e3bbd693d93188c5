"""Theorem 21: how many features one error-correction layer bears, and which printed tolerance is right.

Claim: a correction of D units (8 D ReLU neurons) bears m features with every unit rounding exactly up to m ~ D^(3/2)
/ (18 sqrt(s) ln D), and with every bit decoding at 1/2 up to m ~ D^2, until rounding saturates and the read-off must be
rescaled; and it tolerates read-off errors eps ~ (D s)^(1/4)/sqrt(m), rising with s (the proof), not (D/s)^(1/4) (as printed).

Rows: "built" (one network, one input, one m of a ladder: the largest noise and the wrong bits), "law" (the largest m by
the exact law), "tolerance" (the largest error of random sign that a built network rounds away).
"""

from collections.abc import Iterator

import jax
import numpy as np

from superposed.codes import host_rng, mean_read, ternary_code
from superposed.figures.circuits import plot_capacity, plot_tolerance
from superposed.laws.error_correction import CRITERIA, capacity, rounded, strict_leading_order, tolerance

PROFILES = {
    "tiny": dict(s=3, built=(128, 256), seeds=2, law=(128, 256), tolerance_units=256, sparsities=(1, 4), tolerance_seeds=2),
    "quick": dict(s=3, built=(256, 512, 1024, 2048), seeds=4, law=(2**8, 2**10, 2**12),
                  tolerance_units=1024, sparsities=(1, 2, 4, 8, 16), tolerance_seeds=8),
    "standard": dict(s=3, built=(256, 512, 1024, 2048, 4096, 8192), seeds=8, law=tuple(round(10 ** (k / 2)) for k in range(5, 15)),
                     tolerance_units=4096, sparsities=(1, 2, 4, 8, 16, 32), tolerance_seeds=32),
    "full": dict(s=3, built=(256, 512, 1024, 2048, 4096, 8192), seeds=32, law=tuple(round(10 ** (k / 4)) for k in range(10, 29)),
                 tolerance_units=8192, sparsities=(1, 2, 4, 8, 16, 32, 64), tolerance_seeds=64),
}


def measure(profile: str) -> Iterator[dict]:
    """Rows of a profile, in a fixed order, each from its own seed."""
    p = PROFILES[profile]
    for units in p["built"]:
        for seed in range(p["seeds"]):
            yield from built_errors(units, p["s"], seed)
    for criterion in CRITERIA:
        for units in p["law"]:
            yield {"kind": "law", "criterion": criterion, "units": units, "neurons": 8 * units, "s": p["s"], "m": capacity(p["s"], units, criterion)}
    for s in p["sparsities"]:
        for seed in range(p["tolerance_seeds"]):
            yield measured_tolerance(p["tolerance_units"], s, seed)


def built_errors(units: int, s: int, seed: int) -> Iterator[dict]:
    """One network and one input with features 0, ..., s - 1 active, for m along a ladder, each m adding features to the last.

    The incoming code is ternary as the new one, so the read-offs that are corrected carry the cross-talk of an exact state.
    Ends four steps of 2^(1/4) beyond the first m at which both criteria fail, for some networks recover.
    """
    rng = host_rng(jax.random.key(seed * 1_000_003 + units))
    density = 1 / np.sqrt(units * s)
    m, before = max(4 * s, int(0.1 * strict_leading_order(units, s))), 0
    x = h = None
    u, codes, failures = np.zeros(units), [], 0
    while failures < 5:
        incoming, code = (ternary_code(rng, m - before, units, density) for _ in range(2))
        if x is None:
            x, signal = incoming[:s].sum(0), code[:s].sum(0)
        u += (x @ mean_read(incoming)) @ code
        codes.append(mean_read(code))
        h = rounded(u)
        reads = np.concatenate([h @ read for read in codes])
        noise, wrong = float(np.abs(u - signal).max()), int((reads[:s] <= 0.5).sum() + (reads[s:] > 0.5).sum())
        failures += failures > 0 or (noise >= 1 / 3 and wrong > 0)
        yield {"kind": "built", "units": units, "neurons": 8 * units, "s": s, "seed": seed, "m": m, "largest_noise": noise,
               "wrong_bits": wrong, "lowest_active": float(reads[:s].min()), "highest_idle": float(reads[s:].max())}
        before, m = m, int(np.ceil(m * 2**0.25))


def measured_tolerance(units: int, s: int, seed: int) -> dict:
    """The largest eps such that read-off errors of +-eps, of random sign, leave every unit's noise below 1/3; m = 2 D."""
    rng = host_rng(jax.random.key(seed * 1_000_003 + units + s))
    m = 2 * units
    code = ternary_code(rng, m, units, 1 / np.sqrt(units * s))
    signs = rng.integers(0, 2, m) * 2.0 - 1
    eps = float(1 / (3 * np.abs(signs @ code).max()))
    return {"kind": "tolerance", "units": units, "neurons": 8 * units, "m": m, "s": s, "seed": seed, "eps": eps, "theory": tolerance(units, m, s)}


def capacities(rows: list[dict]) -> dict[tuple[str, str], dict[int, list[float]]]:
    """{(kind, criterion): {units: the m of every seed}}: where a built network goes from passing to failing, and the law's m."""
    found: dict = {}
    for row in rows:
        if row["kind"] == "law":
            found.setdefault(("law", row["criterion"]), {})[row["units"]] = [row["m"]]
    built = [row for row in rows if row["kind"] == "built"]
    for criterion, passes in (("round", lambda r: r["largest_noise"] < 1 / 3), ("decode", lambda r: r["wrong_bits"] == 0)):
        for units, seed in sorted({(r["units"], r["seed"]) for r in built}):
            own = sorted((r for r in built if (r["units"], r["seed"]) == (units, seed)), key=lambda r: r["m"])
            fails = [i for i, r in enumerate(own) if not passes(r)]
            passed = [i for i, r in enumerate(own) if passes(r)]
            if fails and passed:  # the middle of the stretch in which it passes here and fails there
                edge = np.log(own[min(fails)]["m"]) + np.log(own[max(passed)]["m"])
                found.setdefault(("built", criterion), {}).setdefault(units, []).append(float(np.exp(edge / 2)))
    return found


def slope(points: dict[int, list[float]]) -> tuple[float, float]:
    """Exponent of the median m against units by least squares, and its standard error from the scatter about the line."""
    x, y = np.log(list(points)), np.log([np.median(m) for m in points.values()])
    if len(x) < 3:
        return float(np.polyfit(x, y, 1)[0]), float("nan")
    fit, covariance = np.polyfit(x, y, 1, cov=True)
    return float(fit[0]), float(np.sqrt(covariance[0, 0]))


def tolerance_slope(rows: list[dict]) -> tuple[float, float]:
    """Exponent of eps against s over seeds, and its standard error."""
    own = [row for row in rows if row["kind"] == "tolerance"]
    fit, covariance = np.polyfit(np.log([r["s"] for r in own]), np.log([r["eps"] for r in own]), 1, cov=True)
    return float(fit[0]), float(np.sqrt(covariance[0, 0]))


def verdict(rows: list[dict]) -> dict:
    """Exponents with standard errors, over the range of units they were measured on."""
    exponents = {" ".join(key): (*slope(points), min(points), max(points)) for key, points in capacities(rows).items()}
    return {"exponents": exponents, "eps_against_s": tolerance_slope(rows), "printed": -0.25, "proof": 0.25}


def draw(rows: list[dict], figure) -> None:
    """Left: largest m against width under both criteria, built and by law. Right: the tolerance against s."""
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    s = next(row["s"] for row in rows if row["kind"] == "built")
    found = capacities(rows)
    plot_capacity(left, found, {key: slope(points) for key, points in found.items()}, s, strict_leading_order)
    plot_tolerance(right, [row for row in rows if row["kind"] == "tolerance"], tolerance_slope(rows))
