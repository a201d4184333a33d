"""Figs. 4 to 9 and 11 for an encoder. GLUE under every variant.

Caption: Score on GLUE against the start s, a panel a variant. The scale on top is M = T-2s-1, the number of
middle layers that it changes. Thin lines are tasks, each the mean of its metrics, with a classifier trained
on the frozen encoder. The black line is their unnormalised mean, with its 95 % interval over held-out rows;
the randomness of training, a run with one seed, is not in it. Open marks are the mean where the whole
encoder was trained. The dashed line is the mean of the full model, the dotted one that of always predicting
the most frequent class. Random is the mean over orders, trained one order. Rings are means surely above the
full model: their whole paired interval is. Last panels: the means of all variants, frozen and trained.

Claim: Repeating one layer is worst here too. Looped parallel is sometimes above the full model, frozen and
trained.
"""

from __future__ import annotations

from typing import Any

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("scores",)
USES = ("unfrozen",)
VARIANTS = ("skip", "middle_repeat", "reverse", "random", "parallel", "looped_parallel")
_LABELS = ("variant", "times", "start", "middle", "schedule", "seeds", "benchmark")
_NUMBERS = ("score", "low", "high", "gain", "gain_low", "gain_high", "floor")
NOTES = (
    "Bands and bars: 95 % intervals over held-out rows, of one training seed. Dashed: the full model, frozen "
    "or, in the panel of trained encoders, trained. Dotted: always predicting the most frequent class. Open "
    "squares: the whole encoder was trained."
)
_MARKS = ("s", "^", "D", "v", "P", "X", "*")  # of tasks


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """The score of each task and their mean by mode, variant and start; the full model's and the floor."""
    if not evidence.classifies:
        raise rl.ReprlabError("no classifier was trained: GLUE is for encoders")
    modes = {"frozen": evidence.scores, "trained": evidence.unfrozen}
    tables = {mode: rl.task_means(scores).table() for mode, scores in modes.items() if scores is not None}
    rows = [
        {"mode": mode, **{key: row[key] for key in (*_LABELS, *_NUMBERS)}}
        for mode, table in tables.items()
        for row in table
        if row["variant"] in (*VARIANTS, "full")
    ]
    if all(row["variant"] == "full" for row in rows):
        raise rl.ReprlabError("no start of any variant was swept")
    full = [row for row in rows if row["variant"] == "full"]
    benchmarks = evidence.scores.benchmarks
    return {
        "model": evidence.model,
        "note": evidence.note,
        "layers": evidence.layers,
        "held": {name: len(results.ids) for name, results in benchmarks.items()},
        "recipes": {mode: s.made_with.get("recipe", "") for mode, s in modes.items() if s},
        "tasks": {name: _metrics(results) for name, results in benchmarks.items()},
        "full": {mode: _full(full, mode) for mode in tables},
        "floors": {row["benchmark"]: row["floor"] for row in full},
        "rows": rows,
    }


def _full(rows: list[dict[str, Any]], mode: str) -> dict[str, list[float]]:
    """The full model's score of each task with its interval."""
    some = [row for row in rows if row["mode"] == mode]
    return {row["benchmark"]: [row[key] for key in _NUMBERS[:3]] for row in some}


def _metrics(results: Any) -> list[str]:
    return [metric for metric in results.metrics if metric != "u"]


def _points(numbers: dict[str, Any], mode: str) -> list[dict[str, Any]]:
    """The rows of a mode but the full model's."""
    return [row for row in numbers["rows"] if row["mode"] == mode and row["variant"] != "full"]


def _whole(numbers: dict[str, Any]) -> str:
    """The row that stands for all tasks."""
    return "mean" if len(numbers["tasks"]) > 1 else next(iter(numbers["tasks"]))


def reading(numbers: dict[str, Any]) -> str:
    """The full model's score and the range of the variants at the fewest middle layers, a sentence a mode."""
    return " ".join(_sentence(numbers, mode) for mode in numbers["full"])


def _sentence(numbers: dict[str, Any], mode: str) -> str:
    of = _whole(numbers)
    score = curves.number(dict(zip(("R", "low", "high"), numbers["full"][mode][of], strict=True)), digits=3)
    rows = [row for row in _points(numbers, mode) if row["benchmark"] == of and row["middle"] > 1]
    full = f"With a {mode} encoder, {numbers['model']} scores {score}"
    full += f" (most frequent class: {numbers['floors'][of]:.3f})"
    if not rows:
        return f"{full}."
    middle = min(row["middle"] for row in rows)
    few = sorted((row for row in rows if row["middle"] == middle), key=lambda row: row["score"])
    ends = [f"{curves.number(row, 'score', digits=3)} ({_name(row)})" for row in (few[0], few[-1])]
    above = sum((row["gain_low"] or 0) > 0 for row in rows)
    return (
        f"{full}, and between {ends[0]} and {ends[-1]} at M = {middle}; "
        f"{above} of {len(rows)} changed models are surely above the full one."
    )


