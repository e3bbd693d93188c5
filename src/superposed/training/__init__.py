"""Networks found by gradient descent: constructions like any other, trained inside the program that measures them."""

from superposed.training.best_read_off import BestReadOff
from superposed.training.trained import Trained

__all__ = ["BestReadOff", "Trained"]
