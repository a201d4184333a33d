"""Limits: how many documents of each benchmark are scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reprlab.errors import ReprlabError, unknown


def limits_of(limit: int | Mapping[str, int], names: Sequence[str]) -> dict[str, int]:
    """The number of documents of each benchmark, from one for all or from one by name.

    >>> limits_of(40, ["lambada", "arc"])
    {'lambada': 40, 'arc': 40}
    """
    if not isinstance(limit, Mapping):
        return dict.fromkeys(names, limit)
    check_limits(limit, names)
    if left := [name for name in names if name not in limit]:
        raise ReprlabError(f"limit {dict(limit)} lacks {', '.join(left)}: give every benchmark a number")
    return {name: limit[name] for name in names}


def with_own(limit: int, own: Mapping[str, int], names: Sequence[str]) -> dict[str, int]:
    """The number of documents of each benchmark: its own, else `limit`.

    >>> with_own(400, {"gsm8k_nll": 64}, ["lambada", "gsm8k_nll"])
    {'lambada': 400, 'gsm8k_nll': 64}
    """
    return {name: own.get(name, limit) for name in names}


def check_limits(own: Mapping[str, int], names: Sequence[str]) -> None:
    """Raises `ReprlabError` where a number is for a benchmark that is not asked for.

    >>> check_limits({"gsm8k": 64}, ["lambada", "arc"])
    Traceback (most recent call last):
    reprlab.errors.ReprlabError: unknown benchmark of --limit 'gsm8k': there are: lambada, arc
    """
    for name in own:
        if name not in names:
            raise unknown("benchmark of --limit", name, names)
