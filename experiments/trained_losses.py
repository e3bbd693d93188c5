"""Trained networks: what the power of the loss changes, and how errors grow with the number of active features."""

from dataclasses import dataclass
from math import log

from superposed.constructions import Rademacher
from superposed.figures.trained_losses import draw_trained_losses
from superposed.measuring.sampling import Sampling
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.series import triple
from superposed.study.trainings import SEED_BY_SEED, error_rows, log_interval, n_untrained, recipe, t_interval
from superposed.sweeping.record import Seen
from superposed.sweeping.tasks import AtWidths

STATISTICS = {"rms": "rms error", "q99": "99% quantile", "max": "largest error"}
SIGNS = "Rademacher"


@dataclass(frozen=True)
class Profile:
    """Every loss power at (m, s) and widths of `losses`; every s at (m, d) of `sparsities`.

    Args:
      losses: ((m, s), widths) for which networks are trained with each of `powers`. The first power is the reference.
      sparsities: (m, d) for which networks are trained with the first power at each of `s`.
    """

    losses: tuple[tuple[tuple[int, int], tuple[int, ...]], ...]
    powers: tuple[int, ...]
    sparsities: tuple[tuple[int, int], ...]
    s: tuple[int, ...]
    seeds: int
    steps: int
    batch: int
    looked_at: int = 32


