"""Whole numbers as options are given them."""

from __future__ import annotations

from reprlab.errors import ReprlabError


def whole(option: str, text: str | None) -> list[int] | None:
    """The whole numbers of `5,7,9` or of half-open ranges `5:14`."""
    if text is None:
        return None
    found: list[int] = []
    for part in text.split(","):
        first, colon, last = part.strip().partition(":")
        if not first.isdigit() or (colon and not last.isdigit()):
            raise ReprlabError(
                f"{option} '{text}': give whole numbers as in 5,7,9, or a half-open range as in 5:14"
            )
        found += range(int(first), int(last)) if colon else [int(first)]
    if not found:
        raise ReprlabError(f"{option} '{text}' is an empty range: 5:14 is 5 to 13")
    return found
