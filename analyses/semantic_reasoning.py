"""Semantic and reasoning benchmarks: the loss of either class when the order of the middle layers changes.

Caption: Share of the full model's continuous score that is lost, 1 - R, for each benchmark. Reverse, random
and parallel change the order of the middle layers, skip does not. Losses are means over the starts with 3 <=
M <= T/2, with 95 % intervals over documents (paired bootstrap). 0 is the full model, 1 the best baseline
without a model. Right: the mean loss of reasoning benchmarks minus that of semantic ones. Classes are the
paper's: ARC and GSM8K reasoning, HellaSwag and WinoGrande semantic, LAMBADA neither; a built-in benchmark has
its own.

Claim: Order matters more for mathematical and reasoning tasks than for semantic ones, which lose little until
late.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("scores",)
ORDER = ("reverse", "random", "parallel")
VARIANTS = (*ORDER, "skip")
CLASSES = ("semantic", "reasoning", "")
TOGETHER = "mean of three"
NOTES = (
    "Loss: 0 is the full model, 1 the best baseline without a model. Means over starts with M from 3 to T/2. "
    "Bars: 95 % intervals over documents."
)


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """The loss of each variant and benchmark, and the classes' difference, by metric."""
    by_metric = curves.both(evidence)
    rows: list[dict[str, Any]] = []
    contrasts: list[dict[str, Any]] = []
    for metric, measured in by_metric.items():
        values, drawn, starts = curves.averages(measured, *VARIANTS)
        if not starts:
            raise rl.ReprlabError("no start with 3 <= M <= T/2 has reverse, random, parallel and skip")
        kinds = [measured.scores.benchmarks[name].kind for name in measured.benchmarks]
        losses = 1 - np.concatenate([values[..., None], drawn], axis=-1)  # (variant, benchmark, 1 + draw)
        for at, variant in enumerate(VARIANTS):
            for place, (name, kind) in enumerate(zip(measured.benchmarks, kinds, strict=True)):
                labels = {"metric": metric, "variant": variant, "benchmark": name, "class": kind}
                rows.append({**labels, **_ends(losses[at, place])})
        contrasts += [{"metric": metric, **row} for row in _contrasts(losses, kinds)]
    return {
        **curves.about(evidence, by_metric),
        "starts": starts,
        "orders": _orders(by_metric),
        "rows": rows,
        "contrasts": contrasts,
    }


def _orders(by_metric: dict[str, Any]) -> list[dict[str, Any]]:
    """The random orders of each start."""
    labels = next(iter(by_metric.values())).labels
    keys = ("variant", "start", "middle", "seeds")
    return [{key: one[key] for key in keys} for one in labels if one["variant"] == "random"]


def _contrasts(losses: np.ndarray, kinds: list[str]) -> list[dict[str, Any]]:
    """Mean loss of reasoning minus semantic benchmarks, of (variant, benchmark, 1 + draw)."""
    sides = [[at for at, kind in enumerate(kinds) if kind == side] for side in ("reasoning", "semantic")]
    if not all(sides):
        return []
    apart = losses[:, sides[0]].mean(1) - losses[:, sides[1]].mean(1)  # (variant, 1 + draw)
    named = {**dict(zip(VARIANTS, apart, strict=True)), TOGETHER: apart[: len(ORDER)].mean(0)}
    counts = {"reasoning": len(sides[0]), "semantic": len(sides[1])}
    return [{"variant": variant, **_ends(of), **counts} for variant, of in named.items()]


def _ends(values: np.ndarray) -> dict[str, float]:
    """The loss and its interval, of (1 + draw,); NaN where there are no draws."""
    known = values[1:][~np.isnan(values[1:])]
    low, high = np.quantile(known, [0.025, 0.975]) if known.size else (np.nan, np.nan)
    return {"loss": float(values[0]), "low": float(low), "high": float(high)}


def _absent(rows: list[dict[str, Any]]) -> str:
    """The classes without a benchmark among these rows."""
    kinds = {row["class"] for row in rows}
    return " and no ".join(kind for kind in ("semantic", "reasoning") if kind not in kinds)


