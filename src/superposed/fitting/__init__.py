"""Laws fitted to measured widths: intervals, rivals, verdicts. NumPy and SciPy in float64, no JAX; usable on its own."""

from superposed.fitting.crossover import BERNOULLI, Crossover, ErrorTerm
from superposed.fitting.data import Sample, from_records, sample
from superposed.fitting.design import Power, power_of
from superposed.fitting.fits import Fit, fit
from superposed.fitting.goodness import LocalExponent, collinearity, held_out, lack_of_fit, local_exponents
from superposed.fitting.laws import Law, closed_form, fixed_power_log, logarithm, power, power_log, through
from superposed.fitting.points import saturated
from superposed.fitting.profile import intervals, joint_region
from superposed.fitting.read import Table, read_csv
from superposed.fitting.render import render
from superposed.fitting.reports import Entry, Report, default_laws, report
from superposed.fitting.resampling import Bootstrap, bootstrap
from superposed.fitting.scaling import Collapse, best_collapse, collapse, collapse_interval
from superposed.fitting.scatter import scatter_of
from superposed.fitting.success import Success, clopper_pearson, fit_success, ratio_interval, wilson
from superposed.fitting.verdict import Candidate, Verdict, judge, judge_growth, judge_interval

__all__ = [
    "BERNOULLI", "Bootstrap", "Candidate", "Collapse", "Crossover", "Entry", "ErrorTerm", "Fit", "Law",
    "LocalExponent", "Power", "Report", "Sample", "Success", "Table", "Verdict", "best_collapse", "bootstrap",
    "clopper_pearson", "closed_form", "collapse", "collapse_interval", "collinearity", "default_laws", "fit", "fit_success",
    "fixed_power_log", "from_records", "held_out", "intervals", "joint_region", "judge", "judge_growth",
    "judge_interval", "lack_of_fit", "local_exponents", "logarithm", "power", "power_log", "power_of", "ratio_interval", "read_csv", "render", "report", "sample",
    "saturated", "scatter_of", "through", "wilson",
]  # fmt: skip
