"""Images: a figure as a file or as its bytes, the same every time; no date is written."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import IO, Any

from reprlab.figures.looks import STYLE

DPI = 200  # of pictures in a report
_COLOURS = 192  # of a PNG's palette: no eye sees more in these, and files are a third
_EMPTY = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {"Software": None}}


def save(drawn: Any, path: Path) -> None:
    """Write a figure, or the one that axes belong to, and let go of it; the ending chooses the format."""
    figure = getattr(drawn, "figure", drawn)
    _write(figure, path, path.suffix[1:])
    close(figure)


def image(figure: Any, ending: str) -> bytes:
    """A figure as PNG (200 dots an inch, with a palette) or PDF (text stays text)."""
    drawn = BytesIO()
    _write(figure, drawn, ending, dpi=DPI)
    return _small(drawn) if ending == "png" else drawn.getvalue()


def _write(figure: Any, target: Path | IO[bytes], ending: str, **size: int) -> None:
    import matplotlib as mpl

    with mpl.rc_context(STYLE):
        tight: Any = {"bbox_inches": "tight", "pad_inches": 0.04}
        figure.savefig(target, format=ending, metadata=_EMPTY.get(ending), **tight, **size)


def _small(drawn: BytesIO) -> bytes:
    from PIL import Image

    small = BytesIO()
    with Image.open(drawn) as whole:
        reduced = whole.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
        reduced.save(small, "PNG", optimize=True, dpi=(DPI, DPI))
    return small.getvalue()


def close(figure: Any) -> None:
    """Let go of a figure's memory."""
    from matplotlib import pyplot as plt

    plt.close(figure)
