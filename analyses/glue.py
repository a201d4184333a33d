"""Figs. 4 to 9 and 11 for an encoder. GLUE under every variant.

Caption: Score on GLUE against the start s, a panel a variant; the scale on top is the number M = T-2s-1 of
middle layers that it changes. Coloured lines: tasks, each the mean of its metrics, with a classifier
trained on the frozen encoder; black: their unnormalised mean, with its 95 % interval over held-out rows
(the chance of training itself, a run with one seed, is not in it); grey with open marks: the mean where the
whole encoder was trained. Dashed: the mean of the full model, dotted: of always answering the largest
class. Rings: means above the full model, interval and all (paired). Last panels: the means of all variants,
frozen and trained.

Claim: Repeating one layer is worst here too; looped parallel is sometimes above the full model, frozen and
trained.
"""

from __future__ import annotations

from typing import Any

import reprlab as rl
from reprlab import figures

NEEDS = ("scores",)
USES = ("unfrozen",)
VARIANTS = ("skip", "middle_repeat", "reverse", "random", "parallel", "looped_parallel")
_KEPT = ("variant", "times", "start", "middle", "schedule", "seeds", "benchmark")
_NUMBERS = ("score", "low", "high", "gain", "gain_low", "gain_high")


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """The score of each task and their mean by mode, variant and start; the full model's and the floor."""
    if not evidence.classifies:
        raise rl.ReprlabError("no classifier was trained: GLUE is for encoders")
    parts = {"frozen": evidence.scores, "trained": evidence.unfrozen}
    rows: list[dict[str, Any]] = []
    full: dict[str, dict[str, list[float]]] = {}
    floors: dict[str, float] = {}
    for mode, scores in parts.items():
        if scores is None:
            continue
        means = rl.task_means(scores)
        for row in means.table():
            kept = {key: row[key] for key in (*_KEPT, *_NUMBERS)}
            if row["variant"] == "full":
                full.setdefault(mode, {})[row["benchmark"]] = [row[key] for key in _NUMBERS[:3]]
                floors[row["benchmark"]] = row["floor"]
            elif row["variant"] in VARIANTS:
                rows.append({"mode": mode, **kept})
    if not rows:
        raise rl.ReprlabError("no start of any variant was swept")
    tasks = {name: _metrics(results) for name, results in evidence.scores.benchmarks.items()}
    about = {"model": evidence.model, "note": evidence.note, "layers": evidence.layers}
    return {**about, "tasks": tasks, "full": full, "floors": floors, "rows": rows}


def _metrics(results: Any) -> list[str]:
    return [metric for metric in results.metrics if metric != "u"]


def _whole(numbers: dict[str, Any]) -> str:
    """The row that stands for all tasks."""
    return "mean" if len(numbers["tasks"]) > 1 else next(iter(numbers["tasks"]))


def reading(numbers: dict[str, Any]) -> str:
    """What is seen here."""
    return f"{numbers['model']}: {'; '.join(_told(numbers, mode) for mode in numbers['full'])}."


def _told(numbers: dict[str, Any], mode: str) -> str:
    of = _whole(numbers)
    score, low, high = numbers["full"][mode][of]
    rows = [row for row in numbers["rows"] if (row["mode"], row["benchmark"]) == (mode, of)]
    rows = [row for row in rows if row["middle"] > 1]
    floor = f"largest class {numbers['floors'][of]:.3f}"
    said = f"{mode}, the full model has {score:.3f} [{low:.3f}, {high:.3f}] ({floor})"
    if not rows:
        return said
    middle = min(row["middle"] for row in rows)
    few = sorted((row for row in rows if row["middle"] == middle), key=lambda row: -row["score"])
    ranked = ", ".join(f"{row['variant'].replace('_', ' ')} {row['score']:.3f}" for row in few)
    above = [row for row in rows if row["gain_low"] > 0]
    most = f"{len(above)} of {len(rows)} points are clear above it" if above else "no point is clear above it"
    return f"{said}; at M = {middle} {ranked}; {most}"


