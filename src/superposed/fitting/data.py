"""What is fitted: responses known up to an interval, with their covariates and their units of independence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

COVARIATES = ("m", "s", "eps", "L")


@dataclass(frozen=True, eq=False)
class Sample:
    """n measurements of a positive response d*, each known to lie in the interval (low, high].

        low_i < d*_i <= high_i,      low_i = 0: everything passed,  high_i = inf: nothing passed,
        low_i = high_i: the response is known exactly and enters with its density

    The response is a width for width laws; for a capacity law it is m (and `along` is "d"), for an error law the error.

    Rows of one unit are dependent (the same seed at the same m, asked at several tolerances); different units are
    independent. Resampling and robust variances take whole units. `along` = m and the same seed at another m is another
    unit, because it is another draw, unless the caller declares otherwise by giving both the same id.

    Args:
      covariates: name -> n positive finite numbers; `along` is one of the names.
      low, high: ends of the intervals, in the units of the response.
      unit: n ids of the units of independence.
      along: the covariate whose exponent is in question.
      scatter: None, or n known relative standard errors of the response (then only their common factor is fitted).

    Raises:
      ValueError: lengths differ, a covariate is not positive and finite, low > high, or no row says anything.
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
            raise ValueError("no rows to fit: give at least two values of " + self.along)
        if self.along not in self.covariates:
            raise ValueError(f"no covariate named {self.along!r}: there are {', '.join(self.covariates) or 'none'}")
        for name, values in [*self.covariates.items(), ("scatter", self.scatter)]:
            if values is not None and not (len(values) == n and np.all(np.isfinite(values)) and np.all(values > 0)):
                raise ValueError(f"{name}: needs {n} finite numbers above 0; fix or drop the rows that break this")
        if np.any(np.isnan(self.low) | np.isnan(self.high)):
            raise ValueError("low, high: NaN is no width; leave low at 0 or high at inf where a side is open")
        if np.any((self.low < 0) | (self.high <= 0) | np.isinf(self.low) | (self.low > self.high)):
            raise ValueError("low, high: every row needs 0 <= low <= high, high > 0 and a finite low")
        if not np.any((self.low > 0) & np.isfinite(self.high)):
            raise ValueError("every row is open on one side: measure wider and narrower until some width is bracketed")

    @property
    def log_low(self) -> Float[np.ndarray, " n"]:
        """log low, -inf where everything passed."""
        with np.errstate(divide="ignore"):
            return np.log(self.low)

    @property
    def log_high(self) -> Float[np.ndarray, " n"]:
        """log high, inf where nothing passed."""
        return np.log(self.high)

    @property
    def log_middle(self) -> Float[np.ndarray, " n"]:
        """The middle of each log interval, or its finite end where a side is open; a starting point, never a datum."""
        low, high = self.log_low, self.log_high
        low, high = np.where(np.isinf(low), high, low), np.where(np.isinf(high), low, high)
        return np.where(np.isfinite(low), (low + high) / 2, np.mean(low[np.isfinite(low)]))

    def take(self, rows: np.ndarray) -> "Sample":
        """The rows chosen by a mask or by indices."""
        chosen = {name: values[rows] for name, values in self.covariates.items()}
        scatter = None if self.scatter is None else self.scatter[rows]
        return Sample(chosen, self.low[rows], self.high[rows], self.unit[rows], self.along, scatter)

    def cells(self) -> tuple[dict[str, np.ndarray], Int[np.ndarray, " n"]]:
        """The distinct combinations of covariates, sorted along `along` last of all, and the combination of each row."""
        names = sorted(self.covariates, key=lambda name: name == self.along)
        table = np.stack([self.covariates[name] for name in names], axis=1)
        distinct, index = np.unique(table, axis=0, return_inverse=True)
        return dict(zip(names, distinct.T, strict=True)), index.reshape(-1).astype(np.int64)


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
      ValueError: as `Sample`.
    """
    columns = {name: np.asarray(values, float) for name, values in covariates.items()}
    for name, values in [("high", high), ("unit", unit), ("scatter", scatter), *columns.items()]:
        if values is not None and len(values) != len(low):
            raise ValueError(f"{name}: has {len(values)} values for {len(low)} rows; give one a row")
    ids = np.arange(len(low)) if unit is None else _ids(unit)
    given = None if scatter is None else np.asarray(scatter, float)
    return Sample(columns, np.asarray(low, float), np.asarray(high, float), ids, along, given)


def from_records(
    records: Sequence[Mapping[str, object]], along: str = "m", covariates: Sequence[str] = COVARIATES
) -> Sample:
    """A `Sample` from rows with the keys `along`, `low` and `high` (or `width`), and optionally seed and covariates.

    Of the covariates those are kept that every row has and that vary. The unit is (along, seed): rows of one seed at one
    m share their weights. Without a seed every row is its own unit.

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
    for name in ("seed", *covariates):
        blank = [number for number, row in enumerate(rows, start=1) if row.get(name) in (None, "")]
        if 0 < len(blank) < len(rows):
            raise ValueError(f"row {blank[0]}: no {name}, which other rows have; give it, or leave the column out")
    names = [along] + [c for c in covariates if c != along and _varies(rows, c)]
    columns = {name: np.array([float(row[name]) for row in rows]) for name in names}
    unit = np.arange(len(rows))
    if rows and all(row.get("seed") not in (None, "") for row in rows):
        unit = _ids([f"{row[along]} {row['seed']}" for row in rows])
    low, high = (np.array([float(row[key]) for row in rows]) for key in ("low", "high"))
    return Sample(columns, low, high, unit, along)


def _varies(rows: Sequence[Mapping[str, object]], name: str) -> bool:
    values = [row.get(name) for row in rows]
    return all(value is not None for value in values) and len({float(value) for value in values}) > 1


def _ids(labels: Sequence[object] | np.ndarray) -> Int[np.ndarray, " n"]:
    return np.unique(np.array([str(label) for label in labels]), return_inverse=True)[1].astype(np.int64)
