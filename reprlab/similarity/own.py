"""Own measures: a user's function of two depths, over every pair of them, with a jackknife over documents."""

from __future__ import annotations

import hashlib
import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.provenance import OwnMeasure
from reprlab.similarity.measures import Computed, MeasureOptions, check_fits, whole_depth
from reprlab.similarity.samples import Sample
from reprlab.statistics.resampled import Resampled, grouped

OwnFunction = Callable[[Tensor, Tensor], Any]
_SYMMETRIC = 1e-4  # of the largest value: by so much the two orders of a pair may differ


def named(function: OwnFunction, *, words: str = "", distance: bool = False) -> OwnMeasure:
    """The name of a user's function and the digest of its source.

    Raises `ReprlabError` for a function without a name, and for one whose source Python does not know.
    """
    name = getattr(function, "__name__", "<lambda>")
    if not callable(function) or not name.isidentifier():
        raise ReprlabError("a measure of your own is a function with a name: write it with def")
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError) as error:
        raise ReprlabError(
            f"Python cannot find the source of '{name}', and a result keeps its digest: "
            "write the function with def, in a .py file or a notebook"
        ) from error
    digest = hashlib.sha256(source.encode()).hexdigest()[:12]
    return OwnMeasure(name, digest, words or name, distance)


def every_pair(sample: Sample, options: MeasureOptions, *, function: OwnFunction, name: str) -> Computed:
    """A user's function of every pair of depths, and the same without each of at most 50 document groups.

    Of one capture a pair is computed once, since the function is symmetric; of two captures the pairs are
    those of a depth of the first with one of the second. NaN where states are not finite, and elsewhere.
    """
    states, bounds = sample.states, grouped(sample.offsets)
    count = len(states.widths)
    if not states.count:
        return torch.full((count, count), torch.nan, dtype=torch.float64), None
    kind = torch.float64 if states.exact else torch.float32
    check_fits(2 * sum(states.widths) * states.count * kind.itemsize, name, states)
    depths = [whole_depth(states, depth).to(options.device, kind) for depth in range(count)]
    own = _OwnPairs(function, name, sample.split, tuple(_pairs(depths, sample.split)))
    groups = list(pairwise(bounds)) if len(bounds) > 2 else []
    pairs, sets = len(own.pairs), len(groups) + 1
    over = f"{counted(pairs, 'pair')} of depths over {counted(sets, 'set')} of documents"
    options.say(f"{name}: {counted(pairs * sets, 'call')}, {over}")
    values = own.matrix(depths)
    if not sample.split:
        own.check_symmetric(depths, values)
    left: list[Tensor] = []
    for start, stop in groups:
        options.progress(len(left) + 1, sets)
        left.append(own.matrix([torch.cat([state[:start], state[stop:]]) for state in depths]))
    options.progress(sets, sets)
    shares = np.diff(bounds) / states.count
    return values, Resampled("jackknife", torch.stack(left).numpy(), shares) if groups else None


def _pairs(depths: Sequence[Tensor], split: int) -> Iterator[tuple[int, int]]:
    """Pairs of depths with finite states: each once, or each of a first capture with each of a second."""
    finite = [bool(state.isfinite().all()) for state in depths]
    for first in range(split or len(depths)):
        for second in range(split or first, len(depths)):
            if finite[first] and finite[second]:
                yield first, second


@dataclass(frozen=True)
class _OwnPairs:
    """A user's function and the pairs of depths that it is called with."""

    function: OwnFunction
    name: str
    split: int
    pairs: tuple[tuple[int, int], ...]

    def matrix(self, depths: Sequence[Tensor]) -> Tensor:
        """The function's number for every pair, NaN elsewhere: (depth, depth)."""
        values = torch.full((len(depths), len(depths)), torch.nan, dtype=torch.float64)
        for first, second in self.pairs:
            values[first, second] = self.number(depths, first, second)
        return values if self.split else values.triu() + values.triu(1).T

    def number(self, depths: Sequence[Tensor], first: int, second: int) -> float:
        """The function's number for copies of two depths' states; an infinite one counts as undefined."""
        x, y = depths[first], depths[second]
        where = f"depths {first} and {second}"
        if self.split:
            where = f"depth {first} and the other's depth {second - self.split}"
        try:
            with torch.no_grad():
                answer = self.function(x.clone(), y.clone())
        except Exception as error:  # a user's function may raise anything
            reason = " ".join(f"{type(error).__name__}: {error}".split())
            shapes = f"{tuple(x.shape)} and {tuple(y.shape)}"
            raise ReprlabError(f"{self.name} failed at {where}, shapes {shapes}: {reason}") from error
        try:
            if isinstance(answer, str | bytes | bool):
                raise TypeError("text and truth values are no numbers")
            number = float(answer)
        except (TypeError, ValueError, RuntimeError) as error:
            shape = getattr(answer, "shape", None)
            given = type(answer).__name__ + ("" if shape is None else f" of shape {tuple(shape)}")
            raise ReprlabError(f"{self.name} returned no number at {where}, but {given}") from error
        return number if math.isfinite(number) else math.nan

    def check_symmetric(self, depths: Sequence[Tensor], values: Tensor) -> None:
        """Raises where the number of the two depths farthest apart depends on their order."""
        known = values.isfinite().nonzero().tolist()
        first, second = max(known, key=lambda pair: pair[1] - pair[0], default=(0, 0))
        if first == second:
            return
        forth, back = float(values[first, second]), self.number(depths, second, first)
        if not abs(forth - back) <= _SYMMETRIC * float(values[values.isfinite()].abs().max()):
            raise ReprlabError(
                f"{self.name} is not symmetric: depths {first} and {second} give {forth:.6g}, in the other "
                f"order {back:.6g}; return the mean of both orders, or compare the capture against itself"
            )
