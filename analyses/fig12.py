"""Fig. 12. Skip across models: score against the share of layers left out.

Caption: Share of the full model's score that is retained, R, when the middle layers are left out, against
the share of layers left out, M/T; one line a model, the median over its benchmarks, bands are 95 %
intervals over documents (paired bootstrap). Dashed lines: R = 0 is guessing, R = 1 the full model. Models
with few layers first.

Claim: Models of all sizes lose alike when the same share of layers is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("scores",)
FAMILY = True


def numbers(models: Mapping[str, Mapping[str, dict[str, Any]]]) -> dict[str, Any]:
    """R of skip by the share of layers left out, for each model that has fig. 4."""
    having = sorted(
        (found["fig04"] for found in models.values() if "fig04" in found),
        key=lambda one: (one["layers"], one["model"]),
    )
    if not having:
        raise rl.ReprlabError("no model has skip swept (fig. 4)")
    rows: list[dict[str, Any]] = []
    for one in having:
        for row in one["rows"]:
            if row["benchmark"] == one["summary"][row["metric"]]:
                kept = {
                    key: row[key] for key in ("metric", "benchmark", "start", "middle", "R", "low", "high")
                }
                rows.append(
                    {
                        "model": one["model"],
                        "layers": one["layers"],
                        "share": row["middle"] / one["layers"],
                        **kept,
                    }
                )
    told = {one["model"]: {"layers": one["layers"], **{key: one[key] for key in _KEPT}} for one in having}
    first = [one["metrics"][0] for one in having]
    metrics = ["u", "acc"] if "u" in first else ["acc", "u"]
    return {"models": told, "metrics": metrics, "rows": rows}


_KEPT = ("benchmarks", "summary", "undecided")


def reading(numbers: dict[str, Any]) -> str:
    """What is seen here."""
    parts = []
    for model, about in numbers["models"].items():
        metric = curves.decisive(about)
        rows = [row for row in numbers["rows"] if (row["model"], row["metric"]) == (model, metric)]
        near = min(rows, key=lambda row: abs(row["share"] - 0.2))
        parts.append(f"{model} {curves.number(near)} at {near['share']:.0%}")
    return f"R of skip at about a fifth of the layers left out (continuous score): {', '.join(parts)}."


def draw(numbers: dict[str, Any]) -> Any:
    """Two panels, a line a model."""
    with figures.sheet(1, 2, height=2.3, alike=True, title="Skip across models") as panels:
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
        figures.foot(panels[0].figure, _foot(numbers))
    return panels[0].figure


def _foot(numbers: dict[str, Any]) -> str:
    """What each model's line is over."""
    parts = []
    for model, about in numbers["models"].items():
        over = {figures.METRICS[metric]: figures.over(about, metric) for metric in numbers["metrics"]}
        alike = len(set(over.values())) == 1
        parts.append(
            f"{model}: {next(iter(over.values()))}"
            if alike
            else f"{model}: " + ", ".join(f"{o} ({m})" for m, o in over.items())
        )
    return "; ".join(parts) + "."
