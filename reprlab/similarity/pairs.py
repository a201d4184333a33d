"""Pairing: the samples of two captures side by side, row by row the same."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from reprlab.captures.capture import Capture
from reprlab.captures.hidden_states import HiddenStates
from reprlab.errors import ReprlabError
from reprlab.similarity.measure import Measure
from reprlab.similarity.policy import Policy
from reprlab.similarity.samples import Sample, Stacked, dropped, sample


def pair(capture: HiddenStates, against: HiddenStates | None, policy: Policy, measure: Measure) -> Sample:
    """The samples of one capture, or of two side by side, as a measure needs them."""
    if measure.states and not capture.has_states:
        raise ReprlabError(
            f"{measure.name} of a capture that holds no states: capture again without --no-states"
        )
    if against is None:
        return _one_width(sample(capture, policy), measure)
    _same_samples(capture, against, policy)
    if policy.samples == "documents":
        first, second = sample(capture, policy), sample(against, policy)
        if first.offsets != second.offsets:
            raise ReprlabError("some documents have no tokens left in one of the two: take tokens all")
    else:
        first, second = _by_document(capture, against, policy)
    stacked = Stacked(first.states, second.states)
    excluded = max(first.excluded, second.excluded)
    both = Sample(stacked, first.offsets, excluded, split=len(first.states.widths))
    return _one_width(both, measure)


def apart(capture: HiddenStates, against: HiddenStates | None) -> tuple[HiddenStates, HiddenStates | None]:
    """The two under names that differ where their weights do: digits of the digest tell them apart."""
    if not isinstance(capture, Capture) or not isinstance(against, Capture):
        return capture, against
    digests = [one.identity.weights.rpartition(":")[2] for one in (capture, against)]
    if capture.label != against.label or digests[0] == digests[1]:
        return capture, against
    digits = next(n for n in range(4, len(digests[0]) + 1, 4) if digests[0][:n] != digests[1][:n])
    labels = [f"{capture.label}@{digest[:digits]}" for digest in digests]
    return replace(capture, alias=labels[0]), replace(against, alias=labels[1])


def _one_width(taken: Sample, measure: Measure) -> Sample:
    widths = taken.states.widths
    if measure.alike and min(widths) != max(widths):
        raise ReprlabError(
            f"{measure.name} needs states of one width, these have {min(widths)} to {max(widths)}: "
            "take cka, procrustes or knn"
        )
    return taken


def _by_document(capture: HiddenStates, against: HiddenStates, policy: Policy) -> tuple[Sample, Sample]:
    """Samples that are tokens, but those that a policy leaves out of either.

    Of different tokens, one of each document at a place: the document is left out where one of the two is.
    """
    out = [dropped(states.norms, states.offsets, policy) for states in (capture, against)]
    if capture.offsets == against.offsets:
        out = [out[0] | out[1]] * 2
    else:
        for (a, b), (c, d) in zip(pairwise(capture.offsets), pairwise(against.offsets), strict=True):
            if int((~out[0][a:b]).sum()) != int((~out[1][c:d]).sum()):
                out[0][a:b], out[1][c:d] = True, True
    return sample(capture, policy, out[0]), sample(against, policy, out[1])


def _same_samples(capture: HiddenStates, against: HiddenStates, policy: Policy) -> None:
    """Raises where row i of one is not row i of the other."""
    documents = [len(states.offsets) - 1 for states in (capture, against)]
    if documents[0] != documents[1]:
        raise ReprlabError(f"the two have {documents[0]} and {documents[1]} documents: give as many of both")
    ours, theirs = capture.texts, against.texts
    same = capture.offsets == against.offsets
    if ours and theirs:
        if ours.digest != theirs.digest:
            raise ReprlabError(f"the two are of different texts: '{ours.corpus}' and '{theirs.corpus}'")
        tokenized = [(texts.tokenizer, texts.max_tokens) for texts in (ours, theirs)]
        same = same and tokenized[0] == tokenized[1]
    every_token = policy.samples == "tokens" and policy.positions not in {"first", "last"}
    if every_token and not same:
        raise ReprlabError(
            "the two have different tokens: compare samples 'documents', 'last' or 'cls' instead of tokens"
        )
