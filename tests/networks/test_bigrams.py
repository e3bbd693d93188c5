"""Skip feature-bigrams: rank, the exact noise of a projected head, and full rank as the list itself."""

import numpy as np
import pytest

from superposed.bad_input import InputError
from superposed.networks.bigrams import HOW, directions, half_match_noise, projected_noise, query_key


@pytest.mark.parametrize("how", HOW)
def test_a_head_of_full_rank_is_the_sum_over_the_list(how):
    rng = np.random.default_rng(0)
    queries, keys = directions(rng, 30, 12), directions(rng, 30, 12)
    full = sum(np.outer(q, k) for q, k in zip(queries, keys, strict=True))
    w_q, w_k = query_key(rng, queries, keys, 12, how)
    np.testing.assert_allclose(w_q @ w_k.T, full, atol=1e-10)
    w_q, w_k = query_key(rng, queries, keys, 4, how)
    assert w_q.shape == w_k.shape == (12, 4) and np.linalg.matrix_rank(w_q @ w_k.T) == 4
    if how == "svd":  # no matrix of that rank is nearer
        lost = np.linalg.svd(full, compute_uv=False)[4:]
        assert np.linalg.norm(full - w_q @ w_k.T) == pytest.approx(np.sqrt((lost**2).sum()))


def test_the_noise_of_a_projected_head_is_the_closed_form():
    outside, half, signal, n, d_resid, d_head = [], [], [], 200, 64, 16
    for seed in range(60):
        rng = np.random.default_rng(seed)
        queries, keys, probes = directions(rng, n, d_resid), directions(rng, n, d_resid), directions(rng, 80, d_resid)
        w_q, w_k = query_key(rng, queries, keys, d_head)
        score = lambda q, k, w_q=w_q, w_k=w_k: np.einsum("bd,bd->b", q @ w_q, k @ w_k)
        signal.append(score(queries, keys).mean())
        half.append(np.mean(score(queries, np.roll(keys, 1, axis=0)) ** 2))
        outside.append(np.mean((score(probes[:40], probes[40:])) ** 2))
    for found, expected in (
        (outside, projected_noise(d_resid, d_head, n)),
        (half, half_match_noise(d_resid, d_head, n)),
    ):
        assert abs(np.mean(found) - expected**2) < 5 * np.std(found) / 60**0.5 + 0.02 * expected**2
    assert abs(np.mean(signal) - 1) < 5 * np.std(signal) / 60**0.5
    assert projected_noise(d_resid, d_head, n, 2, 3) == pytest.approx(6**0.5 * projected_noise(d_resid, d_head, n))


def test_bad_heads_are_refused():
    rng = np.random.default_rng(0)
    f = directions(rng, 3, 8)
    with pytest.raises(InputError, match="d_head = 9"):
        query_key(rng, f, f, 9)
    with pytest.raises(InputError, match="how = 'random'"):
        query_key(rng, f, f, 4, "random")
