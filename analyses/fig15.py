"""Fig. 15. Drift: hidden states under skip and middle repeat.

Caption: Both schedules begin at the start s nearest 13/32 of the layers that leaves three in the middle.
Above: mean cosine of each depth's state to the full model's state at the same depth. Then variance of the
states by depth, with 95 % bands over documents, and its ratio to the full model's. Depths are the full
model's; skip has none where it leaves layers out. Grey depths are the outputs of the middle layers. Below:
mean cosine between the states at every pair of depths, of the full model and under both schedules; lines
bound the outputs of the middle layers. Sinks are left out. A dashed line at 1 is the full model.

Claim: Skip keeps the full model's trend. Under middle repeat states drift away, and their variance explodes
at the last two layers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("drift",)
USES = ("similarities",)
NOTES = (
    "Depths are the full model's. Grey, and between the lines of the maps: outputs of the middle layers, of "
    "which skip has none. Dotted: the paper's explosion is at the depths to the right. Bands: 95 % intervals "
    "over documents."
)
MATRICES = {"full": "cosine no-sinks", "skip": "cosine skip", "middle repeat": "cosine middle repeat"}


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """Cosine and variance by schedule and depth, the drift's summary, and the matrices of each schedule."""
    drift, similarities = evidence.drift, evidence.similarities
    assert drift is not None  # NEEDS has it
    alone = {"full": "cosine full"} if "cosine full" in similarities else {}  # of the drift's own corpus
    shown = {
        name: similarities[label]
        for name, label in {**MATRICES, **alone}.items()
        if label in similarities and name in drift.curves
    }
    return {
        "model": evidence.model,
        "layers": evidence.layers,
        "start": drift.start,
        "rows": [*_rows(drift)],
        "schedules": {name: curve.schedule for name, curve in drift.curves.items()},
        "apart": {name: list(values) for name, values in drift.apart.items()},
        "further": drift.further and list(drift.further),
        "last_two": {name: list(values) for name, values in drift.last_two.items()},
        "words": drift.summary,
        "caption": drift.caption,
        "matrices": {name: one.values.tolist() for name, one in shown.items()} if len(shown) > 1 else {},
        "at": {name: list(drift.curves[name].at) for name in shown},
    }


def _rows(drift: Any) -> Iterator[dict[str, Any]]:
    """A row a schedule and depth."""
    full = drift.curves["full"].variance
    for name, curve in drift.curves.items():
        for place, at in enumerate(curve.at):
            yield {
                "variant": name,
                "depth": at,
                "cosine": curve.cosine[place],
                "variance": curve.variance[place],
                "low": curve.low[place],
                "high": curve.high[place],
                "ratio": curve.variance[place] / full[at],
            }


def reading(numbers: dict[str, Any]) -> str:
    """The last state's cosine to the full model's, and the variance at the end and after the middle."""
    last = [row for row in numbers["rows"] if row["depth"] == numbers["layers"] and row["variant"] != "full"]
    cosines = " and ".join(f"{row['cosine']:.2f} ({row['variant']})" for row in last)
    ratios = " and ".join(
        f"{end:.2f}{'' if before is None else f' (a depth earlier {before:.2f})'}"
        for before, end in numbers["last_two"].values()
    )
    explodes = numbers["last_two"].get("middle repeat")
    here = "it was not measured" if explodes is None else _last_two(explodes)
    return (
        f"From s = {numbers['start']}, the last state of {numbers['model']} has cosine {cosines} to the full "
        f"model's, with {ratios} times its variance. {_after(numbers)} "
        f"{curves.beside_paper('fig15', here)}"
    )


def _last_two(ratios: list[float | None]) -> str:
    """The variance at the last two depths, and whether it grows."""
    before, end = ratios
    if before is None:
        return f"it is {end:.2f} times the full model's at the last depth"
    return f"it is {before:.2f} and {end:.2f} times the full model's there"


