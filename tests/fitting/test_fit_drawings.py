"""Drawings show the numbers they are given."""

import matplotlib
import numpy as np
import pytest
from synthetic_widths import LADDER, widths

from superposed.fitting import collapse, fit, power, report, sample

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


def test_a_law_is_drawn_through_its_predictions_and_dashed_beyond(ax):
    fitted = fit(power(), DATA)
    draw.draw_model(ax, fitted, beyond=10)
    solid, dashed = ax.lines
    x = solid.get_xdata()
    np.testing.assert_allclose(solid.get_ydata(), np.exp(fitted.predict({"m": x})[0]))
    assert x.max() <= LADDER[-1] * 1.001 and dashed.get_xdata().max() == pytest.approx(10 * LADDER[-1])


def test_the_region_is_drawn_with_estimate_and_claim(ax):
    draw.draw_joint_region(ax, REPORT)
    np.testing.assert_array_equal(np.stack(ax.lines[0].get_data(), axis=1), REPORT.region)
    assert ax.lines[2].get_xdata()[0] == REPORT.claim


def test_local_exponents_are_drawn_where_they_are_bounded(ax):
    draw.draw_local_exponents(ax, REPORT.local)
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [e.best for e in REPORT.local])
    draw.draw_model_exponent(ax, fit(power(), DATA))
    np.testing.assert_allclose(ax.lines[1].get_ydata(), fit(power(), DATA).coef["log m"])


def test_collapse_and_phase_diagram(ax):
    m = np.repeat(LADDER, 5)
    d = m ** (2 / 3) * np.tile(np.geomspace(3, 30, 5), 7)
    error = (d / m ** (2 / 3)) ** -0.5
    draw.draw_collapse(ax, collapse(m, d, error, 2 / 3), m, error)
    assert len(ax.lines) == len(LADDER) and "quality 0.000" in ax.texts[0].get_text()
    figure, other = pyplot.subplots()
    draw.draw_phase(other, m, d, np.clip(error, 0, 1), fit(power(), DATA))
    assert len(other.collections[0].get_offsets()) == len(m)
    pyplot.close(figure)


def test_what_is_no_single_line_is_refused(ax):
    data = sample([1.0, 2.0, 2.0, 4.1], [1.1, 2.1, 2.2, 4.4], m=[64.0, 128.0] * 2, s=[2.0, 2.0, 3.0, 3.0])
    with pytest.raises(ValueError, match="s varies"):
        draw.draw_model(ax, fit(power(), data))
    with pytest.raises(ValueError, match="no joint region"):
        draw.draw_joint_region(ax, report(data, models=(power(),)))