def draw(numbers: dict[str, Any]) -> Any:
    """A panel a variant, and one a mode with all variants."""
    of, modes = _whole(numbers), list(numbers["full"])
    shown = [v for v in VARIANTS if any(row["variant"] == v for row in numbers["rows"])]
    title = f"GLUE: {numbers['model']}"
    with figures.sheet(2, 4, height=4.4, title=title, alike=True) as grid:
        panels = list(grid.flat)
        for ax, variant in zip(panels, shown, strict=False):
            _variant(ax, numbers, [row for row in numbers["rows"] if row["variant"] == variant], of)
            ax.set_title(variant.replace("_", " "), pad=17)
        for ax, mode in zip(panels[len(shown) :], modes, strict=False):
            rows = [row for row in numbers["rows"] if (row["mode"], row["benchmark"]) == (mode, of)]
            figures.curves(ax, figures.lines_by(rows, "variant"), value="score", band=0.1)
            _levels(ax, numbers, mode, of)
            _axes(ax, numbers)
            ax.set_title(f"all variants, {mode}", pad=17)
        for ax in panels[len(shown) + len(modes) :]:
            ax.remove()
        for ax in grid[:, 0]:
            ax.set_ylabel("score")
        figures.legend(panels[: len(shown) + len(modes)], order=(of, f"{of}, trained"))
        figures.foot(grid[0, 0].figure, _foot(numbers))
    return grid[0, 0].figure


def _variant(ax: Any, numbers: dict[str, Any], rows: list[dict[str, Any]], of: str) -> None:
    frozen = figures.lines_by((row for row in rows if row["mode"] == "frozen"), "benchmark")
    looks = {of: figures.Look("black", "o", "-", 1.8)}
    figures.curves(ax, {name: r for name, r in frozen.items() if name != of}, value="score", band=0)
    figures.curves(ax, {of: frozen[of]} if of in frozen else {}, value="score", looks=looks)
    trained = [row for row in rows if (row["mode"], row["benchmark"]) == ("trained", of)]
    for row in sorted(trained, key=lambda row: row["start"]):
        ends = [[row["score"] - row["low"]], [row["high"] - row["score"]]]
        look: Any = {"fmt": "s", "color": "0.45", "mfc": "white", "ms": 4, "lw": 0.8}
        ax.errorbar([row["start"]], [row["score"]], yerr=ends, **look, label=f"{of}, trained")
    above = [row for row in [*frozen.get(of, []), *trained] if row["gain_low"] > 0]
    ring: Any = {"ls": "", "marker": "o", "ms": 8, "mfc": "none", "mec": "#d55e00", "label": "above full"}
    if above:
        ax.plot([row["start"] for row in above], [row["score"] for row in above], **ring)
    _levels(ax, numbers, "frozen", of)
    _axes(ax, numbers)


def _levels(ax: Any, numbers: dict[str, Any], mode: str, of: str) -> None:
    for value, dash, name in (
        (numbers["full"][mode][of][0], (0, (6, 2)), "full model"),
        (numbers["floors"][of], (0, (1, 1.5)), "largest class"),
    ):
        ax.axhline(value, color="0.45", lw=0.8, ls=dash, zorder=1, label=name)
    ax.spines[["top", "right"]].set_visible(False)


def _axes(ax: Any, numbers: dict[str, Any]) -> None:
    starts = sorted({row["start"] for row in numbers["rows"]})
    figures.start_axes(ax, starts, numbers["layers"])


def _foot(numbers: dict[str, Any]) -> str:
    tasks = "; ".join(f"{name}: {' and '.join(metrics)}" for name, metrics in numbers["tasks"].items())
    return f"{tasks}. The dashed line is the full model's: frozen, but in the panel of trained encoders."
