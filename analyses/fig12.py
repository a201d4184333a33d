"""Fig. 12. Skip across models: score against the share of layers left out.

Caption: Score retained, R, when the middle layers are left out, against the share of layers left out, M/T.
Each line is a model, the median over its benchmarks; models with few layers come first. Bands are 95 %
intervals over documents (paired bootstrap). R = 0 is the best baseline without a model, R = 1 the full model.

Claim: Models of all sizes lose alike when the same share of layers is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("scores",)
FAMILY = True


def numbers(models: Mapping[str, Mapping[str, dict[str, Any]]]) -> dict[str, Any]:
    """R of skip by the share of layers left out, for each model that has fig. 4."""
    skips = [figs["fig04"] for figs in models.values() if "fig04" in figs]
    skips.sort(key=lambda skip: (skip["layers"], skip["model"]))
    if not skips:
        raise rl.ReprlabError("no model has skip swept (fig. 4)")
    about = {
        skip["model"]: {"layers": skip["layers"], **{key: skip[key] for key in _ABOUT}} for skip in skips
    }
    first = [skip["metrics"][0] for skip in skips]
    metrics = ["u", "acc"] if "u" in first else ["acc", "u"]
    return {"models": about, "metrics": metrics, "rows": [row for skip in skips for row in _rows(skip)]}


_ABOUT = ("benchmarks", "summary", "undecided")
_ROW = ("metric", "benchmark", "start", "middle", "R", "low", "high")


def _rows(skip: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The summary's rows of one model, with the share of layers left out."""
    for row in skip["rows"]:
        if row["benchmark"] == skip["summary"][row["metric"]]:
            share = row["middle"] / skip["layers"]
            model = {"model": skip["model"], "layers": skip["layers"], "share": share}
            yield {**model, **{key: row[key] for key in _ROW}}


def reading(numbers: dict[str, Any]) -> str:
    """R of each model near a fifth of its layers left out."""
    parts: list[str] = []
    for model, about in numbers["models"].items():
        metric = curves.decisive(about)
        rows = [row for row in numbers["rows"] if (row["model"], row["metric"]) == (model, metric)]
        of = curves.basis(about)
        near = min(rows, key=lambda row: abs(row["share"] - 0.2))
        parts.append(f"{model} retains R = {curves.number(near)} at {100 * near['share']:.0f} % ({of})")
    return f"With about a fifth of the layers left out, {'; '.join(parts)}."


def draw(numbers: dict[str, Any]) -> Any:
    """R by the share left out, a panel a metric, a line a model."""
    with figures.sheet(1, 2, height=2.5, alike=True, title="Skip across models") as panels:
        shown = figures.view(numbers["rows"])
        names = {model: f"{model} ({about['layers']} layers)" for model, about in numbers["models"].items()}
        looks = figures.ramp(names.values())
        for ax, metric in zip(panels, numbers["metrics"], strict=True):
            rows = [row for row in numbers["rows"] if row["metric"] == metric]
            lines = figures.lines_by(rows, lambda row: names[row["model"]])
            figures.curves(ax, lines, x="share", looks=looks, view=shown)
            figures.guides(ax, falling=True)
            ax.set(title=figures.METRICS[metric], xlabel="share of layers left out, $M/T$", xlim=(0, 1))
        panels[0].set_ylabel("score retained, $R$")
        figures.legend(panels)
        figures.foot(panels[0].figure, f"{figures.intervals(numbers)} {_foot(numbers)}")
    return panels[0].figure


def _foot(numbers: dict[str, Any]) -> str:
    """The benchmarks that each model's line is over, and those not shown."""
    parts: list[str] = []
    for model, about in numbers["models"].items():
        over = {figures.METRICS[metric]: figures.over(about, metric) for metric in numbers["metrics"]}
        alike = len(set(over.values())) == 1
        each = next(iter(over.values())) if alike else ", ".join(f"{o} ({m})" for m, o in over.items())
        out = figures.left_out({**about, "metrics": numbers["metrics"], "rows": []})
        parts.append(f"{model}: {each}. {out}".strip())
    return " ".join(parts)
