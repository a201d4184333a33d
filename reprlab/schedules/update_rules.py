"""The rules of blocks: what becomes of the update of several steps together, as data."""

import re
from dataclasses import dataclass
from typing import TypeAlias, cast

from reprlab.arguments import refused
from reprlab.errors import ReprlabError

LIMIT = 100_000  # layer executions in a schedule, and the greatest depth: longer ones are slips
DIGEST = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Matched:
    """`~start:stop`: an update u is scaled, token by token, to the norm of the full model's.

    u becomes u ||h_stop - h_start|| / ||u||, where h are the untouched model's states on the same tokens; an
    update of zero stays zero. Raises `ReprlabError` unless 0 <= start < stop <= 100,000.

    >>> str(Matched(14, 19))
    '~14:19'
    """

    start: int
    stop: int

    def __post_init__(self) -> None:
        if not 0 <= _whole("start", self.start) < _whole("stop", self.stop) <= LIMIT:
            allowed = f"allowed is 0 <= a < b <= {LIMIT:,}"
            raise ReprlabError(f"the range ~{self.start}:{self.stop}: {allowed}")

    def __str__(self) -> str:
        return f"~{self.start}:{self.stop}"


@dataclass(frozen=True)
class RandomDirection:
    """`?seed`: an update u becomes ||u|| r, token by token, with a random direction r of norm 1.

    r follows from the seed, the token's id and its position in its text, and from nothing else. Raises
    `ReprlabError` unless the seed is a whole number 0..100,000.

    >>> str(RandomDirection(7))
    '?7'
    """

    seed: int

    def __post_init__(self) -> None:
        if not 0 <= _whole("seed", self.seed) <= LIMIT:
            raise ReprlabError(f"the seed {self.seed} of a random direction: allowed are 0..{LIMIT}")

    def __str__(self) -> str:
        return f"?{self.seed}"


@dataclass(frozen=True)
class MeanUpdate:
    """`=digest`: the update becomes its mean over a calibration capture's tokens; no layer of it runs.

    `calibration` is `Capture.calibration`: 16 hexadecimal digits. Raises `ReprlabError` for others.

    >>> str(MeanUpdate("0123456789abcdef"))
    '=0123456789abcdef'
    """

    calibration: str

    def __post_init__(self) -> None:
        if not isinstance(cast(object, self.calibration), str) or not DIGEST.fullmatch(self.calibration):
            allowed = "16 digits 0-9 and a-f, as `reprlab capture` prints them"
            raise ReprlabError(f"a calibration is named by {allowed}, not by {self.calibration!r}")

    def __str__(self) -> str:
        return f"={self.calibration}"


Rule: TypeAlias = Matched | RandomDirection | MeanUpdate


def _whole(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise refused(name, value, "a whole number")
    return value
