"""The part of a profile that the rows of an unfinished run answer."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace

from superposed.bad_input import InputError
from superposed.study.experiment import Experiment
from superposed.sweeping.record import Seen

PARTIAL = "-partial"
"""Ends the name of a figure that is drawn from a part of its profile."""


def answered_part(experiment: Experiment, profile: object, seen: Seen) -> tuple[object, str]:
    """(the profile with its lists cut until every question is answered, what was cut, in words).

    Each step takes the last value off one list, or halves the seeds: whatever leaves the fewest open cells, and then
    the most answered ones.

    Raises:
      InputError: no part of the profile is answered.
    """
    whole, part = profile, profile
    open_cells, _ = _count(experiment, part, seen)
    while open_cells:
        counted = [(*count, smaller) for smaller in _smaller(part) if (count := _count(experiment, smaller, seen))]
        if not counted:
            raise InputError("partial", True, "no part of this run can be drawn yet; measure more of it")
        open_cells, _, part = min(counted, key=lambda entry: (entry[0], -entry[1]))
    return part, ", ".join(_cut(whole, part))


def _count(experiment: Experiment, profile: object, seen: Seen) -> tuple[int, int] | None:
    """(open cells, answered cells); None where the profile asks nothing, or cannot be."""
    try:
        tasks = list(experiment.tasks(profile))
    except (ValueError, IndexError):
        return None
    counts = sum(len(task.pending(seen)) for task in tasks), sum(len(task.answered(seen)) for task in tasks)
    return counts if sum(counts) else None


def _smaller(profile: object) -> Iterator[object]:
    """The profile with one of its lists cut by its last value, or with half of the seeds."""
    for name, value in _values(profile):
        if isinstance(value, tuple) and len(value) > 1:
            yield replace(profile, **{name: value[:-1]})
        elif name == "seeds" and isinstance(value, int) and value > 1:
            yield replace(profile, seeds=value // 2)
        elif is_dataclass(value):
            yield from (replace(profile, **{name: smaller}) for smaller in _smaller(value))


def _cut(whole: object, part: object) -> Iterator[str]:
    for (name, before), (_, after) in zip(_values(whole), _values(part), strict=True):
        if is_dataclass(before):
            yield from _cut(before, after)
        elif isinstance(before, tuple) and before != after:
            yield f"{name} = {', '.join(str(value) for value in before[len(after) :])}"
        elif before != after:
            yield f"{before - after} of {before} {name}"


def _values(profile: object) -> list[tuple[str, object]]:
    return [(field.name, getattr(profile, field.name)) for field in fields(profile)]
