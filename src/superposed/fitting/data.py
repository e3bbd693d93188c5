"""What is fitted: responses known up to an interval, with their covariates and their units of independence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from superposed.bad_input import InputError

COVARIATES = ("m", "s", "eps", "L")


@dataclass(frozen=True, eq=False)
class Sample:
    """n measurements of a positive response d*, each known to lie in the interval (low, high].

        low_i < d*_i <= high_i,      low_i = 0: everything passed,  high_i = inf: nothing passed,
        low_i = high_i: the response is known exactly and enters with its density

    The response is a width for width models. For a capacity it is m (and `along` is "d"), for an error it is the error.

    Rows of one unit are dependent, such as one seed at one m asked at several tolerances. Different units are
    independent, and robust variances take whole units. By convention the same seed at another m is another unit,
    because it is another draw. A caller who knows otherwise gives both rows the same id.

    Args:
      covariates: name -> n positive finite numbers; `along` is one of the names.
      low, high: ends of the intervals, in the units of the response.
      unit: n ids of the units of independence.
      along: the covariate whose exponent is in question.
      scatter: None, or n known relative standard errors of the response (then only their common factor is fitted).

    Raises:
      InputError: lengths differ, a covariate is not positive and finite, low > high, or a row is open on both sides.
    """

    covariates: Mapping[str, Float[np.ndarray, " n"]]
    low: Float[np.ndarray, " n"]
    high: Float[np.ndarray, " n"]
    unit: Int[np.ndarray, " n"]
    along: str = "m"
    scatter: Float[np.ndarray, " n"] | None = None

    def __post_init__(self):
        n = len(self.low)
        if n == 0:
            raise InputError("rows", 0, f"nothing to fit; give at least two values of {self.along}")
        if self.along not in self.covariates:
            raise InputError(
                "along", self.along, f"no such covariate; choose among {', '.join(self.covariates) or 'none'}"
            )
        for name, values in [*self.covariates.items(), ("scatter", self.scatter)]:
            if values is not None and not (len(values) == n and np.all(np.isfinite(values)) and np.all(values > 0)):
                raise ValueError(f"{name}: needs {n} finite numbers above 0; fix or drop the rows that break this")
        if np.any(np.isnan(self.low) | np.isnan(self.high)):
            raise ValueError("low, high: NaN is no width; leave low at 0 or high at inf where a side is open")
        if np.any((self.low < 0) | (self.high <= 0) | np.isinf(self.low) | (self.low > self.high)):
            raise ValueError("low, high: every row needs 0 <= low <= high, high > 0 and a finite low")
        if np.any((self.low == 0) & np.isinf(self.high)):
            raise ValueError("low, high: a row open on both sides says nothing; drop it, or close one side")

    @property
    def one_sided(self) -> bool:
        """Every row is open on the same side, so that nothing says where the response lies."""
        return not (np.any(self.low > 0) and np.any(np.isfinite(self.high)))

    @cached_property
    def log_low(self) -> Float[np.ndarray, " n"]:
        """log low, -inf where everything passed."""
        with np.errstate(divide="ignore"):
            return np.log(self.low)

    @cached_property
    def log_high(self) -> Float[np.ndarray, " n"]:
        """log high, inf where nothing passed."""
        return np.log(self.high)

    @cached_property
    def bounded(self) -> Bool[np.ndarray, " n"]:
        """Rows with two finite ends."""
        return (self.low > 0) & np.isfinite(self.high)

    @cached_property
    def log_middle(self) -> Float[np.ndarray, " n"]:
        """The middle of each log interval, or its finite end where a side is open; a starting point, never a datum."""
        low = np.where(np.isinf(self.log_low), self.log_high, self.log_low)
        middle = (low + np.where(np.isinf(self.log_high), low, self.log_high)) / 2
        return np.where(np.isfinite(middle), middle, np.mean(middle[np.isfinite(middle)]))

    @cached_property
    def rung(self) -> float:
        """The log ratio of neighbouring responses that were tried: the median interval, or gap between open ends."""
        if self.bounded.any():
            return float(np.median((self.log_high - self.log_low)[self.bounded]))
        ends = np.concatenate([self.log_low, self.log_high])
        gaps = np.diff(np.unique(ends[np.isfinite(ends)]))
        return float(np.median(gaps)) if len(gaps) else 1.0

    @cached_property
    def points(self) -> dict[str, np.ndarray]:
        """The distinct combinations of covariates, sorted along `along` last of all."""
        return dict(zip(self._names, self._distinct[0].T, strict=True))

    @property
    def point(self) -> Int[np.ndarray, " n"]:
        """The point each row belongs to."""
        return self._distinct[1]

    @property
    def dependent(self) -> bool:
        """Whether some unit has more than one row."""
        return len(np.unique(self.unit)) < len(self.unit)

    @property
    def decades(self) -> float:
        """Decades of `along` that the data span."""
        return float(np.ptp(np.log10(self.covariates[self.along])))

    def take(self, rows: np.ndarray) -> "Sample":
        """The rows chosen by a mask or by indices."""
        chosen = {name: values[rows] for name, values in self.covariates.items()}
        scatter = None if self.scatter is None else self.scatter[rows]
        return Sample(chosen, self.low[rows], self.high[rows], self.unit[rows], self.along, scatter)

    @property
    def _names(self) -> list[str]:
        return sorted(self.covariates, key=lambda name: name == self.along)

    @cached_property
    def _distinct(self) -> tuple[np.ndarray, Int[np.ndarray, " n"]]:
        table = np.stack([self.covariates[name] for name in self._names], axis=1)
        distinct, index = np.unique(table, axis=0, return_inverse=True)
        return distinct, index.reshape(-1).astype(np.int64)


def sample(
    low: Sequence[float] | np.ndarray,
    high: Sequence[float] | np.ndarray,
    *,
    unit: Sequence[object] | np.ndarray | None = None,
    along: str = "m",
    scatter: Sequence[float] | np.ndarray | None = None,
    **covariates: Sequence[float] | np.ndarray,
) -> Sample:
    """A `Sample` from plain sequences; without `unit` every row is a unit of its own.

    Raises:
      InputError: as `Sample`.
    """
    columns = {name: np.asarray(values, float) for name, values in covariates.items()}
    for name, values in [("high", high), ("unit", unit), ("scatter", scatter), *columns.items()]:
        if values is not None and len(values) != len(low):
            raise ValueError(f"{name}: has {len(values)} values for {len(low)} rows; give one a row")
    ids = np.arange(len(low)) if unit is None else _ids(unit)
    given = None if scatter is None else np.asarray(scatter, float)
    return Sample(columns, np.asarray(low, float), np.asarray(high, float), ids, along, given)


def from_records(records: Sequence[Mapping[str, object]], along: str = "m") -> Sample:
    """A `Sample` from rows with the keys `along`, `low` and `high` (or `width`), and optionally seed and COVARIATES.

    A covariate is kept if every row has it and it varies. The unit is (along, seed), because rows of one seed at one m
    share their weights. Without a seed every row is its own unit.

    Raises:
      ValueError: a key is missing from a row, or as `Sample`.
    """
    rows = [dict(row) for row in records]
    for number, row in enumerate(rows, start=1):
        if "width" in row and "low" not in row and "high" not in row:
            row["low"] = row["high"] = row["width"]
        missing = [key for key in (along, "low", "high") if row.get(key) is None]
        if missing:
            raise ValueError(
                f"row {number}: no {missing[0]}; every row needs {along} and width, or {along}, low and high"
            )
    for name in ("seed", *COVARIATES):
        blank = [number for number, row in enumerate(rows, start=1) if row.get(name) in (None, "")]
        if 0 < len(blank) < len(rows):
            raise ValueError(f"row {blank[0]}: no {name}, which other rows have; give it, or leave the column out")
    varying = [c for c in COVARIATES if c != along and len({float(row[c]) for row in rows if row.get(c)}) > 1]
    columns = {name: np.array([float(row[name]) for row in rows]) for name in (along, *varying)}
    seeded = rows and all(row.get("seed") not in (None, "") for row in rows)
    unit = _ids([f"{row[along]} {row['seed']}" for row in rows]) if seeded else np.arange(len(rows))
    low, high = (np.array([float(row[key]) for row in rows]) for key in ("low", "high"))
    return Sample(columns, low, high, unit, along)


def _ids(labels: Sequence[object] | np.ndarray) -> Int[np.ndarray, " n"]:
    return np.unique(np.array([str(label) for label in labels]), return_inverse=True)[1].astype(np.int64)
