"""Counts in words: how many there are of a thing, as every text of the package says it."""

from __future__ import annotations


def counted(number: int, what: str) -> str:
    """A number of things.

    >>> counted(1, "document"), counted(1200, "document"), counted(0, "middle layer")
    ('1 document', '1,200 documents', '0 middle layers')
    """
    return f"{number:,} {what}{'s' * (number != 1)}"
