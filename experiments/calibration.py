"""The fits tried on widths of known truth: do printed intervals hold it, and how often is a word wrong?

No network is measured. Every trial draws widths about a known curve and sees them through a ladder of widths, as the
searches do. It hands them to the report that every other experiment uses. The claim is 2/3 in all trials.
"""

from dataclasses import dataclass
from itertools import product

from superposed.figures.calibration import draw_calibration
from superposed.fitting import Fit, Points, Sample, fit, fit_points, lack_of_fit, proportion_interval, report
from superposed.fitting.fits import AnyModel
from superposed.fitting.verdict import WITHIN
from superposed.study.experiment import Analysis, Experiment, Finding
from superposed.study.simulated import NOISES, TRUTHS, draw_widths
from superposed.sweeping.record import Seen
from superposed.sweeping.steps import Steps, rows_of

CLAIM = 2 / 3
WANTED = (0.93, 0.97)
"""Where the coverage of a printed 95% interval should lie."""
WORDS = ("supported", "inconclusive", "contradicted")


@dataclass(frozen=True)
class Profile:
    """Every truth over every number of decades with every noise.

    Trials are numbered, and each block is `block` trials from one of `first` on. Blocks can be added to a profile
    later, and the rows of those that were run stay good.
    """

    truths: tuple[str, ...]
    decades: tuple[float, ...]
    noises: tuple[str, ...]
    first: tuple[int, ...]
    block: int
    points: int = 8
    sigma: float = 0.1


PROFILES = {
    "tiny": Profile(("m^(2/3)",), (4.0,), ("even", "seen as pass or fail"), first=(0,), block=1),
    "quick": Profile(("m^(2/3)", "m^(2/3) log m", "m^.60"), (3.0, 6.0), ("even", "humped", "seen as pass or fail"),
                     first=(0,), block=2),
    "standard": Profile(tuple(TRUTHS), (2.0, 3.0, 6.0), tuple(NOISES), first=(0, 4, 8, 12, 16, 20), block=4),
    "full": Profile(tuple(TRUTHS), (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0), tuple(NOISES),
                    first=tuple(range(0, 400, 20)), block=20),
}  # fmt: skip


def try_reports(cell: dict) -> dict:
    """Counts over a block of trials: intervals printed, intervals that held the truth, words, true models rejected."""
    truth = TRUTHS[cell["truth"]]
    counts = dict.fromkeys(("trials", "printed", "covered", *WORDS, "tested", "rejected"), 0)
    for trial in range(cell["first"], cell["first"] + cell["block"]):
        data = draw_widths(cell, trial)
        judged = report(data, CLAIM)
        counts["trials"] += 1
        counts[judged.verdict.word] += 1
        if judged.verdict.exponent is not None:
            low, _, high = judged.verdict.exponent
            counts["printed"] += 1
            counts["covered"] += low <= truth.exponent <= high
        if (p := lack_of_true_model(truth.model, data)) is not None:
            counts["tested"] += 1
            counts["rejected"] += p < 0.01
    return counts


def lack_of_true_model(model: AnyModel, data: Sample) -> float | None:
    """The p-value of the true model's lack of fit; None where it cannot be tested."""
    points = fit_points(data)
    fitted = fit(model, data, points.scatter) if isinstance(points, Points) else points
    return lack_of_fit(fitted, points) if isinstance(fitted, Fit) else None


def tasks(profile: Profile) -> list[Steps]:
    """A step for every block of trials."""
    fixed = {"kind": ["trials"], "points": [profile.points], "sigma": [profile.sigma]}
    return [
        Steps.grid(try_reports, **fixed, truth=[truth], decades=[decades], noise=[noise], first=profile.first,
                   block=[profile.block])
        for truth, decades, noise in product(profile.truths, profile.decades, profile.noises)
    ]  # fmt: skip


def rate(kind: str, hits: int, total: int, **labels: object) -> dict:
    """A table row: a share with its exact 95% binomial interval."""
    low, high = proportion_interval(hits, total) if total else (0.0, 1.0)
    best = hits / total if total else None
    return {"kind": kind, **labels, "hits": hits, "total": total, "low": low, "best": best, "high": high}


def pooled(rows: list[dict], hits: str, total: str, **labels: object) -> tuple[int, int]:
    """The counts of all rows with these labels."""
    chosen = [row for row in rows if all(row[key] == value for key, value in labels.items())]
    return sum(row[hits] for row in chosen), sum(row[total] for row in chosen)


