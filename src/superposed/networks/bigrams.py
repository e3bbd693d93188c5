"""Skip feature-bigrams: an attention head's query-key circuit made from a list of feature pairs.

    W = sum over bigrams (i, j) of f_i f_j^T,    score of query i and key j = f_i^T W_QK f_j

The score should be 1 for pairs on the list and 0 for all others.
A head has rank d_head below the dimension d_resid of the residual stream, so W is cut down to that rank:

    projection   W_QK = W R, R the projector on d_head random dimensions, times d_resid / d_head
    svd          W_QK = the largest d_head singular values of W

Source: the predecessor post of Hänni et al. ("Toward a mathematical framework for computation in superposition", 2024),
section 3.
"""

import numpy as np
from jaxtyping import Float

from superposed.bad_input import InputError

HOW = ("projection", "svd")


def directions(rng: np.random.Generator, n: int, d_resid: int) -> Float[np.ndarray, "n d_resid"]:
    """n random unit vectors, as rows."""
    f = rng.standard_normal((n, d_resid))
    return f / np.linalg.norm(f, axis=1, keepdims=True)


def query_key(
    rng: np.random.Generator,
    queries: Float[np.ndarray, "bigrams d_resid"],
    keys: Float[np.ndarray, "bigrams d_resid"],
    d_head: int,
    how: str = "projection",
) -> tuple[Float[np.ndarray, "d_resid d_head"], Float[np.ndarray, "d_resid d_head"]]:
    """(W_Q, W_K) with W_QK = W_Q W_K^T, for the bigrams whose features are the rows of queries and keys.

    Raises:
      InputError: d_head is not between 1 and d_resid, or the way is unknown.
    """
    d_resid = queries.shape[1]
    if not 1 <= d_head <= d_resid:
        raise InputError("d_head", d_head, f"a head has between 1 and d_resid = {d_resid} dimensions")
    if how not in HOW:
        raise InputError("how", how, f"one of {', '.join(HOW)}")
    full = queries.T @ keys
    if how == "svd":
        left, values, right = np.linalg.svd(full)
        return left[:, :d_head] * values[:d_head], right[:d_head].T
    basis, _ = np.linalg.qr(rng.standard_normal((d_resid, d_head)))
    return full @ basis * (d_resid / d_head), basis


def projected_noise(d_resid: int, d_head: int, n_bigrams: float, n_queries: int = 1, n_keys: int = 1) -> float:
    """Standard deviation of the score of features outside the list, by projection, when a listed pair scores 1.

        sqrt(k_Q k_K |B| / (d_resid d_head))

    Each bigram adds (f_q.f_i)(f_j^T R f_k), of variance 1/d_resid and 1/d_head. Exact for random unit directions.
    """
    return (n_queries * n_keys * n_bigrams / (d_resid * d_head)) ** 0.5


def half_match_noise(d_resid: int, d_head: int, n_bigrams: float) -> float:
    """Standard deviation of the score of a listed query with another bigram's key: two bigrams match by half.

        sqrt((|B| - 2) / (d_resid d_head) + 1/d_head + 1/d_resid)

    For heads made by projection, with every feature in one bigram.
    """
    return ((n_bigrams - 2) / (d_resid * d_head) + 1 / d_head + 1 / d_resid) ** 0.5
