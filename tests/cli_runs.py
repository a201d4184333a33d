"""What tests of the command line share: a run's outcome, small options, and the files of a capture."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

SMALL = ("--documents", "3", "--max-tokens", "24")
SWEEP = "sweep --model tiny-llama --benchmarks builtin_pronoun,builtin_cloze --limit 4 --keep-all"
NAMES = "`reprlab models` lists the names; a hub id (org/name), a folder or a .gguf file works too"


class Done(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Done]


def shards(cache: Path) -> dict[str, str]:
    return {str(f): hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(cache.glob("**/*.h5"))}


def the_capture(tmp_path: Path, model: str = "tiny-neox") -> Path:
    (folder,) = (tmp_path / "cache" / model / "builtin").iterdir()
    return folder
