"""nnsight traces: every depth of the model as it is, or of a schedule."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from reprlab.network.layers import hidden, like
from reprlab.network.recorded import combined
from reprlab.network.updates import Known, after, after_mean, full_norms
from reprlab.schedules.steps import Block, Step, ranges
from reprlab.schedules.update_rules import MeanUpdate

_argv, sys.argv = sys.argv, sys.argv[:1]  # nnsight reads `-v` from the command line as its own
try:
    import nnsight
finally:
    sys.argv = _argv


class _LayerView(nnsight.NNsight):
    """nnsight's view of a base model; inputs are left to accelerate where weights are offloaded."""

    @property
    def device(self) -> torch.device | None:
        where = super().device
        return None if where is None or where.type == "meta" else where


def wrap(base: Any) -> Any:
    """nnsight's view of a base model."""
    return _LayerView(base)


def trace(wrapped: Any, layers: Sequence[Any], batch: dict[str, Any]) -> list[Tensor]:
    """What enters layer 0 and what leaves each layer of the model as it is."""
    with torch.no_grad(), wrapped.trace(**batch):
        states = nnsight.save([layers[0].input])
        for layer in layers:
            states.append(hidden(layer.output))
    return states


def trace_schedule(
    wrapped: Any, layers: Sequence[Any], steps: Sequence[Step], known: Known, form: Any
) -> list[Tensor]:
    """The states at every depth of a schedule: the model's calls are read and skipped, then made anew.

    `known.batch` is what the model gets, `form` what a layer returns, for its form; the model goes on after
    its last layer. Where blocks need the full model's updates, its layers run first, inside the trace too.
    """
    with torch.no_grad(), wrapped.trace(**known.batch):
        states = nnsight.save([layers[0].input])
        calls: list[Any] = []
        for layer in layers[:-1]:
            calls.append(layer.inputs)
            layer.skip(like(form, states[0]))
        calls.append(layers[-1].inputs)
        norms = full_norms(ranges(steps), states[0], lambda layer, state: _call(layers, calls, layer, state))
        known = replace(known, norms=norms)
        for step in steps:
            states.append(_step(layers, calls, step, states[-1], known))
        layers[-1].skip(like(form, states[-1]))
    return states


def _step(layers: Sequence[Any], calls: Sequence[Any], step: Step, state: Tensor, known: Known) -> Tensor:
    if isinstance(step, int):
        return _call(layers, calls, step, state)
    if not isinstance(step, Block):
        return combined(step, state, [_call(layers, calls, layer, state) for layer in step])
    if isinstance(step.rule, MeanUpdate):
        return after_mean(step, state, known)
    end = state
    for inner in step.steps:
        end = _step(layers, calls, inner, end, known)
    return after(step, state, end, known)


def _call(layers: Sequence[Any], calls: Sequence[Any], layer: int, state: Tensor) -> Tensor:
    args, kwargs = calls[layer]
    rest = {key: value for key, value in kwargs.items() if key != "hidden_states"}
    return hidden(layers[layer](state, *args[1:], **rest))
