"""Fig. 3. Similarity: how alike the hidden states of all depths are.

Caption: Similarity between the hidden states at every pair of depths; depth 0 enters layer 0, depth l+1
leaves layer l. Measures are the mean cosine over tokens and debiased linear CKA, with all tokens and without
sinks, and the cosine of whole documents without pads. The authors flatten batches with their pads. All panels
have one scale of colours: 1 is the same direction or structure, 0 unrelated. White lines are groups of depths
by cosine without sinks, in every panel. Last panel: mean similarity of each layer's output to the depths of
the middle, and the same for a null whose updates come from other tokens. Bars are the cost of skipping that
layer alone, 1 - R, with 95 % intervals over documents. Dashed grey lines are where the paper's beginning ends
and its ending begins. The foot says whether the groups find the middle of fig. 2, the layers that cost
little.

Claim: The middle layers share a representation space, the first and last do not. The matrix aligns with the
damage of fig. 2.
"""

from __future__ import annotations

from dataclasses import asdict, replace
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
ENDS = 2  # layers on each side that the second correlation leaves out
_BEST = ("cosine no-sinks", "cosine", "cka no-sinks", "cka")


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """The matrices, their groups, and each layer's similarity to the middle with the cost of skipping it."""
    shown = {name: evidence.similarities[name] for name in TITLES if name in evidence.similarities}
    name = next((name for name in _BEST if name in shown), None)
    if name is None:
        raise rl.ReprlabError(f"no similarity was taken: there is none of {', '.join(_BEST)}")
    best, null, groups = shown[name], evidence.similarities.get("residual null"), evidence.groups
    last = len(best.values) - 1
    middle, chosen = _middle(groups, last)
    single = curves.having(evidence, "skip_one").u
    rows = _by_layer(best, null, middle, _costs(single))
    pair = [row["to_middle"] for row in rows], [row["damage"] for row in rows]
    ranks, inner = rl.rank_correlation(*pair), rl.rank_correlation(*pair, ends=ENDS)
    saved, labels = best.to_dict(), ("corpus", "documents", "tokens", "excluded", "width", "dtype")
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
        "averages": _averages(best, null, middle, last),
        "by_layer": rows,
        "ranks": {**asdict(ranks), "text": ranks.text("low")},
        "inner": {**asdict(inner), "text": inner.text("low")} if inner.count else None,
        "benchmarks": list(single.benchmarks) if single else [],
    }


def _by_layer(best: Any, null: Any, middle: range, costs: dict[int, Any]) -> list[dict[str, Any]]:
    """By layer, its output's similarity to the middle, the null's, and the cost of skipping it."""
    near = best.towards(middle.start, middle.stop)[1:]
    other = np.full(len(near), np.nan) if null is None else null.towards(middle.start, middle.stop)[1:]
    return [
        {"layer": layer, "to_middle": float(own), "null": float(by), **costs.get(layer, {"damage": np.nan})}
        for layer, (own, by) in enumerate(zip(near, other, strict=True))
    ]


def _averages(best: Any, null: Any, middle: range, last: int) -> dict[str, list[float]]:
    """Mean similarity of the middle to itself and to the ends, and of the null's, each with its interval."""
    ends = (middle.start, middle.stop)
    parts = {"inside": best.average(*ends), "to_first": best.between(*ends, 0)}
    parts |= {} if last in middle else {"to_last": best.between(*ends, last)}
    parts |= {} if null is None else {"null": null.average(*ends)}
    found = {part: [one.value, one.low, one.high] for part, one in parts.items()}
    if best.by_document is not None:  # documents differ in length
        alone = replace(best, values=best.by_document, resampled=None)
        found["by_document"] = [alone.average(*ends).value, None, None]
    return found


def _middle(groups: rl.Groups | None, last: int) -> tuple[range, str]:
    """The depths of the middle group, or of the only one; the middle half where that is one depth."""
    if groups is not None:
        place = groups.parts.index("middle") if len(groups.starts) > 1 else 0
        if len(groups.groups[place]) > 1:
            return groups.groups[place], "the middle group" if len(groups.starts) > 1 else "the only group"
    return range(round(last / 4), round(3 * last / 4) + 1), "the middle half of the depths"


def _costs(u: rl.Retained | None) -> dict[int, dict[str, float]]:
    """The cost of skipping each layer alone, 1 - R, with its interval: the median, or of one benchmark."""
    of = curves.summary(u) if u else None
    rows = [row for row in u.table("skip_one") if row["benchmark"] == of] if u else []
    lost = {row["layer"]: curves.loss(row) for row in rows}
    return {layer: {"damage": one.pop("value"), **one} for layer, one in lost.items()}


