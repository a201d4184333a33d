"""Groups of several models: their sizes against the number of layers, and the paper's claims tested."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from reprlab.arguments import of, several, taking
from reprlab.arrays import Array
from reprlab.counts import counted
from reprlab.depths.cuts import NEGLIGIBLE
from reprlab.depths.groups import PARTS, Groups, as_numbers
from reprlab.errors import ReprlabError
from reprlab.files import csv_of, json_of, write_result
from reprlab.foreign import holds, known, read_json, validated
from reprlab.provenance import Provenance, flattened

MODELS = 4  # in a test over a family; with fewer, no order of theirs has p <= .05


ALPHA = 0.05


@dataclass(frozen=True)
class Claim:
    """A claim on a family, whether it holds, and by which numbers.

    `verdict`: supported, contradicted or not decidable. `value` is the statistic, with its 95 % interval or
    its p; `models` is how many it is over.
    """

    text: str
    verdict: str
    reason: str
    models: int
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    p: float = math.nan


def falling(layers: Sequence[int], beginnings: Sequence[int]) -> Claim:
    """Whether the share of beginning layers falls with the number of layers T: one number a model each.

    Spearman's rank correlation of beginning / T with T, in [-1, 1], with a one-sided p over all orders (above
    8 models 99,999 of them are drawn). Supported: p <= .05 for a fall; contradicted: for a rise.

    >>> claim = falling([6, 12, 24, 32, 36], [2, 3, 3, 3, 3])
    >>> claim.verdict, claim.value, round(claim.p, 4)
    ('supported', -1.0, 0.0083)
    """
    from scipy.stats import rankdata

    text, count = "the share of beginning layers falls with the number of layers", len(layers)
    shares = [beginning / size for beginning, size in zip(beginnings, layers, strict=True)]
    if reason := _too_few(count, {"numbers of layers": layers, "shares": shares}):
        return Claim(text, "not decidable", reason, count)
    x, y = (2 * rankdata(column) - (count + 1) for column in (layers, shares))  # whole: sums are exact
    orders, own = _orders(x) @ y, float(x @ y)
    fall, rise = float(np.mean(orders <= own)), float(np.mean(orders >= own))
    verdict = "supported" if fall <= ALPHA else "contradicted" if rise <= ALPHA else "not decidable"
    value = own / math.sqrt((x @ x) * (y @ y))
    return Claim(text, verdict, f"rank correlation {value:+.2f}, p = {fall:.2g}", count, value, p=fall)


def proportional(beginnings: Sequence[int], middles: Sequence[int]) -> Claim:
    """Whether beginning and middle grow in proportion: one number a model each.

    Slope of ln(beginning) on ln(middle), least squares, 95 % interval by t; models without a beginning have
    no logarithm and are left out. Supported: the interval holds 1 and not 0; contradicted: not 1.

    >>> claim = proportional([1, 2, 3, 4, 0], [8, 16, 24, 32, 30])
    >>> claim.verdict, round(claim.value, 6), claim.models
    ('supported', 1.0, 4)
    """
    from scipy.stats import linregress, t

    text = "beginning and middle grow in proportion"
    pairs = [pair for pair in zip(beginnings, middles, strict=True) if min(pair) > 0]
    count, without = len(pairs), len(beginnings) - len(pairs)
    left_out = f"; {without} without a beginning left out" if without else ""
    if reason := _too_few(count, {"middles": [middle for _, middle in pairs]}):
        return Claim(text, "not decidable", reason + left_out, count)
    y, x = np.log(np.array(pairs, np.float64)).T
    line: Any = linregress(x, y)
    half = float(t.ppf(1 - ALPHA / 2, count - 2) * line.stderr) + NEGLIGIBLE
    value, low, high = float(line.slope), float(line.slope) - half, float(line.slope) + half
    verdict = "contradicted" if not low <= 1 <= high else "not decidable" if low <= 0 else "supported"
    reason = f"slope of their logarithms {value:.2f} [{low:.2f}, {high:.2f}]{left_out}"
    return Claim(text, verdict, reason, count, value, low, high)


def one_layer(endings: Sequence[int]) -> Claim:
    """Whether the ending is one layer: one number a model.

    Share of models whose ending is exactly one, with the exact binomial 95 % interval (Clopper and Pearson):
    supported where it is above a half, contradicted where it is below.

    >>> one_layer([1, 1, 1, 1, 1, 1]).verdict, one_layer([1, 1, 2, 0]).reason
    ('supported', '2 of 4 models, 0.50 [0.07, 0.93]')
    """
    from scipy.stats import binomtest

    text, count, hits = "the ending is one layer", len(endings), sum(size == 1 for size in endings)
    if not count:
        return Claim(text, "not decidable", "no model has groups", 0)
    interval: Any = binomtest(hits, count).proportion_ci()
    low, high, value = float(interval.low), float(interval.high), hits / count
    verdict = "supported" if low > 0.5 else "contradicted" if high < 0.5 else "not decidable"
    reason = f"{hits} of {counted(count, 'model')}, {value:.2f} [{low:.2f}, {high:.2f}]"
    return Claim(text, verdict, reason, count, value, low, high)


def _orders(x: Array) -> Array:
    """Every order of numbers, (order, number); above 8 of them the order given and 99,999 drawn ones."""
    if len(x) <= 8:
        return np.array(list(permutations(x)))
    drawn = np.random.default_rng(0).permuted(np.tile(x, (99_999, 1)), axis=1)
    return np.concatenate([x[None], drawn])


def _too_few(count: int, columns: Mapping[str, Sequence[float]]) -> str:
    """Why a test over models cannot be had, if it cannot."""
    if count < MODELS:
        return f"{MODELS} models are needed, there are {count}"
    same = [name for name, values in columns.items() if len(set(values)) == 1]
    return f"their {same[0]} are all the same" if same else ""


# what the models of a family have in common
_COMMON = ("measure", "words", "corpus", "policy", "sink_factor", "samples", "positions", "control")
SAVED = (*_COMMON, "members", "claims", "made_with")
SAVED_MEMBER = (
    *("model", "note", "layers", "documents", "tokens", "excluded", "dtype"),
    *("sizes", "low", "high", "reason"),
)


@dataclass(frozen=True)
class FamilyMember:
    """A model of a family: layers in its beginning, middle and ending, NaN with a reason if it has no groups.

    `low` and `high` bound the sizes over resampled documents.
    """

    provenance: Provenance
    sizes: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Every field under the key that a family's `save` writes."""
        return {key: value for key, value in flattened(self, SAVED_MEMBER).items() if key in SAVED_MEMBER}


