"""The words that confused readers, as data: a pattern, and what to write instead."""

import re

_SIDE = r"(?:skip|middle|repeat|reverse|random|parallel|full|R|u|floor)\b"
HABITS = {
    r"\bbehind\b": "say after, or name what stands there",
    r"\bbeside\b": "say in addition to, next to, or with",
    r"\bclear of\b": "say above, below, or distinguishable from",
    r"\bha(?:ve|s) no say\b": "say excluded, and why",
    r"\binterval and all\b": "say with the whole interval",
    r"\bso man(?:y|ieth)\b": "give the number, or say n",
    r"\b(?:is|are|was|were) (?:told|said)\b": "give the sentence a subject: the table shows, the report says",
    rf"\b{_SIDE} less (?:the )?{_SIDE}": "less is no minus: say more than",
    r"^Of (?:the|a|rbf|knn)\b": "help begins with a noun or a verb",
    r"(?:^|[.;:] )[Ww]hat (?:is|was|are|were|it|they) [^?]*$": "begin the clause with its subject",
}
PATTERNS = {re.compile(pattern): instead for pattern, instead in HABITS.items()}


def habits(text: str) -> list[str]:
    """What is wrong with a text: the words met, and what to write instead.

    >>> habits("the head behind the layers"), habits("the head after the layers")
    (["'behind': say after, or name what stands there"], [])
    """
    return [
        f"'{m.group().strip()}': {say}" for pattern, say in PATTERNS.items() if (m := pattern.search(text))
    ]
