"""Why a template does not lay a circuit out: too few neurons, or gates that it does not know."""

from superposed.bad_input import InputError


class NoRoom(InputError):
    """A width in which a template cannot lay out a circuit.

    Args:
      width: neurons a layer may have.
      why: what needs more of them.
      least: neurons below which it is certain not to fit.
    """

    def __init__(self, width: int, why: str, least: int):
        super().__init__("width", width, f"{why}; at least {least} neurons are needed")
        self.width, self.why, self.least = width, why, least


class GatesRefused(InputError):
    """Gates that a template does not know."""
