"""Fig. 3. Similarity: how alike the hidden states of all depths are.

Caption: Similarity between the hidden states at every pair of depths (depth 0 enters layer 0, depth l + 1
leaves layer l): mean cosine over tokens and debiased linear CKA, with all tokens and without sinks, and
the cosine of whole documents, as the authors take it. All share one scale of colours; lines are where
groups begin (cosine without sinks). Last panel: the mean similarity of each layer's output to the depths
of the middle, the same for a null whose updates come from other tokens, and what skipping that layer
alone costs (1 - R; whiskers: 95 % over documents).

Claim: The middle layers share a representation space, the first and last do not, and the matrix aligns
with the damage of fig. 2.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("similarities",)
USES = ("groups",)
TITLES = {
    "cosine": "cosine, all tokens",
    "cosine no-sinks": "cosine, no sinks",
    "cosine-sequence": "cosine of whole documents",
    "cka": "CKA, all tokens",
    "cka no-sinks": "CKA, no sinks",
}
_BEST = ("cosine no-sinks", "cosine", "cka no-sinks", "cka")


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    shown = {name: evidence.similarities[name] for name in TITLES if name in evidence.similarities}
    name = next((name for name in _BEST if name in shown), None)
    if name is None:
        raise rl.ReprlabError(f"no similarity was taken: there is none of {', '.join(_BEST)}")
    found, null, groups = shown[name], evidence.similarities.get("residual null"), evidence.groups
    last = len(found.values) - 1
    middle, chosen = _middle(groups, last)
    near, costs = found.towards(middle[0], middle[-1])[1:], _costs(evidence.u)
    beside = np.full(last, np.nan) if null is None else null.towards(middle[0], middle[-1])[1:]
    rows = [
        {
            "layer": layer,
            "to_middle": float(own),
            "null": float(other),
            **costs.get(layer, {"damage": np.nan}),
        }
        for layer, (own, other) in enumerate(zip(near, beside, strict=True))
    ]
    parts = {
        "inside": found.average(middle[0], middle[-1]),
        "to_first": found.between(middle[0], middle[-1], 0),
    }
    parts |= {} if last in middle else {"to_last": found.between(middle[0], middle[-1], last)}
    parts |= {} if null is None else {"null": null.average(middle[0], middle[-1])}
    ranks = rl.rank_correlation(near, [row["damage"] for row in rows])
    labels = ("corpus", "documents", "tokens", "excluded", "width", "dtype")
    saved = found.to_dict()
    return {
        "model": evidence.model,
        "note": evidence.note,
        "layers": evidence.layers,
        **{label: saved[label] for label in labels},
        "matrices": {name: one.values.tolist() for name, one in shown.items()},
        "about": {name: one.caption for name, one in shown.items()},
        "groups": groups and {key: v for key, v in groups.to_dict().items() if key != "matrix"},
        "sizes": groups and list(groups.sizes),
        "similarity": name,
        "middle": [middle[0], middle[-1]],
        "chosen": chosen,
        "averages": {part: [one.value, one.low, one.high] for part, one in parts.items()},
        "by_layer": rows,
        "ranks": {**asdict(ranks), "text": ranks.text("low")},
        "benchmarks": list(evidence.u.benchmarks) if evidence.u else [],
    }


def _middle(groups: rl.Groups | None, last: int) -> tuple[range, str]:
    """The depths of the middle group, or of the only one; where it is less than two, the middle half."""
    if groups is not None:
        place = groups.parts.index("middle") if len(groups.starts) > 1 else 0
        if len(groups.groups[place]) > 1:
            return groups.groups[place], "the middle group" if len(groups.starts) > 1 else "the only group"
    return range(round(last / 4), round(3 * last / 4) + 1), "the middle half of the depths"


def _costs(u: rl.Retained | None) -> dict[int, dict[str, float]]:
    """What skipping each layer alone costs, 1 - R, with its interval: the median, or the only benchmark's."""
    of = curves.summary(u) if u else None
    rows = [row for row in u.table("skip_one") if row["benchmark"] == of] if u else []
    return {r["layer"]: {"damage": 1 - r["R"], "low": 1 - r["high"], "high": 1 - r["low"]} for r in rows}


def _number(average: list[float | None]) -> str:
    return curves.number(dict(zip(("R", "low", "high"), average, strict=True)))


