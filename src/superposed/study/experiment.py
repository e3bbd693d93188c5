"""An experiment: a claim, what is measured, how it is judged, and its figure. Each is a file in `experiments/`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from superposed.bad_input import InputError
from superposed.fitting import NotFitted, Report
from superposed.measuring.cell import describe
from superposed.sweeping.record import Seen
from superposed.sweeping.source import sources
from superposed.sweeping.task import Task

VERDICTS = {
    "supported": "the 95% interval holds the claimed value and reaches no further than 0.05 from it; for an exponent "
    "the data also span two decades or more, and no rival value is left",
    "contradicted": "the 95% interval misses the claimed value; for an exponent no model that fits allows it, over two "
    "decades or more",
    "inconclusive": "these data cannot decide: the interval is too wide, a rival fits as well, or the range is short",
    "holds": "counted, not estimated: not one exception in what was run",
    "fails": "counted: at least one exception; controls are there to fail",
    "measured": "a number with its interval; nothing was claimed",
    "computed": "a closed form, evaluated; nothing was measured",
    "not measured": "the data hold no answer, and the reason is given",
}
"""Every word of the table of verdicts, and what it means."""


@dataclass(frozen=True)
class Finding:
    """One line of the table of verdicts.

    Args:
      question: what was asked, with criterion and tolerance.
      range: of m or d, with the number of seeds.
      measured: the estimate with its interval.
      verdict: the word of `VERDICTS` that fixed rules give.
      why: the rule's reason, in one sentence.

    Raises:
      InputError: the verdict is another word.
    """

    question: str
    range: str
    measured: str
    verdict: str
    why: str = ""

    def __post_init__(self):
        if self.verdict not in VERDICTS:
            raise InputError("verdict", self.verdict, f"one of {', '.join(VERDICTS)}")

    @classmethod
    def counted(cls, question: str, range: str, measured: str, holds: bool, why: str) -> "Finding":
        """A line whose verdict is counted, not estimated: "holds" or "fails"."""
        return cls(question, range, measured, "holds" if holds else "fails", why)


@dataclass(frozen=True)
class Analysis:
    """What the rows of one profile say. A figure draws from this and computes nothing.

    Args:
      table: every number in the figure, a dict a row with its `kind`; becomes NAME.csv.
      findings: lines of the table of verdicts.
      fits: reports by name, the reason where there is none, or plain numbers; becomes part of NAME.json.
    """

    table: Sequence[Mapping[str, object]]
    findings: Sequence[Finding]
    fits: Mapping[str, Report | NotFitted | Mapping[str, object]] = field(default_factory=dict)

    @classmethod
    def joined(cls, *parts: "Analysis") -> "Analysis":
        """Several analyses as one, in order."""
        table = [row for part in parts for row in part.table]
        findings = [finding for part in parts for finding in part.findings]
        return cls(table, findings, {name: fit for part in parts for name, fit in part.fits.items()})

    def rows(self, kind: str, **labels: object) -> list[Mapping[str, object]]:
        """The table's rows of one kind that carry these labels, in order."""
        return [row for row in self.table if row["kind"] == kind and all(row.get(k) == v for k, v in labels.items())]

    def groups(self, kind: str, label: str, **labels: object) -> dict[object, list[Mapping[str, object]]]:
        """The same rows by the value of one more label, in order of appearance."""
        by_label: dict[object, list[Mapping[str, object]]] = {}
        for row in self.rows(kind, **labels):
            by_label.setdefault(row[label], []).append(row)
        return by_label


@dataclass(frozen=True)
class Experiment:
    """A claim and how it is tested. All that could be tuned to the answer is fixed here, before the rows are seen.

    Args:
      claim: in one sentence, with its source.
      meaning: what the answer means, in two plain sentences for a reader from another field.
      profiles: frozen dataclasses by name: tiny (for tests), quick, standard, full, then any of its own.
      tasks: profile -> what to measure.
      analyse: (profile, rows) -> what they say; pure.
      draw: (matplotlib figure, analysis) -> None.
      size: of the figure, in inches.
    """

    claim: str
    meaning: str
    profiles: Mapping[str, object]
    tasks: Callable[[object], Sequence[Task]]
    analyse: Callable[[object, Seen], Analysis]
    draw: Callable[[object, Analysis], None]
    size: tuple[float, float] = (10, 4.2)


def powers(base: int, first: int, last: int) -> tuple[int, ...]:
    """base^first, ..., base^last."""
    return tuple(base**n for n in range(first, last + 1))


def configuration(name: str, experiment: Experiment, profile: str) -> dict:
    """What a run's folder belongs to: everything the profile fixes, and the source of the constructions it measures."""
    settings = experiment.profiles[profile]
    measured = [getattr(task, "construction", None) for task in experiment.tasks(settings)]
    return {"experiment": name, "profile": profile, **describe(settings), "sources": sources(measured)}