@dataclass(frozen=True)
class Family:
    """Beginning, middle and ending over models, fewest layers first, and the paper's claims, tested."""

    measure: str
    words: str
    samples: str
    positions: str
    control: str
    members: tuple[FamilyMember, ...]
    claims: tuple[Claim, ...]
    made_with: dict[str, str]

    def __repr__(self) -> str:
        return f"<Family of {counted(len(self.members), 'model')}: groups by {self.words}>"

    @property
    def provenance(self) -> Provenance:
        """The first member's, whose corpus and token policy are those of all."""
        return self.members[0].provenance

    @property
    def values(self) -> NDArray[np.float64]:
        """Layers in the beginning, the middle and the ending: (model, 3); NaN where a model has no groups."""
        return np.array([member.sizes for member in self.members])

    @property
    def shares(self) -> NDArray[np.float64]:
        """The same, of all layers of the model: (model, 3), in [0, 1]."""
        return self.values / np.array([[member.provenance.layers] for member in self.members])

    @property
    def caption(self) -> str:
        """Models, corpus, n, policy and what has no groups, in sentences."""
        sources = [member.provenance for member in self.members]
        whole = replace(sources[0], excluded=sum(source.excluded for source in sources))
        counts = sorted({source.documents for source in sources})
        documents = f"{counts[0]:,} to {counted(counts[-1], 'document')}"
        if len(counts) == 1:
            documents = counted(counts[0], "document")
        without = [member.provenance.model for member in self.members if member.reason]
        text = (
            f"{', '.join(source.model for source in sources)}; corpus {whole.corpus}: {documents} "
            f"each; {whole.tokens_in_words}; groups by {self.words}."
        )
        return f"{text} Without groups: {', '.join(without)}." if without else text

    @property
    def summary(self) -> str:
        """One line: each claim, its verdict and its numbers."""
        return "; ".join(f"{claim.text}: {claim.verdict} ({claim.reason})" for claim in self.claims)

    def to_dataframe(self) -> pd.DataFrame:
        """One row for each model and part, with its size, interval and share."""
        rows: list[dict[str, Any]] = []
        for member, shares in zip(self.members, self.shares, strict=True):
            own = {k: v for k, v in member.to_dict().items() if k not in {"sizes", "low", "high"}}
            columns = zip(PARTS, member.sizes, member.low, member.high, shares.tolist(), strict=True)
            names = ("part", "size", "low", "high", "share")
            rows += [{**own, **dict(zip(names, column, strict=True))} for column in columns]
        labels = {key: value for key, value in self.to_dict().items() if key in _COMMON}
        return pd.DataFrame(rows).assign(**labels)

    def to_dict(self) -> dict[str, Any]:
        """Every field under the key that `save` writes."""
        shared = {"made_with": self.made_with, "members": [member.to_dict() for member in self.members]}
        return flattened(self, SAVED, {**asdict(self.provenance), **shared})

    def save(self, path: Path | str) -> None:
        """Write as JSON (NaN as null), or as CSV by the file's ending."""
        kinds = {".json": lambda: json_of(self.to_dict()), ".csv": lambda: csv_of(self.to_dataframe())}
        write_result(path, kinds, "groups of a family")

    @classmethod
    def load(cls, path: Path | str) -> Family:
        """Read what `save` wrote as JSON."""
        with holds(path, "family"):
            data = read_json(path)
            data = known(data, (*SAVED, "own_measure"))
            shared = {key: data.pop(key, None) for key in ("corpus", "policy", "sink_factor", "own_measure")}
            members = [_read_member({**row, **shared}) for row in data.pop("members")]
            claims = [as_numbers(claim) for claim in data.pop("claims")]
            result = validated(cls, {**data, "members": list(map(asdict, members)), "claims": claims})
            if not result.members or any(not m.provenance.layers for m in result.members):
                raise ValueError("members: there are none, or one without layers")
            return replace(result, claims=tuple(Claim(**claim) for claim in claims))  # NaN as it is kept

    def plot(self, ax: Any = None, *, shares: bool = False) -> Any:
        """Draw the sizes against the number of layers, or the `shares` of it, and give back the axes."""
        from reprlab import figures

        some = [i for i, member in enumerate(self.members) if not member.reason]
        layers = np.array([self.members[i].provenance.layers for i in some])
        by = layers[:, None] if shares else 1
        columns = [
            np.array([getattr(self.members[i], name) for i in some]).reshape(-1, 3) / by
            for name in ("sizes", "low", "high")
        ]
        at = layers.tolist()
        curves = {part: (at, *(c[:, k].tolist() for c in columns)) for k, part in enumerate(PARTS)}
        curves = curves if some else {"no model has groups": ([0], [math.nan], [math.nan], [math.nan])}
        label = "share of the layers" if shares else "layers"
        ax = figures.lines(curves, title=self.provenance.corpus, label=label, caption=self.caption, ax=ax)
        ax.set(xlabel="layers of the model")
        if some:
            ax.set_xticks(sorted(set(at)))
        return ax


