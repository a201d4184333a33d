"""Compare: the similarity of a capture's depths, as a labelled value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import torch
from numpy.typing import NDArray
from torch import Tensor

from reprlab.cache import Block, Capture
from reprlab.errors import ReprlabError, unknown
from reprlab.schedule import Schedule
from reprlab.similarity import (
    SINK_FACTOR,
    Sums,
    linear_cka,
    merge,
    sequence_cosine,
    sinks,
    sums,
    token_cosine,
)

MEASURES = {
    "cosine": "mean cosine over tokens",
    "cosine-sequence": "cosine of whole documents",
    "cka": "linear CKA, debiased",
}
POLICIES = ("all", "no-sinks")


@dataclass(frozen=True)
class Similarity:
    """A (depth, depth) matrix that knows what it was computed from. Symmetric; 1 on the diagonal."""

    values: NDArray[np.float64]
    measure: str
    model: str
    note: str
    corpus: str
    schedule: str
    documents: int
    tokens: int
    excluded: int
    policy: str
    sink_factor: float
    dtype: str
    stored: str
    made_with: dict[str, str]
    layers: int
    remark: str = ""

    @property
    def full(self) -> bool:
        """Whether the model ran as it is."""
        return self.schedule == str(Schedule.full(self.layers))

    @property
    def caption(self) -> str:
        """Model, corpus, n, policy and dtype in a sentence."""
        left_out = f"{self.excluded:,} sink tokens left out (norm above {self.sink_factor:g}x the median)"
        policy = left_out if self.policy == "no-sinks" else "all tokens"
        dtype = self.dtype if self.dtype == self.stored else f"{self.dtype}, stored as {self.stored}"
        schedule = "" if self.full else f"; schedule {self.schedule}"
        text = (
            f"{self.model} ({self.note}); corpus {self.corpus}: {self.documents:,} documents, "
            f"{self.tokens:,} tokens; {policy}; {dtype}{schedule}."
        )
        return f"{text} {self.remark}" if self.remark else text

    def mean(self, first: int, last: int) -> float:
        """Mean of the off-diagonal entries among the depths `first` to `last`, both included."""
        block = self.values[first : last + 1, first : last + 1]
        return float(block[~np.eye(len(block), dtype=bool)].mean())

    @property
    def reading(self) -> str:
        """One line: how alike the middle half of the depths is, and how near both ends are to it."""
        if np.isnan(self.values).all():
            return f"{MEASURES[self.measure]}: {self.remark}"
        last = len(self.values) - 1
        low, high = round(last / 4), round(3 * last / 4)
        middle = self.values[low : high + 1]
        return (
            f"{MEASURES[self.measure]}: depths {low} to {high} are at {self.mean(low, high):.3f} to each "
            f"other, {middle[:, 0].mean():.3f} to depth 0 and {middle[:, last].mean():.3f} to depth {last}"
        )

    def to_dataframe(self) -> pd.DataFrame:
        """One row a pair of depths, with the labels beside it."""
        depths = np.arange(len(self.values))
        a, b = np.meshgrid(depths, depths, indexing="ij")
        labels = {
            f.name: getattr(self, f.name) for f in fields(self) if f.name not in {"values", "made_with"}
        }
        pairs = {"depth": a.ravel(), "other": b.ravel(), "similarity": self.values.ravel()}
        return pd.DataFrame({**pairs, **labels})

    def save(self, path: Path | str) -> None:
        """Write as JSON (NaN as null), or as CSV by the file's ending."""
        path = Path(path)
        if path.suffix == ".csv":
            path.write_text(self.to_dataframe().to_csv(index=False), encoding="utf-8")
            return
        rows = [[None if np.isnan(v) else v for v in row] for row in self.values.tolist()]
        path.write_text(_compact({**asdict(self), "values": rows}), encoding="utf-8")

    @classmethod
    def load(cls, path: Path | str) -> Similarity:
        """Read what `save` wrote as JSON."""
        try:
            data: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
            values = np.array(data.pop("values"), dtype=np.float64)
            return cls(values=values, **data)
        except (json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise ReprlabError(f"'{path}' holds no similarity that reprlab wrote: {error}") from error

    def plot(self, ax: Any = None) -> Any:
        """Draw the matrix as a heat map and give back its axes."""
        from reprlab import figures

        title = f"{self.model}, {'all tokens' if self.policy == 'all' else 'sinks left out'}"
        return figures.heatmap(
            self.values, title=title, label=MEASURES[self.measure], caption=self.caption, ax=ax
        )


def _compact(data: dict[str, Any]) -> str:
    """JSON with a line for each field and each row of numbers, so that changes can be read."""
    rows = ",\n  ".join(json.dumps(row) for row in data["values"])
    rest = json.dumps({**data, "values": "@"}, indent=1)
    return rest.replace('"@"', f"[\n  {rows}\n ]", 1) + "\n"


def cosine(capture: Capture, *, tokens: str = "all", sink_factor: float = SINK_FACTOR) -> Similarity:
    """Mean over tokens of the cosine between hidden states at every pair of depths, in [-1, 1].

    `tokens`: `all`, or `no-sinks`, which leaves out tokens whose norm is above `sink_factor` times the
    depth's median at any depth.

    >>> import reprlab as rl
    >>> acts = rl.capture(rl.load("tiny-llama"), rl.corpus("builtin"), documents=3, cache=tmp)
    >>> rl.cosine(acts).values.shape
    (7, 7)
    """
    return compare(capture, "cosine", tokens=tokens, sink_factor=sink_factor)


def cka(capture: Capture, *, tokens: str = "all", sink_factor: float = SINK_FACTOR) -> Similarity:
    """Debiased linear CKA at every pair of depths, exact over all tokens; about 0 for unrelated states.

    `tokens` as for `cosine`. Needs the states: a capture made with `states=False` has none.

    >>> import reprlab as rl
    >>> acts = rl.capture(rl.load("tiny-llama"), rl.corpus("builtin"), documents=3, cache=tmp)
    >>> round(float(rl.cka(acts, tokens="no-sinks").values[2, 2]), 9)
    1.0
    """
    return compare(capture, "cka", tokens=tokens, sink_factor=sink_factor)


def compare(
    capture: Capture, measure: str, *, tokens: str = "all", sink_factor: float = SINK_FACTOR
) -> Similarity:
    """The similarity of every pair of depths by a measure: cosine, cosine-sequence or cka."""
    if measure not in MEASURES:
        raise unknown("measure", measure, MEASURES)
    if tokens not in POLICIES:
        raise unknown("token policy", tokens, POLICIES)
    if sink_factor < 1:
        raise ReprlabError(f"sink factor {sink_factor:g}: give 1 or more")
    dropped = sinks(capture.norms, sink_factor)
    if tokens == "all":
        dropped = torch.zeros_like(dropped)
    values = _cka(capture, dropped) if measure == "cka" else _cosines(capture, dropped, measure)
    identity = capture.identity
    return Similarity(
        values=values.numpy(),
        measure=measure,
        model=identity.model,
        note=capture.manifest.note,
        corpus=identity.corpus,
        schedule=identity.schedule,
        layers=capture.manifest.layers,
        documents=capture.documents,
        tokens=int((~dropped).sum()),
        excluded=int(dropped.sum()),
        policy=tokens,
        sink_factor=sink_factor,
        dtype=identity.dtype,
        stored=identity.stored,
        made_with=dict(sorted(capture.manifest.made_with.items())),
        remark=_remark(capture, values),
    )


def average(parts: Sequence[Similarity], corpus: str) -> Similarity:
    """The mean of several corpora's matrices under one name, as the paper averages its benchmarks."""
    return replace(
        parts[0],
        values=np.mean([part.values for part in parts], axis=0),
        corpus=f"{corpus} (mean of {', '.join(part.corpus for part in parts)})",
        documents=sum(part.documents for part in parts),
        tokens=sum(part.tokens for part in parts),
        excluded=sum(part.excluded for part in parts),
        remark=" ".join(sorted({part.remark for part in parts} - {""})),
    )


def _remark(capture: Capture, values: Tensor) -> str:
    """Why some values are NaN, if they are."""
    bad = [depth for depth, row in enumerate(values) if row.isnan().all()]
    if not values.isnan().any():
        return ""
    if capture.nonfinite:
        row = next(row for row in capture.rows if row.first_nonfinite)
        depth, document, token = row.first_nonfinite or (0, "", 0)
        return (
            f"NaN: {capture.nonfinite:,} values are NaN or infinite, the first at depth {depth}, "
            f"document '{document}', token {token}."
        )
    if len(bad) == len(values):
        return "NaN: too few tokens are left."
    return f"NaN at depths {', '.join(map(str, bad))}: the states there do not vary, or are zero."


def _cosines(capture: Capture, dropped: Tensor, measure: str) -> Tensor:
    documents = document_sums(capture, dropped)
    if measure == "cosine-sequence":
        return sequence_cosine(documents)
    total = documents[0]
    for document in documents[1:]:
        total = merge(total, document)
    return token_cosine(total)


def document_sums(capture: Capture, dropped: Tensor) -> list[Sums]:
    """The sums of each document's tokens but the dropped ones, without reading states if they suffice."""
    found: list[Sums] = []
    for block, mask in zip(capture.blocks, dropped.split([b.tokens for b in capture.blocks]), strict=True):
        suspect = torch.zeros(block.tokens, dtype=torch.bool)
        suspect[block.suspects] = True
        covered = not bool((mask & ~suspect).any())
        found += _from_sums(block, mask) if covered else _from_states(block, mask)
    return found


def _from_sums(block: Block, dropped: Tensor) -> list[Sums]:
    found: list[Sums] = []
    for i, ordinary in enumerate(block.documents):
        inside = (block.suspects >= int(block.offsets[i])) & (block.suspects < int(block.offsets[i + 1]))
        kept = inside & ~dropped[block.suspects]
        found.append(merge(ordinary, sums(block.suspect_states[:, kept])) if kept.any() else ordinary)
    return found


def _from_states(block: Block, dropped: Tensor) -> list[Sums]:
    states = block.states()
    bounds = list(map(int, block.offsets))
    return [sums(states[:, a:b][:, ~dropped[a:b]]) for a, b in pairwise(bounds)]


def _cka(capture: Capture, dropped: Tensor) -> Tensor:
    kept = ~dropped
    count = int(kept.sum())
    needed = (capture.depths * 4 + 24) * count * capture.width  # float32 each, one depth in float64
    free = psutil.virtual_memory().available
    if needed > 0.9 * free:
        fewer = int(capture.documents * 0.9 * free / needed)
        raise ReprlabError(
            f"cka over {count:,} tokens x {capture.depths} depths needs {needed / 1e9:.1f} GB of memory, "
            f"{free / 1e9:.1f} GB are free: take --documents {max(fewer, 1)} or fewer"
        )
    return linear_cka(capture.states(depth)[kept] for depth in range(capture.depths))
