"""An experiment: a claim, what is measured, how it is judged, and its figure. One short file a claim in `experiments/`."""

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from superposed.measuring.cell import describe
from superposed.sweeping.record import Seen
from superposed.sweeping.tasks import Task


@dataclass(frozen=True)
class Finding:
    """One line of the table of verdicts.

    Args:
      question: what was asked, with criterion and tolerance.
      range: of m or d, with the number of seeds.
      measured: the estimate with its interval.
      verdict: the word that fixed rules give.
      why: the rule's reason, in one sentence.
    """

    question: str
    range: str
    measured: str
    verdict: str
    why: str = ""


@dataclass(frozen=True)
class Analysis:
    """What the rows of one profile say.

    Args:
      table: every number in the figure, a dict a row; becomes NAME.csv.
      fits: laws, coefficients, intervals, rivals and verdicts as plain JSON; becomes NAME.json.
      findings: lines of the table of verdicts.
      panels: what `draw` needs, in whatever form it likes.
    """

    table: Sequence[dict]
    fits: dict
    findings: Sequence[Finding]
    panels: object


@dataclass(frozen=True)
class Experiment:
    """A claim and how it is tested. Everything that could be tuned to the answer is fixed here, before the rows are seen.

    Args:
      claim: in one sentence, with its source.
      profiles: frozen dataclasses by name: tiny (for tests), quick, standard, full, then any of its own.
      tasks: profile -> what to measure.
      analyse: (profile, rows) -> what they say; pure.
      draw: (panels, matplotlib figure) -> None.
      size: of the figure, in inches.
    """

    claim: str
    profiles: Mapping[str, object]
    tasks: Callable[[object], Sequence[Task]]
    analyse: Callable[[object, Seen], Analysis]
    draw: Callable[[object, object], None]
    size: tuple[float, float] = (10, 4.2)


def configuration(name: str, experiment: Experiment, profile: str) -> dict:
    """What a run's folder belongs to: the experiment and everything its profile fixes."""
    return {"experiment": name, "profile": profile, "claim": experiment.claim, **describe(experiment.profiles[profile])}


def experiments_folder() -> Path:
    """`experiments/` of the working directory, or of the checkout this package was installed from.

    Raises:
      ValueError: there is neither.
    """
    for root in (Path.cwd(), Path(__file__).parents[3]):
        if (root / "experiments").is_dir():
            return root / "experiments"
    raise ValueError("no folder experiments/ here: run in a checkout of the repository")


def load_experiments() -> dict[str, Experiment]:
    """Every experiment by the name of its file."""
    return {path.stem: _load(path) for path in sorted(experiments_folder().glob("[!_]*.py"))}


def _load(path: Path) -> Experiment:
    spec = importlib.util.spec_from_file_location(f"experiments.{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.EXPERIMENT
