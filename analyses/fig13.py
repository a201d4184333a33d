"""Fig. 13. Fine-tuning after surgery: ARC with middle layers left out.

Caption: Score on ARC-Challenge when the share M/T of layers is left out from the middle (skip). Frozen: the
layers as they are; fine-tuned: after one epoch of training on ARC's training questions (rate 5e-5, batch
64). Left is the accuracy, in the middle the continuous score u, the probability of the right answer among
the choices, and right the gain in u, paired over documents. Bands and bars are 95 % intervals over
documents; they do not include the randomness of training, one run a share. The dotted line is chance. The
green line is the share at which the gain turns negative, its band the 95 % interval; the dashed line is the
paper's 30 %.

Claim: Fine-tuning helps where less than 30 % of the layers are left out, and hurts beyond.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

import reprlab as rl
from reprlab import figures
from reprlab.verdicts import curves

NEEDS = ("fine_tuned",)
PAPER = 0.3


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """Both curves by share and metric, the gain, and the share at which it turns negative."""
    pair = evidence.fine_tuned
    (name,) = pair.frozen.benchmarks
    results = pair.frozen.results(name)
    turns = {metric: _turn(pair.crossing(metric)) for metric in ("u", "acc")}
    rows = [*_scores(pair, evidence.layers)]
    rows += [row for metric, turn in turns.items() for row in _gained(turn, metric, evidence.layers)]
    return {
        "model": evidence.model,
        "note": evidence.note,
        "layers": evidence.layers,
        "benchmark": name,
        "documents": len(results.ids),
        "recipe": pair.tuned.made_with.get("recipe", ""),
        "floor": results.floor,
        "rows": rows,
        "turns": turns,
    }


def _scores(pair: Any, layers: int) -> Iterator[dict[str, Any]]:
    """The scores before and after training, by share and metric, with their intervals."""
    for part, scores in (("frozen", pair.frozen), ("fine-tuned", pair.tuned)):
        table = scores.to_dataframe()
        for row in table[table["metric"].isin(["u", "acc"])].itertuples():
            left = layers - rl.Schedule.parse(row.schedule, layers).layer_calls
            where = {"schedule": row.schedule, "left_out": left, "share": left / layers}
            ends = {key: float(np.clip(getattr(row, key), 0, 1)) for key in ("low", "high")}
            yield {"part": part, "metric": row.metric, **where, "score": row.value, **ends}


def _gained(turn: dict[str, Any], metric: str, layers: int) -> Iterator[dict[str, Any]]:
    """The third panel's numbers, as rows that follow the curves' rows."""
    for gain in turn["differences"]:
        where = {"schedule": gain["schedule"], "left_out": round(gain["share"] * layers)}
        ends = {"share": gain["share"], "score": gain["value"], "low": gain["low"], "high": gain["high"]}
        yield {"part": "gain", "metric": metric, **where, **ends}


def _turn(crossing: Any) -> dict[str, Any]:
    """The share at which the gain turns negative; ends outside the shares that were run are put at these."""
    keys = ("share", "value", "low", "high")
    gains = [
        {"schedule": str(one.schedule), **{key: getattr(one, key) for key in keys}}
        for one in crossing.differences
    ]
    first, last = gains[0]["share"], gains[-1]["share"]
    ends = (crossing.low, crossing.high)
    words = [f"{e:.0%}" if math.isfinite(e) else f"{'before' if e < 0 else 'beyond'} all" for e in ends]
    low, high = (min(max(end, first), last) for end in ends)
    place = {"value": crossing.value, "low": low, "high": high, "ends": words, "none": crossing.none}
    return {**place, "reason": crossing.reason, "differences": gains}


def reading(numbers: dict[str, Any]) -> str:
    """The gain at the fewest and the most layers left out, and the share at which it turns negative."""
    turns = numbers["turns"]
    turn, gains = turns["u"], turns["u"]["differences"]
    few, many = (
        f"{curves.change(gain, more='higher', less='lower', digits=3)} with {100 * gain['share']:.0f} %"
        for gain in (gains[0], gains[-1])
    )
    first = (
        f"One epoch on {numbers['benchmark']} makes u of {numbers['model']} {few} and {many} of its "
        f"layers left out{_chance(numbers)}"
    )
    if turn["value"] is None:
        return f"{first}. The gain in u has {turn['reason']}."
    absent = f", with no turn in {100 * turn['none']:.0f} % of draws" if turn["none"] >= 0.005 else ""
    accuracy = "" if turns["acc"]["value"] is None else f"; by accuracy it is {_at(turns['acc'])}"
    return (
        f"{first}. The share at which the gain turns negative is {_at(turn)}{absent} (paper: 30 %){accuracy}."
    )


def _at(turn: dict[str, Any]) -> str:
    low, high = (end.replace("%", " %") for end in turn["ends"])
    return f"{100 * turn['value']:.0f} % [{low}, {high}]"


def _full(numbers: dict[str, Any]) -> dict[str, Any]:
    """The frozen full model's score u."""
    wanted = ("frozen", "u", 0)
    return next(row for row in numbers["rows"] if (row["part"], row["metric"], row["left_out"]) == wanted)


