"""Options with several values: commas and repetition alike."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from reprlab.errors import ReprlabError


def separate(option: typer.CallbackParam, values: list[str] | None) -> list[str] | None:
    """The values of an option that was given once or more, each with commas between several.

    Commas separate names, numbers and schedules, none of which holds one. A path may: files only repeat.
    """
    return [piece for text in values for piece in pieces(option.opts[0], text)] if values else None


def pieces(option: str, text: str) -> list[str]:
    """The pieces of a text between commas, without spaces around them.

    >>> pieces("--measure", "cosine, cka")
    ['cosine', 'cka']
    """
    stripped = [piece.strip() for piece in text.split(",")]
    if not all(stripped):
        raise ReprlabError(
            f"{option} '{text}' has an empty piece: write values with commas between, as in a,b"
        )
    return stripped


def whole(option: str, texts: Sequence[str] | None) -> list[int] | None:
    """The whole numbers of pieces such as `5` or a half-open range `5:14`; None for None.

    >>> whole("--starts", ["1", "5:8"])
    [1, 5, 6, 7]
    """
    if texts is None:
        return None
    numbers: list[int] = []
    for text in texts:
        first, colon, last = text.partition(":")
        if not _small(first) or (colon and not _small(last)):
            raise ReprlabError(
                f"{option} '{text}': give whole numbers as in 5,7,9, or a half-open range as in 5:14"
            )
        span = range(int(first), int(last)) if colon else [int(first)]
        if not span:
            raise ReprlabError(f"{option} '{text}' is an empty range: 5:14 is 5 to 13")
        numbers += span
    return numbers


def limits(option: str, texts: Sequence[str] | None) -> tuple[int | None, dict[str, int]]:
    """The number of documents for every benchmark, and the numbers of those that have their own.

    >>> limits("--limit", ["400", "gsm8k_nll=64"]), limits("--limit", None)
    ((400, {'gsm8k_nll': 64}), (None, {}))
    """
    every, own = [t for t in texts or () if "=" not in t], [t for t in texts or () if "=" in t]
    counts = [text.rpartition("=")[2].strip() for text in (*every, *own)]
    for text, count in zip((*every, *own), counts, strict=True):
        if not _small(count) or int(count) < 1:
            raise ReprlabError(
                f"{option} {text}: give 1 or more, as in 400, or gsm8k_nll=64 for one benchmark"
            )
    if len(every) > 1:
        raise ReprlabError(f"{option} {','.join(every)}: give one number for all, and NAME=NUMBER for others")
    names = [text.rpartition("=")[0].strip() for text in own]
    if not all(names):
        raise ReprlabError(f"{option} {own[names.index('')]}: give a benchmark's name before =")
    if len(set(names)) < len(names):
        raise ReprlabError(f"{option} {','.join(own)}: give each benchmark once")
    return (int(every[0]) if every else None), dict(zip(names, map(int, counts[len(every) :]), strict=True))


def _small(text: str) -> bool:
    """Whether a text is a whole number that is worth a list: of six digits at most."""
    return text.isascii() and text.isdigit() and len(text) <= 6


def check_counts(**counts: int | None) -> None:
    """Refuse counts below 1, by the name of their option."""
    for name, value in counts.items():
        if value is not None and value < 1:
            raise ReprlabError(f"--{name.replace('_', '-')} {value}: give 1 or more")