PROFILES = {
    "tiny": Profile((((6, 2), (8,)),), (2, 4), ((6, 8),), (2, 3), seeds=3, steps=40, batch=16),
    "quick": Profile((((12, 3), (16, 32)),), (2, 4, 8), ((12, 16),), (2, 3, 6), seeds=8, steps=400, batch=32),
    "standard": Profile(
        (((16, 3), (15, 30, 60)), ((64, 3), (32, 64))), (2, 4, 8), ((16, 30), (64, 64)), (2, 3, 4, 6), seeds=8,
        steps=1000, batch=64,
    ),
    "full": Profile(
        tuple(((m, s), (m // 2, m, 2 * m, 4 * m)) for m in (16, 64, 256) for s in (3, 6)), (2, 4, 8),
        ((16, 32), (64, 64), (256, 128)), (2, 3, 4, 6, 8), seeds=8, steps=3000, batch=128,
    ),
}  # fmt: skip


def loss_tasks(profile: Profile) -> dict[tuple[int, int, int], AtWidths]:
    """Errors by (loss power, m, s)."""
    trained = {power: recipe(profile.steps, profile.batch, power=power) for power in profile.powers}
    return {
        (power, m, s): AtWidths(trained[power], m, s, widths, profile.seeds, Sampling(profile.looked_at))
        for (m, s), widths in profile.losses
        for power in profile.powers
    }


def sparsity_tasks(profile: Profile) -> dict[tuple[str, int, int, int], AtWidths]:
    """Errors of trained networks and of Rademacher signs, by (network, m, d, s)."""
    networks = {"trained": recipe(profile.steps, profile.batch, power=profile.powers[0]), SIGNS: Rademacher()}
    return {
        (name, m, d, s): AtWidths(network, m, s, (d,), profile.seeds, Sampling(profile.looked_at))
        for m, d in profile.sparsities
        for name, network in networks.items()
        for s in profile.s
    }


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Errors over those of the first loss power; growth of the error in s; failures of both."""
    table, findings = [], []
    rows = {key: error_rows(f"loss power {key[0]}", *key[1:], task, seen) for key, task in loss_tasks(profile).items()}
    for (m, s), widths in profile.losses:
        for power in profile.powers[1:]:
            for d in widths:
                ratios = ratio_rows(power, rows[power, m, s], rows[profile.powers[0], m, s], d)
                table += ratios
                findings.append(ratio_finding(ratios, profile))
    by_s = {key: error_rows(key[0], key[1], key[3], task, seen) for key, task in sparsity_tasks(profile).items()}
    for (name, m, d, s), measured in by_s.items():
        low, best, high = log_interval([log(row["rms"]) for row in measured])
        row = {"kind": "sparsity", "network": name, "m": m, "s": s, "width": d, "low": low, "best": best, "high": high}
        table.append(row)
    findings += [growth_finding(by_s, m, d, profile) for m, d in profile.sparsities]
    findings.append(failure_finding(profile, seen))
    return Analysis(
        [*table, *(row for each in (rows, by_s) for measured in each.values() for row in measured)], findings
    )


def ratio_rows(power: int, rows: list[dict], reference: list[dict], d: int) -> list[dict]:
    """Each statistic of the error over that of the reference, seed by seed, at one width."""
    plain = {row["seed"]: row for row in reference if row["width"] == d}
    table = []
    for statistic in STATISTICS:
        logs = [log(row[statistic] / plain[row["seed"]][statistic]) for row in rows if row["width"] == d]
        low, best, high = log_interval(logs)
        labels = {key: rows[0][key] for key in ("m", "s")} | {"width": d, "power": power, "statistic": statistic}
        table.append({"kind": "ratio", **labels, "low": low, "best": best, "high": high})
    return table


def ratio_finding(ratios: list[dict], profile: Profile) -> Finding:
    """The three ratios of one power and width in a line."""
    first, part = ratios[0], lambda row: triple((row["low"], row["best"], row["high"]), ".2f")
    text = "; ".join(f"{STATISTICS[row['statistic']]} {part(row)}" for row in ratios)
    question = f"Loss power {first['power']}, m = {first['m']}, s = {first['s']}, d = {first['width']}: "
    question += f"errors over those of loss power {profile.powers[0]}?"
    return Finding(question, f"{profile.seeds} seeds", text, "measured", SEED_BY_SEED)


def growth_finding(by_s: dict[tuple, list[dict]], m: int, d: int, profile: Profile) -> Finding:
    """The exponent of the rms error in s, from the smallest to the largest, for both networks."""
    low, high = min(profile.s), max(profile.s)
    rms = {key: {row["seed"]: row["rms"] for row in rows} for key, rows in by_s.items()}
    rise = lambda name: t_interval(
        [log(rms[name, m, d, high][i] / rms[name, m, d, low][i]) / log(high / low) for i in range(profile.seeds)]
    )
    text = "; ".join(f"{name} s^{triple(rise(name), '.2f')}" for name in ("trained", SIGNS))
    question = f"m = {m}, d = {d}: how does the rms error grow with s?"
    return Finding(question, f"s = {low} to {high}, {profile.seeds} seeds", text, "measured")


def failure_finding(profile: Profile, seen: Seen) -> Finding:
    """How many trained networks learned nothing, by loss power and by s."""
    counts = []
    for power in profile.powers:
        tasks = [task for key, task in loss_tasks(profile).items() if key[0] == power]
        counts.append(f"loss power {power}: {failed(tasks, seen)}")
    for s in profile.s:
        tasks = [task for key, task in sparsity_tasks(profile).items() if key[0] == "trained" and key[3] == s]
        counts.append(f"s = {s}: {failed(tasks, seen)}")
    question = "How many networks did not learn to read active pairs?"
    return Finding(question, f"{profile.seeds} seeds a point", "; ".join(counts), "measured")


def failed(tasks: list[AtWidths], seen: Seen) -> str:
    """2 of 24."""
    errors = [each for task in tasks for width in task.widths for each in task.errors(seen, width)]
    return f"{n_untrained(errors)} of {len(errors)}"


EXPERIMENT = Experiment(
    claim="Gradient descent: what loss powers 4 and 8 change beside 2, and how errors grow with s",
    meaning="The loss says which errors count. A power above 2 weighs the largest errors most. "
    "The number of active features says how many others disturb a pair.",
    profiles=PROFILES,
    tasks=lambda profile: [*loss_tasks(profile).values(), *sparsity_tasks(profile).values()],
    analyse=analyse,
    draw=draw_trained_losses,
    size=(10, 4.8),
)
