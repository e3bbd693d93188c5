"""Quadratic neurons, z -> z^2: moments, drawn errors, and widths of three ways to read every AND from them.

- Signs on aligned features (`draw_quadratic`): a = (V b)^2, V_ik = +-1, read-off sum_i v_ik v_il a_i / (2 d). The cross
  term of the square is the AND itself.
- Random weights on x = Phi b (`draw_random_quadratic`): a = (W x)^2, read by the signs of (W phi_k)_i (W phi_l)_i.
- A quadratic form (`draw_form`): neurons that hold every product of two of r coordinates give (phi_k.x)(phi_l.x).

For all pairs at once the random layer needs d ~ log m neurons, and so do signs on aligned features. The form needs
d = r(r+1)/2 ~ (log m)^2. It stores x exactly, but in r coordinates only.

Source: the form is that of the predecessor post of Hänni et al. ("Toward a mathematical framework for computation in
superposition", 2024, section 1.5), which prints m = exp(eps^2 sqrt(d) / (2 s)). The rest is derived here.
"""

from math import expm1, log, pi

import jax
import jax.numpy as jnp
import numpy as np
import scipy
from jaxtyping import Array, Float, Key

from superposed.theory.codes import STRATA, Events, event_reads, pair_covariances
from superposed.theory.sign_drawn import feature_reads, normal_mean

SIGN_MEAN = 4 / pi
"""E[sgn(a) sgn(b) (a + b + e)^2] for independent standard normals: an active pair's signed square on average."""


def draw_quadratic(key: Key[Array, ""], events: Events) -> Float[Array, "3 n"]:
    """Errors of W = V Phi^T with V_ik = +-1, quadratic neurons, read-off sum_i v_ik v_il a_i / (2 d).

    Given the reads r = Phi^T x of all features, a neuron's term has exactly the moments

        mean r_k r_l,    second moment (3 R_2^2 - 2 R_4) / 4,    R_n = sum over features of r^n

    Aligned features have r = b: the variance times d is s^2/4 + C(s, 2), less 1 for the active pair. The sum over d
    neurons counts as normal, and so do the bystanders' R_2 and, by its mean, R_4.

    Arguments, shapes and errors as in `sign_drawn.draw_rademacher`.
    """
    reads_key, mean_key = jax.random.split(key)
    k, l, others, sigma2 = feature_reads(reads_key, events)
    bystanders = jnp.maximum(events.n_bystanders(), 1)
    r2 = k**2 + l**2 + (others**2).sum(0) + sigma2
    r4 = k**4 + l**4 + (others**4).sum(0) + 3 * sigma2**2 / bystanders
    return events.existing(normal_mean(mean_key, k * l, (3 * r2**2 - 2 * r4) / 4, events.d, 1.0) - (STRATA == 2))


def draw_random_quadratic(key: Key[Array, ""], events: Events) -> Float[Array, "3 n"]:
    """Errors of Gaussian W on x = Phi b, quadratic neurons, read-off by sgn((W phi_k)_i (W phi_l)_i) a_i / (d 4/pi).

    Given Phi a neuron's term has mean `mean_signed_square` and second moment 3 |x|^4, exactly. m
    only decides which strata exist.
    The sum over d neurons counts as normal. Arguments and shapes as in `sign_drawn.draw_random_init`.
    """
    code_key, mean_key = jax.random.split(key)
    k, l, both, norm2 = pair_covariances(code_key, events)
    mean = mean_signed_square(k, l, both, norm2)
    return events.existing(normal_mean(mean_key, mean, 3 * norm2**2, events.d, SIGN_MEAN) - (STRATA == 2))


def mean_signed_square(
    cov_ag: Float[Array, "*shape"],
    cov_bg: Float[Array, "*shape"],
    cov_ab: Float[Array, "*shape"],
    variance: Float[Array, "*shape"],
) -> Float[Array, "*shape"]:
    """E[sgn(a) sgn(b) g^2] for jointly normal a, b of variance 1 and g of the given variance, all of mean 0.

    With g = alpha a + beta b + e, e independent of a and b, and rho = cov_ab:

        (alpha^2 + beta^2) A + 2 alpha beta B + Var(e) (2/pi) arcsin rho
        A = E[sgn(ab) a^2] = (2/pi) (arcsin rho + rho sqrt(1 - rho^2))
        B = E|ab| = (2/pi) (sqrt(1 - rho^2) + rho arcsin rho)

    Exact. a and b that are one direction (rho = +-1) give sgn(rho) times the variance.
    """
    rho = jnp.clip(cov_ab, -1, 1)
    rest = 1 - rho**2
    safe = jnp.maximum(rest, 1e-6)
    alpha, beta = (cov_ag - rho * cov_bg) / safe, (cov_bg - rho * cov_ag) / safe
    angle, root = jnp.arcsin(rho), jnp.sqrt(rest)
    square, cross = angle + rho * root, root + rho * angle
    left = variance - alpha * cov_ag - beta * cov_bg
    mean = 2 / pi * ((alpha**2 + beta**2) * square + 2 * alpha * beta * cross + left * angle)
    return jnp.where(rest < 1e-6, jnp.sign(rho) * variance, mean)


