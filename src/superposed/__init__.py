"""superposed: an instrument for computation in superposition.

It measures how many neurons a network needs to compute many more boolean features than it has neurons, and compiles
sparse circuits to such networks with known ground truth (Hänni et al. 2024, arXiv 2408.05451). What a study needs
stands here, and is imported when it is first used:

    import superposed as sp

    construction = sp.Superposed(sp.Bernoulli())
    cells = [sp.Cell(construction, m=256, s=2, width=1024, seed=seed, sampling=sp.Sampling(16)) for seed in range(8)]
    errors = sp.pooled(sp.measure(cells))
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from superposed.bad_input import InputError as InputError
    from superposed.circuits.builder import CircuitBuilder as CircuitBuilder
    from superposed.circuits.circuit import Circuit as Circuit
    from superposed.circuits.formats import read_circuit as read_circuit
    from superposed.circuits.formats import write_circuit as write_circuit
    from superposed.circuits.planted import planted_circuit as planted_circuit
    from superposed.compiler.compile import compile_circuit as compile_circuit
    from superposed.compiler.file import load as load
    from superposed.compiler.verify import verify_network as verify  # noqa: F401
    from superposed.compiler.write import write_network as write_network
    from superposed.constructions import Bernoulli as Bernoulli
    from superposed.constructions import Construction as Construction
    from superposed.constructions import Gaussian as Gaussian
    from superposed.constructions import Naive as Naive
    from superposed.constructions import Rademacher as Rademacher
    from superposed.constructions import RandomInit as RandomInit
    from superposed.constructions import Superposed as Superposed
    from superposed.fitting import read_csv as read_csv
    from superposed.fitting import report as fit  # noqa: F401
    from superposed.fitting import sample as sample
    from superposed.measuring.cell import Cell as Cell
    from superposed.measuring.criteria import passes as passes
    from superposed.measuring.errors import Errors as Errors
    from superposed.measuring.errors import pooled as pooled
    from superposed.measuring.measure import measure as measure
    from superposed.measuring.sampling import Sampling as Sampling
    from superposed.networks.problem import Problem as Problem
    from superposed.sweeping.smallest import smallest_width as smallest_width

__version__ = "0.1.0"

_PLACES = {
    "Problem": "networks.problem", "Sampling": "measuring.sampling", "Cell": "measuring.cell",
    "Construction": "constructions", "Naive": "constructions", "Bernoulli": "constructions",
    "Rademacher": "constructions", "Gaussian": "constructions", "RandomInit": "constructions",
    "Superposed": "constructions", "measure": "measuring.measure", "Errors": "measuring.errors",
    "pooled": "measuring.errors", "passes": "measuring.criteria", "smallest_width": "sweeping.smallest",
    "sample": "fitting", "read_csv": "fitting", "fit": "fitting:report", "Circuit": "circuits.circuit",
    "read_circuit": "circuits.formats", "write_circuit": "circuits.formats", "planted_circuit": "circuits.planted",
    "compile_circuit": "compiler.compile", "write_network": "compiler.write", "load": "compiler.file",
    "verify": "compiler.verify:verify_network", "CircuitBuilder": "circuits.builder", "InputError": "bad_input",
}  # fmt: skip
"""Each name: its module, and what it is called there where that is another name."""

__all__ = ["__version__", *_PLACES]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'superposed' has no attribute {name!r}")
    module, _, there = _PLACES[name].partition(":")
    value = getattr(import_module(f"superposed.{module}"), there or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
