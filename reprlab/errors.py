"""The one exception users meet, and the sentence for a name that does not exist."""

from collections.abc import Iterable
from difflib import get_close_matches


class ReprlabError(Exception):
    """One clear line for the user: the value given, the values allowed, and the way out."""


def unknown(kind: str, given: str, allowed: Iterable[str], do: str = "") -> ReprlabError:
    """The error for a name outside a closed list.

    >>> print(unknown("measure", "cosin", ["cosine", "cka"]))
    unknown measure 'cosin': did you mean 'cosine'? There are: cosine, cka
    """
    names, given = list(allowed), str(given)
    near = get_close_matches(given, names, n=1)
    guess = f"did you mean '{near[0]}'? There are" if near else "there are"
    tail = f". {do}" if do else ""
    return ReprlabError(f"unknown {kind} '{given}': {guess}: {', '.join(names)}{tail}")
