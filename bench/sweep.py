"""What the prefix tree and packed rows save, beside lm-eval's own model run schedule by schedule.

    python bench/sweep.py [--benchmarks lambada,arc --data-dir DIR] [--documents 8] [--dtype bfloat16]

Both sides answer the same documents of a benchmark under the paper's whole grid, in one process, one side
after the other, with the same dtype and as many tokens a batch:

- ours: `reprlab.sweep`, from tokens to kept answers, the whole grid
- lm-eval: its HFLM on the rewritten module, one schedule after another; a fixed sample of the distinct
  schedules, evenly spread over their layer calls, scaled to all of them by a line through its times
  (seconds = a * layer calls + b)

The bound is what follows from counts alone: layer calls times tokens, and positions through the head, each
by the products that it takes (a layer's weights, the head's weights). Padding, attention, masks, softmax and
whatever else either side does are not in it.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from lm_eval.models.huggingface import HFLM

import reprlab as rl
from reprlab.benchmarks.by_name import open_benchmarks, prepare
from reprlab.benchmarks.table import expand
from reprlab.network.batches import pack
from reprlab.network.network import Network

WARM = 2  # schedules that lm-eval runs before its clock starts


@dataclass(frozen=True)
class Counts:
    """What one side runs for one schedule: tokens through the layers, positions through the head."""

    tokens: int
    head: int


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--benchmarks", default="builtin_cloze,builtin_science,builtin_commonsense")
    parser.add_argument("--data-dir")
    parser.add_argument("--documents", type=int, default=8)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--sample", type=int, default=30)
    parser.add_argument("--grid", default="paper")
    parser.add_argument("--batch-tokens", type=int, default=2048)
    asked = parser.parse_args()
    network = rl.load(asked.model, dtype=asked.dtype)
    grid = rl.paper_grid(asked.grid, network.n_layers)
    plan = rl.Plan(entry.schedule for entry in grid)
    print(f"{asked.model} ({network.note}), {network.dtype}, {asked.documents} documents a benchmark")
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}; {plan}")
    print(f"{'':22}{'tokens':>15}{'head':>13}{'seconds':>20}{'ratio':>8}{'bound':>8}{'reached':>9}")
    print(f"{'benchmark':22}{'HFLM   ours':>15}{'HFLM  ours':>13}{'HFLM      ours':>20}")
    for opened in open_benchmarks(expand(asked.benchmarks.split(",")), data_dir=asked.data_dir):
        ready = prepare(
            opened,
            network.tokenizer,
            limit=asked.documents,
            max_length=network.positions,
            vocabulary=network.vocabulary,
            max_new_tokens=256,
        )
        theirs, ours = apart(ready), together(network, ready)
        fit = lm_eval(network, ready, plan, asked.sample, asked.batch_tokens)
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as cache:
            rl.sweep(
                network,
                grid,
                [opened],
                limit=asked.documents,
                batch_tokens=asked.batch_tokens,
                cache=cache,
            )
        mine = time.perf_counter() - start
        full = sum(fit[0] * schedule.layer_calls + fit[1] for schedule in plan.distinct)
        bound = work(network, plan, theirs, shared=False) / work(network, plan, ours, shared=True)
        ratio = full / mine
        print(
            f"{ready.name:22}{theirs.tokens:8,}{ours.tokens:7,}{theirs.head:7,}{ours.head:6,}"
            f"{full:11,.0f}{mine:9,.0f}{ratio:8.1f}{bound:8.1f}{ratio / bound:9.0%}",
            flush=True,
        )


def apart(ready: Any) -> Counts:
    """lm-eval's counts: a row for each distinct input, every position of it through the head."""
    inputs = {request.inputs for document in ready.documents for request in document.requests}
    tokens = sum(map(len, inputs))
    return Counts(tokens, tokens)


def together(network: Network, ready: Any) -> Counts:
    """Our counts: packed rows, and the positions that are read."""
    rows = [
        row
        for document in ready.documents
        for row in pack(document.requests, width=network.width, longest=network.packed_limit)
    ]
    return Counts(sum(map(len, rows)), sum(len({read.place for read in row.reads}) for row in rows))


def work(network: Network, plan: rl.Plan, counts: Counts, *, shared: bool) -> float:
    """Multiplications of weights: a layer's for each layer call and token, the head's for each position."""
    layer = sum(weight.numel() for weight in network.layers[0].parameters() if weight.dim() > 1)
    head = network.vocabulary * network.width
    calls = plan.layer_calls if shared else sum(schedule.layer_calls for schedule in plan.distinct)
    return calls * counts.tokens * layer + len(plan.distinct) * counts.head * head


def lm_eval(network: Network, ready: Any, plan: rl.Plan, size: int, batch_tokens: int) -> tuple[float, float]:
    """Seconds a layer call and seconds a schedule, by a line through the times of a stratified sample."""
    ordered = sorted(plan.distinct, key=lambda schedule: (schedule.layer_calls, str(schedule)))
    sample = [ordered[round(i)] for i in np.linspace(0, len(ordered) - 1, size)]
    instances = [instance for group in ready.groups for instance in group]
    longest = max(len(r.inputs) for document in ready.documents for r in document.requests)
    rows = max(1, batch_tokens // longest)
    calls: list[int] = []
    seconds: list[float] = []
    model = HFLM(pretrained=network.module, tokenizer=network.tokenizer, add_bos_token=False, batch_size=rows)
    for number, schedule in enumerate([*sample[:WARM], *sample]):
        with network.scheduled(schedule):
            start = time.perf_counter()
            model.loglikelihood(instances, disable_tqdm=True)
            if number >= WARM:
                seconds.append(time.perf_counter() - start)
                calls.append(schedule.layer_calls)
    if len(set(calls)) < 2:
        return 0.0, statistics.mean(seconds)
    slope, rest = np.polyfit(calls, seconds, 1)
    return float(slope), float(rest)


if __name__ == "__main__":
    main()
