"""Trainings in pieces: the same result in one go, in company, killed and resumed, and on several devices."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from superposed.bad_input import InputError
from superposed.networks.problem import Problem
from superposed.program import program
from superposed.training import Trained
from superposed.training.checkpoint import NAME
from superposed.training.driver import train

PROBLEM = Problem(8, 2)
TRAINED = Trained(steps=12, batch=8)
KEYS, WIDTHS = list(jax.random.split(jax.random.key(1), 3)), [6, 10, 8]


class Killed(Exception):
    pass


def kill_at(step: int):
    def report(progress):
        if progress.step >= step:
            raise Killed

    return report


def test_pieces_kills_and_company_change_nothing(tmp_path):
    shown = []
    whole = train(TRAINED, PROBLEM, KEYS, WIDTHS, 12, chunk=12)
    with pytest.raises(Killed):
        train(TRAINED, PROBLEM, KEYS, WIDTHS, 12, chunk=4, folder=tmp_path, report=kill_at(8))
    resumed = train(TRAINED, PROBLEM, KEYS, WIDTHS, 12, chunk=4, folder=tmp_path, report=shown.append)
    assert [(p.step, p.steps) for p in shown] == [(12, 12)] and shown[0].seconds_left == 0
    np.testing.assert_array_equal(whole.losses, resumed.losses)
    for one, other in zip(whole.networks, resumed.networks, strict=True):
        jax.tree.map(np.testing.assert_array_equal, one, other)
    finished = train(TRAINED, PROBLEM, KEYS, WIDTHS, 12, chunk=4, folder=tmp_path, report=kill_at(0))
    np.testing.assert_array_equal(whole.losses, finished.losses)
    alone = program(lambda k: TRAINED(k, PROBLEM, 10, 10))(KEYS[1])
    np.testing.assert_allclose(whole.networks[1].layers[0].w[:10], alone.layers[0].w, rtol=1e-3, atol=1e-4)
    assert np.all(whole.failed_at == -1) and np.all(whole.losses[:, -1] < whole.losses[:, 0])


def test_a_checkpoint_of_another_training_is_refused(tmp_path):
    train(TRAINED, PROBLEM, KEYS, WIDTHS, 12, folder=tmp_path)
    before = (tmp_path / NAME).read_bytes()
    with pytest.raises(InputError, match=r"another training \(it differs in trained\)"):
        train(Trained(steps=13, batch=8), PROBLEM, KEYS, WIDTHS, 12, folder=tmp_path)
    with pytest.raises(InputError, match=r"it differs in problem"):
        train(TRAINED, Problem(8, 3), KEYS, WIDTHS, 12, folder=tmp_path)
    assert (tmp_path / NAME).read_bytes() == before
    (tmp_path / NAME).write_bytes(b"torn")
    with pytest.raises(InputError, match="is no checkpoint"):
        train(TRAINED, PROBLEM, KEYS, WIDTHS, 12, folder=tmp_path)


def test_one_network_that_diverges_stops_alone(monkeypatch):
    """The second network starts with an infinite weight; the others end where they would without it."""
    healthy = train(TRAINED, PROBLEM, KEYS, WIDTHS, 12)

    def spoilt(self, key, problem, width, rows, begin=Trained.begin):
        state = begin(self, key, problem, width, rows)
        w = jnp.where(width == WIDTHS[1], state.params.w.at[0, 0].set(jnp.inf), state.params.w)
        return state._replace(params=state.params._replace(w=w))

    monkeypatch.setattr(Trained, "begin", spoilt)
    shown = []
    one = train(Trained(steps=12, batch=8, schedule="cosine"), PROBLEM, KEYS, WIDTHS, 11, report=shown.append)
    assert one.failed_at[1] >= 0 and one.failed_at[0] == one.failed_at[2] == -1
    assert shown[-1].failed == (1,)
    assert not np.any(one.networks[1].layers[0].w)
    np.testing.assert_allclose(one.losses[[0, 2]], healthy.losses[[0, 2]], rtol=1e-4)


@pytest.mark.parametrize(
    "keys, widths, rows, message",
    [
        ([], [], 4, "widths = 0: train one"),
        (KEYS, [4], 4, "widths = 1: train one"),
        (KEYS[:1], [5], 4, "1 to rows = 4"),
    ],
)
def test_bad_input(keys, widths, rows, message):
    with pytest.raises(InputError, match=message):
        train(TRAINED, PROBLEM, keys, widths, rows)


ON_DEVICES = """
import jax, numpy as np, sys
from superposed.networks.problem import Problem
from superposed.training import Trained
from superposed.training.driver import train
assert jax.device_count() == int(sys.argv[1])
result = train(Trained(steps=12, batch=8), Problem(8, 2), list(jax.random.split(jax.random.key(1), 3)), [6, 10, 8], 12)
print(result.losses.tolist())
"""


@pytest.mark.slow
def test_two_devices_train_the_same_networks():
    losses = []
    for n in (1, 2):
        environment = os.environ | {"XLA_FLAGS": f"--xla_force_host_platform_device_count={n}"}
        words = [sys.executable, "-c", ON_DEVICES, str(n)]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
        losses.append(json.loads(done.stdout))
    np.testing.assert_allclose(*losses, rtol=1e-4)


def test_the_examples_of_the_documentation_run(tmp_path, monkeypatch, capsys):
    text = (Path(__file__).parents[2] / "docs" / "training.md").read_text()
    monkeypatch.chdir(tmp_path)
    exec("\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)).replace("200", "20"), {})
    printed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert printed[:4] == ["Trained", "BestReadOff", "Rademacher", "20"]
    assert (tmp_path / "runs" / "example" / NAME).exists()
