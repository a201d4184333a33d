"""Images: a figure as a file or as its bytes, the same every time; no date is written."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import IO, Any

from reprlab.figures.looks import BENCHMARKS, OTHERS, STYLE, VARIANTS

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
        colours = whole.convert("RGB")
        reduced = colours.quantize(palette=_palette(colours), dither=Image.Dither.NONE)
        reduced.save(small, "PNG", optimize=True, dpi=(DPI, DPI))
    return small.getvalue()


def _palette(colours: Any) -> Any:
    """The colours of lines and marks in the picture, then the commonest others; greys of text come last.

    A colour without a place is a blend at an edge, and takes the nearest. Of the greys between text and
    paper 16 have a place before others do, so that a scale of colours keeps its dark end.
    """
    from PIL import Image

    counts = {colour: count for count, colour in colours.getcolors(colours.width * colours.height)}
    most = sorted(counts, key=lambda colour: (colour not in _LOOKS, _blend(colour), -counts[colour], colour))[
        :_COLOURS
    ]
    flat = [part for colour in most for part in colour]
    palette = Image.new("P", (1, 1))
    palette.putpalette(flat + flat[:3] * (_COLOURS - len(most)))
    return palette


def _blend(colour: tuple[int, int, int]) -> bool:
    """Whether a colour is a grey that lies between the 16 steps from black to white."""
    red, green, blue = colour
    return red == green == blue and red % 17 != 0


def close(figure: Any) -> None:
    """Let go of a figure's memory."""
    from matplotlib import pyplot as plt

    plt.close(figure)
