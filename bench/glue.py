"""What one walk of the prefix tree and padding to the batch save where only a classifier trains.

    python bench/glue.py [--tasks wnli --data-dir DIR] [--grid fig11] [--limit 128] [--sample 6]

Every schedule of a grid gets a classifier on a frozen encoder, one task at a time, in one process:

- ours: `reprlab.glue`, `frozen`: pooled states of all schedules from one walk of the tree, then all heads
- tree: the part of ours that makes the pooled states, timed alone: the grid's layer calls
- Trainer: the same recipe on the rewritten module with a frozen encoder, one schedule after another, a
  forward pass a step, as the usual scripts run it; with rows padded to their batch's longest, and with all
  rows padded to 128 tokens. A fixed sample of the distinct schedules, evenly spread over their layer
  calls, scaled to all by a line through its times (seconds = a * layer calls + b)

Tokens are those of one epoch, with their padding.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from typing import Any

import numpy as np
import torch

import reprlab as rl
from reprlab.benchmarks.glue.opened import open_glue
from reprlab.benchmarks.glue.rows import Glue
from reprlab.network.network import Network
from reprlab.schedules.schedule import Schedule
from reprlab.training.classifier import classifier, encoded, features
from reprlab.training.glue_runs import MAX_TOKENS, measured
from reprlab.training.recipe import recipe_of
from reprlab.training.trainer import fit

Rows = list[dict[str, Any]]
WARM = 1  # schedules that the Trainer runs before its clock starts


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="minilm-l6")
    parser.add_argument("--tasks", default="wnli")
    parser.add_argument("--data-dir")
    parser.add_argument("--limit", type=int, default=128)
    parser.add_argument("--sample", type=int, default=6)
    parser.add_argument("--grid", default="fig11")
    parser.add_argument("--batch-tokens", type=int, default=2048)
    asked = parser.parse_args()
    network = rl.load(asked.model, pooled=True)
    grid = rl.paper_grid(asked.grid, network.n_layers)
    plan = rl.Plan(entry.schedule for entry in grid)
    print(f"{asked.model} ({network.note}), {network.dtype}; {plan}")
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}; {recipe_of('frozen')}")
    print(f"{'task':6}{'tokens an epoch':>18}{'seconds':>30}{'ratio to ours':>22}")
    print(f"{'':6}{'batch':>9}{'128':>9}{'tree':>8}{'ours':>6}{'batch':>8}{'128':>8}{'batch':>11}{'128':>11}")
    for data in open_glue(asked.tasks.split(","), data_dir=asked.data_dir, limit=asked.limit):
        rows = coded(network, data)
        padded = {"batch": rows, "128": [full_length(network, row) for row in rows]}
        tree = clocked(lambda: features(network, rows, plan, batch_tokens=asked.batch_tokens))  # noqa: B023
        ours = clocked(lambda: together(network, grid, data, asked.batch_tokens))  # noqa: B023
        theirs = {way: apart(network, data, plan, found, asked.sample) for way, found in padded.items()}
        counts = [tokens(found[: len(data.train)]) for found in padded.values()]
        print(
            f"{data.task.name:6}{counts[0]:9,}{counts[1]:9,}{tree:8,.1f}{ours:6,.1f}"
            + "".join(f"{seconds:8,.0f}" for seconds in theirs.values())
            + "".join(f"{seconds / ours:11,.1f}" for seconds in theirs.values()),
            flush=True,
        )


def coded(network: Network, data: Glue) -> Rows:
    """The rows of both splits as tokens, with their labels."""
    splits = (data.train, data.validation)
    kind = float if data.task.regression else int
    return [
        {**row, "labels": kind(label)}
        for split in splits
        for row, label in zip(encoded(network, split.texts, MAX_TOKENS), split.labels, strict=True)
    ]


def full_length(network: Network, row: dict[str, Any]) -> dict[str, Any]:
    """A row padded to the longest that any may be."""
    return dict(network.tokenizer.pad(dict(row), padding="max_length", max_length=MAX_TOKENS))


def tokens(rows: Rows) -> int:
    """The tokens of an epoch, in the order of the rows, with the padding of batches of 32."""
    size = recipe_of("frozen").batch
    parts = [rows[start : start + size] for start in range(0, len(rows), size)]
    return sum(len(part) * max(len(row["input_ids"]) for row in part) for part in parts)


def together(network: Network, grid: list[rl.Entry], data: Glue, batch_tokens: int) -> None:
    with tempfile.TemporaryDirectory() as cache:
        rl.glue(network, grid, [data], mode="frozen", batch_tokens=batch_tokens, cache=cache)


def apart(network: Network, data: Glue, plan: rl.Plan, rows: Rows, size: int) -> float:
    """Seconds for every distinct schedule, by a line through the times of a stratified sample."""
    ordered = sorted(plan.distinct, key=lambda schedule: (schedule.layer_calls, str(schedule)))
    sample = [ordered[round(place)] for place in np.linspace(0, len(ordered) - 1, size)]
    for schedule in sample[:WARM]:
        alone(network, data, rows, schedule)
    seconds = [clocked(lambda: alone(network, data, rows, schedule)) for schedule in sample]  # noqa: B023
    slope, rest = np.polyfit([schedule.layer_calls for schedule in sample], seconds, 1)
    return sum(slope * schedule.layer_calls + rest for schedule in ordered)


def alone(network: Network, data: Glue, rows: Rows, schedule: Schedule) -> None:
    """A classifier trained on the rewritten module, whose encoder is frozen, and scored after each epoch."""
    recipe = recipe_of("frozen")
    tuned = classifier(network, max(1, len(data.task.labels)), recipe.seed)
    tuned.base.requires_grad_(False)
    cut = len(data.train)
    with tuned.scheduled(schedule) as module:
        held: dict[str, Any] = {"held": rows[cut:], "measure": lambda logits: measured(data, logits)}
        fit(module, rows[:cut], recipe, network=tuned, device=tuned.device, **held)


def clocked(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
