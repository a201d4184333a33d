"""Block influence: whether what a layer changes tells what skipping it costs.

Caption: By layer, block influence, 1 - mean cosine of a layer's input and output without sinks; what
skipping that layer alone costs (1 - R; whiskers: 95 % over documents); and the ranks of both, each layer
as its number, where layers on the dashes have the same rank in both.

Claim: None of the paper's, which reads from its matrix that alike layers can go; pruning by block
influence rests on it (Men et al. 2024, ShortGPT).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("similarities", "scores")


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    u, name = evidence.u, "cosine no-sinks"
    if name not in evidence.similarities:
        raise rl.ReprlabError(f"block influence takes the similarity '{name}': capture texts first")
    if u is None or not u.benchmarks:
        raise rl.ReprlabError(
            "the full model is clear of guessing on no benchmark: skipping costs nothing to be told"
        )
    found, of = evidence.similarities[name], curves.summary(u)
    costs = {row["layer"]: row for row in u.table("skip_one") if row["benchmark"] == of}
    if set(costs) != set(range(evidence.layers)):
        raise rl.ReprlabError("not every layer was skipped alone: --quick leaves two of three out")
    influence = found.block_influence
    low, high = (
        (1 - np.diagonal(m, 1) if m is not None else influence)
        for m in (found.intervals.high, found.intervals.low)
    )
    damage = np.array([1 - costs[layer]["R"] for layer in range(evidence.layers)])
    ranks = rl.rank_correlation(influence, damage)
    rows = [
        {
            "layer": layer,
            "influence": float(influence[layer]),
            "influence_low": float(low[layer]),
            "influence_high": float(high[layer]),
            "damage": float(damage[layer]),
            "damage_low": 1 - costs[layer]["high"],
            "damage_high": 1 - costs[layer]["low"],
            "influence_rank": int((influence < influence[layer]).sum()) + 1,
            "damage_rank": int((damage < damage[layer]).sum()) + 1,
        }
        for layer in range(evidence.layers)
    ]
    return {
        "model": evidence.model,
        "layers": evidence.layers,
        "benchmarks": list(u.benchmarks),
        "undecided": dict(u.undecided),
        "caption": found.caption,
        "ranks": {**asdict(ranks), "text": ranks.text("high")},
        "rows": rows,
    }


def reading(numbers: dict[str, Any]) -> str:
    rows = numbers["rows"]
    by = {key: sorted(rows, key=lambda row: row[key]) for key in ("influence", "damage")}
    few = max(2, len(rows) // 4)
    both = {row["layer"] for row in by["influence"][:few]} & {row["layer"] for row in by["damage"][:few]}
    worst = by["damage"][-1]
    return (
        f"{numbers['model']}: block influence and the cost of skipping a layer have "
        f"{numbers['ranks']['text']}; of the {few} layers of least influence {len(both)} are among the {few} "
        f"cheapest to skip; the dearest, layer {worst['layer']} ({worst['damage']:.2f} of R), is number "
        f"{len(rows) + 1 - worst['influence_rank']} by influence."
    )


def draw(numbers: dict[str, Any]) -> Any:
    rows, count = numbers["rows"], numbers["layers"]
    column = {key: np.array([row[key] for row in rows], dtype=float) for key in rows[0]}
    of = "median" if len(numbers["benchmarks"]) > 1 else numbers["benchmarks"][0]
    title = f"{numbers['model']}: block influence and skipping"
    with figures.sheet(1, 3, height=2.6, title=title) as (influence, damage, ranks):
        dots = [{**row, "low": row["influence_low"], "high": row["influence_high"]} for row in rows]
        look = {"influence": figures.Look("0.15", "o")}
        figures.dots(influence, {"influence": dots}, x="layer", y="influence", looks=look, size=3)
        figures.layer_axis(figures.factor_axis(influence), count).set_title("block influence")
        ends = {"low": column["damage_low"], "high": column["damage_high"]}
        figures.bars(damage, column["damage"], **ends, colour=figures.VARIANTS["skip one"][0])
        damage.set_title(f"cost of skipping it, 1 - R ({of})")
        ranks.plot([1, count], [1, count], color="0.8", lw=0.7, ls=(0, (6, 2)), zorder=0)
        figures.named(
            ranks, column["influence_rank"], column["damage_rank"], [str(row["layer"]) for row in rows]
        )
        ranks.set(xlabel="rank by influence", ylabel="rank by cost", title=f"ranks of the {count} layers")
        figures.foot(ranks.figure, f"{numbers['ranks']['text'].capitalize()}. {numbers['caption']}")
    return ranks.figure
