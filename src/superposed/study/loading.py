"""Experiments from their files: those of this checkout by name, any other by its path."""

from difflib import get_close_matches
from pathlib import Path

from superposed.bad_input import InputError
from superposed.files import load_module
from superposed.study.experiment import Experiment

CHECKOUT = Path(__file__).parents[3]


def experiments_folder() -> Path:
    """`experiments/` of the checkout that this package runs from.

    Raises:
      ValueError: the package was installed without its checkout.
    """
    if not ((CHECKOUT / "experiments").is_dir() and (CHECKOUT / "pyproject.toml").is_file()):
        raise ValueError(
            "the experiments are files of the repository and not of the installed package: run `make reproduce` in a "
            "checkout, or give the path of an experiment's file, such as ./my_experiment.py"
        )
    return CHECKOUT / "experiments"


def experiment_names() -> list[str]:
    """The names of this checkout's experiments."""
    return [path.stem for path in sorted(experiments_folder().glob("[!_]*.py"))]


def load_experiment(name: str) -> tuple[str, Experiment]:
    """(its name, the experiment) from the name of one of this checkout's experiments, or from the path of any file.

    No other file is run.

    Raises:
      ValueError: there is no such experiment, or its file does not define EXPERIMENT.
    """
    path = Path(name)
    if path.suffix != ".py" and len(path.parts) == 1:
        known = experiment_names()
        if name not in known:
            near = get_close_matches(name, known, 1, 0.4)
            hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(known)}, or the path of a file"
            raise ValueError(f"unknown experiment {name!r}: {hint}")
        path = experiments_folder() / f"{name}.py"
    experiment = getattr(load_module(path), "EXPERIMENT", None)
    if not isinstance(experiment, Experiment):
        raise InputError(
            "file", str(path), "it defines no EXPERIMENT, a value of superposed.study.experiment.Experiment"
        )
    return path.stem, experiment


def load_experiments() -> dict[str, Experiment]:
    """Every experiment of this checkout, by name."""
    return dict(load_experiment(name) for name in experiment_names())
