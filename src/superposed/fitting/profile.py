"""Profile-likelihood intervals and joint regions."""

import numpy as np
from jaxtyping import Float

from superposed.fitting.fits import Fit, NotFitted

REGION_POINTS = 72  # directions in which the edge of a joint region is looked for
FAR = 1e4  # an end beyond this many standard errors, or at the model's own bound, is reported as infinite


def intervals(fitted: Fit, names: tuple[str, ...] | None = None) -> dict[str, tuple[float, float]]:
    """The 95% interval of each coefficient, in which the profile likelihood ratio stays below `Fit.threshold`.

        { c : 2 [l_max - max_{others} l(c, others)] <= threshold }

    An infinite end says that the data do not bound the coefficient on that side before the model's own bound does.
    """
    names = fitted.model.free if names is None else names
    if not names:
        return {}
    indices = [fitted.model.free.index(name) for name in names]
    directions = np.zeros((2 * len(indices), len(fitted.parameters)))
    for row, k in enumerate(indices):
        directions[2 * row, k], directions[2 * row + 1, k] = -1.0, 1.0
    ends, _ = boundary(fitted, directions, np.repeat([fitted.threshold(0.95, [k]) for k in indices], 2))
    return {
        name: (float(ends[2 * row, k]), float(ends[2 * row + 1, k]))
        for row, (name, k) in enumerate(zip(names, indices, strict=True))
    }


def joint_region(fitted: Fit, x: str, y: str) -> Float[np.ndarray, "k 2"] | NotFitted:
    """The closed curve around all (x, y) the data allow together at 95%, both coefficients of the model.

    Returns:
      The curve; or why there is none, where the model lacks a coefficient or the data do not bound them together.
    """
    missing = [name for name in (x, y) if name not in fitted.model.free]
    if missing:
        return NotFitted(
            f"model {fitted.model.name!r} has no free {missing[0]!r}: it has {', '.join(fitted.model.free)}"
        )
    pair = [fitted.model.free.index(x), fitted.model.free.index(y)]
    sizes, axes = np.linalg.eigh(fitted.covariance[np.ix_(pair, pair)])
    angle = np.linspace(0, 2 * np.pi, REGION_POINTS, endpoint=False)
    directions = np.zeros((REGION_POINTS, len(fitted.parameters)))
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    directions[:, pair] = circle * np.sqrt(np.maximum(sizes, 1e-300)) @ axes.T
    ends, _ = boundary(fitted, directions, np.full(REGION_POINTS, fitted.threshold(0.95, pair)))
    curve = ends[:, pair]
    if not np.all(np.isfinite(curve)):
        return NotFitted(
            f"model {fitted.model.name!r}: the data do not bound ({x}, {y}) together; "
            f"add values of {fitted.sample.along}"
        )
    return np.concatenate([curve, curve[:1]])


def boundary(
    fitted: Fit, directions: Float[np.ndarray, "b q"], threshold: Float[np.ndarray, " b"]
) -> tuple[Float[np.ndarray, "b q"], Float[np.ndarray, "b q"]]:
    """Where along each direction from the maximum the profile likelihood ratio reaches its threshold.

    Coordinates in which a direction is not zero are held, the rest maximised. The root of the ratio is nearly linear in
    the distance, so bracketing it and interpolating needs few steps.

    Returns:
      The ends (infinite in the held coordinates where none was found), and all parameters at the last point inside.
    """
    held, top = directions != 0, fitted.parameters
    lower, upper = fitted.model.bounds(fitted.sample.log_middle)
    room = _room(top, directions, np.append(lower, -np.inf), np.append(upper, np.inf))
    scale, ridge = _one_sigma(fitted, directions), _ridge(fitted, directions)
    inside, outside = np.zeros(len(directions)), np.full(len(directions), np.inf)
    root_in, root_out = np.zeros(len(directions)), np.full(len(directions), np.inf)
    distance = np.minimum(scale * np.sqrt(threshold), room)
    best, reached = np.repeat(top[None], len(directions), axis=0), np.zeros(len(directions))
    live, unbounded = np.ones(len(directions), bool), np.zeros(len(directions), bool)
    for _ in range(40):
        k = np.flatnonzero(live)
        if len(k) == 0:
            break
        ahead = best[k] + (distance[k] - reached[k])[:, None] * ridge[k]
        profile = fitted.constrained(np.where(held[k], top + distance[k, None] * directions[k], ahead), held[k])
        root = np.sqrt(np.maximum(2 * (fitted.loglik - profile.loglik), 0.0) / threshold[k])
        within = root <= 1
        inside[k], root_in[k] = np.where(within, distance[k], inside[k]), np.where(within, root, root_in[k])
        outside[k], root_out[k] = np.where(within, outside[k], distance[k]), np.where(within, root_out[k], root)
        best[k[within]], reached[k[within]] = profile.parameters[within], distance[k[within]]
        unbounded[k] = within & ((distance[k] >= room[k]) | (distance[k] > FAR * scale[k]))
        close = (np.abs(root - 1) < 1e-4) | (outside[k] - inside[k] < 1e-7 * (inside[k] + 1e-300))
        live[k] = ~(close | unbounded[k])
        distance[k] = np.where(live[k], _next(inside[k], outside[k], root_in[k], root_out[k], room[k]), distance[k])
    ends = np.where(held, top + distance[:, None] * directions, top)
    return np.where(held & unbounded[:, None], np.where(directions > 0, np.inf, -np.inf), ends), best


def _next(inside, outside, root_in, root_out, room):
    """The next distance to try: interpolate a bracket, otherwise grow towards where the root would be linear."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip((1 - root_in) / (root_out - root_in), 0.05, 0.95)
        between = inside + share * (outside - inside)
        beyond = inside * np.clip(1.02 / root_in, 1.05, 4.0)
    return np.where(np.isfinite(outside), between, np.minimum(beyond, room))


def _one_sigma(fitted: Fit, directions: np.ndarray) -> np.ndarray:
    """The distance at which a quadratic likelihood, maximised over the rest, would fall by 1/2; 1 where it is flat."""
    size = np.ones(len(directions))
    for row, direction in enumerate(directions):
        k = np.flatnonzero(direction)
        alone = direction @ fitted.information @ direction
        profiled = direction[k] @ np.linalg.pinv(fitted.naive_covariance[np.ix_(k, k)]) @ direction[k]
        if alone > 1e-6:  # where the profile is not convex at the maximum (at a bound), the curvature alone has to do
            size[row] = 1 / np.sqrt(profiled if profiled > 0 else alone)
    return np.maximum(size, 1e-9)


def _ridge(fitted: Fit, directions: np.ndarray) -> np.ndarray:
    """How the maximised parameters would move per unit of distance if the likelihood were quadratic."""
    result = np.zeros_like(directions)
    for row, direction in enumerate(directions):
        k, rest = np.flatnonzero(direction), np.flatnonzero(direction == 0)
        inverse = np.linalg.pinv(fitted.information[np.ix_(rest, rest)], rcond=1e-9, hermitian=True)
        result[row, rest] = -inverse @ fitted.information[np.ix_(rest, k)] @ direction[k]
    return result


def _room(top, directions, lower, upper):
    """How far a direction may go before a held coordinate leaves the model's bounds."""
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.where(
            directions > 0, (upper - top) / directions, np.where(directions < 0, (lower - top) / directions, np.inf)
        )
    return np.maximum(reach.min(1), 0.0)
