"""Theorem 8 at any depth: how rare a wrong bit is in a layer, and how much width a thousand times the depth costs.

"chance": the drawn chance that an input gets its first wrong bit in a layer, against m and d. "measured": the same of
built networks, from many layers and inputs. "long": built networks that run to a great depth, every layer made from its
key when its turn comes, and a control with too many features, which must fail. The circuit is the one of closed groups,
so activity never dies out.

Half of all networks are right on B inputs to depth L where the chance is ln 2/(L B). So a chance gives a depth, and the
width at which the chance has a given value gives the price of depth. It is the price by the drawn law; no network is
built at these widths and depths. Every drawn chance is the mean of several runs, each of a seed of its own. Intervals
are the scatter of the runs. The law's own approximations move it further (`docs/theory.md`, section 7).
"""

from dataclasses import dataclass
from functools import partial
from math import log

import numpy as np

from superposed.figures.any_depth import draw_any_depth
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.series import number, triple
from superposed.study.wrong_inputs import Long, Rate, clean_run, pooled, run_long
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Steps
from superposed.theory.density_evolution import Design, mean_field_capacity
from superposed.theory.rare_errors import over_runs, price_of_width, wrong_bit_chance

S, INPUTS, DEPTH, TIMES = 2, 20, 64, 1000
"""Active features of every network; inputs and depth from which the price of `TIMES` the depth is counted."""
SETTLE = 32  # layers a drawn network runs before its chances count


@dataclass(frozen=True)
class Profile:
    """What is drawn and what is built.

    Args:
      curves: widths at which the chance is drawn against m.
      shares: m of those curves, as shares of the mean field's capacity.
      prices: {m: widths} between which lie the widths for `DEPTH` and for `TIMES` that depth.
      seeds: runs of every drawn chance.
      layers, per_decade: of a run.
    """

    curves: tuple[int, ...]
    shares: tuple[float, ...]
    prices: dict[int, tuple[int, ...]]
    seeds: int
    layers: int
    per_decade: int
    rates: tuple[Rate, ...]
    long: tuple[Long, ...]


NARROW = (7000, 8400, 10_000, 12_000, 14_500, 17_500)
WIDE = {
    2000: NARROW,
    20_000: (25_000, 26_500, 28_000, 29_000, 30_000, 32_000),
    200_000: (115_000, 117_500, 120_000, 122_500, 125_000),
}
OFTEN = (Rate(4096, 192, 520, 64, 2), Rate(4096, 768, 72, 64, 2), Rate(8192, 2016, 512, 64))
RARE = (
    Rate(8192, 1008, 2**12, 64, runs=2),
    Rate(6144, 64, 2**15, None, runs=4),
    Rate(7168, 64, 2**17, None, runs=3),
    Rate(10240, 64, 2**18, None, runs=4),
)
"""Few features, because the time of a layer grows with m. The drawn law, looked at before any of these networks was
built, gives chances of 3e-5, 5e-6, 1e-6 and 3e-8. So some 15 inputs should go wrong in each of the first three, and one
in the last, which is to give a limit of about 1e-7."""
RAREST = (Rate(8192, 252, 2**16, 64), Rate(8192, 64, 2**20, 32), Rate(10240, 64, 2**21, None, runs=4))
SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
TINY = (Rate(1024, 64, 12, 8),)
LONG = (Long(16384, 256, 65_536, 8), Long(65536, 70_000, 64, 10), Long(65536, 100_000, 64, 10, True))
"""Beforehand the drawn law gave the first two more than 9 chances in 10 to run without a wrong bit, the last none."""
FOUR, FIVE = (8192, 16384, 32768, 65536), (4096, 8192, 16384, 32768, 65536)
SMALLEST = Profile((8192,), (0.2, 0.5), {2000: (8400, 12_000)}, 2, 8, 10, TINY, (Long(4096, 64, 24, 4),))
PROFILES = {
    "tiny": SMALLEST,
    "quick": Profile((8192, 16384), (0.1, 0.3, 0.5), {2000: NARROW}, 8, 32, 20, (), (Long(8192, 64, 4096, 4),)),
    "standard": Profile(FOUR, SHARES, WIDE, 8, 64, 40, OFTEN + RARE, LONG),
    "full": Profile(FIVE, SHARES, WIDE, 32, 256, 80, OFTEN + RARE + RAREST, (*LONG, Long(32768, 2048, 65_536, 20))),
}