def reading(numbers: dict[str, Any]) -> str:
    averages, groups, (first, last) = numbers["averages"], numbers["groups"], numbers["middle"]
    to = [("to_first", 0), ("to_last", numbers["layers"])]
    ends = " and ".join(
        f"{_number(averages[part])} to depth {depth}" for part, depth in to if part in averages
    )
    null = f" ({_number(averages['null'])} if updates came from other tokens)" if "null" in averages else ""
    stable = [share for share in groups["stable"] if share is not None] if groups else []
    held = f"; boundaries stay within 1 in {100 * min(stable):.0f} % of resamples" if stable else ""
    why = f"; no groups: {groups['reason']}" if groups and groups["reason"] else ""
    ranks = numbers["ranks"]
    costs = f"; similarity to it and skip-one damage: {ranks['text']}" if ranks["count"] else ""
    what = f"{numbers['model']}, {TITLES[numbers['similarity']]}: {numbers['chosen']}"
    inside = _number(averages["inside"])
    return f"{what}, depths {first} to {last}, is at {inside} to itself{null}, {ends}{held}{why}{costs}."


def draw(numbers: dict[str, Any]) -> Any:
    shown = [name for name in TITLES if name in numbers["matrices"]]
    starts = numbers["groups"]["starts"] if numbers["groups"] else []
    columns = {1: 2, 2: 3, 3: 4}.get(len(shown), 3)
    rows = 1 if len(shown) < 4 else 2
    look: Any = {"height": 2.4 if rows == 1 else 4.9, "widths": [*[1] * columns, 0.05]}
    title = f"{numbers['model']}: similarity of depths"
    with figures.sheet(rows, columns + 1, title=title, **look) as panels:
        grid = panels.reshape(rows, columns + 1)
        bar = grid[0, -1]
        if len(shown) == 4:
            flat, last = [*grid[0, :2], *grid[1, :2]], figures.across(grid[:, 2])
            bar = figures.across(grid[:, 3])
        else:
            flat = list(grid[:, :-1].flat)[: len(shown)]
            last = figures.across(grid[-1, len(shown) % columns : columns + (rows > 1)])
        figures.maps(
            flat,
            [numbers["matrices"][name] for name in shown],
            titles=[TITLES[name] for name in shown],
            label="similarity",
            starts=[starts] * len(shown),
            bar=bar,
        )
        _beside(last, numbers, room=1.2 if len(shown) == 4 else 1.45)
        figures.foot(last.figure, _foot(numbers))
    return last.figure


def _beside(ax: Any, numbers: dict[str, Any], *, room: float) -> None:
    """Each layer's similarity to the middle, and what skipping it costs."""
    rows, (first, end) = numbers["by_layer"], numbers["middle"]
    cost, low, high, near, null = (
        np.array([row.get(key) for row in rows], dtype=float)
        for key in ("damage", "low", "high", "to_middle", "null")
    )
    if np.isfinite(cost).any():
        figures.bars(
            ax,
            cost,
            low=low,
            high=high,
            colour=figures.VARIANTS["skip one"][0],
            name="cost of skipping it, 1 - R",
        )
    ax.plot(near, color="black", lw=1.2, label="similarity to the middle")
    if np.isfinite(null).any():
        ax.plot(null, color="black", lw=1, ls=":", label="the same, null")
    figures.layer_axis(ax, len(rows))
    ax.set(ylim=(min(0.0, ax.get_ylim()[0]), max(1.0, ax.get_ylim()[1])), title="each layer and the middle")
    figures.span(ax, first - 1, end - 1, "the middle")
    figures.legend_inside(ax, room=room)


def _foot(numbers: dict[str, Any]) -> str:
    bare, ranks = numbers["similarity"].endswith("no-sinks"), numbers["ranks"]
    sinks = f"{numbers['excluded']:,} sink tokens left out" if bare else "all tokens"
    costs = f" Similarity to the middle and cost: {ranks['text']}." if ranks["count"] else ""
    return (
        f"{numbers['corpus']}: {numbers['documents']:,} documents, {numbers['tokens']:,} tokens; {sinks}; "
        f"width {numbers['width']}; {numbers['dtype']}. Lines: where groups begin.{costs}"
    )
