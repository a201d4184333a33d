"""Images: a figure as a file or as its bytes, the same every time; no date is written."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np

from reprlab.figures.looks import BENCHMARKS, OTHERS, STYLE, VARIANTS
from reprlab.files import write_whole

DPI = 200  # of pictures in a report
_COLOURS = 256  # of a PNG's palette, which makes files a third
_EMPTY = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {"Software": None}}


_LOOKS = {  # as bytes: red, green, blue
    tuple(bytes.fromhex(colour[1:]))
    for colour, *_ in (*VARIANTS.values(), *BENCHMARKS.values(), *OTHERS)
    if colour.startswith("#")
}


def save(drawn: Any, path: Path) -> None:
    """Write a figure, or the one that axes belong to, and let go of it; the ending chooses the format."""
    figure, image = getattr(drawn, "figure", drawn), BytesIO()
    _write(figure, image, path.suffix[1:].lower() or "png")
    write_whole(path, image.getvalue())
    close(figure)


def image(figure: Any, ending: str) -> bytes:
    """A figure as PNG (200 dots an inch, with a palette) or PDF (text stays text)."""
    drawn = BytesIO()
    _write(figure, drawn, ending, dpi=DPI)
    return _small(drawn) if ending == "png" else drawn.getvalue()


def _write(figure: Any, target: IO[bytes], ending: str, **size: int) -> None:
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        tight: Any = {"bbox_inches": "tight", "pad_inches": 0.04}
        figure.savefig(target, format=ending, metadata=_EMPTY.get(ending), **tight, **size)


def _small(drawn: BytesIO) -> bytes:
    """A PNG with a palette instead of a colour a pixel; every pixel takes the nearest colour there is."""
    from PIL import Image

    with Image.open(drawn) as whole:
        red, green, blue = np.moveaxis(np.asarray(whole.convert("RGB"), dtype=np.int64), -1, 0)
    codes, places, counts = np.unique(red << 16 | green << 8 | blue, return_inverse=True, return_counts=True)
    colours = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)  # (colour, 3)
    palette = np.array(_palette(dict(zip(map(tuple, colours.tolist()), counts.tolist(), strict=True))))
    nearest = [np.square(palette - colour).sum(1).argmin() for colour in colours]
    reduced = Image.fromarray(np.array(nearest, dtype=np.uint8)[places].reshape(red.shape))
    reduced.putpalette(palette.ravel().tolist())
    small = BytesIO()
    reduced.save(small, "PNG", optimize=True, dpi=(DPI, DPI))
    return small.getvalue()


def _palette(counts: dict[tuple[int, int, int], int]) -> list[tuple[int, int, int]]:
    """The colours of lines and marks in the picture, 32 greys, then the commonest others: maps mostly.

    A colour without a place is a blend at an edge, and takes the nearest. There are far more greys at the
    edges of letters than places, so the rest of the greys comes last: a scale of colours keeps its dark end.
    """
    commonest = sorted((c for c in counts if _grey(c)), key=lambda grey: (-counts[grey], grey))
    greys = {*commonest[:16], *(grey for grey in commonest if grey[0] % 17 == 0)}

    def rank(colour: tuple[int, int, int]) -> tuple[bool, bool, int, tuple[int, int, int]]:
        return colour not in _LOOKS, _grey(colour) and colour not in greys, -counts[colour], colour

    return sorted(counts, key=rank)[:_COLOURS]


def _grey(colour: tuple[int, int, int]) -> bool:
    return colour[0] == colour[1] == colour[2]


def close(figure: Any) -> None:
    """Let go of a figure's memory."""
    from matplotlib import pyplot as plt

    plt.close(figure)
