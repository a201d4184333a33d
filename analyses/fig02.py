"""Fig. 2. Single layers: one layer is left out, or switched with the next.

Caption: Scores when layer n alone is left out (skip one), and when layers n and n+1 are exchanged (switch),
against n. Left: accuracy, and perplexity of the last word (else the continuous score u), of the benchmark
named. Bands are 95 % intervals from standard errors over documents; the dashed line and its grey band are the
full model. Thin dotted lines are baselines without a model. Right: score retained, R, of the continuous
score, the median over benchmarks with its 95 % interval (paired bootstrap). R = 0 is the best baseline
without a model, R = 1 the full model. "Surely" means with the whole interval.

Claim: The first and last few layers are indispensable. Leaving out one middle layer, or exchanging two
neighbours there, costs little.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("scores",)
VARIANTS = ("skip_one", "switch")
NAMES = {"acc": "accuracy", "perplexity": "perplexity", "u": "continuous score u"}
NOTES = (
    "Skip one: layer n is left out. Switch: layers n and n+1 are exchanged. Dashed, left: the full model, "
    "its interval in grey; dotted: baselines without a model. "
    f"R: {figures.SCALE}. Bands: 95 % intervals over documents."
)


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """Score (value) and R of both variants by layer, and the full model's scores; all benchmarks."""
    evidence = curves.having(evidence, *VARIANTS)
    about = curves.about(evidence, by_metric := curves.both(evidence))
    rows = list(_rows(evidence))
    for metric, retained in by_metric.items():
        for row in retained.table(*VARIANTS):
            ends = {"value": row["R"], "low": row["low"], "high": row["high"]}
            labels = {key: row[key] for key in ("benchmark", "variant", "layer")}
            rows.append({"metric": f"R of {metric}", **labels, **ends})
    if not any(row["variant"] in VARIANTS for row in rows):
        raise rl.ReprlabError("no single layer was left out or exchanged in the sweep")
    known = about["benchmarks"]["u"] or about["benchmarks"]["acc"]
    return {
        **about,
        "floors": [*about["floors"], *curves.baselines(evidence.scores, "perplexity")],
        "leading": "lambada" if "lambada" in evidence.u.scores.benchmarks else known[0],
        "rows": rows,
    }


def _rows(evidence: rl.Evidence) -> Iterator[dict[str, Any]]:
    frame = evidence.scores.pooled()
    for row in frame[frame.variant.isin(("full", *VARIANTS)) & frame.metric.isin(NAMES)].to_dict("records"):
        labels = {key: row[key] for key in ("metric", "benchmark", "variant")}
        layer = None if row["variant"] == "full" else int(row["layer"])
        yield {**labels, "layer": layer, **{key: row[key] for key in ("value", "low", "high")}}


def reading(numbers: dict[str, Any]) -> str:
    """The layer that matters most, and the number of layers that matter little, under each change."""
    sentences: list[str] = []
    for variant, change, pairs in (
        ("skip_one", "Left out alone", "layers"),
        ("switch", "Switched with the next", "pairs"),
    ):
        rows = [row for row in _median(numbers) if row["variant"] == variant]
        if not rows:
            continue
        worst = min(rows, key=lambda row: row["value"])
        sure = sum(row["low"] is not None and row["low"] >= 0.9 for row in rows)
        sentences.append(
            f"{change}, layer {worst['layer']} of {numbers['model']} matters most "
            f"(R = {curves.number(worst, 'value')}), and {sure} of {len(rows)} {pairs} surely retain 0.9"
        )
    return (
        f"{'. '.join(sentences)} ({curves.basis(numbers)}). {curves.beside_paper('fig02', _needed(numbers))}"
    )


def _needed(numbers: dict[str, Any]) -> str:
    """The layers without which surely less than one half is left."""
    rows = [row for row in _median(numbers) if row["variant"] == "skip_one"]
    needed = [str(row["layer"]) for row in rows if row["high"] is not None and row["high"] < 0.5]
    if not needed:
        return "no layer, left out alone, surely takes more than one half"
    if len(needed) == 1:
        return f"left out alone, layer {needed[0]} surely takes more than one half"
    several = f"{', '.join(needed[:-1])} and {needed[-1]}"
    return f"left out alone, layers {several} surely take more than one half each"


def _scale(ax: Any, metric: str) -> None:
    """A logarithmic axis for perplexity; for the others one from 0, with four numbers or more."""
    if metric == "perplexity":
        ax.set_yscale("log")
        return
    ax.set_ylim(min(0, ax.get_ylim()[0]), None)
    ax.locator_params(axis="y", nbins=7, min_n_ticks=4)


def _median(numbers: dict[str, Any]) -> list[dict[str, Any]]:
    metric = curves.decisive(numbers)
    of = (f"R of {metric}", numbers["summary"][metric])
    return [row for row in numbers["rows"] if (row["metric"], row["benchmark"]) == of]


def draw(numbers: dict[str, Any]) -> Any:
    """The leading benchmark by two metrics, and the median R."""
    of = [row for row in numbers["rows"] if row["benchmark"] == numbers["leading"]]
    having = [metric for metric in NAMES if any(row["metric"] == metric for row in of)][:2]
    with figures.sheet(
        1, len(having) + 1, height=2.4, title=f"{numbers['model']}: single layers left out or switched"
    ) as panels:
        for ax, metric in zip(panels, having, strict=False):
            rows = [row for row in of if row["metric"] == metric]
            lines = figures.lines_by((row for row in rows if row["layer"] is not None), "variant")
            figures.curves(ax, lines, x="layer", value="value")
            full = next(row for row in rows if row["variant"] == "full")
            ax.axhline(full["value"], color="0.45", lw=0.7, ls=(0, (6, 2)), zorder=1)
            if curves.bounded(full):
                ax.axhspan(full["low"], full["high"], color="0.88", lw=0, zorder=0)
            ax.set(title=numbers["leading"], ylabel=NAMES[metric])
            _scale(ax, metric)
            figures.floors(ax, numbers, metric, value="score", benchmark=numbers["leading"])
        rows, metric = _median(numbers), curves.decisive(numbers)
        figures.curves(
            panels[-1],
            figures.lines_by(rows, "variant"),
            x="layer",
            value="value",
            view=figures.view(rows, "value"),
        )
        figures.guides(panels[-1])
        panels[-1].set(
            title=f"{figures.METRICS[metric]},\n{figures.over(numbers, metric)}", ylabel="score retained, $R$"
        )
        for ax in panels:
            ax.set_xlabel("layer $n$")
            ax.set_xticks(figures.depth_ticks(numbers["layers"]))
            ax.spines[["top", "right"]].set_visible(False)
        figure = panels[0].figure
        figures.legend(panels)
        figures.foot(figure, f"{NOTES} {figures.left_out({**numbers, 'metrics': [metric], 'rows': []})}")
    return figure
