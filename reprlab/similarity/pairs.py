"""Pairing: the samples of two captures side by side, row by row the same."""

from __future__ import annotations

from itertools import pairwise

from reprlab.captures.activations import Activations
from reprlab.captures.capture import Capture
from reprlab.errors import ReprlabError
from reprlab.similarity.measure import MEASURES
from reprlab.similarity.policy import Policy, dropped
from reprlab.similarity.samples import Sample, Stacked, offsets_of, sample

AnyStates = Capture | Activations


def pair(capture: AnyStates, against: AnyStates | None, policy: Policy, measure: str) -> Sample:
    """The samples of one capture, or of two side by side, as a measure needs them."""
    if isinstance(capture, Capture) and MEASURES[measure].states and not capture.identity.states:
        raise ReprlabError(f"{measure} of a capture that holds no states: capture again without --no-states")
    if against is None:
        return _one_width(sample(capture, policy), measure)
    _same_samples(capture, against, policy)
    if policy.samples == "documents":
        first, second = sample(capture, policy), sample(against, policy)
        if first.offsets != second.offsets:
            raise ReprlabError("some documents have no tokens left in one of the two: take tokens all")
    else:
        first, second = _by_document(capture, against, policy)
    both = Sample(Stacked(first.states, second.states), first.offsets, max(first.excluded, second.excluded))
    return _one_width(both, measure)


def _one_width(taken: Sample, measure: str) -> Sample:
    widths = taken.states.widths
    if MEASURES[measure].alike and min(widths) != max(widths):
        raise ReprlabError(
            f"{measure} needs states of one width, these have {min(widths)} to {max(widths)}: "
            "take cka, procrustes or knn"
        )
    return taken


def _by_document(capture: AnyStates, against: AnyStates, policy: Policy) -> tuple[Sample, Sample]:
    """Samples that are tokens, but those that a policy leaves out of either.

    Of different tokens, one of each document at a place: the document is left out where one of the two is.
    """
    starts = [offsets_of(one) for one in (capture, against)]
    out = [dropped(one.norms, at, policy) for one, at in zip((capture, against), starts, strict=True)]
    if starts[0] == starts[1]:
        out = [out[0] | out[1]] * 2
    else:
        for (a, b), (c, d) in zip(*map(pairwise, starts), strict=True):
            if int((~out[0][a:b]).sum()) != int((~out[1][c:d]).sum()):
                out[0][a:b], out[1][c:d] = True, True
    return sample(capture, policy, out[0]), sample(against, policy, out[1])


def _same_samples(capture: AnyStates, against: AnyStates, policy: Policy) -> None:
    """Raises where row i of one is not row i of the other."""
    documents = [len(offsets_of(one)) - 1 for one in (capture, against)]
    if documents[0] != documents[1]:
        raise ReprlabError(f"the two have {documents[0]} and {documents[1]} documents: give as many of both")
    if isinstance(capture, Capture) and isinstance(against, Capture):
        one, other = capture.identity, against.identity
        if one.corpus_digest != other.corpus_digest:
            raise ReprlabError(f"the two are of different texts: '{one.corpus}' and '{other.corpus}'")
        same = (one.tokenizer, one.max_tokens) == (other.tokenizer, other.max_tokens)
    else:
        same = True
    whole = policy.samples == "tokens" and policy.positions not in {"first", "last"}
    if whole and not (same and offsets_of(capture) == offsets_of(against)):
        raise ReprlabError(
            "the two have different tokens: compare samples 'documents', 'last' or 'cls' instead of tokens"
        )
