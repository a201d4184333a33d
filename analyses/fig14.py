"""Fig. 14. Families: groups of depths over models of different sizes.

Caption: Mean cosine between the hidden states at every pair of depths, without sinks, for each model, on one
scale of colours. White lines bound the groups; depth 0, the embedding, is in none. Right: number of depths in
the beginning, the middle and the ending against the number of layers T, and the same as shares of T. Bars are
the range of 95 % of resamples of documents. Models whose depths fall into no groups have no sizes. The paper
shows Pythia 14M to 12B on 100 LAMBADA texts; here are the models named.

Claim: The share of beginning layers falls with size, beginning and middle grow in proportion, and the ending
stays one layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

FAMILY = True
NEEDS = ()
SHOWN = 8
ENOUGH = 4  # models for a trend
UNTESTED = "with fewer than four models this tests nothing"
PARTS = ("beginning", "middle", "ending")
_PAPER = curves.STATED["fig03"]  # of Llama2, groups of layers
_SHOWN = "the paper's beginning and ending of Llama2-7B and 13B, and an ending of one layer"
_LOOKS = {
    part: figures.Look(colour, marker)
    for part, colour, marker in zip(PARTS, ("#009e73", "black", "#d55e00"), "vos", strict=True)
}


def numbers(models: Mapping[str, Mapping[str, dict[str, Any]]]) -> dict[str, Any]:
    """The sizes of the parts of each model that has groups by cosine, and the paper's claims on them."""
    with_fig03 = {name: figs["fig03"] for name, figs in models.items() if "fig03" in figs}
    grouped = {
        name: one
        for name, one in with_fig03.items()
        if one["similarity"].startswith("cosine") and one["groups"]
    }
    if not grouped:
        raise rl.ReprlabError("no model has groups of depths: fig03 has them after `reprlab report`")
    order = sorted(grouped, key=lambda name: (grouped[name]["layers"], name))
    family = rl.family([_groups(grouped[name]) for name in order])
    columns = ("layers", "documents", "tokens", "excluded")
    rows = [
        {
            "model": name,
            **{column: getattr(member.provenance, column) for column in columns},
            "reason": member.reason,
            **dict(zip(PARTS, member.sizes, strict=True)),
            **{f"{part}_low": low for part, low in zip(PARTS, member.low, strict=True)},
            **{f"{part}_high": high for part, high in zip(PARTS, member.high, strict=True)},
        }
        for name, member in zip(order, family.members, strict=True)
    ]
    return {
        "models": order,
        "rows": rows,
        "matrices": {name: grouped[name]["matrices"][grouped[name]["similarity"]] for name in order[:SHOWN]},
        "starts": {name: grouped[name]["groups"]["starts"] for name in order[:SHOWN]},
        "caption": family.caption,
        "claims": [{"text": c.text, "verdict": c.verdict, "reason": c.reason} for c in family.claims],
    }


def _groups(one: dict[str, Any]) -> rl.Groups:
    """The groups in fig03's numbers, as a value again."""
    return rl.Groups.from_dict({**one["groups"], "matrix": one["matrices"][one["similarity"]]})


def reading(numbers: dict[str, Any]) -> str:
    """The sizes of the parts of each model, and the verdicts on the paper's claims."""
    sizes = [
        f"{row['model']} ({row['layers']} layers) has "
        + (
            f"no groups ({row['reason']})"
            if row["reason"]
            else ", ".join(f"{row[part]:g} {part}" for part in PARTS)
        )
        for row in numbers["rows"]
    ]
    verdicts = [claim["verdict"] for claim in numbers["claims"]]
    counts = ", ".join(f"{verdicts.count(one)} {one}" for one in dict.fromkeys(verdicts))
    stated = f"Verdicts on the paper's claims about these sizes, named at the figure's foot: {counts}."
    if len(numbers["rows"]) < ENOUGH:
        stated = f"{UNTESTED[0].upper()}{UNTESTED[1:]}."
    endings = [row["ending"] for row in numbers["rows"] if row["ending"] is not None and not row["reason"]]
    here = f"it has {', '.join(f'{size:g}' for size in endings)}" if endings else "no model has groups"
    return f"Depths by part: {'; '.join(sizes)}. {stated} {curves.beside_paper('fig14', here)}"


