"""Massive activations: the largest entries of hidden states, and sink tokens.

Caption: Left, by depth, the largest, second and third magnitude among a document's entries, means over
documents, and the median magnitude of all entries; the band has 95 % of documents' largest. In the middle the
number of sinks at that depth, split into first tokens of a document and others. A sink is a token with a norm
above 4 times the depth's median. Right, the four channels that reach highest above the median, each the mean
over documents of its largest magnitude.

Claim: None of the paper's. Its cosine of flattened sequences weighs tokens by their norms, so it shows mostly
the sinks there (Sun et al. 2024, Massive Activations in Large Language Models).
"""

from __future__ import annotations

from typing import Any

import numpy as np

import reprlab as rl
from reprlab import figures

NEEDS = ("capture",)
FACTOR = 4.0  # as where sinks are left out
CHANNELS = 4
TOPS = ("largest", "second", "third")
NOTES = (
    "Lines: means over documents. Band: the largest entries of 95 % of documents. Sink: a token whose norm "
    "is above 4 times the median at its depth."
)


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    """Magnitudes and sinks by depth, and the largest magnitudes of the highest channels."""
    capture = evidence.capture
    assert capture is not None  # NEEDS has it
    lengths = np.concatenate([np.diff(block.offsets) for block in capture.blocks])
    starts = np.cumsum([0, *lengths[:-1]])
    norms = capture.norms
    sinks = (norms > FACTOR * norms.nanmedian(dim=1, keepdim=True).values).numpy()  # (depth, token)
    rows: list[dict[str, Any]] = []
    peaks = np.empty((capture.depths, capture.width))  # mean over documents of a channel's largest magnitude
    for depth in range(capture.depths):
        size = np.abs(capture.states(depth).float().numpy())  # (token, width)
        largest = np.maximum.reduceat(size, starts, axis=0)  # (document, width)
        peaks[depth] = largest.mean(0, dtype=np.float64)
        counts = {"sinks": int(sinks[depth].sum()), "first": int(sinks[depth, starts].sum())}
        middle = {"median": float(np.median(size)), "median_norm": float(norms[depth].nanmedian())}
        rows.append({"depth": depth, **_tops(size, starts), **middle, **counts, **_channel(largest)})
    above = (peaks / np.array([[row["median"]] for row in rows])).max(0)
    channels = [int(channel) for channel in np.argsort(-above, kind="stable")[:CHANNELS]]
    return {
        "model": evidence.model,
        "note": evidence.note,
        "corpus": capture.identity.corpus,
        "dtype": capture.identity.dtype,
        "documents": capture.documents,
        "tokens": capture.tokens,
        "width": capture.width,
        "sinks": int(sinks.any(0).sum()),
        "first": int(sinks[:, starts].any(0).sum()),
        "rows": rows,
        "channels": {str(channel): peaks[:, channel].tolist() for channel in channels},
    }


def _tops(size: np.ndarray, starts: np.ndarray) -> dict[str, float]:
    """Means over documents of the three largest magnitudes, of (token, width), and the largest's spread."""
    tops = np.array([np.sort(own, axis=None)[-3:][::-1] for own in np.split(size, starts[1:])])
    low, high = np.quantile(tops[:, 0], [0.025, 0.975])  # (document, 3)
    means = tops.mean(0, dtype=np.float64).tolist()
    return {**dict(zip(TOPS, means, strict=True)), "low": float(low), "high": float(high)}


def _channel(largest: np.ndarray) -> dict[str, float]:
    """The channel that is the largest in most documents, and its share of them, of (document, width)."""
    count = np.bincount(largest.argmax(1), minlength=largest.shape[1])
    return {"channel": int(count.argmax()), "of_documents": float(count.max() / len(largest))}


def _seen(values: np.ndarray) -> np.ndarray:
    """Without values that are rounding errors of the largest: a logarithmic scale would show little else."""
    return np.where(values > 1e-6 * np.nanmax(values), values, np.nan)


def reading(numbers: dict[str, Any]) -> str:
    """The depth of the largest entries relative to the median, and the number of sinks."""
    rows = [row for row in numbers["rows"] if row["largest"] is not None]
    if not rows:
        return f"No depth of {numbers['model']} has finite entries only."
    top = max(rows, key=lambda row: row["largest"] / row["median"])
    largest, share = top["largest"], 100 * top["of_documents"]
    return (
        f"At depth {top['depth']} of {numbers['model']} a document's largest entry is on average "
        f"{largest:{',.0f' if largest >= 100 else '.3g'}}, {largest / top['median']:,.0f} times the "
        f"median entry, and lies in channel {top['channel']} in {share:.0f} % of documents. "
        f"{_sinks(numbers)}"
    )


def _sinks(numbers: dict[str, Any]) -> str:
    """The number of sinks, as a sentence."""
    sinks, tokens = numbers["sinks"], numbers["tokens"]
    if not sinks:
        return f"None of {figures.counted(tokens, 'token')} is a sink."
    return (
        f"{sinks:,} of {figures.counted(tokens, 'token')} ({100 * sinks / tokens:.1f} %) are sinks at some "
        f"depth; {numbers['first']:,} of these are the first token of a document."
    )


def draw(numbers: dict[str, Any]) -> Any:
    """Magnitudes, sinks and channels by depth."""
    column = {key: np.array([r[key] for r in numbers["rows"]], dtype=float) for key in numbers["rows"][0]}
    depths = column["depth"]
    blank = np.full(len(depths), np.nan)
    title = f"{numbers['model']}: largest entries of hidden states, and sink tokens"
    with figures.sheet(1, 3, height=2.5, title=title) as (sizes, sinks, channels):
        curves = {f"{name} entry": (depths, column[name], blank, blank) for name in TOPS}
        curves["largest entry"] = (depths, column["largest"], column["low"], column["high"])
        curves["median entry"] = (depths, column["median"], blank, blank)
        figures.lines(
            curves, title="entries of a document", label="magnitude", caption="", ax=sizes, log=True
        )
        figures.bars(sinks, column["sinks"], colour="0.75", name="at other positions")
        figures.bars(sinks, column["first"], colour="0.1", name="first token of a document")
        if not column["sinks"].any():
            sinks.set(ylim=(0, 1), yticks=[0])
            sinks.text(0.5, 0.5, "no sinks", ha="center", transform=sinks.transAxes, color="0.35")
        sinks.set(
            xlabel="depth",
            ylabel="sink tokens",
            title=f"sinks among {figures.counted(numbers['tokens'], 'token')}",
        )
        lines = {
            f"channel {c}": (depths, _seen(np.array(v, dtype=float)), blank, blank)
            for c, v in numbers["channels"].items()
        }
        figures.lines(
            lines,
            title="channels of the largest entries",
            label="largest magnitude",
            caption="",
            ax=channels,
            log=True,
        )
        for ax, columns in ((sizes, 2), (sinks, 1), (channels, 2)):
            figures.legend_inside(ax, columns=columns)
        documents, tokens = (figures.counted(numbers[f"{one}s"], one) for one in ("document", "token"))
        count = f"{documents}, {tokens}"
        figures.foot(sizes.figure, f"{numbers['corpus']}: {count}; {numbers['dtype']}. {NOTES}")
    return sizes.figure