def share_finding(question: str, row: dict, least: float, most: float) -> Finding:
    """Supported when the whole interval of a share lies between the two, contradicted when none of it does."""
    low, high = row["low"], row["high"]
    inside, outside = least <= low and high <= most, high < least or low > most
    word = "supported" if inside else "contradicted" if outside else "inconclusive"
    why = f"wanted between {least:.0%} and {most:.0%}; exact binomial interval"
    measured = f"{row['hits']} of {row['total']}" + (f", {100 * low:.1f} to {100 * high:.1f}%" if row["total"] else "")
    return Finding(question, f"{row['total']} simulated tables", measured, word, why)


def coverage(profile: Profile, rows: list[dict]) -> Analysis:
    """How often the printed interval holds the truth, over all designs and by the scatter's kind."""
    table, findings = [], []
    for noise in (None, *profile.noises):
        labels = {} if noise is None else {"noise": noise}
        table.append(rate("coverage", *pooled(rows, "covered", "printed", **labels), noise=noise or "all"))
        which = "All designs" if noise is None else f"Scatter {noise}"
        question = f"{which}: the printed 95% interval holds the truth in 93 to 97 of 100 tables?"
        findings.append(share_finding(question, table[-1], *WANTED))
    return Analysis(table, findings)


def words_given(profile: Profile, rows: list[dict]) -> Analysis:
    """The share of each word and the coverage, by truth and decades."""
    table, findings = [], []
    for truth, decades in product(profile.truths, profile.decades):
        labels = {"truth": truth, "decades": decades}
        words = {word: rate(word, *pooled(rows, word, "trials", **labels), **labels) for word in WORDS}
        table += [*words.values(), rate("coverage", *pooled(rows, "covered", "printed", **labels), **labels)]
        findings.append(words_finding(truth, decades, words))
    return Analysis(table, findings)


def words_finding(truth: str, decades: float, words: dict[str, dict]) -> Finding:
    """How often each word is said of the claim 2/3 where this is the truth."""
    total = words["supported"]["total"]
    measured = ", ".join(f"{word} {row['hits']}" for word, row in words.items())
    distance = abs(TRUTHS[truth].exponent - CLAIM)
    off = "true" if distance == 0 else f"off by {distance:.3f}"
    question = f"Truth {truth} over {decades:g} decades: which words does the claim 2/3 get, which is {off}?"
    why = "counts of tables, all kinds of scatter"
    return Finding(question, f"{total} simulated tables", measured, "measured", why)


def mistakes(profile: Profile, rows: list[dict]) -> Analysis:
    """How often a word is wrong, and how often the true model is rejected."""
    table, findings = [], []
    distances = {truth: abs(TRUTHS[truth].exponent - CLAIM) for truth in profile.truths}
    for word, question, chosen in (
        ("contradicted", "A claim that is true is contradicted in at most 5 of 100 tables?", lambda x: x == 0),
        ("supported", f"A claim that is off by more than {WITHIN:g} is supported in at most 5 of 100 tables?",
         lambda x: x > WITHIN),
    ):  # fmt: skip
        wrong = [row for row in rows if chosen(distances[row["truth"]])]
        table.append(rate(f"wrongly {word}", *pooled(wrong, word, "trials")))
        findings.append(share_finding(question, table[-1], 0.0, 0.05))
    table.append(rate("lack of fit", *pooled(rows, "rejected", "tested")))
    question = "Lack of fit at the 1% level rejects the true model in at most 2 of 100 tables?"
    return Analysis(table, [*findings, share_finding(question, table[-1], 0.0, 0.02)])


def analyse(profile: Profile, seen: Seen) -> Analysis:
    """Coverage of the printed interval by noise, and the rates of the words by truth and decades."""
    rows = [row for task in tasks(profile) for row in rows_of(task, seen)]
    parts = coverage(profile, rows), words_given(profile, rows), mistakes(profile, rows)
    return Analysis.joined(Analysis(rows, []), *parts)


EXPERIMENT = Experiment(
    claim="Printed 95% intervals hold the truth 93 to 97 times in a hundred, and a wrong word is rare",
    meaning="The verdicts were tried on simulated tables whose truth was known. The figure says how often an interval "
    "misses it, and how often a verdict is wrong.",
    profiles=PROFILES,
    tasks=tasks,
    analyse=analyse,
    draw=draw_calibration,
    size=(11, 4.4),
)
