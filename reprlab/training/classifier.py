"""A classifier on an encoder's pooled state: made, and fed with features from the prefix tree."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import transformers
from numpy.typing import NDArray
from torch import Tensor, nn

from reprlab.errors import ReprlabError
from reprlab.network.batches import packed_batches
from reprlab.network.network import Network
from reprlab.progress import Progress
from reprlab.schedules.plan import Plan
from reprlab.training.trainer import ModuleRow, collator, seeded


def encoder(network: Network) -> Any:
    """The module whose pooled state a classifier reads; raises `ReprlabError` where there is none."""
    if network.dtype != "float32":
        raise ReprlabError(
            f"training runs in float32, '{network.name}' is in {network.dtype}: --dtype float32"
        )
    if getattr(network.base, "pooler", None) is None:
        raise ReprlabError(
            f"'{network.name}' has no trained pooler to put a classifier on: GLUE runs on BERT encoders "
            "(bert-large, minilm-l6, a BERT's folder)"
        )
    if network.kind(2) != network.kind(3):
        raise ReprlabError(
            f"training pads texts, and padding changes the states of '{network.name}': use BERT"
        )
    return network.base


def classifier(network: Network, labels: int, seed: int) -> Network:
    """A copy of a network's encoder with a new head of `labels` labels on it, 1 for a regression.

    The network itself is not touched. The head is drawn from `seed`, as the architecture draws new ones.
    """
    base = encoder(network)
    config = copy.deepcopy(network.module.config)
    config.num_labels = labels
    config.problem_type = "regression" if labels == 1 else "single_label_classification"
    with seeded(seed):
        module = transformers.AutoModelForSequenceClassification.from_config(
            config, attn_implementation=network.attention
        )
    module.base_model.load_state_dict(base.state_dict())
    if not isinstance(getattr(module, "classifier", None), nn.Linear):
        raise ReprlabError(
            f"'{config.model_type}' puts more than a linear layer on its pooled state: use BERT"
        )
    return replace(network, module=module.to(network.device).eval())


class Head(nn.Module):
    """A copy of a classifier's last two parts, on features that are there: (row, width) -> (row, label)."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.dropout, self.classifier = map(
            copy.deepcopy, (network.module.dropout, network.module.classifier)
        )
        self.labels = network.module.config.num_labels

    def forward(self, features: Tensor, labels: Tensor | None = None) -> dict[str, Tensor]:
        logits = self.classifier(self.dropout(features))
        if labels is None:
            return {"logits": logits}
        if self.labels == 1:
            return {"loss": nn.functional.mse_loss(logits.squeeze(), labels.squeeze()), "logits": logits}
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


def encoded(
    network: Network, texts: Sequence[tuple[str, ...]], max_tokens: int
) -> list[dict[str, list[int]]]:
    """Texts, or pairs of texts, as the tokenizer joins and cuts them: a row's lists by argument."""
    columns = [list(column) for column in zip(*texts, strict=True)]
    limit = min(max_tokens, network.max_tokens)
    columns_of = network.tokenizer(*columns, truncation=True, max_length=limit, verbose=False)
    ids = columns_of["input_ids"]
    network.check_tokens(ids, [f"row {place}" for place in range(len(ids))])
    taken = [key for key in ("input_ids", "attention_mask", "token_type_ids") if key in columns_of]
    return [
        dict(zip(taken, row, strict=True)) for row in zip(*(columns_of[key] for key in taken), strict=True)
    ]


def features(
    network: Network,
    rows: Sequence[ModuleRow],
    plan: Plan,
    *,
    batch_tokens: int,
    progress: Progress = lambda done, total: None,
) -> list[NDArray[np.float32]]:
    """The encoder's pooled state of every row under every schedule of a plan: a (row, width) array each.

    One walk of the plan's tree a batch; equal schedules have the same array. Rows run sorted by length,
    padded to their batch's longest.
    """
    base = encoder(network)
    lengths = [len(row["input_ids"]) for row in rows]
    places: dict[int, NDArray[np.float32]] = {}
    alone = replace(network, module=base)
    done, total = 0, sum(lengths)
    for members in packed_batches([(1, length) for length in lengths], batch_tokens):
        recording = alone.record(_padded(alone, [rows[place] for place in members]))
        for positions, state in recording.walk(plan):
            pooled = recording.finish(state).pooler_output
            if positions[0] not in places:
                blank = np.empty((len(rows), pooled.shape[-1]), np.float32)
                places |= dict.fromkeys(positions, blank)
            places[positions[0]][list(members)] = pooled.cpu().numpy()
        done += sum(lengths[place] for place in members)
        progress(done, total)
    return [places[position] for position in range(len(plan))]


def _padded(network: Network, rows: Sequence[ModuleRow]) -> dict[str, Any]:
    batch = collator(network)([{k: v for k, v in row.items() if k != "labels"} for row in rows])
    return {key: value.to(network.device) for key, value in batch.items()}