def _chance(numbers: dict[str, Any]) -> str:
    """A note that the frozen full model is not surely above chance, or nothing."""
    full = _full(numbers)
    if (full["low"] or 0) > numbers["floor"]:
        return ""
    score = curves.number(full, "score", digits=3)
    return f" (frozen full model: {score}, not above chance, {numbers['floor']:.3f})"


def draw(numbers: dict[str, Any]) -> Any:
    """Two panels of scores and one of the gain."""
    looks = {
        "frozen": figures.Look("#0072b2", "s"),
        "fine-tuned": figures.Look("#d55e00", "o", (0, (5, 1.5))),
    }
    title = f"{numbers['model']}: {numbers['benchmark']} after skip, frozen and fine-tuned"
    with figures.sheet(1, 3, height=2.6, title=title) as panels:
        for ax, (metric, words) in zip(panels, figures.METRICS.items(), strict=False):
            rows = [row for row in numbers["rows"] if row["metric"] == metric and row["part"] in looks]
            figures.curves(ax, figures.lines_by(rows, "part"), x="share", value="score", looks=looks)
            ax.axhline(numbers["floor"], color="0.45", lw=0.8, ls=(0, (1, 1.5)), label="chance")
            ax.set(title=words, ylabel=words)
        _gains(panels[2], numbers["turns"]["u"])
        for ax in panels:
            ax.set_xlabel("share of layers left out, $M/T$")
            ax.spines[["top", "right"]].set_visible(False)
        figures.legend(panels, order=("frozen", "fine-tuned"))
        figures.foot(panels[0].figure, _foot(numbers))
    return panels[0].figure


def _foot(numbers: dict[str, Any]) -> str:
    """The data, the training, the intervals, and whether the full model is above chance."""
    documents = figures.counted(numbers["documents"], "document")
    data = f"{numbers['benchmark']}: {documents}; training: {numbers['recipe']}."
    low = (_full(numbers)["low"] or 0) <= numbers["floor"]
    caution = " The frozen full model is not above chance on this benchmark." if low else ""
    return f"{data} Bands and bars: 95 % intervals over documents, of one training run a share.{caution}"


def _gains(ax: Any, turn: dict[str, Any]) -> None:
    rows = turn["differences"]
    at, value, low, high = (
        np.array([r[key] for r in rows], float) for key in ("share", "value", "low", "high")
    )
    ax.errorbar(at, value, yerr=[value - low, high - value], fmt="ko-", ms=3, lw=0.9, label="gain in u")
    ax.axhline(0, color="0.45", lw=0.7)
    ax.axvline(PAPER, color="0.45", lw=0.8, ls=(0, (6, 2)), label="the paper's 30 %")
    if turn["value"] is not None:
        ax.axvline(turn["value"], color="#009e73", lw=1.2, label="gain turns negative")
        ax.axvspan(turn["low"], turn["high"], color="#009e73", alpha=0.15, lw=0)
    ax.set(title="fine-tuned minus frozen", ylabel="gain in u")
