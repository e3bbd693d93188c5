"""Laws fitted to measured widths: intervals, rivals, verdicts. NumPy and SciPy in float64, no JAX; usable on its own."""

from superposed.fitting.bootstrap import Bootstrap, bootstrap
from superposed.fitting.crossover import BERNOULLI, Crossover, ErrorTerm
from superposed.fitting.data import Sample, from_records, sample
from superposed.fitting.fit import Fit, fit
from superposed.fitting.goodness import LocalExponent, collinearity, held_out, lack_of_fit, local_exponents
from superposed.fitting.laws import Law, closed_form, fixed_power_log, logarithm, power, power_log
from superposed.fitting.profile import intervals, joint_region
from superposed.fitting.read import Table, read_csv
from superposed.fitting.render import render
from superposed.fitting.report import Entry, Report, default_laws, report
from superposed.fitting.saturated import saturated
from superposed.fitting.scatter import scatter_of
from superposed.fitting.verdict import Candidate, Verdict, judge

__all__ = [
    "BERNOULLI", "Bootstrap", "Candidate", "Crossover", "Entry", "ErrorTerm", "Fit", "Law", "LocalExponent", "Report", "Sample",
    "Table", "Verdict", "bootstrap", "closed_form", "collinearity", "default_laws", "fit", "fixed_power_log", "from_records",
    "held_out", "intervals", "joint_region", "judge", "lack_of_fit", "local_exponents", "logarithm", "power", "power_log",
    "read_csv", "render", "report", "sample", "saturated", "scatter_of",
]  # fmt: skip