def draw(numbers: dict[str, Any]) -> Any:
    shown = list(numbers["matrices"])
    columns = len(shown) if len(shown) < 4 else 3 if len(shown) in (5, 6) else 4
    rows = -(-len(shown) // columns)
    right = len(shown) < 3  # the sizes lie to the right of the maps, else below them
    widths = [*[1] * columns, 0.06, *([1.1, 1.1] if right else [])]
    look: Any = {"widths": widths, "height": 2.6 if right else 2.1 * rows + 2.2}
    count = len(numbers["models"])
    title = f"Groups of depths in {f'{count} models' if count > 1 else shown[0]}"
    title += f": {UNTESTED}" if count < ENOUGH else ""
    with figures.sheet(rows + (not right), len(widths), title=title, **look) as panels:
        grid = panels.reshape(-1, len(widths))
        flat = list(grid[:rows, :columns].flat)
        for empty in flat[len(shown) :]:
            empty.set_axis_off()
        bar = figures.across(grid[:rows, columns])
        half = -(-columns // 2)
        sizes, shares = grid[0, -2:] if right else map(figures.across, (grid[-1, :half], grid[-1, half:]))
        layers = {row["model"]: row["layers"] for row in numbers["rows"]}
        figures.maps(
            flat,
            [numbers["matrices"][name] for name in shown],
            titles=[f"{name}, T = {layers[name]}" for name in shown],
            label="mean cosine",
            starts=[numbers["starts"][name] for name in shown],
            bar=bar,
        )
        for ax, title, share in (
            (sizes, "depths in each part", False),
            (shares, "as shares of T", True),
        ):
            _against(ax, _parts(numbers["rows"], share), title)
            _stated(ax, share)
        if sizes.containers:
            figures.legend_inside(sizes, room=1.5)
        figures.foot(sizes.figure, _foot(numbers))
    return sizes.figure


def _foot(numbers: dict[str, Any]) -> str:
    """The data, the marks, and the paper's claims with their verdicts."""
    claims = [f"{one['text']}: {one['verdict']} ({one['reason']})" for one in numbers["claims"]]
    marks = "White lines bound the groups; depth 0 is in none. Bars: range of 95 % of resamples."
    few = f" {UNTESTED[0].upper()}{UNTESTED[1:]}." if len(numbers["rows"]) < ENOUGH else ""
    return f"{numbers['caption']} {marks} The paper's claims: {'; '.join(claims)}.{few} Grey: {_SHOWN}."


def _against(ax: Any, parts: dict[str, list[dict[str, Any]]], title: str) -> None:
    """Sizes of the parts against the number of layers, or a note that no model has groups."""
    ax.set_title(title)
    ax.spines[["top", "right"]].set_visible(False)
    layers = sorted({row["layers"] for rows in parts.values() for row in rows})
    if not layers:
        ax.set(xticks=[], yticks=[])
        ax.text(
            0.5, 0.5, "no model has groups", transform=ax.transAxes, ha="center", color="0.35", fontsize=7
        )
        return
    figures.dots(ax, parts, x="layers", y="size", looks=_LOOKS)
    ax.set(xlabel="layers T", xticks=layers)
    ax.margins(x=0.1)
    ax.set_ylim(-0.04 * ax.get_ylim()[1], None)


def _stated(ax: Any, share: bool) -> None:
    """The paper's groups of Llama2-7B and 13B, in grey, and its ending of one layer."""
    first, second, _, last = curves.GROUPS_13B
    parts = {part: _PAPER.ends(part) for part in ("beginning", "ending")}
    larger = {"beginning": (first[0] + second[0], first[1] + second[1]), "ending": last}
    for name, sizes in (("Llama2-7B", parts), ("Llama2-13B", larger)):
        layers = curves.LAYERS[name]
        for part, marker in (("beginning", "v"), ("ending", "s")):
            ends = [end / (layers if share else 1) for end in sizes[part]]
            ax.plot([layers] * 2, ends, color="0.7", lw=1.2, marker=marker, ms=2.5, zorder=0)
    if not share:
        ax.axhline(curves.STATED["fig14"].values["ending"], color="0.7", lw=0.7, ls=(0, (6, 2)), zorder=0)


def _parts(rows: list[dict[str, Any]], share: bool) -> dict[str, list[dict[str, Any]]]:
    """By part, the size of each model that has groups, with its interval: as it is, or as a share of T."""
    parts: dict[str, list[dict[str, Any]]] = {part: [] for part in PARTS}
    for row in (row for row in rows if not row["reason"]):
        by = row["layers"] if share else 1
        for part in PARTS:
            ends = {end: np.nan if (v := row[f"{part}_{end}"]) is None else v / by for end in ("low", "high")}
            parts[part].append({"layers": row["layers"], "size": row[part] / by, **ends})
    return parts
