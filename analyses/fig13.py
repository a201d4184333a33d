"""Fig. 13. Fine-tuning after surgery: ARC with middle layers left out.

Caption: Score on ARC-Challenge when the share M/T of layers is left out from the middle (skip): as the
layers are (frozen), and after one epoch of training on ARC's training questions (rate 5e-5, batch 64). Left
the accuracy, in the middle the continuous score u, the probability of the right answer among the choices;
right the gain in u, paired over documents. Bands: 95 % intervals over documents; the chance of training
itself, one run a share, is not in them. Dotted: guessing. The green line is where the gain turns from
positive to not, its band the 95 % interval; dashed the paper's 30 %.

Claim: Fine-tuning helps where less than 30 % of the layers are left out, and hurts beyond.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import reprlab as rl
from reprlab import figures

NEEDS = ("fine_tuned",)
PAPER = 0.3


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """Both curves by share and metric, the gain, and where it turns."""
    found = evidence.fine_tuned
    layers = evidence.layers
    (name,) = found.frozen.benchmarks
    rows: list[dict[str, Any]] = []
    for part, scores in (("frozen", found.frozen), ("fine-tuned", found.tuned)):
        table = scores.to_dataframe()
        for row in table[table["metric"].isin(["u", "acc"])].itertuples():
            left = layers - rl.Schedule.parse(row.schedule, layers).layer_calls
            half = 1.96 * row.stderr  # both metrics lie in [0, 1]
            ends = {"low": max(0.0, row.value - half), "high": min(1.0, row.value + half)}
            kept = {"schedule": row.schedule, "left_out": left, "share": left / layers, "score": row.value}
            rows.append({"part": part, "metric": row.metric, **kept, **ends})
    results = found.frozen.results(name)
    turns = {metric: _turn(found.crossing(metric)) for metric in ("u", "acc")}
    rows += [row for metric, turn in turns.items() for row in _gained(turn, metric, layers)]
    about = {"model": evidence.model, "note": evidence.note, "layers": layers, "benchmark": name}
    made = {"documents": len(results.ids), "recipe": found.tuned.made_with.get("recipe", "")}
    return {**about, **made, "floor": results.floor, "rows": rows, "turns": turns}


def _gained(turn: dict[str, Any], metric: str, layers: int) -> list[dict[str, Any]]:
    """The third panel's numbers as rows beside the curves'."""
    found: list[dict[str, Any]] = []
    for gain in turn["differences"]:
        where = {"schedule": gain["schedule"], "left_out": round(gain["share"] * layers)}
        ends = {"share": gain["share"], "score": gain["value"], "low": gain["low"], "high": gain["high"]}
        found.append({"part": "gain", "metric": metric, **where, **ends})
    return found


def _turn(found: Any) -> dict[str, Any]:
    """Where the gain turns; an end outside the shares that were run is at theirs, and said to be beyond."""
    keys = ("share", "value", "low", "high")
    gains = [
        {"schedule": str(one.schedule), **{key: getattr(one, key) for key in keys}}
        for one in found.differences
    ]
    first, last = gains[0]["share"], gains[-1]["share"]
    ends = (found.low, found.high)
    words = [f"{e:.0%}" if math.isfinite(e) else f"{'before' if e < 0 else 'beyond'} all" for e in ends]
    low, high = (min(max(end, first), last) for end in ends)
    told = {"value": found.value, "low": low, "high": high, "ends": words, "none": found.none}
    return {**told, "reason": found.reason, "differences": gains}


def reading(numbers: dict[str, Any]) -> str:
    """What is seen here."""
    turn = numbers["turns"]["u"]
    gains = ", ".join(f"{_gain(row)} at {row['share']:.0%}" for row in turn["differences"])
    where = f"{numbers['model']} on {numbers['documents']} documents of {numbers['benchmark']}"
    said = f"{where}: one epoch changes u by {gains}{_guessing(numbers)}"
    if turn["value"] is None:
        return f"{said}; {turn['reason']}."
    beyond = f" ({turn['none']:.0%} of draws have no turn)" if turn["none"] >= 0.005 else ""
    also = (
        "" if numbers["turns"]["acc"]["value"] is None else f"; by accuracy at {_at(numbers['turns']['acc'])}"
    )
    return f"{said}; the gain turns at {_at(turn)}{beyond}, where the paper has 30 %{also}."


def _at(turn: dict[str, Any]) -> str:
    return f"{turn['value']:.0%} [{turn['ends'][0]}, {turn['ends'][1]}]"


def _guessing(numbers: dict[str, Any]) -> str:
    """That the frozen full model is not above guessing, where it is not."""
    full = next(
        row for row in numbers["rows"] if (row["part"], row["metric"], row["left_out"]) == ("frozen", "u", 0)
    )
    if full["low"] > numbers["floor"]:
        return ""
    spread = f"{full['score']:.3f} [{full['low']:.3f}, {full['high']:.3f}]"
    return f" (the frozen full model has {spread}, which is not above guessing, {numbers['floor']:.3f})"


def _gain(row: dict[str, Any]) -> str:
    return f"{row['value']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}]"


def draw(numbers: dict[str, Any]) -> Any:
    """Two panels of scores and one of the gain."""
    looks = {
        "frozen": figures.Look("#0072b2", "s"),
        "fine-tuned": figures.Look("#d55e00", "o", (0, (5, 1.5))),
    }
    title = f"Skip, then fine-tuning: {numbers['model']}"
    with figures.sheet(1, 3, height=2.4, title=title) as panels:
        for ax, (metric, words) in zip(panels, figures.METRICS.items(), strict=False):
            rows = [row for row in numbers["rows"] if row["metric"] == metric and row["part"] in looks]
            figures.curves(ax, figures.lines_by(rows, "part"), x="share", value="score", looks=looks)
            ax.axhline(numbers["floor"], color="0.45", lw=0.8, ls=(0, (1, 1.5)), label="guessing")
            ax.set(title=f"{numbers['benchmark']}, {words}", ylabel="score")
        _gains(panels[2], numbers["turns"]["u"])
        for ax in panels:
            ax.set_xlabel("share of layers left out, $M/T$")
            ax.spines[["top", "right"]].set_visible(False)
        figures.legend(panels, order=("frozen", "fine-tuned"))
        figures.foot(panels[0].figure, f"{numbers['documents']} documents; {numbers['recipe']}.")
    return panels[0].figure


def _gains(ax: Any, turn: dict[str, Any]) -> None:
    rows = turn["differences"]
    at, value, low, high = (
        np.array([r[key] for r in rows], float) for key in ("share", "value", "low", "high")
    )
    ax.errorbar(at, value, yerr=[value - low, high - value], fmt="ko-", ms=3, lw=0.9, label="gain in u")
    ax.axhline(0, color="0.45", lw=0.7)
    ax.axvline(PAPER, color="0.45", lw=0.8, ls=(0, (6, 2)), label="the paper's 30 %")
    if turn["value"] is not None:
        ax.axvline(turn["value"], color="#009e73", lw=1.2, label="the gain turns")
        ax.axvspan(turn["low"], turn["high"], color="#009e73", alpha=0.15, lw=0)
    ax.set(title="fine-tuned less frozen, u", ylabel="gain in u")
