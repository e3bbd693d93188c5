"""Networks trained a minute: one compiled program for all seeds, against a PyTorch loop over seeds.

Both minimise the same loss by the same Adam on inputs of the same kind: a layer of d ReLUs on m aligned features, s of
them active, a factored read-off of all pairs, and the mean square error over strata. A step of one network costs about
3 B m^2 d multiply-adds. PyTorch runs the seeds one after the other, as a first script would, and then all at once by
batched products, which is the fastest way it has without a compiler.

Run: python benchmarks/training.py [--m 16] [--d 32] [--steps 500] [--seeds 8]. The package itself needs no torch.
"""

import argparse
import time
from importlib.util import find_spec

import jax
import numpy as np

from superposed.networks.problem import Problem
from superposed.training import Trained
from superposed.training.driver import train

S, BATCH, RATE = 3, 64, 0.03


def by_torch(m: int, d: int, steps: int, seeds: list[int], together: bool) -> np.ndarray:
    """Train the seeds one by one, or all together; the mean loss over the last 50 steps of each."""
    import torch

    losses = []
    for group in [seeds] if together else [[seed] for seed in seeds]:
        n, generator = len(group), torch.Generator().manual_seed(group[0])
        w = torch.randn(n, m, d, generator=generator, requires_grad=True)
        b = torch.zeros(n, 1, d, requires_grad=True)
        v = (torch.randn(n, d, m, generator=generator) / d**0.5).requires_grad_()
        optimiser = torch.optim.Adam([w, b, v], lr=RATE)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
        above, history = torch.ones(m, m).triu(1), []
        for _ in range(steps):
            order = torch.rand(n, BATCH, m, generator=generator).argsort(dim=2)
            x = torch.zeros(n, BATCH, m).scatter_(2, order[:, :, :S], 1.0)
            a = torch.relu(torch.baddbmm(b, x, w))
            read = torch.matmul((a.unsqueeze(-1) * v.unsqueeze(1)).transpose(2, 3), v.unsqueeze(1))
            active = x.unsqueeze(-1) + x.unsqueeze(-2)
            error = (read - (active == 2).float()) ** 2 * above
            loss = (
                sum((error * (active == j)).sum((1, 2, 3)) / ((active == j) * above).sum((1, 2, 3)) for j in range(3))
                / 3
            )
            optimiser.zero_grad()
            loss.sum().backward()
            optimiser.step()
            schedule.step()
            history.append(loss.detach().numpy())
        losses.append(np.mean(history[-50:], axis=0))
    return np.concatenate(losses)


def by_jax(m: int, d: int, steps: int, seeds: list[int]) -> np.ndarray:
    """Train all seeds in one compiled program; the mean loss over the last 50 steps of each."""
    trained = Trained(steps=steps, batch=BATCH, learning_rate=RATE)
    result = train(trained, Problem(m, S), [jax.random.key(seed) for seed in seeds], [d] * len(seeds), chunk=steps)
    return result.losses[:, -50:].mean(axis=1)


def main() -> None:
    """Time both side by side; print networks a minute, the ratio, and the losses that were reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("m", 16), ("d", 32), ("steps", 500), ("seeds", 8)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    sizes, seeds = (args.m, args.d, args.steps), list(range(args.seeds))
    ways = {
        "JAX, first call, compiling included": lambda: by_jax(*sizes, seeds),
        "JAX, compiled": lambda: by_jax(*sizes, seeds),
    }
    if torch_is_there := find_spec("torch") is not None:
        import torch  # before anything is timed

        print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads")
        ways["PyTorch, one seed after another"] = lambda: by_torch(*sizes, seeds, together=False)
        ways["PyTorch, all seeds at once"] = lambda: by_torch(*sizes, seeds, together=True)
    print(f"device {jax.devices()[0].device_kind}; m = {args.m}, d = {args.d}, {args.steps} steps, {args.seeds} seeds")
    pace = {}
    for name, way in ways.items():
        started, busy = time.perf_counter(), time.process_time()
        loss = way()
        pace[name] = 60 * args.seeds / (time.perf_counter() - started)
        per_step = 1e3 * (time.process_time() - busy) / (args.seeds * args.steps)
        error = 1.96 * loss.std(ddof=1) / len(loss) ** 0.5
        print(
            f"{name:36} {pace[name]:8.1f} networks a minute   {per_step:6.3f} ms of CPU a network and step   "
            f"loss {loss.mean():.4f} +- {error:.4f}"
        )
    if not torch_is_there:
        print("PyTorch is not installed, so the loop over seeds is left out")
        return
    loop, batched = (pace["JAX, compiled"] / pace[name] for name in list(ways)[2:])
    print(f"JAX trains {loop:.1f} times as many networks a minute as the loop over seeds,")
    print(f"and {batched:.1f} times as many as PyTorch with all seeds at once")


if __name__ == "__main__":
    main()
