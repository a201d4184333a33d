"""Semantic against reasoning: what changing the order of the middle layers costs benchmarks of either class.

Caption: Share of the full model's continuous score that is lost, 1 - R, under variants that change the
order of the middle layers (reverse, random, parallel) and under skip, which does not, for each benchmark;
the mean over the starts with 3 <= M <= T/2, with 95 % intervals over documents (paired bootstrap). Right:
the mean over reasoning benchmarks less the mean over semantic ones. 0 is the full model, 1 guessing.
Classes are the paper's: ARC and GSM8K reasoning, HellaSwag and WinoGrande semantic, LAMBADA neither; a
built-in benchmark has its own.

Claim: Order matters more for mathematical and reasoning tasks than for semantic ones, which lose little
until late.
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


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """The loss of each variant and benchmark, and reasoning less semantic, by metric."""
    found = curves.both(evidence)
    rows: list[dict[str, Any]] = []
    contrasts: list[dict[str, Any]] = []
    for metric, retained in found.items():
        values, drawn, starts = curves.averages(retained, *VARIANTS)
        if not starts:
            raise rl.ReprlabError("no start with 3 <= M <= T/2 has reverse, random, parallel and skip")
        kinds = [retained.scores.benchmarks[name].kind for name in retained.benchmarks]
        losses = 1 - np.concatenate([values[..., None], drawn], axis=-1)  # (variant, benchmark, 1 + draw)
        for at, variant in enumerate(VARIANTS):
            for place, (name, kind) in enumerate(zip(retained.benchmarks, kinds, strict=True)):
                labels = {"metric": metric, "variant": variant, "benchmark": name, "class": kind}
                rows.append({**labels, **_ends(losses[at, place])})
        sides = [[at for at, kind in enumerate(kinds) if kind == side] for side in ("reasoning", "semantic")]
        if all(sides):
            apart = losses[:, sides[0]].mean(1) - losses[:, sides[1]].mean(1)  # (variant, 1 + draw)
            named = {**dict(zip(VARIANTS, apart, strict=True)), TOGETHER: apart[: len(ORDER)].mean(0)}
            counts = {"reasoning": len(sides[0]), "semantic": len(sides[1])}
            contrasts += [{"metric": metric, "variant": v, **_ends(of), **counts} for v, of in named.items()]
    return {**curves.about(evidence, found), "starts": starts, "rows": rows, "contrasts": contrasts}


def _ends(values: np.ndarray) -> dict[str, float]:
    """The loss and its interval, of (1 + draw,)."""
    low, high = np.nanquantile(values[1:], [0.025, 0.975])
    return {"loss": float(values[0]), "low": float(low), "high": float(high)}


def reading(numbers: dict[str, Any]) -> str:
    """What is seen here."""
    metric = curves.decisive(numbers)
    found = {row["variant"]: row for row in numbers["contrasts"] if row["metric"] == metric}
    if not found:
        kinds = {row["class"] for row in numbers["rows"] if row["metric"] == metric}
        absent = " and no ".join(kind for kind in ("semantic", "reasoning") if kind not in kinds)
        return (
            f"No {absent} benchmark is clear of guessing in {numbers['model']}, so classes are not compared."
        )
    one, other = (curves.number(found[key], "loss") for key in (TOGETHER, "skip"))
    few = min(found["skip"]["reasoning"], found["skip"]["semantic"]) < 2
    caution = "; with one benchmark on a side that may be the benchmark's own" if few else ""
    return (
        f"With the middle of {numbers['model']} reversed, shuffled or in parallel, reasoning benchmarks lose "
        f"{one} more of R than semantic ones; skipped, {other} more ({curves.WORDS[metric]}){caution}."
    )


def draw(numbers: dict[str, Any]) -> Any:
    """Dots by benchmark in classes, and what lies between the classes."""
    metric = curves.decisive(numbers)
    rows = [row for row in numbers["rows"] if row["metric"] == metric]
    order = sorted(dict.fromkeys((CLASSES.index(row["class"]), row["benchmark"]) for row in rows))
    names = [name for _, name in order]
    height = 1.1 + 0.28 * max(len(names), 5)
    title = f"Semantic against reasoning: {numbers['model']}"
    with figures.sheet(1, 2, height=height, title=title, widths=(1.35, 1)) as (losses, apart):
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
        losses.set(xlabel="loss, $1 - R$", title="by benchmark", yticks=range(len(names)))
        losses.set_yticklabels(kinds, fontsize=7)
        losses.set_ylim(len(names) - 0.5, -0.5)
        _apart(apart, [row for row in numbers["contrasts"] if row["metric"] == metric])
        for ax in (losses, apart):
            ax.axvline(0, color="0.45", lw=0.7, ls=(0, (6, 2)), zorder=1)
            ax.spines[["top", "right"]].set_visible(False)
        figures.legend([losses])
        out = figures.left_out({**numbers, "metrics": [metric], "rows": []})
        figures.foot(losses.figure, f"R of {figures.METRICS[metric]}. {out}")
    return losses.figure


def _apart(ax: Any, rows: list[dict[str, Any]]) -> None:
    ax.set(xlabel="reasoning less semantic", title="between classes", yticks=[])
    if not rows:
        ax.set_xticks([])
        said = "no benchmark clear of guessing\nin one of the classes"
        ax.text(0.5, 0.5, said, ha="center", va="center", transform=ax.transAxes, color="0.35", fontsize=7)
        return
    order = (*ORDER, TOGETHER, "skip")
    looks = figures.looks_of(VARIANTS) | {TOGETHER: figures.Look("0.15", "o")}
    placed = {row["variant"]: [{**row, "y": order.index(row["variant"])}] for row in rows}
    figures.dots(ax, placed, x="loss", y="y", across=True, looks=looks, size=5)
    ax.set_yticks(range(len(order)), order)
    ax.set_ylim(len(order) - 0.5, -0.5)