_NEEDED = "the groups of models, as rl.group gives them"


@taking(parts=several(of(Groups, _NEEDED), Groups, _NEEDED))
def family(parts: Sequence[Groups]) -> Family:
    """The groups of several models, and what the paper says of them, tested (fig. 14, A.3).

    Models whose depths are one group have no sizes and are in no test. Raises `ReprlabError` for no models,
    for a model twice, and for groups by different measures, corpora or token policies.

    >>> import reprlab as rl
    >>> texts = rl.corpus("builtin")
    >>> captures = [rl.capture(rl.load(f"tiny-{m}"), texts, documents=3, cache=tmp) for m in ("neox", "gpt2")]
    >>> family([rl.group(rl.cosine(acts), count=2) for acts in captures]).claims[0].reason
    '4 models are needed, there are 2'
    """
    if not parts:
        raise ReprlabError("a family has no models: give the groups of one or more")
    rows = [part.to_dict() for part in parts]
    for name in (*_COMMON, "own_measure"):
        given = sorted({str(row.get(name)) for row in rows})
        if len(given) > 1:
            raise ReprlabError(
                f"a family is compared by one {name.replace('_', ' ')}, given {', '.join(given)}"
            )
    names = [part.provenance.model for part in parts]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ReprlabError(f"a family has each model once, given twice: {', '.join(twice)}")
    members = sorted(
        map(_member, parts), key=lambda m: (m.provenance.layers, names.index(m.provenance.model))
    )
    some = [member for member in members if not member.reason]
    beginnings, middles, endings = ([int(m.sizes[k]) for m in some] for k in range(3))
    claims = (
        falling([m.provenance.layers for m in some], beginnings),
        proportional(beginnings, middles),
        one_layer(endings),
    )
    how = parts[0].compared
    return Family(
        measure=how.measure,
        words=how.words,
        samples=how.samples,
        positions=how.positions,
        control=how.control,
        members=tuple(members),
        claims=claims,
        made_with=parts[0].provenance.made_with,
    )


def _member(part: Groups) -> FamilyMember:
    alone = len(part.starts) == 1
    sizes = (math.nan,) * 3 if alone else tuple(map(float, part.sizes))
    known = part.draws and not alone
    low, high = (tuple(end[k] for end in part.spread) if known else sizes for k in (0, 1))
    source = replace(part.provenance, layers=part.cut.last, schedule="", made_with={})
    reason = (part.reason or "one group, as asked for") if alone else ""
    return FamilyMember(source, sizes, low, high, reason)


def _read_member(row: dict[str, Any]) -> FamilyMember:
    """A member as it was saved, with what its family has in common."""
    source = Provenance.popped(row | {"made_with": {}})
    own = {name: row[name] for name in SAVED_MEMBER if name in ("sizes", "low", "high", "reason")}
    member = validated(FamilyMember, {**as_numbers(own), "provenance": asdict(source)})
    if {len(member.sizes), len(member.low), len(member.high)} != {len(PARTS)}:
        raise ValueError(f"members: sizes, low and high are {len(PARTS)} numbers each")
    return member
