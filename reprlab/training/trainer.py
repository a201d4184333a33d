"""Training by transformers' Trainer: a classifier put on an encoder's pooled state, or a whole module."""

from __future__ import annotations

import copy
import os
import random
import tempfile
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from safetensors import SafetensorError
from torch import nn

from reprlab.arrays import Array
from reprlab.errors import ReprlabError
from reprlab.files import whole_folder, write_whole
from reprlab.network.network import Network
from reprlab.progress import Progress
from reprlab.schedules.schedule import Schedule
from reprlab.training.recipe import Recipe

ModuleRow = Mapping[str, Any]  # what a module takes of one text: lists of numbers by argument, and `labels`
HeldMetrics = Callable[[Array], Mapping[str, float]]
_LOGS = 20  # points of a learning curve, in addition to those at each epoch's end


def collator(network: Network) -> Any:
    """Pads a batch's rows to its longest, after their ends; labels that are lists with -100: not scored."""
    tokenizer = copy.deepcopy(network.tokenizer)
    tokenizer.padding_side = "right"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(0)  # masked out anyway
    whole = transformers.DataCollatorWithPadding(tokenizer)
    each = transformers.DataCollatorForSeq2Seq(tokenizer, label_pad_token_id=-100)

    def collate(rows: Sequence[dict[str, Any]]) -> Any:
        return (each if isinstance(rows[0].get("labels"), list) else whole)(list(rows))

    return collate


@dataclass(frozen=True)
class Fitted:
    """What training left: the points of its learning curve, and the logits of the rows held out."""

    curve: tuple[dict[str, float], ...]
    logits: Array | None


def fit(
    module: nn.Module,
    rows: Sequence[ModuleRow],
    recipe: Recipe,
    *,
    network: Network | None = None,
    held: Sequence[ModuleRow] = (),
    measure: HeldMetrics | None = None,
    micro_batch: int | None = None,
    device: str = "cpu",
    progress: Progress = lambda done, total: None,
) -> Fitted:
    """Train a module in place on rows, by transformers' Trainer; the random state outside stays as it was.

    `network` pads its rows of tokens; rows without one are stacked (of features, say). `held` rows are looked
    at after each epoch, `measure` says what of their logits goes on the curve: (row, label) -> metrics by
    name. `micro_batch`: that many rows of a step are in memory together and gradients add up; only for a
    language model, whose loss stays the mean over all tokens of the step. The curve has `step`, `epoch` and
    `loss` (the mean since the point before), and at each epoch's end `held_loss` and the metrics.
    """
    needs_accelerate()
    steps, size = -(-len(rows) // recipe.batch) * recipe.epochs, micro_batch or recipe.batch
    collate = _stacked if network is None else collator(network)
    with tempfile.TemporaryDirectory() as scratch, seeded(recipe.seed), _determined():
        options = _arguments(scratch, recipe, size, len(held), steps, device)
        trainer = transformers.Trainer(
            module,
            options,
            data_collator=collate,
            train_dataset=_Rows(rows),
            eval_dataset=_Rows(held) if held else None,
            compute_metrics=None
            if measure is None
            else lambda found: dict(measure(_logits(found.predictions))),
            callbacks=[_Shown(progress, steps)],
        )
        trainer.remove_callback(transformers.PrinterCallback)
        trainer.train()
        logits = _logits(trainer.predict(_Rows(held)).predictions) if held else None
    module.eval()
    return Fitted(_curve(trainer.state.log_history), logits)


def _arguments(scratch: str, recipe: Recipe, size: int, held: int, steps: int, device: str) -> Any:
    """The Trainer's settings: a recipe, `size` rows in memory at a time, nothing saved, nothing reported."""
    options = transformers.TrainingArguments(
        output_dir=scratch,
        per_device_train_batch_size=size,
        per_device_eval_batch_size=min(size, max(1, held)),
        gradient_accumulation_steps=recipe.batch // size,
        num_train_epochs=recipe.epochs,
        learning_rate=recipe.rate,
        lr_scheduler_type="linear",
        weight_decay=0.0,
        optim="adamw_torch",
        seed=recipe.seed,
        use_cpu=device.startswith("cpu"),
        logging_steps=max(1, steps // _LOGS),
        logging_nan_inf_filter=False,
        eval_strategy="epoch" if held else "no",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
        label_names=["labels"],
    )
    _ = options.device  # found out once, with how many there are
    setattr(options, "_n_gpu", min(1, options.n_gpu))  # noqa: B010 - several would multiply the batch
    return options


def _stacked(rows: Sequence[ModuleRow]) -> dict[str, Any]:
    """Rows of equal shape as one tensor an argument; floats in single precision, as the module's own are."""
    columns = {key: torch.tensor(np.array([row[key] for row in rows])) for key in rows[0]}
    return {key: value.float() if value.is_floating_point() else value for key, value in columns.items()}


class _Rows(torch.utils.data.Dataset[Any]):
    def __init__(self, rows: Sequence[ModuleRow]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: int) -> dict[str, Any]:
        return dict(self._rows[place])


class _Shown(transformers.TrainerCallback):
    def __init__(self, progress: Progress, steps: int) -> None:
        self._progress, self._steps = progress, steps

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._progress(state.global_step, self._steps)


def _logits(found: Any) -> Array:
    """The logits among what a module gives back."""
    first = found[0] if isinstance(found, tuple) else found
    return np.asarray(first, np.float64)


def _curve(history: Iterable[Mapping[str, float]]) -> tuple[dict[str, float], ...]:
    """The Trainer's log by our names: its evaluation is of the rows held out."""
    points: dict[float, dict[str, float]] = {}
    for entry in history:
        named = {key.replace("eval_", "held_"): float(value) for key, value in entry.items()}
        point = {key: value for key, value in named.items() if not key.endswith(_TIMES) and key not in _LEFT}
        if point.keys() - {"step", "epoch"} and "train_runtime" not in entry:
            points.setdefault(entry["step"], {}).update(point)
    return tuple(points[step] for step in sorted(points))


_TIMES = ("runtime", "per_second")
_LEFT = {"grad_norm", "learning_rate"}


@contextmanager
def seeded(seed: int) -> Generator[None]:
    """All random draws from a seed inside; outside they go on as if nothing had been drawn."""
    states = random.getstate(), np.random.get_state()  # the Trainer draws from it
    try:
        with torch.random.fork_rng():
            transformers.set_seed(seed)
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])


@contextmanager
def _determined() -> Generator[None]:
    """Kernels that give the same sums each time, as far as there are any."""
    before = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])


def save_checkpoint(network: Network, folder: Path, schedule: Schedule) -> None:
    """Weights as an ordinary checkpoint, layers in the model's own order, with the schedule's text."""
    try:
        with whole_folder(folder) as scratch:
            network.module.save_pretrained(scratch)
            network.tokenizer.save_pretrained(scratch)
            write_whole(scratch / "schedule.txt", f"{schedule}\n")
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        advice = f"cannot write '{folder}': {reason}; give another --checkpoints"
        raise ReprlabError(advice) from error


def needs_accelerate() -> None:
    """Raises `ReprlabError` where what the Trainer needs is not installed."""
    if find_spec("accelerate") is None:
        raise ReprlabError("training needs the package accelerate: pip install 'reprlab[train]'")
