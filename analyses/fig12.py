"""Fig. 12. Skip across models: score against the share of layers left out.

Caption: Score retained, R, when the middle layers are left out, against the share of layers left out, M/T.
Each line is a model; models with few layers come first. All lines are over the same benchmarks, which the
foot names. Bands are 95 % intervals over documents (paired bootstrap). R = 0 is the best baseline without a
model, R = 1 the full model. Models that share no benchmark are not compared.

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
METRICS = ("u", "acc")


def numbers(models: Mapping[str, Mapping[str, dict[str, Any]]]) -> dict[str, Any]:
    """R of skip by the share of layers left out, for the models of fig. 4 that share a benchmark."""
    skips = [figs["fig04"] for figs in models.values() if "fig04" in figs]
    skips.sort(key=lambda skip: (skip["layers"], skip["model"]))
    if not skips:
        raise rl.ReprlabError("no model has skip swept (fig. 4)")
    shared = {metric: found for metric in METRICS if (found := _shared(skips, metric))}
    if not shared:
        each = "; ".join(f"{skip['model']}: {', '.join(skip['benchmarks']['u'])}" for skip in skips)
        raise rl.ReprlabError(
            f"no two models have a benchmark in common ({each}): there is nothing to compare"
        )
    compared = [skip for skip in skips if any(skip["model"] in names for _, names in shared.values())]
    rows = [row for metric, (of, names) in shared.items() for row in _rows(compared, metric, of, names)]
    return {
        "models": {skip["model"]: skip["layers"] for skip in compared},
        "alone": [skip["model"] for skip in skips if skip not in compared],
        "metrics": list(shared),
        "benchmarks": {metric: list(of) for metric, (of, _) in shared.items()},
        "rows": rows,
    }


Shared = tuple[tuple[str, ...], list[str]]


def _shared(skips: list[dict[str, Any]], metric: str) -> Shared | None:
    """The benchmarks that most models share, at least two, and these models; a model alone has its own.

    All benchmarks of a model where the models have the same, else the first that most of them have: a
    median over others could not be compared.
    """
    having = {
        skip["model"]: tuple(skip["benchmarks"][metric]) for skip in skips if skip["benchmarks"][metric]
    }
    if not having:
        return None
    if len(set(having.values())) == 1 and (len(having) > 1 or len(skips) == 1):
        return next(iter(having.values())), list(having)
    counts = {
        name: [m for m, known in having.items() if name in known]
        for known in having.values()
        for name in known
    }
    name = max(counts, key=lambda one: len(counts[one]))
    return ((name,), counts[name]) if len(counts[name]) > 1 else None


def _rows(
    skips: list[dict[str, Any]], metric: str, of: tuple[str, ...], names: list[str]
) -> Iterator[dict[str, Any]]:
    """The rows of the compared models over the same benchmarks, with the share of layers left out."""
    wanted = "median" if len(of) > 1 else of[0]
    for skip in (skip for skip in skips if skip["model"] in names):
        for row in skip["rows"]:
            if (row["metric"], row["benchmark"]) == (metric, wanted):
                labels = {
                    "model": skip["model"],
                    "layers": skip["layers"],
                    "share": row["middle"] / skip["layers"],
                }
                yield {**labels, **{key: row[key] for key in _ROW}}


_ROW = ("metric", "benchmark", "start", "middle", "R", "low", "high")


def reading(numbers: dict[str, Any]) -> str:
    """R of each model near a fifth of its layers left out."""
    metric = numbers["metrics"][0]
    parts: list[str] = []
    found: list[float] = []
    for model in numbers["models"]:
        rows = [row for row in numbers["rows"] if (row["model"], row["metric"]) == (model, metric)]
        if rows:
            near = min(rows, key=lambda row: abs(row["share"] - 0.2))
            found.append(near["R"])
            parts.append(f"{model} retains R = {curves.number(near)} at {100 * near['share']:.0f} %")
    here = "one model only" if len(found) < 2 else f"R from {min(found):.2f} to {max(found):.2f} there"
    return (
        f"With about a fifth of the layers left out, {'; '.join(parts)} ({_over(numbers, metric)}). "
        f"{curves.beside_paper('fig12', here)}"
    )


def _over(numbers: dict[str, Any], metric: str) -> str:
    of = numbers["benchmarks"][metric]
    return f"{curves.WORDS[metric]}, {f'median of {len(of)} benchmarks' if len(of) > 1 else of[0]}"


def draw(numbers: dict[str, Any]) -> Any:
    """R by the share left out, a panel a metric, a line a model."""
    metrics = numbers["metrics"]
    with figures.sheet(1, len(metrics), height=2.5, alike=True, title="Skip across models") as panels:
        shown = figures.view(numbers["rows"])
        names = {model: f"{model} ({layers} layers)" for model, layers in numbers["models"].items()}
        looks = figures.ramp(names.values())
        for ax, metric in zip(panels, metrics, strict=True):
            rows = [row for row in numbers["rows"] if row["metric"] == metric]
            lines = figures.lines_by(rows, lambda row: names[row["model"]])
            figures.curves(ax, lines, x="share", looks=looks, view=shown)
            figures.guides(ax, falling=True)
            ax.set(title=figures.METRICS[metric], xlabel="share of layers left out, $M/T$", xlim=(0, 1))
        panels[0].set_ylabel(figures.RETAINED)
        figures.legend(panels)
        figures.foot(panels[0].figure, _foot(numbers))
    return panels[0].figure


def _foot(numbers: dict[str, Any]) -> str:
    """The meaning of R and bands, the benchmarks of all lines, and the models that share none."""
    over = "; ".join(f"{figures.METRICS[m]}: {', '.join(of)}" for m, of in numbers["benchmarks"].items())
    alone = f" Without a common benchmark: {', '.join(numbers['alone'])}." if numbers["alone"] else ""
    paper = f"Paper: {curves.STATED['fig12'].words}, from 32 to 80 layers."
    return f"{figures.intervals(numbers)} All models on the same benchmarks ({over}).{alone} {paper}"