def chances(profile: Profile) -> Steps:
    """One step a pair of m and width: those of the curves, of the prices, and of what is built."""
    pairs = [(round(share * mean_field_capacity(Design(d, S))), d) for d in profile.curves for share in profile.shares]
    pairs += [(m, d) for m, widths in profile.prices.items() for d in widths]
    pairs += [(rate.m, rate.width) for rate in profile.rates]
    shared = {"kind": "chance", "s": S, "layers": profile.layers, "per_decade": profile.per_decade}
    shared |= {"settle": SETTLE, "seed": 0, "seeds": profile.seeds}
    return Steps(tuple({**shared, "m": m, "width": d} for m, d in dict.fromkeys(pairs)), chance)


def chance(cell: dict) -> dict:
    """The drawn chance of a first wrong bit in a layer, one a run."""
    design, seeds = Design(cell["width"], cell["s"]), range(cell["seed"], cell["seed"] + cell["seeds"])
    size = (cell["layers"], cell["settle"], cell["per_decade"])
    return {"chances": [max(wrong_bit_chance(seed, cell["m"], design, *size), 1e-30) for seed in seeds]}


def long_runs(profile: Profile) -> Steps:
    """One step a network."""
    return Steps(tuple(run.cell() for run in profile.long), run_long)


def tasks(profile: Profile) -> list[Steps]:
    """What is drawn, what is counted where anything is, and the long run."""
    return [chances(profile), *(rate.steps() for rate in profile.rates), long_runs(profile)]


def drawn_rows(profile: Profile, seen: Seen) -> list[dict]:
    """Drawn chances with 95% intervals over their runs, and the depth at which half of the networks are right."""
    steps, rows = chances(profile), []
    for cell, result in zip(steps.cells, steps.results(seen), strict=True):
        low, best, high = over_runs(np.array(result["chances"])[:, None], lambda mean: float(mean[0]))
        rows.append({"kind": "chance", "d": cell["width"], "m": cell["m"], "low": low, "best": best,
                     "high": min(high, 1.0), "depth": log(2) / (best * INPUTS),
                     "share": cell["m"] / mean_field_capacity(Design(cell["width"], cell["s"]))})  # fmt: skip
    return rows


def measured_rows(profile: Profile, seen: Seen, drawn: list[dict]) -> list[dict]:
    """Counted chances with 95% intervals, and the drawn ones of the same networks."""
    rows, by_size = [], {(row["d"], row["m"]): row for row in drawn}
    for rate in profile.rates:
        law = by_size[rate.width, rate.m]
        beside = {f"drawn_{key}": law[key] for key in ("low", "best", "high")}
        counted = pooled(rate.steps().results(seen))
        rows.append({"kind": "measured", "d": rate.width, "m": rate.m, "share": law["share"], **counted, **beside})
    return rows


def price_rows(profile: Profile, seen: Seen) -> list[dict]:
    """For each m how many times the width `TIMES` the depth costs, with a 95% interval over the runs."""
    steps, rows = chances(profile), []
    by_place = {
        (cell["m"], cell["width"]): r["chances"] for cell, r in zip(steps.cells, steps.results(seen), strict=True)
    }
    for m, widths in profile.prices.items():
        runs = np.array([by_place[m, d] for d in widths]).T
        low, best, high = over_runs(
            runs, partial(price_of_width, np.array(widths, float), depth=DEPTH, times=TIMES, batch=INPUTS)
        )
        rows.append({"kind": "price", "m": m, "low": low, "best": best, "high": high})
    return [row for row in rows if np.isfinite([row["low"], row["best"], row["high"]]).all()]


