"""CKA of every pair of depths, ours beside its peers: the same tensors, in one run, errors beside times.

    python bench/similarity.py [--peers DIR] [--sizes 13x512x768] [--variants plain] [--seed 0] [--json FILE]

Peers are not installed beside reprlab, and none brings a torch of its own. DIR has a folder for each; one
that is missing, or cannot be imported, is named and skipped. To fill it:

    pip install --no-deps --target DIR/pytorch-cka pytorch-cka==1.1.3
    pip install --no-deps --target DIR/torch-cka torch-cka==0.21
    pip install --no-deps --target DIR/ckatorch ckatorch==1.0.3 seaborn
    pip install --no-deps --target DIR/cka-pytorch cka-pytorch==1.1.3 \\
        seaborn lightning lightning-utilities torchmetrics

All compute the debiased estimator from one batch of all tokens, each driven in the way that is best for it:

- ours: `reprlab.similarity.cka.linear_cka`
- pytorch-cka: `cka_from_features(X, X)` of the (depth, token, width) float32 tensor
- torch-cka: two modules whose layers hand out the states, one batch; float32
- cka-pytorch: the same modules, one epoch, as many pairs at a time as depths (its 64 are slower and take
  more memory), nothing added to the denominator; float32
- ckatorch: `cka_base(x, y, unbiased=True)` of each pair above the diagonal; it turns to float64 by itself

The last three build or multiply Gram matrices for each pair: up to 1,024 tokens only, and three rounds.

States are float32: one signal that turns with depth, and noise of each depth's own. Variants: plain;
massive-channel: one channel with an offset of 1,000 spreads, and at every third depth another with 100 times
the spread; massive-tokens: 1 % of tokens with about 100 times the norm.

Times: in turn, after a warm-up on the first 512 tokens; the median, and the median over rounds of the ratio
to ours. Error: the largest over pairs, against whole Gram matrices in float64, centred one by one; as
pytorch-cka clamps to [0, 1], so is the reference for it. Pairs for which a way finds nothing finite, though
there is a number, are counted apart, as undefined. Memory: the highest above the input that a fresh process
held, in which nothing else runs (resident; on Linux the mark is set back before, elsewhere what the imports
took hides what is smaller). The largest size wants 13 GB of memory, 4 GB of disk and minutes a variant.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import io
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from reprlab.similarity.cka.cka import linear_cka

SIZES = "13x512x768,25x1024x1024,31x2048x576,41x4096x5120"
VARIANTS = ("plain", "massive-channel", "massive-tokens")
OURS = "ours"
SLOW = ("torch-cka", "cka-pytorch", "ckatorch")  # up to 1,024 tokens
RANK = 12  # of the signal

Cka = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Row:
    """One line of the table; `error` is over the pairs for which the way found a number."""

    size: str
    variant: str
    way: str
    rounds: int
    seconds: float
    ratio: float
    error: float | None
    undefined: int
    memory: int


def main() -> None:
    asked = arguments()
    if asked.memory:
        print(above_input(asked.memory, asked))
        return
    ways = opened(asked.peers)
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}")
    columns = f"{'seconds':>10}{'x ours':>9}{'error':>10}{'undefined':>11}{'MB above input':>16}"
    print(f"{'size':14}{'variant':17}{'way':13}{columns}", flush=True)
    rows = [
        row
        for size in asked.sizes.split(",")
        for variant in asked.variants.split(",")
        for row in compare(size, variant, ways, asked)
    ]
    if asked.json:
        found = {
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
            "seed": asked.seed,
            "rows": list(map(asdict, rows)),
        }
        asked.json.write_text(json.dumps(found, indent=1, allow_nan=False) + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--sizes", default=SIZES, help="depths x tokens x width, separated by commas")
    parser.add_argument("--variants", default=",".join(VARIANTS))
    parser.add_argument("--rounds", type=int, help="default: 7, of the largest size 2")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--memory", help=argparse.SUPPRESS)  # the fresh process: a way, and the states
    parser.add_argument("--input", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def compare(size: str, variant: str, ways: dict[str, Cka], asked: argparse.Namespace) -> list[Row]:
    """Every way on the same states, printed as they come."""
    shape = shaped(size)
    states = made(shape, variant, asked.seed)
    exact = reference(states)
    ways = {way: run for way, run in ways.items() if shape[1] <= 1024 or way not in SLOW}
    seconds, values = measure(ways, states, asked.rounds or (7 if states.numel() < 1 << 28 else 2))
    apart = exact[tuple(torch.triu_indices(len(exact), len(exact), 1))]
    spread = f"CKA from {apart.min():.3f} to {apart.max():.3f}, median {apart.median():.3f}"
    print(f"{size:14}{variant:17}{spread}", flush=True)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "states"
        states.numpy().tofile(file)
        del states
        for way, times in seconds.items():
            ratio = statistics.median(t / base for t, base in zip(times, seconds[OURS], strict=False))
            error, undefined = against(exact, values[way], clamped=way == "pytorch-cka")
            memory = fresh(way, size, file, asked.peers)
            middle = statistics.median(times)
            row = Row(size, variant, way, len(times), middle, ratio, error, undefined, memory)
            rows.append(row)
            shown = "none" if error is None else f"{error:.1e}"
            numbers = f"{middle:10.4f}{ratio:9.2f}{shown:>10}{row.undefined:11}{memory / 1e6:16,.1f}"
            print(f"{size:14}{variant:17}{way:13}{numbers}", flush=True)
    return rows


def shaped(size: str) -> tuple[int, int, int]:
    depths, tokens, width = map(int, size.split("x"))
    return depths, tokens, width


def made(shape: tuple[int, int, int], variant: str, seed: int = 0) -> Tensor:
    """Seeded states, (depth, token, width) in float32."""
    depths, tokens, width = shape
    random = torch.Generator().manual_seed(seed)
    strength = torch.linspace(1, 0.3, RANK)
    near, far = (torch.randn(tokens, RANK, generator=random) * strength for _ in range(2))
    massive = torch.randperm(tokens, generator=random)[: max(1, tokens // 100)]
    states = torch.empty(shape)
    for depth, state in enumerate(states):
        turn = torch.tensor(0.4 * torch.pi * depth / max(1, depths - 1))
        torch.randn(tokens, width, generator=random, out=state)
        state *= 0.5 + depth / depths
        mixed = near * turn.cos() + far * turn.sin()
        state += mixed @ torch.randn(RANK, width, generator=random)
        if variant == "massive-channel":
            state[:, width // 2] += 1000 * state[:, width // 2].std()
            if depth % 3 == 0:
                state[:, width // 3] *= 100
        elif variant == "massive-tokens":
            state[massive] *= 50 + 100 * torch.rand(len(massive), 1, generator=random)
        elif variant != "plain":
            raise SystemExit(f"no variant {variant!r}: {', '.join(VARIANTS)}")
    return states


def reference(states: Tensor) -> Tensor:
    """Debiased CKA by its definition, in float64: Gram matrices U-centred one by one (Szekely, Rizzo 2014).

    Only what is above their diagonals is kept: matrices are symmetric, and diagonals count as zero.
    """
    depths, tokens = states.shape[:2]
    above = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
    kept = torch.empty(depths, tokens * (tokens - 1) // 2, dtype=torch.float64)
    for state, row in zip(states, kept, strict=True):
        exact = state.double()
        exact -= exact.mean(0)
        gram = (exact @ exact.T).fill_diagonal_(0)
        sums = gram.sum(0) / (tokens - 2)
        gram -= sums[:, None]
        gram -= sums
        gram += sums.sum() / (tokens - 1)
        row.copy_(gram[above])
    inner = kept @ kept.T
    size = inner.diagonal().sqrt()
    return inner / torch.outer(size, size)


def against(exact: Tensor, found: Tensor, *, clamped: bool) -> tuple[float | None, int]:
    """The largest error over pairs with a finite value, and how many pairs lack one."""
    off = (found.double() - (exact.clamp(0, 1) if clamped else exact)).abs()
    finite = off.isfinite()
    error = float(off[finite].max()) if finite.any() else None
    return error, int((~finite & exact.isfinite()).sum())


def measure(
    ways: dict[str, Cka], states: Tensor, rounds: int
) -> tuple[dict[str, list[float]], dict[str, Tensor]]:
    """Seconds of each way in each round, and what it found."""
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    values: dict[str, Tensor] = {}
    for run in ways.values():
        run(states[:, :512])
    for number in range(rounds):
        for way, run in ways.items():
            if number < 3 or way not in SLOW:
                start = time.perf_counter()
                values[way] = run(states)
                seconds[way].append(time.perf_counter() - start)
    return seconds, values


def fresh(way: str, size: str, file: Path, peers: Path | None) -> int:
    """Bytes above the input that a way held at most, in a process of its own."""
    command = [sys.executable, __file__, "--memory", way, "--sizes", size, "--input", str(file)]
    command += ["--peers", str(peers)] if peers else []
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return int(done.stdout.splitlines()[-1])


def above_input(way: str, asked: argparse.Namespace) -> int:
    """What `fresh` starts. Read from a file, the states leave behind no freed memory that a way could use."""
    run = ours if way == OURS else peer(way, asked.peers)
    run(torch.randn(3, 64, 64))
    states = torch.from_numpy(np.fromfile(asked.input, np.float32)).view(shaped(asked.sizes))
    linux = sys.platform == "linux"
    if linux:
        with contextlib.suppress(AttributeError):  # not glibc
            ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")  # the highest mark is what is resident now
    before = psutil.Process().memory_info().rss
    run(states)
    if linux:
        status = Path("/proc/self/status").read_text()
        highest = int(status.split("VmHWM:")[1].split()[0]) << 10
    else:
        highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS
    return highest - before


def opened(folder: Path | None) -> dict[str, Cka]:
    """Ours, and the peers that can be had; the others are named."""
    ways: dict[str, Cka] = {OURS: ours}
    for way in PEERS:
        if folder is None or not (folder / way).is_dir():
            print(f"{way}: skipped, no folder {way} below --peers")
            continue
        try:
            ways[way] = peer(way, folder)
        except ImportError as error:
            print(f"{way}: skipped, {error}")
            continue
        versions = [f.version for f in metadata.distributions(name=way, path=[str(folder / way)])]
        print(f"{way} {' '.join(versions)}")
    return ways


def peer(way: str, folder: Path) -> Cka:
    """A peer from its folder, which comes last on the path: never a torch or numpy out of it."""
    sys.path.append(str((folder / way).resolve()))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return PEERS[way]()
    finally:
        sys.path.pop()


def ours(states: Tensor) -> Tensor:
    return linear_cka(states)


def pytorch_cka() -> Cka:
    package: Any = import_module("cka")
    return lambda states: package.cka_from_features(states, states)


def torch_cka() -> Cka:
    package: Any = import_module("torch_cka")

    def run(states: Tensor) -> Tensor:
        names = [f"layers.{depth}" for depth in range(len(states))]
        found = package.CKA(Given(states), Given(states), "first", "second", names, names)
        batch = one_batch(states)
        quiet = contextlib.redirect_stderr(io.StringIO())  # its progress bar
        with torch.no_grad(), quiet, contextlib.suppress(AssertionError):  # for pairs without a number
            found.compare(batch, batch)
        return found.hsic_matrix

    return run


def cka_pytorch() -> Cka:
    package: Any = import_module("cka_pytorch")

    def run(states: Tensor) -> Tensor:
        names = [f"layers.{depth}" for depth in range(len(states))]
        found = package.CKACalculator(
            Given(states),
            Given(states),
            names,
            names,
            batched_feature_size=len(states),
            device=states.device,
            verbose=False,
        )
        return found.calculate_cka_matrix(one_batch(states), num_epochs=1, epsilon=0.0)

    return run


def ckatorch() -> Cka:
    package: Any = import_module("ckatorch.core")

    def run(states: Tensor) -> Tensor:
        values = torch.eye(len(states), dtype=torch.float64)
        for i, x in enumerate(states):
            for j in range(i):
                values[i, j] = values[j, i] = package.cka_base(x, states[j], unbiased=True)
        return values

    return run


PEERS: dict[str, Callable[[], Cka]] = {
    "pytorch-cka": pytorch_cka,
    "torch-cka": torch_cka,
    "cka-pytorch": cka_pytorch,
    "ckatorch": ckatorch,
}


class Given(nn.Module):
    """A module whose layers hand out given states, for peers that hook layers."""

    def __init__(self, states: Iterable[Tensor]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Handed(state) for state in states)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            layer(x)
        return x


class Handed(nn.Module):
    def __init__(self, state: Tensor) -> None:
        super().__init__()
        self.state = state

    def forward(self, _: Tensor) -> Tensor:
        return self.state


def one_batch(states: Tensor) -> DataLoader[Any]:
    """A single batch: inputs, of which nothing is used, and labels."""
    x = states.new_zeros(states.shape[1], 1)
    batches: Any = [(x, x)]
    return DataLoader(batches, batch_size=None)


if __name__ == "__main__":
    main()
