"""Models fitted to measured widths: intervals, rivals, verdicts. NumPy and SciPy in float64; usable without JAX."""

from superposed.fitting.crossover import BERNOULLI, Crossover, ErrorTerm
from superposed.fitting.data import Sample, from_records, sample
from superposed.fitting.design import Design, Power, power_of
from superposed.fitting.fits import Fit, NotFitted, Scatter, fit
from superposed.fitting.formula import Formula
from superposed.fitting.goodness import LocalExponent, collinearity, held_out, lack_of_fit, local_exponents
from superposed.fitting.models import Model, closed_form, fixed_power_log, logarithm, power, power_log, through
from superposed.fitting.points import Points, fit_points
from superposed.fitting.profile import intervals, joint_region
from superposed.fitting.read import Table, read_csv
from superposed.fitting.render import render
from superposed.fitting.reports import Entry, Report, report
from superposed.fitting.rivals import default_models
from superposed.fitting.scaling import Collapse, best_collapse, collapse, collapse_interval, compare_collapses
from superposed.fitting.success import Success, fit_success, proportion_interval, ratio_interval
from superposed.fitting.verdict import Candidate, Verdict, judge, judge_growth, judge_interval

__all__ = [
    "BERNOULLI", "Candidate", "Collapse", "Crossover", "Design", "Entry", "ErrorTerm", "Fit", "Formula",
    "LocalExponent", "Model", "NotFitted", "Points", "Power", "Report", "Sample", "Scatter", "Success", "Table",
    "Verdict", "best_collapse", "closed_form", "collapse", "collapse_interval", "collinearity", "compare_collapses",
    "default_models", "fit", "fit_points", "fit_success", "fixed_power_log", "from_records", "held_out", "intervals",
    "joint_region", "judge", "judge_growth", "judge_interval", "lack_of_fit", "local_exponents", "logarithm", "power",
    "power_log", "power_of", "proportion_interval", "ratio_interval", "read_csv", "render", "report", "sample",
    "through",
]  # fmt: skip
