"""Controls: the same changes with an update of the full model's size, and changes without content.

Caption: The loss when the middle layers are changed, against M = T-2s-1, the number of layers changed. Few
are to the left. Solid lines are the changes as the paper makes them. For dashed lines the update of the whole
middle is scaled, token by token, to the norm of the full model's update over the same layers. The grey line
in every panel is skip. Right: the middle's update in a random direction of that norm, and the mean update of
other texts in its place. Above: nats of the answer's log-likelihood a document that are lost against the full
model, 0 is the full model. Below: score retained, R. Intervals are paired over documents (95 %).

Claim: The paper has no such control. It reads from middle repeat, its worst variant, that the middle layers
do different things. That holds if repeating stays worst once its update has the full model's size.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("scores",)
PAIRS = {  # a change, and the same with its update at the full update's norm
    "middle_repeat": "repeat_matched",
    "reverse": "reverse_matched",
    "parallel": "parallel_matched",
}
EMPTY = ("random_direction", "mean_ablation")  # changes without the middle's content
CONTROLS = (*PAIRS.values(), *EMPTY)
VARIANTS = ("skip", *PAIRS, *CONTROLS)
BESIDE = (
    ("repeat_matched", "middle_repeat"),
    ("repeat_matched", "skip"),
    ("repeat_matched", "reverse_matched"),
    ("repeat_matched", "random_direction"),
)
LABELS = {"nats": "nats lost", "R": figures.RETAINED}
_COLUMNS = ("variant", "start", "middle", "seeds", "benchmark")
_GREY, _DASHED, _DOTTED = "0.72", (0, (4, 1.4)), (0, (1, 1.2))


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """Nats lost and R of every change and its control by start, and how they compare."""
    assert evidence.scores is not None  # NEEDS has them
    swept = {entry.variant for entry in evidence.scores.entries}
    there = [name for name in VARIANTS if name in swept]
    if not set(CONTROLS) & swept:
        raise rl.ReprlabError(f"no control was swept, none of {', '.join(CONTROLS)}: give --controls")
    by_start = curves.by_start(evidence, *there)
    metric = curves.decisive(by_start)
    of = by_start["summary"][metric]
    retained = [row for row in by_start["rows"] if (row["metric"], row["benchmark"]) == (metric, of)]
    rows = [{"score": "R", **{key: row[key] for key in _COLUMNS}, **_ends(row, "R")} for row in retained]
    lost = curves.nats_lost(evidence.scores, *there)
    measured = dict.fromkeys(row["benchmark"] for row in lost)
    leading = "lambada" if "lambada" in measured else next(iter(measured), None)
    rows += [
        {"score": "nats", **{key: row[key] for key in _COLUMNS}, **_ends(row, "nats")}
        for row in lost
        if row["benchmark"] == leading
    ]
    pairs = [curves.contrast(evidence, *pair) for pair in BESIDE if {*pair} <= swept]
    documents = len(evidence.scores.benchmarks[leading].ids) if leading else None
    about = {key: value for key, value in by_start.items() if key not in {"rows", "variants"}}
    return {**about, "leading": leading, "documents": documents, "rows": rows, "beside": pairs}


def _ends(row: dict[str, Any], value: str) -> dict[str, float]:
    return {"value": row[value], "low": row["low"], "high": row["high"]}


def reading(numbers: dict[str, Any]) -> str:
    """Middle repeat at the full norm against plain and skip by R, and the nats of the three at one M."""
    pairs = [pair for pair in numbers["beside"] if pair["value"] is not None]
    if not pairs:
        return f"The controls of {numbers['model']} have no start in common with 3 <= M <= T/2."
    several = " and ".join(f"{curves.change(pair)} than {_name(pair['other'])}" for pair in pairs[:2])
    return (
        f"Over M from 3 to T/2, middle repeat of {numbers['model']} at the full update's norm retains "
        f"{several} ({curves.basis(numbers)}). {_nats(numbers)}"
    )


def _nats(numbers: dict[str, Any]) -> str:
    """The nats that middle repeat, matched and skip lose at the M nearest to T/6."""
    found = {(row["variant"], row["middle"]): row for row in numbers["rows"] if row["score"] == "nats"}
    wanted = ("middle_repeat", "repeat_matched", "skip")
    common = [m for m in {m for _, m in found} if all((name, m) in found for name in wanted)]
    if not common:
        return "Log-likelihoods were not compared."
    near = min(common, key=lambda m: (abs(m - numbers["layers"] / 6), m))
    lost = [f"{curves.number(found[name, near], 'value')} ({_name(name)})" for name in wanted]
    return (
        f"At M = {near} a document of {numbers['leading']} loses {', '.join(lost[:-1])} and {lost[-1]} nats."
    )


def _name(variant: str) -> str:
    for plain, matched in PAIRS.items():
        if variant == matched:
            return f"{plain.replace('_', ' ')} at the full norm"
    return variant.replace("_", " ")


def draw(numbers: dict[str, Any]) -> Any:
    """A column a change, nats above and R below; plain solid, matched dashed, skip grey."""
    shown = [score for score in ("nats", "R") if any(row["score"] == score for row in numbers["rows"])]
    title = f"{numbers['model']}: changes of the middle layers and their controls"
    with figures.sheet(len(shown), 4, height=0.7 + 1.75 * len(shown), title=title) as panels:
        grid = panels.reshape(len(shown), 4)
        for score, line in zip(shown, grid, strict=True):
            rows = [row for row in numbers["rows"] if row["score"] == score]
            for ax, (name, parts) in zip(line, _panels(), strict=True):
                _lines(ax, rows, parts, score)
                _axes(ax, rows, score, numbers)
                if score == shown[0]:
                    ax.set_title(name)
                ax.set_xlabel("layers changed, $M$" if score == shown[-1] else "")
            line[0].set_ylabel(LABELS[score])
            _same_height(line)
        for name, look in (("as in the paper", {"mfc": "0.15"}), ("at the full norm", {"mfc": "white"})):
            dash = "-" if look["mfc"] != "white" else _DASHED
            grid[0, 0].plot([], [], "o", color="0.15", ls=dash, lw=0.9, ms=4.2, label=name or None, **look)
        figures.legend(list(grid.flat), order=("skip", "as in the paper", "at the full norm"))
        figures.foot(grid[0, 0].figure, _foot(numbers))
    return grid[0, 0].figure


def _panels() -> Iterator[tuple[str, dict[str, tuple[str, figures.Look]]]]:
    """A panel's title, and its lines: the variant, its name in the legend if it has one, and its look."""
    for plain, matched in PAIRS.items():
        name = plain.replace("_", " ")
        colour, marker = figures.VARIANTS[name]
        yield (
            name,
            {
                plain: ("", figures.Look(colour, marker)),
                matched: ("", figures.Look(colour, marker, _DASHED)),
            },
        )
    yield (
        "without content",
        {
            "random_direction": ("random direction", figures.Look("0.1", "x", _DOTTED)),
            "mean_ablation": ("mean ablation", figures.Look("#8c510a", "h")),
        },
    )


