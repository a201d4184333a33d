"""Fig. 13. Fine-tuning after surgery: ARC with middle layers left out.

Caption: Score on ARC-Challenge when the share M/T of layers is left out from the middle (skip). Frozen: the
layers as they are; fine-tuned: after one epoch of training on ARC's training questions (rate 5e-5, batch 64).
Left is the accuracy, in the middle the continuous score u, the probability of the right answer among the
choices, and right the gain in u, paired over documents. Bands and bars are 95 % intervals over documents;
they do not include the randomness of training, one run a share. The dotted line is the best baseline without
a model. The green line is the share at which the gain turns negative, its band the 95 % interval; the dashed
line is the paper's 30 %. Pink bars are the mean gain on either side of it; their difference is the test, as
it does not presuppose that the gain turns once.

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
PAPER = curves.STATED["fig13"].values["share"]


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
        "floor": results.guess("u"),
        "floor_acc": results.guess("acc"),
        "rows": rows,
        "turns": turns,
        "contrast": {metric: _contrast(pair, metric) for metric in turns},
    }


def _contrast(pair: Any, metric: str) -> dict[str, Any]:
    """Mean gain below and above the paper's share, and the difference, each with its interval."""
    return curves.gains_apart(pair, metric, PAPER)


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
    words = [_place(end) for end in ends]
    low, high = (min(max(end, first), last) for end in ends)
    place = {"value": crossing.value, "low": low, "high": high, "ends": words, "none": crossing.none}
    return {**place, "reason": crossing.reason, "differences": gains}


def _place(end: float) -> str:
    """An end of the turn's interval in words."""
    if math.isnan(end):
        return "too few"
    return f"{end:.0%}" if math.isfinite(end) else f"{'before' if end < 0 else 'beyond'} all"


def reading(numbers: dict[str, Any]) -> str:
    """The gain at few and many layers left out, where it turns, and its means on either side of 30 %."""
    contrast, turn = numbers["contrast"]["u"], numbers["turns"]["u"]
    first = f"{_informative(numbers)}one epoch on {numbers['benchmark']} changes u of {numbers['model']}"
    absent = f", with no turn in {100 * turn['none']:.0f} % of draws" if turn["none"] >= 0.005 else ""
    place = f"has {turn['reason']}" if turn["value"] is None else f"turns negative at {_at(turn)}{absent}"
    accuracy = (
        "" if numbers["turns"]["acc"]["value"] is None else f" (accuracy: {_at(numbers['turns']['acc'])})"
    )
    where = f"The gain in u {place}{accuracy}, which presupposes that it turns once."
    if turn["value"] is None:
        where = f"The gain in u {place}."
    gains = turn["differences"]
    few, many = (
        f"{curves.number(gain, 'value', digits=3)} with {100 * gain['share']:.0f} %"
        for gain in (gains[0], gains[-1])
    )
    here = "no contrast, as all shares lie on one side"
    if contrast is not None and contrast["value"] is not None:
        below, above = (curves.ended(contrast[side], digits=3) for side in ("below", "above"))
        here = f"{below} below and {above} above, apart by {curves.number(contrast, 'value', digits=3)}"
    told = curves.beside_paper("fig13", here)
    first = f"{first[0].upper()}{first[1:]}"
    return f"{first} by {few} and by {many} of its layers left out. {where} {told}"


def _at(turn: dict[str, Any]) -> str:
    low, high = (end.replace("%", " %") for end in turn["ends"])
    if low == "too few":
        return f"{100 * turn['value']:.0f} % (too few documents for an interval)"
    return f"{100 * turn['value']:.0f} % [{low}, {high}]"


def _full(numbers: dict[str, Any]) -> dict[str, Any]:
    """The frozen full model's score u."""
    wanted = ("frozen", "u", 0)
    return next(row for row in numbers["rows"] if (row["part"], row["metric"], row["left_out"]) == wanted)


def _informative(numbers: dict[str, Any]) -> str:
    """A note that the frozen full model is not surely above the best baseline, or nothing."""
    full = _full(numbers)
    if curves.bounded(full) and full["low"] > numbers["floor"]:
        return ""
    score = curves.number(full, "score", digits=3)
    return f"Not informative (frozen full model: {score}, best baseline {numbers['floor']:.3f}): "


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
            floor = numbers["floor"] if metric == "u" else numbers["floor_acc"]
            ax.axhline(floor, color="0.45", lw=0.8, ls=(0, (1, 1.5)), label="best baseline")
            ax.set(title=words, ylabel=words)
        _gains(panels[2], numbers["turns"]["u"], numbers["contrast"]["u"])
        for ax in panels:
            ax.set_xlabel("share of layers left out, $M/T$")
            ax.spines[["top", "right"]].set_visible(False)
        figures.legend(panels, order=("frozen", "fine-tuned"))
        figures.foot(panels[0].figure, _foot(numbers))
    return panels[0].figure


def _foot(numbers: dict[str, Any]) -> str:
    """The data, the training, the intervals, and whether the full model is above the baseline."""
    documents = figures.counted(numbers["documents"], "document")
    data = f"{numbers['benchmark']}: {documents}; training: {numbers['recipe']}."
    note = " Not informative: the frozen full model is not surely above the best baseline."
    caution = note if _informative(numbers) else ""
    return f"{data} Bands and bars: 95 % intervals over documents, of one training run a share.{caution}"


def _gains(ax: Any, turn: dict[str, Any], contrast: dict[str, Any] | None) -> None:
    """The gain by share, its mean on either side of the paper's share, and where it turns."""
    rows = turn["differences"]
    at, value, low, high = (
        np.array([r[key] for r in rows], float) for key in ("share", "value", "low", "high")
    )
    ax.errorbar(at, value, yerr=[value - low, high - value], fmt="ko-", ms=3, lw=0.9, label="gain in u")
    ax.axhline(0, color="0.45", lw=0.7)
    ax.axvline(PAPER, color="0.6", lw=0.8, ls=(0, (6, 2)), label="the paper's 30 %")
    if turn["value"] is not None:
        ax.axvline(turn["value"], color="#009e73", lw=1.2, label="gain turns negative")
        ax.axvspan(turn["low"], turn["high"], color="#009e73", alpha=0.15, lw=0)
    if contrast is not None and contrast["value"] is not None:
        for side, ends in (("below", (at[0], PAPER)), ("above", (PAPER, at[-1]))):
            mean, lowest, highest = contrast[side]
            ax.plot(
                ends, [mean, mean], color="#cc79a7", lw=1.4, label=None if side == "above" else "mean gain"
            )
            ax.fill_between(ends, lowest, highest, color="#cc79a7", alpha=0.2, lw=0)
    ax.set(title="fine-tuned minus frozen", ylabel="gain in u")
