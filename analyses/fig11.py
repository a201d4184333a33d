"""Fig. 11. All variants: six changes of the middle layers.

Caption: Above: score retained, R, by every variant against M = T-2s-1, the number of middle layers that it
changes. Each line is the median over benchmarks. Few are to the left, as in the paper. The scale on top is
the start s. R = 0 is the best baseline without a model, below 0 is worse than that, R = 1 the full model. The
legend begins with the variant of the highest mean R over M from 3 to T/2. Below: R of each other variant
minus R of skip, paired over the same documents. Coloured lines are benchmarks, the black one is their median.
Bands are 95 % intervals over documents, for random order over orders too. Grey words are the rank of the
variant in the paper, 1 the least harmful.

Claim: Repeating one layer is worst. Looping the parallel step and random order do the least harm. Parallel is
better than skip.
"""

from __future__ import annotations

from typing import Any

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("scores",)
OTHERS = ("looped_parallel", "parallel", "random", "reverse", "middle_repeat")
VARIANTS = ("skip", *OTHERS[::-1])
_NO = {"more": None, "more_low": None, "more_high": None}


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """R of each variant by start, metric and benchmark, its difference to skip, and the ranking."""
    by_metric = curves.both(evidence)
    by_start = curves.by_start(evidence, *VARIANTS)
    more = {metric: curves.against(measured, "skip", OTHERS) for metric, measured in by_metric.items()}
    rows = [
        {**row, **more[row["metric"]].get(tuple(row[key] for key in curves.CELL), _NO)}
        for row in by_start["rows"]
    ]
    return {**by_start, "rows": rows, "ranking": curves.ranking(evidence, *VARIANTS)}


def reading(numbers: dict[str, Any]) -> str:
    """The variants by the mean of R, the highest first."""
    if not numbers["ranking"]:
        return f"No start of {numbers['model']} leaves between 3 and T/2 middle layers, so nothing is ranked."
    ranked = [f"{curves.number(row, 'A')} ({_name(row)})" for row in numbers["ranking"]]
    means = f"{', '.join(ranked[:-1])} and {ranked[-1]}"
    here = ", ".join(_name(row) for row in numbers["ranking"])
    return (
        f"Over M from 3 to T/2 the mean R of {numbers['model']} ({curves.basis(numbers)}) is {means}. "
        f"{curves.beside_paper('fig11', here)}"
    )


def draw(numbers: dict[str, Any]) -> Any:
    """All variants together, a panel a metric, and each minus skip by itself."""
    order = [_name(row) for row in numbers["ranking"]]
    together = {**numbers, "rows": _summary(numbers)}
    title = f"{numbers['model']}: six changes of the middle layers"
    with figures.sheet(2, 5, height=4.6, title=title, heights=(1.25, 1)) as grid:
        above = [figures.across(grid[0, :2]), figures.across(grid[0, 3:])]
        figures.by_metric(above, together, line="variant", band=0)
        _apart(list(grid[1]), numbers)
        figures.legend([*above, *grid[1]], order=order, within=grid[0, 2])
        figures.foot(above[0].figure, f"{figures.start_notes(together)} {_below(numbers)}")
    return above[0].figure


def _summary(numbers: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in numbers["rows"] if row["benchmark"] == numbers["summary"][row["metric"]]]


def _apart(panels: list[Any], numbers: dict[str, Any]) -> None:
    """R minus skip's: a panel a variant, a line a benchmark, one vertical scale."""
    metric = curves.decisive(numbers)
    rows = [row for row in numbers["rows"] if row["metric"] == metric and row.get("more") is not None]
    ends = [row[key] for row in rows for key in ("more_low", "more_high") if row[key] is not None]
    view = (min([-0.05, *ends]) - 0.03, max([0.05, *ends]) + 0.03)
    for ax, variant in zip(panels, OTHERS, strict=True):
        some = [
            {**row, "low": row["more_low"], "high": row["more_high"]}
            for row in rows
            if row["variant"] == variant
        ]
        figures.curves(ax, figures.lines_by(some, "benchmark"), x="middle", value="more")
        ax.axhline(0, color="0.45", lw=0.7, ls=(0, (6, 2)), zorder=1)
        ax.set(title=variant.replace("_", "\n"), ylim=view, xlabel="$M$")
        ms = sorted({row["middle"] for row in rows})
        ax.set_xticks(ms[:: 1 + len(ms) // 4])
        ax.text(
            *(0.97, 0.03, f"paper: {curves.stated_rank(variant)}"),
            **{"transform": ax.transAxes, "ha": "right", "va": "bottom", "fontsize": 6, "color": "0.5"},
        )
        ax.spines[["top", "right"]].set_visible(False)
        if ax is not panels[0]:
            ax.tick_params(labelleft=False)
    panels[0].set_ylabel("$R$ minus skip's")


def _below(numbers: dict[str, Any]) -> str:
    metric = curves.decisive(numbers)
    return f"Below: R of the {figures.METRICS[metric]} minus skip's, paired, with its 95 % intervals."


def _name(row: dict[str, Any]) -> str:
    return row["variant"].replace("_", " ")