def _after(numbers: dict[str, Any]) -> str:
    """The factors by which variance differs after the middle layers, and how they compare, as a sentence."""
    if not numbers["apart"]:
        return "Variance is by depth."
    factors = " and ".join(f"{math.exp(size[0]):.2f} ({name})" for name, size in numbers["apart"].items())
    differs = f"After the middle layers, variance differs from the full model's by a factor of {factors}"
    if numbers["further"] is None or len(numbers["apart"]) != 2:
        return f"{differs}."
    value, *ends = (None if end is None else math.exp(end) for end in numbers["further"])
    first, second = list(numbers["apart"])[::-1]
    apart = curves.number(dict(zip(("R", "low", "high"), (value, *ends), strict=True)))
    return f"{differs}; {first}'s is {apart} times {second}'s."


def draw(numbers: dict[str, Any]) -> Any:
    shown = list(numbers["matrices"])
    rows = 1 + bool(shown)
    widths = [1, 1, 1, 0.05] if shown else None
    look: Any = {"height": 2.2 * rows + 0.3, "widths": widths}
    title = f"{numbers['model']}: hidden states under skip and middle repeat, start s = {numbers['start']}"
    with figures.sheet(rows, 3 + bool(shown), title=title, **look) as panels:
        grid = panels.reshape(rows, -1)
        cosine, variance, ratio = grid[0, 0], grid[0, 1], figures.across(grid[0, 2:])
        _curves(cosine, numbers, "cosine", title="cosine to the full model's state")
        _curves(variance, numbers, "variance", title="variance of the states", log=True)
        _curves(ratio, numbers, "ratio", title="variance, ratio to the full model's", log=True)
        for ax in (cosine, ratio):
            ax.axhline(1, color="0.45", lw=0.7, ls=(0, (6, 2)), zorder=1)
            ax.get_legend().remove()
        for ax in (variance, ratio):
            figures.factor_axis(ax)
        first, last = numbers["start"] + 2, numbers["layers"] - numbers["start"]
        for ax in (cosine, variance, ratio):
            figures.span(ax, first, last)
        last_two = numbers["layers"] + 0.5 - curves.STATED["fig15"].values["last"]
        ratio.axvline(last_two, color="0.5", lw=0.9, ls=(0, (1, 1.2)), zorder=1)
        if shown:
            figures.maps(
                grid[1, :3],
                [numbers["matrices"][name] for name in shown],
                titles=["full model" if name == "full" else name for name in shown],
                label="mean cosine",
                starts=[
                    [at.index(d) for d in (first, last + 1) if d in at]
                    for at in map(numbers["at"].get, shown)
                ],
                at=[numbers["at"][name] for name in shown],
                bar=grid[1, 3],
            )
            for ax in grid[1, len(shown) : 3]:
                ax.set_axis_off()
        figures.foot(cosine.figure, f"{numbers['caption']} {_schedules(numbers)} {NOTES}")
    return cosine.figure


def _curves(ax: Any, numbers: dict[str, Any], value: str, *, title: str, log: bool = False) -> None:
    """A value by the full model's depth under each schedule, broken where depths are left out."""
    curves: dict[str, tuple[Any, ...]] = {}
    for name in numbers["schedules"]:
        if name == "full" and value != "variance":
            continue
        rows = {row["depth"]: row for row in numbers["rows"] if row["variant"] == name}
        at = range(numbers["layers"] + 1)
        ends = ("low", "high") if value == "variance" else (value, value)
        columns = [[rows.get(depth, {}).get(key) for depth in at] for key in (value, *ends)]
        curves[name] = (list(at), *(np.array(column, dtype=float) for column in columns))
    figures.lines(curves, title=title, label="", caption="", ax=ax, log=log)


def _schedules(numbers: dict[str, Any]) -> str:
    texts = [f"{name} {text}" for name, text in numbers["schedules"].items() if name != "full"]
    return f"Schedules: {', '.join(texts)}."
