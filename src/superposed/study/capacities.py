"""Largest numbers of features as data: the interval in which a network of each width and seed stops passing, and its law."""

from collections.abc import Sequence

import numpy as np

from superposed.fitting import Law, Report, closed_form, from_records, report
from superposed.study.experiment import Finding


def edge(ladder: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    """(last m that passes before any fails, first m that fails) of rungs (m, passed); 0 or inf where a side is open."""
    low = 0.0
    for m, passed in sorted(ladder):
        if not passed:
            return low, float(m)
        low = float(m)
    return low, float("inf")


def capacity_report(
    records: Sequence[dict],
    claim: float | int,
    along: str = "d",
    more_laws: Sequence[Law] = (),
    covariates: Sequence[str] = (),
) -> Report | str:
    """The laws of m* (`fitting.report`) from dicts with `along`, covariates, seed, low and high; the reason where none fits."""
    try:
        return report(from_records(records, along=along, covariates=covariates), claim=claim, more_laws=more_laws)
    except ValueError as error:
        return str(error)


def capacity_finding(question: str, found: Report | str, records: Sequence[dict], along: str = "d") -> Finding:
    """The report's line in the table of verdicts; "inconclusive" with the reason where nothing could be fitted."""
    seeds = len({record["seed"] for record in records})
    values = sorted({record[along] for record in records})
    span = f"{along} = {values[0]:.6g} to {values[-1]:.6g}, {seeds} seeds"
    if isinstance(found, str):
        return Finding(question, span, "no fit", "inconclusive", found)
    return Finding(question, span, exponent_text(found), found.verdict.word, found.verdict.why)


def exponent_text(found: Report) -> str:
    """The exponent of a power law through the data with its 95% interval, and which law fits best where that is another."""
    best = found.best.fitted.law.name
    power = next((entry for entry in found.entries if entry.fitted.law.name == "power"), None)
    if power is None:
        return f"best law: {best}"
    low, middle, high = power.candidate.exponent
    text = f"power {middle:.2f} [{low:.2f}, {high:.2f}]"
    return text if best == "power" else f"{text}; best law: {best}"


def computed_law(name: str, points: Sequence[tuple[float, float]], claim: float | int) -> Law:
    """A theory's (d, m*), computed at a few d, as a rival with one free constant; straight in log-log between the points."""
    d, m = np.log(np.array(sorted(points), float)).T
    return closed_form(name, lambda x: np.exp(np.interp(np.log(x["d"]), d, m)), claim, "d")


def fits_json(found: dict[str, Report | str]) -> dict:
    """Reports by name as plain JSON; the reason where there is no report."""
    return {name: {"not fitted": one} if isinstance(one, str) else one.to_json() for name, one in found.items()}