def _lines(
    ax: Any, rows: list[dict[str, Any]], parts: dict[str, tuple[str, figures.Look]], score: str
) -> None:
    """Skip in grey, then the panel's changes with whiskers; a matched mark is open."""
    named = {"skip": ("skip", figures.Look(_GREY, "s", "-", 2.4)), **parts}
    for at, (variant, (name, look)) in enumerate(named.items()):
        some = sorted((row for row in rows if row["variant"] == variant), key=lambda row: row["middle"])
        if not some:
            continue
        m, value, low, high = (
            np.array([row[key] for row in some], dtype=float) for key in ("middle", "value", "low", "high")
        )
        skip, shift = variant == "skip", 0.12 * (at - 1.5) if at else 0.0  # whiskers side by side
        mark: dict[str, Any] = {"marker": "" if skip else look.marker, "ms": 4.2}
        mark |= {"mfc": "white" if variant in PAIRS.values() else look.colour, "mec": look.colour, "mew": 1.0}
        ax.fill_between(m, low, high, color=look.colour, alpha=0.1, lw=0, zorder=1)
        mark |= {"color": look.colour, "ls": look.dash, "lw": 0.9 * look.width, "label": name or None}
        ax.plot(m + shift, value, zorder=2 + at, **mark)
        if not skip:
            ax.vlines(m + shift, low, high, color=look.colour, lw=0.8, zorder=2 + at)


def _axes(ax: Any, rows: list[dict[str, Any]], score: str, numbers: dict[str, Any]) -> None:
    """M across; nats on a scale that shows 1 and 10, R with its two guides."""
    ms = sorted({row["middle"] for row in rows})
    ax.set_xticks(figures.whole_ticks(ms, 6) if len(ms) > 6 else ms)
    ax.set_xlim(ms[0] - 0.8, ms[-1] + 0.8)
    ax.spines[["top", "right"]].set_visible(False)
    if score == "R":
        figures.guides(ax, falling=True)
        figures.floors(ax, numbers, curves.decisive(numbers), view=figures.view([]))
        return
    ax.axhline(0, color="0.45", lw=0.7, ls=(0, (6, 2)), zorder=1)
    ax.set_yscale("symlog", linthresh=1, linscale=0.7)


def _same_height(line: Any) -> None:
    """One vertical scale for the panels of a row; inner ones have no numbers."""
    nats = line[0].get_yscale() == "symlog"
    low, high = min(ax.dataLim.y0 for ax in line), max(ax.dataLim.y1 for ax in line)
    low, high = (min(low, 0) - 0.25, 1.25 * high) if nats else (min(low, 0) - 0.14, max(high, 1) + 0.1)
    ticks = [tick for tick in (0, 0.5, 1, 3, 10, 30, 100) if low <= tick <= high]
    for ax in line:
        ax.set_ylim(low, high)
        if nats:
            ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
            ax.minorticks_off()
        if ax is not line[0]:
            ax.tick_params(labelleft=False)


def _foot(numbers: dict[str, Any]) -> str:
    """The data and the meaning of lines, marks and intervals."""
    documents = figures.counted(numbers["documents"] or 0, "document")
    above = f"Above: {numbers['leading']}, {documents}, 0 is the full model. " if numbers["leading"] else ""
    seeds = [row["seeds"] for row in numbers["rows"] if row["variant"] == "random_direction"]
    random = f" Random direction: the mean of {max(seeds)} a start." if seeds and max(seeds) > 1 else ""
    basis = figures.basis({**numbers, "rows": []}, curves.decisive(numbers))
    return (
        f"{above}{basis} Open marks and dashes: the middle's update has, at every token, the norm of the "
        f"full model's. Grey: skip. Bars and bands: 95 % intervals, paired over documents.{random}"
    )
