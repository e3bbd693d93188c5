"""Which models compete where nobody names them."""

import numpy as np

from superposed.fitting import models as families
from superposed.fitting.crossover import Crossover
from superposed.fitting.data import Sample
from superposed.fitting.fits import AnyModel


def default_models(claim: float, sample: Sample) -> tuple[AnyModel, ...]:
    """Power; the claim with a free log power; both free; logarithm only; and the crossover for widths along m.

    Covariates besides `along` that vary enter every model as a free power. The crossover's other terms reach m^(1/2),
    so it joins only for claims above 1/2.
    """
    along = sample.along
    more = tuple(f"log {name}" for name, values in sample.covariates.items() if name != along and np.ptp(values) > 0)
    chosen: list[AnyModel] = [
        families.power(along, *more),
        families.fixed_power_log(claim, along, *more),
        families.power_log(along, *more),
    ]
    if claim != 0:
        chosen.append(families.logarithm(along, *more))
    if along == "m" and claim > 1 / 2:
        chosen.append(Crossover(terms=more))
    return tuple(chosen)