def reading(numbers: dict[str, Any]) -> str:
    """The middle's similarity to itself and to the ends, and how far it goes with the cost of skipping."""
    averages, (first, last) = numbers["averages"], numbers["middle"]
    to = [("to_first", 0), ("to_last", numbers["layers"])]
    ends = " and ".join(
        f"{curves.ended(averages[part])} to depth {depth}" for part, depth in to if part in averages
    )
    measure = TITLES[numbers["similarity"]].replace(", no", " without").replace(", all", " of all")
    mean = f", as a mean over documents {averages['by_document'][0]:.2f}" if "by_document" in averages else ""
    null = f" (null: {curves.ended(averages['null'])})" if "null" in averages else ""
    return (
        f"By {measure}, depths {first} to {last} of {numbers['model']} ({numbers['chosen']}) "
        f"have mean similarity {curves.ended(averages['inside'])} to each other{mean}{null}, {ends}. "
        f"{_second(numbers)} {curves.beside_paper('fig03', _parts(numbers))}"
    )


def _parts(numbers: dict[str, Any]) -> str:
    """The sizes of the beginning, the middle and the ending, or that there are no groups."""
    if len(sizes := numbers["sizes"] or ()) != 3:
        return "no such groups"
    return "of {} depths {} begin, {} are the middle and {} end".format(numbers["layers"], *sizes)


def _second(numbers: dict[str, Any]) -> str:
    """The groups' stability, or why there are none, and the rank correlation with costs, as a sentence."""
    groups, ranks = numbers["groups"], numbers["ranks"]
    stable = [share for share in groups["stable"] if share is not None] if groups else []
    parts: list[str] = []
    if stable:
        parts.append(f"group boundaries stay within one depth in {100 * min(stable):.0f} % of resamples")
    if groups and groups["reason"]:
        parts.append(f"there are no groups: {groups['reason']}")
    if ranks["count"]:
        parts.append(f"similarity to the middle and the cost of a skip have {ranks['text']}")
    text = "; ".join(parts) or "groups and costs were not measured"
    return f"{text[0].upper()}{text[1:]}."


def draw(numbers: dict[str, Any]) -> Any:
    shown = [name for name in TITLES if name in numbers["matrices"]]
    starts = numbers["groups"]["starts"] if numbers["groups"] else []
    columns = {1: 2, 2: 3, 3: 4}.get(len(shown), 3)
    rows = 1 if len(shown) < 4 else 2
    look: Any = {"height": 2.4 if rows == 1 else 4.9, "widths": [*[1] * columns, 0.05]}
    title = f"{numbers['model']}: similarity between hidden states at all depths"
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
        _by_middle(last, numbers, room=1.25 if len(shown) == 4 else 1.6)
        figures.foot(last.figure, _foot(numbers))
    return last.figure


def _by_middle(ax: Any, numbers: dict[str, Any], *, room: float) -> None:
    """Each layer's similarity to the middle, and the cost of skipping it."""
    rows, (first, end) = numbers["by_layer"], numbers["middle"]
    cost, low, high, near, null = (
        np.array([row.get(key) for row in rows], dtype=float)
        for key in ("damage", "low", "high", "to_middle", "null")
    )
    if np.isfinite(cost).any():
        blue, name = figures.VARIANTS["skip one"][0], "cost of skipping the layer, 1 - R"
        figures.bars(ax, cost, low=low, high=high, colour=blue, name=name)
    ax.plot(near, color="black", lw=1.2, label="similarity of output to the middle")
    if np.isfinite(null).any():
        ax.plot(null, color="black", lw=1, ls=":", label="null: updates of other tokens")
    figures.layer_axis(ax, len(rows))
    ax.set(ylim=(min(0.0, ax.get_ylim()[0]), max(1.0, ax.get_ylim()[1])), title="each layer and the middle")
    ax.set_ylabel("similarity, or $1 - R$")
    figures.span(ax, first - 1, end - 1, numbers["chosen"])
    stated = curves.STATED["fig03"].values
    ends = [stated["beginning"] - 0.5, len(rows) - stated["ending"] - 0.5]
    ax.vlines(ends, 0, 1, color="0.5", lw=0.9, ls=(0, (6, 1.5)), zorder=2, label="paper: beginning, ending")
    figures.legend_inside(ax, room=room)


def _foot(numbers: dict[str, Any]) -> str:
    """The data, the panels' tokens, whose groups the lines are, the bars, and the rank correlation."""
    ranks = numbers["ranks"]
    tokens = figures.counted(numbers["tokens"] + numbers["excluded"], "token")
    bare = numbers["similarity"].endswith("no-sinks")
    left = f"{numbers['excluded']:,} sinks" if numbers["excluded"] else "none, as there are no sinks"
    sinks = f", of which panels 'no sinks' leave out {left}" if bare else ""
    data = f"{figures.counted(numbers['documents'], 'document')}, {tokens}{sinks}; {numbers['dtype']}."
    of = numbers["benchmarks"]
    median = f"median of {len(of)} benchmarks" if len(of) > 1 else "".join(of)
    bars = f" Bars: {median}, with 95 % intervals over documents." if of else ""
    costs = f" Similarity to the middle and cost: {curves.ranked(numbers)}." if ranks["count"] else ""
    found = curves.finds_middle(numbers) if numbers["chosen"] == "the middle group" else ""
    return f"{numbers['corpus']}: {data} {curves.group_lines(numbers)}{bars}{costs} {found}".strip()
