"""What a profile takes, before it is run."""

import pytest

from superposed.constructions import Bernoulli, Rademacher
from superposed.measuring.sampling import Sampling
from superposed.sweeping import plan as module
from superposed.sweeping.cost import network_cost
from superposed.sweeping.plan import plan
from superposed.sweeping.steps import Steps
from superposed.sweeping.tasks import AtWidths, SmallestWidth

AT_WIDTHS = AtWidths(Rademacher(), 16, 3, (32, 64), 5, Sampling(4))
TASKS = [
    AT_WIDTHS,
    AtWidths(Rademacher(), 16, 2, (32, 4096), 5, Sampling(4)),
    SmallestWidth(Bernoulli(), 1000, 2, 3, Sampling(64), "q99", 0.5, mode="drawn"),
    Steps(({"n": 0}, {"n": 1}), lambda cell: {}),
]


def test_networks_programs_and_memory_are_counted():
    built, drawn, steps = plan(TASKS, timed=False)
    assert (built.kind, built.questions, built.networks) == ("Rademacher, built", 2, 20)
    assert built.programs == 2  # rows 2048, which both s share, and 4096
    assert built.memory >= 4 * 4096 * 16
    assert (drawn.kind, drawn.networks, drawn.programs) == ("Bernoulli, drawn", 24, 1)
    assert (steps.kind, steps.networks, steps.seconds) == ("steps", 2, None)
    assert built.seconds is None


def test_seconds_are_those_of_the_work_and_of_the_programs(monkeypatch):
    monkeypatch.setattr(module, "_time", lambda tasks: (5.0, 1e-9))
    built = plan(TASKS)[0]
    assert built.seconds == pytest.approx(2 * 5.0 + 1e-9 * sum(task.cost() for task in TASKS[:2]))
    assert network_cost(64, 16, 3, Sampling(8), "built") > network_cost(64, 16, 3, Sampling(4), "built")


def test_a_block_is_timed_here():
    (built,) = plan([AT_WIDTHS])
    assert 0 < built.seconds < 600
