"""Run-time checks of shapes and types: beartype behind jaxtyping, for the first calls of every function.

A check takes about as long as a small function of NumPy does. A simulation calls such functions thousands of times with
the same shapes, so that its later calls are looked at now and then only.
"""

from collections import Counter
from collections.abc import Callable
from functools import wraps
from inspect import isfunction
from types import CodeType

import jaxtyping
from beartype import BeartypeConf, beartype

FIRST, EVERY = 100, 100
"""All of the first calls of a function in a process are checked, and then every so many-th one."""

checked = beartype(conf=BeartypeConf(is_pep484_tower=True))  # an int serves as a float, as in Python itself
_jaxtyped = jaxtyping.jaxtyped
_calls: Counter[CodeType] = Counter()


def at_first(*, typechecker: Callable) -> Callable:
    """`jaxtyping.jaxtyped`, but for the later calls of a function."""

    def decorate(thing: Callable) -> Callable:
        if not isfunction(thing):
            return _jaxtyped(typechecker=typechecker)(thing)
        code = thing.__code__  # a local function is made again and again from the same code
        if _calls[code] > FIRST:
            return thing
        always = None  # made at the first call, because most functions of a process are never called

        @wraps(thing)
        def now_and_then(*args: object, **named: object) -> object:
            nonlocal always
            _calls[code] += 1
            if _calls[code] > FIRST and _calls[code] % EVERY:
                return thing(*args, **named)
            always = always or _jaxtyped(typechecker=typechecker)(thing)
            return always(*args, **named)

        return now_and_then

    return decorate


def install(package: str) -> None:
    """Check the functions of every module of the package that is imported from now on."""
    jaxtyping.jaxtyped = at_first
    jaxtyping.install_import_hook(package, "checker.checked")