def reading(numbers: dict[str, Any]) -> str:
    """The difference of the classes under changes of order and under skip, or why there is none."""
    metric = curves.decisive(numbers)
    contrasts = {row["variant"]: row for row in numbers["contrasts"] if row["metric"] == metric}
    if not contrasts:
        absent = _absent([row for row in numbers["rows"] if row["metric"] == metric])
        why = f"{numbers['model']} is above the best baseline on no {absent} benchmark"
        told = curves.beside_paper("semantic_reasoning", f"no {absent} benchmark to compare")
        return f"The classes are not compared: {why} ({curves.WORDS[metric]}). {told}"
    one, other = (curves.change(contrasts[key], "loss") for key in (TOGETHER, "skip"))
    few = min(contrasts["skip"]["reasoning"], contrasts["skip"]["semantic"]) < 2
    caution = " One class has one benchmark only, so this may be that benchmark's own." if few else ""
    told = curves.beside_paper("semantic_reasoning", f"{one} of R")
    return (
        f"With the middle of {numbers['model']} in another order, reasoning benchmarks lose {one} of R than "
        f"semantic ones ({curves.WORDS[metric]}); with the middle left out {other}.{caution} {told}"
    )


def draw(numbers: dict[str, Any]) -> Any:
    """Losses by benchmark, and the difference of the classes."""
    metric = curves.decisive(numbers)
    rows = [row for row in numbers["rows"] if row["metric"] == metric]
    order = sorted(dict.fromkeys((CLASSES.index(row["class"]), row["benchmark"]) for row in rows))
    names = [name for _, name in order]
    height = 1.1 + 0.28 * max(len(names), 5)
    title = f"{numbers['model']}: loss on semantic and on reasoning benchmarks"
    contrasts = [row for row in numbers["contrasts"] if row["metric"] == metric]
    how: Any = {"columns": 2, "widths": (1.35, 1)} if contrasts else {"width": 5.0}
    with figures.sheet(1, height=height, title=title, **how) as panels:
        losses = panels[0]
        for at, variant in enumerate(VARIANTS):
            shift = 0.18 * (at - 1.5)
            placed = [
                {**row, "y": names.index(row["benchmark"]) + shift}
                for row in rows
                if row["variant"] == variant
            ]
            figures.dots(losses, {variant: placed}, x="loss", y="y", across=True)
        for at, (kind, _) in enumerate(order[1:], 1):
            if kind != order[at - 1][0]:
                losses.axhline(at - 0.5, color="0.8", lw=0.6)
        kinds = [f"{name}\n({CLASSES[kind] or 'no class'})" for kind, name in order]
        losses.set(xlabel="loss, $1 - R$", title="loss by benchmark", yticks=range(len(names)))
        losses.set_yticklabels(kinds, fontsize=7)
        losses.set_ylim(len(names) - 0.5, -0.5)
        if contrasts:
            _apart(panels[1], contrasts)
        for ax in panels:
            ax.axvline(0, color="0.45", lw=0.7, ls=(0, (6, 2)), zorder=1)
            ax.spines[["top", "right"]].set_visible(False)
        figures.legend([losses])
        out = figures.left_out({**numbers, "metrics": [metric], "rows": []})
        alone = "" if contrasts else f"Classes are not compared: no {_absent(rows)} benchmark is shown."
        orders = figures.orders(numbers.get("orders", []))
        foot = f"R of the {figures.METRICS[metric]}. {NOTES} {out} {orders} {alone}"
        figures.foot(losses.figure, " ".join(foot.split()))
    return losses.figure


def _apart(ax: Any, rows: list[dict[str, Any]]) -> None:
    """The difference of the classes by variant."""
    ax.set(xlabel="difference of losses", title="reasoning minus semantic", yticks=[])
    order = (*ORDER, TOGETHER, "skip")
    looks = figures.looks_of(VARIANTS) | {TOGETHER: figures.Look("0.15", "o")}
    placed = {row["variant"]: [{**row, "y": order.index(row["variant"])}] for row in rows}
    figures.dots(ax, placed, x="loss", y="y", across=True, looks=looks, size=5)
    ax.set_yticks(range(len(order)), order)
    ax.set_ylim(len(order) - 0.5, -0.5)