def long_finding(cell: dict, first: int | None) -> Finding:
    """Whether a long run had a wrong bit."""
    d, m = cell["width"], cell["m"]
    question = f"Theorem 8 at any depth: does a built network run {cell['depth']:,} layers without a wrong bit?"
    span = f"d = {d:,}, m = {m:,} = {m / d:.2g} d, s = {S}, {cell['batch']} inputs, 1 seed"
    return Finding(question + " (control, must fail)" * cell["control"], span, *clean_run(cell, first))


def price_finding(row: dict) -> Finding:
    """The price of depth at one m."""
    return Finding(
        f"Theorem 8 at any depth, m = {row['m']:,}, s = {S}: how many times the neurons does {TIMES:,} times the depth "
        "cost?",
        f"depth {DEPTH} to {DEPTH * TIMES:,}, {INPUTS} inputs, half of the networks right",
        triple((row["low"], row["best"], row["high"])),
        "computed",
        "drawn chances of a wrong bit, no network built; 95% interval over runs of several seeds",
    )


def built_finding(row: dict) -> Finding:
    """A counted chance beside the drawn one of the same networks."""
    counted, law = (triple((row[of + "low"], row[of + "best"], row[of + "high"]), ".1e") for of in ("", "drawn_"))
    return Finding(
        f"Theorem 8 at any depth, d = {row['d']:,}, m = {row['m']:,}, s = {S}, built: chance of a wrong bit, a layer?",
        f"{number(row['trials'])} inputs times layers",
        f"{counted if row['wrong'] else 'at most {:.1e}'.format(row['high'])}; drawn {law}",
        "measured",
        f"{row['wrong']} inputs went wrong; exact 95% interval, inputs of one layer counted together",
    )


def rare_finding(rows: list[dict], d: int) -> Finding:
    """The drawn chances of one width, from the smallest m to the largest."""
    points = sorted((r["share"], triple((r["low"], r["best"], r["high"]), ".1e")) for r in rows if r["d"] == d)
    (first, low), (last, high) = points[0], points[-1]
    return Finding(
        f"Theorem 8 at any depth, d = {d:,}, s = {S}: chance of a wrong bit in a layer, an input?",
        f"m = {first:.2f} to {last:.2f} of the mean field's capacity",
        f"{low} to {high}",
        "computed",
        "density evolution with the active features drawn, near misses drawn more often; too low where no draw "
        "meets a runaway of the noise or active features that share several units; built networks stand beside",
    )


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Chances, drawn and counted, the depths they allow, and the price of depth."""
    drawn = drawn_rows(profile, seen)
    counted = measured_rows(profile, seen, drawn)
    prices = price_rows(profile, seen)
    runs = long_runs(profile)
    findings = [long_finding(cell, run["broke_at"]) for cell, run in zip(runs.cells, runs.results(seen), strict=True)]
    findings += map(price_finding, prices)
    findings += [rare_finding(drawn, d) for d in profile.curves]
    findings += map(built_finding, counted)
    in_order = sorted(drawn, key=lambda row: (row["d"], row["share"]))
    curves = [{**row, "kind": "curve"} for row in in_order if row["d"] in profile.curves]
    at_m = [{**row, "kind": "at m"} for row in drawn if row["d"] in profile.prices.get(row["m"], ())]
    targets = [{"kind": "target", "depth": depth, "best": log(2) / depth / INPUTS} for depth in (DEPTH, DEPTH * TIMES)]
    return Analysis([*drawn, *curves, *at_m, *counted, *prices, *targets], findings)


EXPERIMENT = Experiment(
    claim="Theorem 8 (Hänni et al. 2024): corrected networks run sparse circuits of any polynomial depth; depth costs "
    "little width",
    meaning="The chance of a wrong bit in a layer falls very fast as the network gets wider. So by the law of "
    "drawn networks a run a thousand times as deep needs only somewhat more neurons, and in wide networks hardly any.",
    profiles=PROFILES,
    tasks=tasks,
    analyse=analyse,
    draw=draw_any_depth,
    size=(12, 12),
)
