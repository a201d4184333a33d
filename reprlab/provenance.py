"""Provenance: what a result comes from, the versions that it was made with, and both as they are saved."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le

from reprlab.foreign import validated

SINK_FACTOR = 4.0  # a sink's norm is above this many times its depth's median
ADOPTED = "adopted: not every byte was known"  # of the weights under which a capture or answers were made
LIBRARIES = (  # those whose version may change a number or a picture
    *("reprlab", "torch", "transformers", "tokenizers", "safetensors", "nnsight", "accelerate", "gguf"),
    *("lm-eval", "datasets", "h5py", "numpy", "scipy", "scikit-learn", "pandas", "matplotlib"),
)
_OWN = "own_measure"  # the one key that is saved only where it says something


@dataclass(frozen=True)
class OwnMeasure:
    """A user's measure: its name, the digest of its source, what it is called, and whether it is a distance.

    `digest` are the first 12 hexadecimal digits of the SHA-256 of what `inspect.getsource` gives.
    """

    name: str
    digest: str
    words: str
    distance: bool = False

    def __str__(self) -> str:
        return f"{self.name}@{self.digest}"


@dataclass(frozen=True)
class Provenance:
    """Which model, texts and tokens a result is of, in which numbers, and with which versions it was made.

    `excluded` tokens are left out by the `policy`: `all`, or `no-sinks` above `sink_factor` medians. `dtype`
    is that of the states, `stored` that of their file; `schedule` and `stored` are empty where a result is
    not of one. `own_measure` is the user's, where one was given.

    >>> source = Provenance("m", "", "c", 3, 90, 2, "no-sinks", 4.0, "float32", 6, {"reprlab": "0"})
    >>> source.tokens_in_words
    '2 sink tokens left out (norm above 4x the median)'
    """

    model: str
    note: str
    corpus: str
    documents: Annotated[int, Ge(0)]
    tokens: Annotated[int, Ge(0)]
    excluded: Annotated[int, Ge(0)]
    policy: Literal["all", "no-sinks"]
    sink_factor: float
    dtype: str
    layers: Annotated[int, Ge(0), Le(100_000)]
    made_with: dict[str, str]
    schedule: str = ""
    stored: str = ""
    own_measure: OwnMeasure | None = None

    @classmethod
    def popped(cls, saved: dict[str, Any]) -> Provenance:
        """The provenance among the keys of a saved result, which loses them."""
        names = [f.name for f in fields(cls)]
        return validated(cls, {name: saved.pop(name) for name in names if name in saved})

    @property
    def tokens_in_words(self) -> str:
        """Which tokens were left out, for a caption."""
        sinks = f"{self.excluded:,} sink tokens left out (norm above {self.sink_factor:g}x the median)"
        return sinks if self.policy == "no-sinks" else "all tokens"

    @property
    def policy_in_words(self) -> str:
        """The policy, for a title."""
        return "all tokens" if self.policy == "all" else "sinks left out"

    @property
    def dtype_in_words(self) -> str:
        """The dtype of the states, and of their file where that is another."""
        return self.dtype if self.stored in {"", self.dtype} else f"{self.dtype}, stored as {self.stored}"


def flattened(result: Any, keys: Sequence[str], others: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A result's fields under the keys that its file has, in their order; its provenance's lie among them.

    `others` are keys that bear no field's name. The user's own measure follows where there is one.

    >>> source = Provenance("m", "", "c", 3, 90, 0, "all", 4.0, "float32", 6, {"reprlab": "0"})
    >>> @dataclass
    ... class Result:
    ...     value: float
    ...     provenance: Provenance
    >>> flattened(Result(0.5, source), ("model", "value"))
    {'model': 'm', 'value': 0.5}
    """
    saved = asdict(result)
    saved |= {**saved.pop("provenance", {}), **(others or {})}
    own = {_OWN: saved[_OWN]} if saved.get(_OWN) else {}
    return {key: saved[key] for key in keys} | own


def made_with(*libraries: str) -> dict[str, str]:
    """The version of each library, and Python's.

    >>> list(made_with("torch", "reprlab"))
    ['torch', 'reprlab', 'python']
    """
    return {name: version(name) for name in libraries} | {"python": platform.python_version()}


def versions() -> dict[str, str]:
    """The version of every library that may change a number, as far as it is installed, and Python's.

    >>> list(versions())[0], "python" in versions()
    ('reprlab', True)
    """
    there: dict[str, str] = {}
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            there[name] = version(name)
    return there | {"python": platform.python_version()}


def minor(library: str) -> str:
    """The version of a library as far as it says that numbers may change: major.minor.

    >>> minor("numpy").count(".")
    1
    """
    return ".".join(version(library).split(".")[:2])
