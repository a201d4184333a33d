"""Calibrations: captures whose mean updates stand in for layers, looked up in the cache by their digest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from reprlab.captures.blocks import document_sums
from reprlab.captures.capture import Capture
from reprlab.captures.inventory import captures
from reprlab.captures.layout import calibration_of
from reprlab.captures.shard_file import reading
from reprlab.captures.sums import merge, sinks
from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.network.network import Network
from reprlab.schedules.schedule import Schedule
from reprlab.schedules.update_rules import MeanUpdate


@dataclass(frozen=True)
class Calibration:
    """A capture of the full model, of as many documents as its name says."""

    capture: Capture

    @property
    def name(self) -> str:
        return self.capture.calibration

    def means(self) -> Tensor:
        """The mean state at every depth over the tokens that are no sinks: (depth, width), float64."""
        documents = document_sums(self.capture.blocks, sinks(self.capture.norms))
        whole = documents[0]
        for document in documents[1:]:
            whole = merge(whole, document)
        if not whole.count:
            raise ReprlabError(f"calibration {self.name} has no tokens that are no sinks")
        return whole.mean

    def texts(self) -> Iterator[tuple[str, list[int]]]:
        """Each document's id and tokens."""
        for block in self.capture.blocks:
            with reading(block.file) as file:
                tokens = file.data("tokens", (None,), "i")[: block.tokens].tolist()
            for name, start, stop in zip(block.ids, block.offsets, block.offsets[1:], strict=False):
                yield name, tokens[int(start) : int(stop)]


def calibrations(schedules: Iterable[Schedule], network: Network, root: Path) -> dict[str, Calibration]:
    """The calibrations that blocks `=digest` name, from the cache folder `root`.

    Raises `ReprlabError` for one that is not there, is of other weights, is no capture of the full model, or
    holds NaN.
    """
    rules = [block.rule for schedule in schedules for block in schedule.blocks]
    names = dict.fromkeys(rule.calibration for rule in rules if isinstance(rule, MeanUpdate))
    return {name: _found(name, network, root) for name in names}


def means_of(found: dict[str, Calibration]) -> dict[str, Tensor]:
    """The mean states of calibrations, by name: (depth, width) each."""
    return {name: one.means() for name, one in found.items()}


def _found(name: str, network: Network, root: Path) -> Calibration:
    there = list(captures(root))
    for capture in there:
        for documents in range(1, capture.documents + 1):
            if calibration_of(capture.identity, documents) == name:
                return Calibration(_checked(name, capture.first(documents), network))
    for capture in there:
        if capture.identity.digest == name:
            raise ReprlabError(
                f"{name} names a capture that may grow; the calibration of its "
                f"{counted(capture.documents, 'document')} is {capture.calibration}: write that"
            )
    raise ReprlabError(
        f"no capture in the cache '{root}' has the calibration {name}: make it with `reprlab capture`, which "
        "prints its calibration, or name the cache that holds it"
    )


def _checked(name: str, capture: Capture, network: Network) -> Capture:
    of = capture.identity
    reason = ""
    if of.weights != network.weights():
        reason = f"it is of '{of.model}', whose weights are others than those of '{network.name}'"
    elif not capture.is_full:
        reason = f"it ran under the schedule {of.schedule}: a calibration runs {network.full()}"
    elif capture.nonfinite or not torch.isfinite(capture.norms).all():
        reason = "some of its values are NaN or infinite"
    if reason:
        raise ReprlabError(
            f"the capture '{capture.folder}' cannot be the calibration {name}: {reason}; make one "
            "with `reprlab capture`"
        )
    return capture
