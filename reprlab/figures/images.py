"""Images: a figure as the bytes of a file, the same every time."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from reprlab.figures.looks import STYLE

DPI = 200  # of pictures in a report
_COLOURS = 192  # of a PNG's palette: no eye sees more in these, and files are a third
_EMPTY = {"pdf": {"CreationDate": None}, "png": {"Software": None}}


def image(figure: Any, ending: str) -> bytes:
    """A figure as PNG (200 dots an inch, with a palette) or PDF (text stays text); no date is written."""
    import matplotlib as mpl

    drawn = BytesIO()
    with mpl.rc_context(STYLE):
        tight: Any = {"bbox_inches": "tight", "pad_inches": 0.04}
        figure.savefig(drawn, format=ending, dpi=DPI, metadata=_EMPTY[ending], **tight)
    return _small(drawn) if ending == "png" else drawn.getvalue()


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
