"""What capturing costs over the bare forward pass, side by side in one run, on the same batches.

    python bench/capture.py [--model smollm2-135m] [--documents 48] [--rounds 5]

Four ways to run one corpus, in turn, `rounds` times after a warm-up; the table gives the median seconds
and the median, over rounds, of each ratio to the bare forward pass of that round:

- forward: the base model, no hidden states kept
- trace: one nnsight trace a batch that hands out every depth
- capture: the whole of `reprlab.capture`: statistics, HDF5, checksum, fsync
- transformers + torch.save: `output_hidden_states=True`, one .pt file a batch
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch

import reprlab as rl
from reprlab.captures.corpora import Corpus
from reprlab.network.batches import padded_batches
from reprlab.network.network import Batch, Network


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--corpus", default="builtin")
    parser.add_argument("--data-dir")
    parser.add_argument("--documents", type=int, default=48)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    network = rl.load(asked.model, dtype=asked.dtype)
    corpus = rl.corpus(asked.corpus, data_dir=asked.data_dir, sample=None)
    ids = network.tokenize(corpus.texts[: asked.documents])
    made = [network.batch([ids[i] for i in b]) for b in padded_batches(list(map(len, ids)), 2048)]

    ways: dict[str, Callable[[Path], None]] = {
        "forward": lambda _: forward(network, made),
        "trace": lambda _: trace(network, made),
        "capture": lambda folder: capture(network, corpus, asked.documents, folder),
        "transformers + torch.save": lambda folder: peer(network, made, folder),
    }
    seconds = measure(ways, asked.rounds)
    tokens = sum(map(len, ids))
    print(f"{asked.model} ({network.note}), {network.dtype}, {corpus.name}: {asked.documents} documents,")
    print(f"{tokens:,} tokens, {torch.get_num_threads()} threads, torch {torch.__version__}")
    print(f"{'way':28}{'seconds':>9}{'tokens/s':>10}{'ratio':>8}{'lowest':>8}{'highest':>9}")
    for way, times in seconds.items():
        ratios = [t / base for t, base in zip(times, seconds["forward"], strict=True)]
        middle = statistics.median(times)
        spread = f"{min(ratios):8.3f}{max(ratios):9.3f}"
        print(f"{way:28}{middle:9.2f}{tokens / middle:10,.0f}{statistics.median(ratios):8.3f}{spread}")


def measure(ways: dict[str, Callable[[Path], None]], rounds: int) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(rounds + 1):
        for way, run in ways.items():
            with tempfile.TemporaryDirectory() as folder:
                start = time.perf_counter()
                run(Path(folder))
                if number:
                    seconds[way].append(time.perf_counter() - start)
    return seconds


def forward(network: Network, made: list[Batch]) -> None:
    with torch.no_grad():
        for batch in made:
            network.base(**batch)


def trace(network: Network, made: list[Batch]) -> None:
    for batch in made:
        network.hidden_states(batch)


def capture(network: Network, corpus: Corpus, documents: int, folder: Path) -> None:
    rl.capture(network, corpus, cache=folder, documents=documents, shard_bytes=1 << 40)


def peer(network: Network, made: list[Batch], folder: Path) -> None:
    with torch.no_grad():
        for number, batch in enumerate(made):
            states = network.base(**batch, output_hidden_states=True).hidden_states
            torch.save(states, folder / f"{number}.pt")


if __name__ == "__main__":
    main()