def random_quadratic_variance(s: int, active: int) -> float:
    """Variance times d of the read-off of `draw_random_quadratic` at d_in = d, to first order in cross-talk; free of m.

        3 pi^2 s^2/16 - [active = 2] + C,   C = s^2/4,  (s+1)^2/4 + s - 1,  (s+2)^2/4 + 2(s - 2)

    for pairs with none, one and both members active.
    """
    code = (s**2 / 4, (s + 1) ** 2 / 4 + s - 1, (s + 2) ** 2 / 4 + 2 * (s - 2))[active]
    return 3 * pi**2 * s**2 / 16 - (active == 2) + code


def random_quadratic_all_pairs_width(m: float, s: int, eps: float) -> float:
    """The width d = d_in at which half of the networks of `draw_random_quadratic` have every pair within eps.

        sum_j N_j 2 Q(eps sqrt(d / v_j)) = ln 2

    on one input. N_j is the number of pairs with j active members, and v_j their `random_quadratic_variance`.
    Errors count as normal, rare and independent. The width grows as log m, with no power of m. Far beyond
    d eps^2 / v = 50 the true tail is heavier than the normal one. That changes the factor of log m, and not the
    logarithm.
    """
    log_pairs = np.array([log(m - s) + log(m - s - 1) - log(2), log(m - s) + log(s), log(max(s * (s - 1) / 2, 1e-300))])
    v = np.array([random_quadratic_variance(s, active) for active in range(3)])

    def excess(log_d: float) -> float:
        tails = log(2) + log_pairs + scipy.stats.norm.logsf(eps * np.exp(log_d / 2) / np.sqrt(v))
        return float(scipy.special.logsumexp(tails) - log(log(2)))

    return float(np.exp(scipy.optimize.brentq(excess, log(v.min()), log(v.max() / eps**2) + 12)))


def draw_form(key: Key[Array, ""], events: Events) -> Float[Array, "3 n"]:
    """Errors of the quadratic form, (phi_k.x)(phi_l.x) - b_k b_l with random unit codes in r = d_in dimensions.

    Exact but for `codes.chi_square`. Arguments and shapes as in `sign_drawn.draw_random_init`.
    """
    _, pair, _ = event_reads(key, events)
    return events.existing(pair[0] * pair[1] - (STRATA == 2))


def form_dimensions(d: float) -> int:
    """r, the coordinates whose r(r+1)/2 products d quadratic neurons hold."""
    return int(((8 * d + 1) ** 0.5 - 1) / 2 + 1e-9)


def printed_form_width(m: float, s: int, eps: float) -> float:
    """d = (2 s ln m / eps^2)^2, the printed m = exp(eps^2 sqrt(d) / (2 s)) solved for d."""
    return (2 * s * log(m) / eps**2) ** 2


def form_all_pairs_width(m: float, s: int, eps: float) -> float:
    """d = r(r+1)/2 at which about half of the inputs are right in every pair:

        (m - s) P(|u| > eps/sqrt(s)) = ln 2,    1 - u^2 ~ Beta((r - 1)/2, 1/2)

    The largest error is that of an active feature, read as 1, with the inactive feature of the largest |u|. |x|^2
    counts as s. For small eps, r tends to 2 s ln m/eps^2 and d to 2 s^2 (ln m)^2/eps^4.
    """
    t2 = eps**2 / s

    def excess(r: float) -> float:
        return log(m - s) + log(max(scipy.special.betainc((r - 1) / 2, 0.5, 1 - t2), 1e-305)) - log(log(2))

    r = scipy.optimize.brentq(excess, 1.01, 2 * (log(m) + 3) / -log(1 - t2) + 3)
    return r * (r + 1) / 2


def largest_form_errors(
    rng: np.random.Generator, m: float, s: int, r: np.ndarray, n: int
) -> Float[np.ndarray, "widths n"]:
    """The largest error over all C(m, 2) pairs of one input, for n fresh codes, at each r. Exact; m up to 1e300.

    Given x, the reads |x| u of the m - s inactive features are independent, 1 - u^2 ~ Beta((r - 1)/2, 1/2). So three
    numbers judge all pairs: the largest two |u|, and the Gram matrix of the active codes, made by Bartlett's
    decomposition. The same uniforms serve every r, so each draw has one error curve.

    Args:
      r: dimensions of the code, each at least s + 1.
    """
    uniform, normal = rng.random((n, s)), rng.standard_normal((n, s, s))
    first = np.log(rng.random(n)) / (m - s)
    second = first + np.log(rng.random(n)) / (m - s - 1)
    rare = [-np.array([expm1(x) for x in logs]) for logs in (first, second)]
    upper = np.triu(np.ones((s, s), bool), 1)
    largest = np.empty((len(r), n))
    for i, dims in enumerate(r):
        chi = np.sqrt(scipy.stats.chi2.ppf(uniform, dims - np.arange(s)))
        g = np.tril(normal, -1) + chi[:, :, None] * np.eye(s)
        g /= np.linalg.norm(g, axis=2, keepdims=True)
        reads = np.einsum("nac,nc->na", g, g.sum(axis=1))  # of the active features
        norm = np.sqrt(reads.sum(axis=1))
        t1, t2 = (np.sqrt(1 - scipy.special.betaincinv((dims - 1) / 2, 0.5, q)) * norm for q in rare)
        both = np.abs(reads[:, :, None] * reads[:, None] - 1)[:, upper].max(axis=1, initial=0)
        largest[i] = np.maximum.reduce([t1 * t2, np.abs(reads).max(axis=1) * t1, both])
    return largest
