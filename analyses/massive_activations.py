"""Massive activations: the few entries that dwarf all others.

Caption: By depth, the largest, second and third magnitude among a document's entries, means over
documents (band: between which 95 % of documents have their largest), beside the median magnitude of all
entries; tokens that are sinks at that depth (norm above 4 times the depth's median), and how many of them
are a document's first; and the channels that reach highest above the median, each the mean over documents
of its largest magnitude.

Claim: None of the paper's; its cosine of flattened sequences weighs tokens by their norms, so that what
is seen there is mostly the sinks (Sun et al. 2024, Massive Activations in Large Language Models).
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


def numbers(evidence: rl.Evidence) -> dict[str, Any]:
    capture = evidence.capture
    assert capture is not None  # NEEDS has it
    lengths = np.concatenate([np.diff(block.offsets) for block in capture.blocks])
    starts = np.cumsum([0, *lengths[:-1]])
    norms = capture.norms
    sinks = (norms > FACTOR * norms.nanmedian(dim=1, keepdim=True).values).numpy()  # (depth, token)
    rows: list[dict[str, Any]] = []
    peaks = np.empty(
        (capture.depths, capture.width)
    )  # mean over documents of each channel's largest magnitude
    for depth in range(capture.depths):
        size = np.abs(capture.states(depth).float().numpy())  # (token, width)
        tops = np.array(
            [np.sort(own, axis=None)[-3:][::-1] for own in np.split(size, starts[1:])]
        )  # (document, 3)
        largest = np.maximum.reduceat(size, starts, axis=0)  # (document, width)
        peaks[depth] = largest.mean(0, dtype=np.float64)
        low, high = np.quantile(tops[:, 0], [0.025, 0.975])
        channel = np.bincount(largest.argmax(1), minlength=capture.width)
        rows.append(
            {
                "depth": depth,
                **dict(zip(TOPS, tops.mean(0, dtype=np.float64).tolist(), strict=True)),
                "low": float(low),
                "high": float(high),
                "median": float(np.median(size)),
                "median_norm": float(norms[depth].nanmedian()),
                "sinks": int(sinks[depth].sum()),
                "first": int(sinks[depth, starts].sum()),
                "channel": int(channel.argmax()),
                "of_documents": float(channel.max() / len(lengths)),
            }
        )
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


def _seen(values: np.ndarray) -> np.ndarray:
    """Without what is nothing but rounding beside the largest: a scale of powers would show little else."""
    return np.where(values > 1e-6 * np.nanmax(values), values, np.nan)


def reading(numbers: dict[str, Any]) -> str:
    rows = [row for row in numbers["rows"] if row["largest"] is not None]
    if not rows:
        return f"{numbers['model']}: no depth has finite entries only."
    top = max(rows, key=lambda row: row["largest"] / row["median"])
    sinks, tokens, largest = numbers["sinks"], numbers["tokens"], top["largest"]
    return (
        f"{numbers['model']}: at depth {top['depth']} a document's largest entry is on average "
        f"{largest:{',.0f' if largest >= 100 else '.3g'}}, {largest / top['median']:,.0f} times the "
        f"median entry, in {100 * top['of_documents']:.0f} % of documents in channel {top['channel']}; "
        f"{sinks:,} of {tokens:,} tokens ({100 * sinks / tokens:.1f} %) are sinks at some depth, "
        f"{numbers['first']:,} of them the first of their document."
    )


def draw(numbers: dict[str, Any]) -> Any:
    column = {key: np.array([r[key] for r in numbers["rows"]], dtype=float) for key in numbers["rows"][0]}
    depths = column["depth"]
    blank = np.full(len(depths), np.nan)
    title = f"{numbers['model']}: massive activations"
    with figures.sheet(1, 3, height=2.5, title=title) as (sizes, sinks, channels):
        curves = {f"{name} entry": (depths, column[name], blank, blank) for name in TOPS}
        curves["largest entry"] = (depths, column["largest"], column["low"], column["high"])
        curves["median entry"] = (depths, column["median"], blank, blank)
        figures.lines(curves, title="magnitudes", label="", caption="", ax=sizes, log=True)
        figures.bars(sinks, column["sinks"], colour="0.75", name="elsewhere")
        figures.bars(sinks, column["first"], colour="0.1", name="first of a document")
        if not column["sinks"].any():
            sinks.set(ylim=(0, 1), yticks=[0])
            sinks.text(0.5, 0.5, "no sinks", ha="center", transform=sinks.transAxes, color="0.35")
        sinks.set(xlabel="depth", title=f"sinks among {numbers['tokens']:,} tokens")
        lines = {
            f"channel {c}": (depths, _seen(np.array(v, dtype=float)), blank, blank)
            for c, v in numbers["channels"].items()
        }
        figures.lines(lines, title="channels that carry them", label="", caption="", ax=channels, log=True)
        for ax, columns in ((sizes, 2), (sinks, 1), (channels, 2)):
            figures.legend_inside(ax, columns=columns)
        count = f"{numbers['documents']:,} documents, {numbers['tokens']:,} tokens"
        figures.foot(sizes.figure, f"{numbers['corpus']}: {count}; {numbers['dtype']}.")
    return sizes.figure
