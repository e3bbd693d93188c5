"""Drawings show the numbers they are given."""

import matplotlib
import numpy as np
import pytest
from synthetic_widths import LADDER, widths

from superposed.fitting import fit, power, report, sample

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

from superposed.figures import fits as draw  # noqa: E402

DATA = widths(censored=True)
REPORT = report(DATA)


@pytest.fixture
def ax():
    figure, axes = pyplot.subplots()
    yield axes
    pyplot.close(figure)


def test_every_row_is_drawn_once(ax):
    draw.draw_widths(ax, DATA)
    bars = len(ax.collections[0].get_segments())
    carets = sum(len(line.get_xdata()) for line in ax.lines)
    assert bars + carets == len(DATA.low)
    assert ax.get_xscale() == ax.get_yscale() == "log"


def test_a_law_is_drawn_through_its_predictions_as_far_as_the_data_go(ax):
    fitted = fit(power(), DATA)
    draw.draw_model(ax, fitted)
    (line,) = ax.lines
    x = line.get_xdata()
    np.testing.assert_allclose(line.get_ydata(), np.exp(fitted.predict({"m": x})[0]))
    assert (x.min(), x.max()) == pytest.approx((LADDER[0], LADDER[-1]))


def test_local_exponents_are_drawn_where_they_are_bounded(ax):
    draw.draw_local_exponents(ax, REPORT.local)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [e.best for e in REPORT.local])


def test_every_point_of_a_phase_diagram_is_drawn(ax):
    m = np.repeat(LADDER, 5)
    d = m ** (2 / 3) * np.tile(np.geomspace(3, 30, 5), 7)
    error = (d / m ** (2 / 3)) ** -0.5
    draw.draw_phase(ax, m, d, np.clip(error, 0, 1), fit(power(), DATA))
    assert len(ax.collections[0].get_offsets()) == len(m)


def test_what_is_no_single_line_is_refused(ax):
    data = sample([1.0, 2.0, 2.0, 4.1], [1.1, 2.1, 2.2, 4.4], m=[64.0, 128.0] * 2, s=[2.0, 2.0, 3.0, 3.0])
    with pytest.raises(ValueError, match="s varies"):
        draw.draw_model(ax, fit(power(), data))