def _ends(row: dict[str, Any]) -> tuple[float, float]:
    """The ends of a score's interval; the score itself where there are too few orders for one."""
    low, high = ((row["score"] if row[key] is None else row[key]) for key in ("low", "high"))
    return low, high


def _name(row: dict[str, Any]) -> str:
    return row["variant"].replace("_", " ")


def draw(numbers: dict[str, Any]) -> Any:
    """Scores by start: a panel a variant, and one a mode with all variants."""
    of, modes = _whole(numbers), list(numbers["full"])
    shown = [v for v in VARIANTS if any(row["variant"] == v for row in numbers["rows"])]
    title = f"{numbers['model']}: GLUE under six changes of the middle layers"
    with figures.sheet(2, 4, height=4.4, title=title, alike=True) as grid:
        panels = list(grid.flat)
        for ax, variant in zip(panels, shown, strict=False):
            _variant(ax, numbers, variant, of)
            ax.set_title(variant.replace("_", " "), pad=17)
        for ax, mode in zip(panels[len(shown) :], modes, strict=False):
            rows = [row for row in _points(numbers, mode) if row["benchmark"] == of]
            _together(ax, rows)
            _levels(ax, numbers, mode, of)
            _axes(ax, numbers)
            ax.set_title(f"all variants, {mode}", pad=17)
        for ax in panels[len(shown) + len(modes) :]:
            ax.remove()
        for ax in grid[:, 0]:
            ax.set_ylabel("GLUE score")
        figures.legend(panels[: len(shown) + len(modes)], order=(of, f"{of}, trained"))
        figures.foot(grid[0, 0].figure, _foot(numbers))
    return grid[0, 0].figure


def _together(ax: Any, rows: list[dict[str, Any]]) -> None:
    """A line a variant with its band; marks with bars, side by side, where all have the same one start."""
    if len({row["start"] for row in rows}) == 1:
        shift = [0.16 * (place - (len(rows) - 1) / 2) for place in range(len(rows))]
        rows = [{**row, "start": row["start"] + by} for row, by in zip(rows, shift, strict=True)]
        for name, (row,) in figures.lines_by(rows, "variant").items():
            colour = figures.looks_of([name])[name].colour
            ax.vlines(row["start"], *_ends(row), color=colour, lw=0.9, zorder=2)
    figures.curves(ax, figures.lines_by(rows, "variant"), value="score", band=0.1)


def _variant(ax: Any, numbers: dict[str, Any], variant: str, of: str) -> None:
    rows = [row for row in numbers["rows"] if row["variant"] == variant]
    frozen = figures.lines_by((row for row in rows if row["mode"] == "frozen"), "benchmark")
    looks = {of: figures.Look("black", "o", "-", 1.8)}
    tasks = {
        name: figures.Look("0.5", mark, (0, (3, 1)))
        for name, mark in zip(numbers["tasks"], _MARKS, strict=False)
    }
    alone = {name: r for name, r in frozen.items() if name != of}
    figures.curves(ax, alone, value="score", band=0, looks=tasks)
    figures.curves(ax, {of: frozen[of]} if of in frozen else {}, value="score", looks=looks)
    trained = [row for row in rows if (row["mode"], row["benchmark"]) == ("trained", of)]
    for row in sorted(trained, key=lambda row: row["start"]):
        low, high = _ends(row)
        ends = [[row["score"] - low], [high - row["score"]]]
        look: Any = {"fmt": "s", "color": "black", "mfc": "white", "ms": 5, "lw": 0.8}
        ax.errorbar([row["start"]], [row["score"]], yerr=ends, **look, label=f"{of}, trained")
    above = [row for row in [*frozen.get(of, []), *trained] if (row["gain_low"] or 0) > 0]
    ring: Any = {
        "ls": "",
        "marker": "o",
        "ms": 8,
        "mfc": "none",
        "mec": "#d55e00",
        "label": "above full model",
    }
    if above:
        ax.plot([row["start"] for row in above], [row["score"] for row in above], **ring)
    _levels(ax, numbers, "frozen", of)
    _axes(ax, numbers)


def _levels(ax: Any, numbers: dict[str, Any], mode: str, of: str) -> None:
    for value, dash, name in (
        (numbers["full"][mode][of][0], (0, (6, 2)), "full model"),
        (numbers["floors"][of], (0, (1, 1.5)), "most frequent class"),
    ):
        ax.axhline(value, color="0.45", lw=0.8, ls=dash, zorder=1, label=name)
    ax.spines[["top", "right"]].set_visible(False)


def _axes(ax: Any, numbers: dict[str, Any]) -> None:
    starts = sorted({row["start"] for row in numbers["rows"]} - {None})
    figures.start_axes(ax, starts, numbers["layers"])


def _foot(numbers: dict[str, Any]) -> str:
    """The tasks, the training, and the meaning of the lines."""
    tasks = "; ".join(
        f"{name}: {' and '.join(metrics)}, {figures.counted(numbers['held'][name], 'row')}"
        for name, metrics in numbers["tasks"].items()
    )
    recipes = "; ".join(f"{mode}: {recipe}" for mode, recipe in numbers["recipes"].items())
    return f"{tasks}. Training: {recipes}. {NOTES}"
