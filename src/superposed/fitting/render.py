"""A report as text: the verdict first, then the laws side by side, then what the design can tell apart."""

from superposed.fitting.reports import Entry, Report


def render(report: Report) -> str:
    """The whole report in plain text, at most 120 columns wide."""
    along = report.sample.along
    column = report.sample.covariates[along]
    open_rows = int(((report.sample.low == 0) | ~(report.sample.high < float("inf"))).sum())
    lines = [
        f"{report.verdict.word.upper()}: exponent of {along} = {report.claim:.4g}, {along} = {column.min():g} to {column.max():g}, "
        f"{len(column)} rows ({open_rows} open)",
        f"  {report.verdict.why}",
        f"  excluded exponents: {', '.join(report.verdict.excluded) or 'none'}",
        *_decide(report),
        "",
        f"  {'law':<18}{'exponent [95%]':<26}{'fits, p':>9}{'dAICc':>8}{'held out':>10}   coefficients",
        *(_row(entry) for entry in report.entries),
        *(f"  {name:<18}left out: {why}" for name, why in report.left_out),
        "",
        f"  held out: measured over predicted response at the largest {along}, fitted without it",
    ]
    statement = report.to_json()["collinearity"]
    if statement:
        lines.append(f"  {statement}")
    if report.scatter_slope:
        lines.append(
            f"  the scatter between seeds changes as {along}^{report.scatter_slope:.2g}; every fit allows for it"
        )
    if report.local:
        lines += ["", "  local exponents"]
        for local in report.local:
            where = "".join(f", {name} = {value:g}" for name, value in local.others)
            lines.append(
                f"    {along} = {local.start:g} to {local.stop:g}{where}: {local.best:.3f} [{local.low:.3f}, {local.high:.3f}]"
            )
    return "\n".join(lines)


def _row(entry: Entry) -> str:
    low, best, high = entry.candidate.exponent
    exponent = f"{best:.4g} (stated)" if entry.candidate.fixed else f"{best:.3f} [{low:.3f}, {high:.3f}]"
    fits = "-" if entry.candidate.fits is None else f"{entry.candidate.fits:.3f}"
    held = "-" if entry.held_out is None else f"x{_factor(entry.held_out.error):.3g}"
    coefficients = ", ".join(f"{name}: {value:.3g}" for name, value in entry.fitted.coef.items())
    return (
        f"  {entry.fitted.law.name:<18}{exponent:<26}{fits:>9}{entry.candidate.delta:>8.1f}{held:>10}   {coefficients}"
    )


def _factor(error: float) -> float:
    return 2.718281828459045 ** max(min(error, 700.0), -700.0)


def _decide(report: Report) -> list[str]:
    if report.verdict.would_decide is None:
        return []
    said = [f"{name} about {value:.3g}" for name, value in report.verdict.would_decide.items() if value is not None]
    return [
        f"  would decide: {' or '.join(said)}"
        if said
        else "  would decide: no range or number of seeds of this design; another law must be excluded first"
    ]
