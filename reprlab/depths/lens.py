"""The lens by depth as a value: what each depth would say, with intervals."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprlab.counts import counted
from reprlab.errors import unknown
from reprlab.files import csv_of, json_of, write_result
from reprlab.foreign import holds, known, read_json, validated, with_nan
from reprlab.provenance import Provenance, flattened
from reprlab.schedules.schedule import Schedule

if TYPE_CHECKING:
    import pandas as pd

SETTLED = 0.9  # the prediction is settled where so many first choices are the final ones


QUANTITIES = {
    "entropy": "entropy",
    "likelihood": "log-likelihood of the next token",
    "kl": "KL to the final distribution",
    "agreement": "same first choice as at the end",
    "kl_full": "KL to the full model's end",
    "agreement_full": "same first choice as the full model",
}


SHOWN = {  # a picture's quantities, which share an axis
    "nats": (("kl", "entropy", "kl_full"), "nats"),
    "agreement": (("agreement", "agreement_full"), "share of tokens"),
    "likelihood": (("likelihood",), "nats a token"),
}


SAVED = (
    *("model", "note", "corpus", "schedule", "layers", "documents", "tokens", "excluded", "policy"),
    *("sink_factor", "dtype", "max_tokens", "cut", "nonfinite", "vocabulary", "made_with", "values"),
)


Levels = tuple[float, ...]


@dataclass(frozen=True)
class LensCurve:
    """A quantity by depth: the mean over tokens, and a 95 % interval by resampling documents."""

    mean: Levels
    low: Levels
    high: Levels


@dataclass(frozen=True)
class Lens:
    """Quantities by depth of the logit lens on one network, corpus and schedule.

    `values` holds a `LensCurve` for each of `entropy`, `likelihood`, `kl` and `agreement`; under a schedule
    other than the full model also for `kl_full` and `agreement_full`. `cut` documents reach `max_tokens`; at
    `nonfinite` tokens some number is NaN or infinite.
    """

    provenance: Provenance
    max_tokens: int
    cut: int
    nonfinite: int
    vocabulary: int
    values: dict[str, LensCurve]

    def __repr__(self) -> str:
        over = counted(self.provenance.documents, "document")
        return f"<Lens on {self.provenance.model}: {counted(self.depths, 'depth')}, {over}>"

    @property
    def full(self) -> bool:
        """Whether the model ran as it is."""
        return self.provenance.schedule == str(Schedule.full(self.provenance.layers))

    @property
    def depths(self) -> int:
        """How many depths the schedule has, the one that enters its first step included."""
        return len(self.values["kl"].mean)

    @property
    def settled(self) -> int | None:
        """The depth from which on at least 90 % of first choices are those at the end; None for NaN."""
        agreement = self.values["agreement"].mean
        unsettled = [depth for depth, share in enumerate(agreement) if not share >= SETTLED]
        first = unsettled[-1] + 1 if unsettled else 0
        return first if first < len(agreement) else None

    @property
    def caption(self) -> str:
        """Model, corpus, n, policy, schedule and dtype in a sentence."""
        source = self.provenance
        documents, tokens = counted(source.documents, "document"), counted(source.tokens, "token")
        cut = f" ({self.cut:,} cut at {counted(self.max_tokens, 'token')})" if self.cut else ""
        text = (
            f"{source.model} ({source.note}); corpus {source.corpus}: {documents}{cut}, {tokens}; "
            f"{source.tokens_in_words}; {source.dtype_in_words}; logit lens"
        )
        text += "." if self.full else f"; schedule {source.schedule}."
        return f"{text} NaN or infinite at {counted(self.nonfinite, 'token')}." if self.nonfinite else text

    @property
    def summary(self) -> str:
        """One line: from which depth on the prediction is settled, and how far it is before that."""
        last, middle = self.depths - 1, (self.depths - 1) // 2
        level = f"agreement >= {100 * SETTLED:.0f} %"
        if self.settled is None:
            text = f"the depth at which the prediction settles is unknown: {self.nonfinite:,} tokens have NaN"
        elif self.settled == last:
            text = f"the prediction is settled ({level}) at the last depth, {last}, only"
        else:
            text = f"the prediction is settled ({level}) from depth {self.settled} of {last} on"
        kl, same = self.values["kl"].mean[middle], self.values["agreement"].mean[middle]
        agree = f"{100 * same:.0f} % of first choices agree"
        text += f"; at depth {middle} it is {kl:.2f} nats from the last one, and {agree}"
        if self.full:
            return text
        apart, same = self.values["kl_full"], self.values["agreement_full"].mean[-1]
        ends = "" if math.isnan(apart.low[-1]) else f" [{apart.low[-1]:.2f}, {apart.high[-1]:.2f}]"
        return (
            f"{text}; the last one is {apart.mean[-1]:.2f} nats{ends} from the full model's, and "
            f"{100 * same:.0f} % of first choices agree"
        )

    def to_dataframe(self) -> pd.DataFrame:
        """One row a depth: every quantity, its interval, and the labels."""
        import pandas as pd

        columns: dict[str, Any] = {"depth": range(self.depths)}
        for name, curve in self.values.items():
            columns |= {name: curve.mean, f"{name}_low": curve.low, f"{name}_high": curve.high}
        labels = {k: v for k, v in self.to_dict().items() if k not in {"values", "made_with"}}
        return pd.DataFrame(columns).assign(**labels)

    def to_dict(self) -> dict[str, Any]:
        """Every field under the key that `save` writes."""
        return flattened(self, SAVED)

    def save(self, path: Path | str) -> None:
        """Write as JSON (NaN as null), or as CSV by the file's ending."""
        kinds = {".json": lambda: json_of(self.to_dict()), ".csv": lambda: csv_of(self.to_dataframe())}
        write_result(path, kinds, "lenses")

    @classmethod
    def load(cls, path: Path | str) -> Lens:
        """Read what `save` wrote as JSON."""
        with holds(path, "lens"):
            data = read_json(path)
            data = with_nan(known(data, (*SAVED, "own_measure", "stored")))
            source = Provenance.popped(data)
            result = validated(cls, {**data, "provenance": asdict(source)})
            _check(result)
            return result

    def plot(self, ax: Any = None, *, show: str = "nats") -> Any:
        """Draw quantities by depth with their intervals, and give back the axes.

        `show`: `nats` (KL and entropy; linear below 1, logarithmic above), `agreement` or `likelihood`.
        """
        from reprlab import figures

        if show not in SHOWN:
            raise unknown("picture", show, SHOWN)
        names, label = SHOWN[show]
        at = tuple(map(float, range(self.depths)))
        drawn = {name: self.values[name] for name in names if name in self.values}
        lines = {QUANTITIES[name]: (at, c.mean, c.low, c.high) for name, c in drawn.items()}
        title = f"{self.provenance.model}, {self.provenance.policy_in_words}"
        ax = figures.lines(lines, title=title, label=label, caption=self.caption, ax=ax)
        if show == "nats":
            ax.set_yscale("symlog", linthresh=1.0)
            ax.set_ylim(bottom=0)
        return ax


def _check(lens: Lens) -> None:
    """Raises `ValueError` where quantities are missing, unknown, or of other lengths."""
    needed = set(QUANTITIES) if not lens.full else {"entropy", "likelihood", "kl", "agreement"}
    if not needed <= set(lens.values) <= set(QUANTITIES):
        raise ValueError(
            f"values: {', '.join(lens.values) or 'none'}, needed are {', '.join(sorted(needed))}"
        )
    rows = [row for curve in lens.values.values() for row in (curve.mean, curve.low, curve.high)]
    if {len(row) for row in rows} != {lens.depths} or not lens.depths:
        raise ValueError("values: the quantities are not of one length")
