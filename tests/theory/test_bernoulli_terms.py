"""The error terms, switched off one by one in the drawn distribution, against their closed forms."""

import pytest

from superposed.program import program
from superposed.theory.bernoulli import best_density
from superposed.theory.bernoulli_terms import drawn_terms
from superposed.theory.bernoulli_width import error_terms, predicted_width


def test_measured_terms_tend_to_their_closed_forms():
    for m, tolerance in ((1e6, 0.08), (1e9, 0.05), (1e12, 0.05)):
        d = predicted_width(m, 2, 0.5)
        p = float(program(best_density)(m, 2, d, d))
        measured, closed = drawn_terms(0, m, 2, d, d, p, 8192), error_terms(m, 2, d, p)
        assert measured.kink == pytest.approx(closed.kink, rel=tolerance)
        assert measured.common_mode == pytest.approx(closed.common_mode, rel=tolerance)
        read_by = 8192 * d * p * p * p  # bystanders seen over all events
        assert abs(measured.bystanders - closed.bystanders) < 5 * p * read_by**-0.5


def test_centred_weights_are_predicted_narrower_until_the_kink_rules():
    ratio = [predicted_width(m, 2, 0.5, centred=True) / predicted_width(m, 2, 0.5) for m in (1e2, 1e4, 1e12)]
    assert ratio[0] < 0.85 and ratio[1] < 0.85 and 0.99 < ratio[2] < 1
