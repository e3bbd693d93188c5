"""A report as text: the verdict first, then the models side by side, then what the design can tell apart."""

from math import exp

from superposed.fitting.goodness import collinearity
from superposed.fitting.models import LOG_POWER
from superposed.fitting.reports import Entry, Report
from superposed.fitting.verdict import Verdict


def render(report: Report) -> str:
    """The whole report in plain text."""
    along, verdict = report.sample.along, report.verdict
    column = report.sample.covariates[along]
    open_rows = int((~report.sample.bounded).sum())
    lines = [
        f"{verdict.word.upper()}: exponent of {along} = {report.claim:.4g}, "
        f"{along} = {column.min():g} to {column.max():g}, {len(column)} rows ({open_rows} open)",
        f"  why: {verdict.why}",
        f"  exponent, 95%: {_exponent(verdict)}",
        f"  with log powers of at most {LOG_POWER:g}: {report.bounded.word}, exponent {_exponent(report.bounded)}",
        f"  excluded exponents: {', '.join(verdict.excluded) or 'none'}",
        *_formula(report),
        *_would_decide(report),
        "",
        f"  {'model':<18}{'exponent [95%]':<26}{'fits, p':>9}{'dAICc':>8}{'held out':>10}   coefficients",
        *(_row(entry) for entry in report.entries),
        *(f"  {name:<18}left out: {why}" for name, why in report.left_out),
        "",
        f"  held out: measured over predicted response at the largest {along}, fitted without it",
        *_notes(report),
    ]
    if report.local:
        lines += ["", "  local exponents"]
        for local in report.local:
            where = "".join(f", {name} = {value:g}" for name, value in local.others)
            lines.append(
                f"    {along} = {local.start:g} to {local.stop:g}{where}: "
                f"{local.best:.3f} [{local.low:.3f}, {local.high:.3f}]"
            )
    return "\n".join(lines)


def _exponent(verdict: Verdict) -> str:
    if verdict.exponent is None:
        return "no credible model fits one"
    low, best, high = verdict.exponent
    return f"{best:.3f} [{low:.3f}, {high:.3f}] by {' and '.join(c.name for c in verdict.widest)}"


def _formula(report: Report) -> list[str]:
    formula = report.formula
    return [] if formula is None else [f"  closed form: {formula.word}; the data {formula}"]


def _notes(report: Report) -> list[str]:
    along, notes = report.sample.along, []
    correlation = next((r for e in report.entries if (r := collinearity(e.fitted)) is not None), None)
    if correlation is not None:
        wider = (1 - correlation**2) ** -0.5
        notes.append(
            f"  the estimates of exponent and log power are correlated {correlation:+.3f}: fitting both widens the "
            f"exponent's interval {wider:.1f} times"
        )
    if report.scatter_slope:
        notes.append(
            f"  the scatter between seeds changes as {along}^{report.scatter_slope:.2g}; every fit allows for it"
        )
    return notes


def _row(entry: Entry) -> str:
    candidate = entry.candidate
    low, best, high = candidate.exponent
    exponent = f"{best:.4g} (stated)" if candidate.fixed else f"{best:.3f} [{low:.3f}, {high:.3f}]"
    fits = "-" if candidate.fits is None else f"{candidate.fits:.3f}"
    held = "-" if entry.held_out is None else f"x{exp(max(min(entry.held_out.error, 700.0), -700.0)):.3g}"
    coefficients = ", ".join(f"{name}: {value:.3g}" for name, value in entry.fitted.coef.items())
    return f"  {candidate.name:<18}{exponent:<26}{fits:>9}{candidate.delta:>8.1f}{held:>10}   {coefficients}"


def _would_decide(report: Report) -> list[str]:
    needs = report.would_decide
    if needs is None:
        return []
    known = [f"{name} about {value:.3g}" for name, value in needs.items() if value is not None]
    return [f"  would narrow the interval enough: {' or '.join(known) or 'no range or number of seeds of this design'}"]
