"""Block influence: the change that a layer makes, and the cost of skipping it.

Caption: By layer, block influence: 1 - mean cosine between a layer's input and output, without sinks, with 95
% intervals over documents. In the middle the cost of skipping that layer alone, 1 - R, with 95 % intervals
over documents. Right, each layer's number at its ranks by influence and by cost, where 1 is the lowest; on
the dashes both ranks are equal.

Claim: None of the paper's, which reads from its matrix that alike layers can go. Pruning by block influence
rests on it (Men et al. 2024, ShortGPT).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("similarities", "scores")
ENDS = 2  # layers on each side that the second correlation leaves out
NOTES = (
    "1 - R: 0 is the full model, 1 the best baseline without a model. Whiskers: 95 % intervals over "
    "documents. Numbers, right: layers; dashes: equal ranks."
)


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """Influence, cost and both ranks by layer, and the rank correlation."""
    u, name = curves.having(evidence, "skip_one").u, "cosine no-sinks"
    if name not in evidence.similarities:
        raise rl.ReprlabError(f"block influence takes the similarity '{name}': capture texts first")
    if u is None or not u.benchmarks:
        raise rl.ReprlabError("block influence needs a benchmark with the full model above the best baseline")
    similarity, of = evidence.similarities[name], curves.summary(u)
    costs = {row["layer"]: row for row in u.table("skip_one") if row["benchmark"] == of}
    if set(costs) != set(range(evidence.layers)):
        raise rl.ReprlabError("not every layer was skipped alone: --quick leaves two of three out")
    pair = similarity.block_influence, [1 - row["R"] for _, row in sorted(costs.items())]
    ranks, inner = rl.rank_correlation(*pair), rl.rank_correlation(*pair, ends=ENDS)
    return {
        "model": evidence.model,
        "layers": evidence.layers,
        "benchmarks": list(u.benchmarks),
        "undecided": dict(u.undecided),
        "caption": similarity.caption,
        "ranks": {**asdict(ranks), "text": ranks.text("high")},
        "inner": {**asdict(inner), "text": inner.text("high")} if inner.count else None,
        "rows": _rows(similarity, costs),
    }


def _rows(similarity: Any, costs: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    """A row a layer: influence and cost with their intervals, and the rank of each, 1 the lowest."""
    influence = similarity.block_influence
    ends = (similarity.intervals.high, similarity.intervals.low)  # the highest cosine is the lowest influence
    low, high = ((1 - np.diagonal(m, 1) if m is not None else influence) for m in ends)
    lost = {layer: curves.loss(row) for layer, row in costs.items()}
    damage = np.array([lost[layer]["value"] for layer in range(len(influence))], dtype=float)
    return [
        {
            "layer": layer,
            "influence": float(influence[layer]),
            "influence_low": float(low[layer]),
            "influence_high": float(high[layer]),
            "damage": float(damage[layer]),
            **{f"damage_{end}": lost[layer][end] for end in ("low", "high")},
            "influence_rank": int((influence < influence[layer]).sum()) + 1,
            "damage_rank": int((damage < damage[layer]).sum()) + 1,
        }
        for layer in range(len(influence))
    ]


def reading(numbers: dict[str, Any]) -> str:
    """The rank correlation, the overlap of the lowest ranks, and the layer of the highest cost."""
    rows = numbers["rows"]
    by = {key: sorted(rows, key=lambda row: row[key]) for key in ("influence", "damage")}
    few = max(2, len(rows) // 4)
    both = {row["layer"] for row in by["influence"][:few]} & {row["layer"] for row in by["damage"][:few]}
    worst = by["damage"][-1]
    return (
        f"In {numbers['model']}, block influence and the cost of skipping a layer have "
        f"{numbers['ranks']['text']}. Of the {few} layers of least influence, {len(both)} are among the "
        f"{few} cheapest to skip; the costliest, layer {worst['layer']} (1 - R = {worst['damage']:.2f}), has "
        f"influence rank {worst['influence_rank']} of {len(rows)}."
    )


def draw(numbers: dict[str, Any]) -> Any:
    """Influence by layer, cost by layer, and the layers at their ranks."""
    rows, count = numbers["rows"], numbers["layers"]
    column = {key: np.array([row[key] for row in rows], dtype=float) for key in rows[0]}
    known = numbers["benchmarks"]
    of = f"median of {len(known)} benchmarks" if len(known) > 1 else known[0]
    title = f"{numbers['model']}: block influence and the cost of skipping"
    with figures.sheet(1, 3, height=2.7, title=title) as (influence, damage, ranks):
        dots = [{**row, "low": row["influence_low"], "high": row["influence_high"]} for row in rows]
        look = {"influence": figures.Look("0.15", "o")}
        figures.dots(influence, {"influence": dots}, x="layer", y="influence", looks=look, size=3)
        figures.layer_axis(figures.factor_axis(influence), count).set_title("block influence")
        influence.set_ylabel("1 - cosine of input and output")
        ends = {"low": column["damage_low"], "high": column["damage_high"]}
        figures.bars(damage, column["damage"], **ends, colour=figures.VARIANTS["skip one"][0])
        damage.set(title="cost of skipping the layer", ylabel=f"$1 - R$ ({of})")
        ranks.plot([1, count], [1, count], color="0.8", lw=0.7, ls=(0, (6, 2)), zorder=0)
        figures.named(
            ranks, column["influence_rank"], column["damage_rank"], [str(row["layer"]) for row in rows]
        )
        ranks.set(xlabel="rank by influence (1: least)", ylabel="rank by cost (1: least)")
        ranks.set_title(f"ranks of layers 0 to {count - 1}")
        ranked = curves.ranked(numbers)
        figures.foot(ranks.figure, f"{ranked[0].upper()}{ranked[1:]}. {NOTES} {numbers['caption']}")
    return ranks.figure
