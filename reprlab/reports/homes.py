"""Homes: the folder of a model's results, and what they call it; other weights of one name have another.

`.weights` in the folder says whose results it holds.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from reprlab.captures.capture import Capture
from reprlab.errors import ReprlabError
from reprlab.files import slug, write_whole
from reprlab.network.network import Network
from reprlab.progress import Say

MARK = ".weights"
REPORTS = Path("reports")


class Owner(BaseModel):
    """The weights whose results a folder holds. `local` ones were given by their path."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    model: str
    weights: str
    local: bool


def claimed(reports: Path, owner: Owner, say: Say = lambda _: None) -> str:
    """What results of a model are called in a folder of reports: its name, or that and a part of its digest.

    The name belongs to the first weights that claim it. A name that was no path stands for one model,
    whatever its weights are; a path's last part may be the name of many. Raises `ReprlabError` where the
    folder cannot be written.
    """
    for label in labels(owner):
        folder = reports / slug(label)
        there = owner_of(folder)
        if there is None and not _marked(folder, owner):
            there = owner_of(folder)  # another process was quicker
        if there is None or there.weights == owner.weights or not (there.local or owner.local):
            if label != owner.model:
                taken = reports / slug(owner.model)
                say(f"note: '{taken}' holds results of other weights: these are called {label}")
            return label
    raise ReprlabError(f"'{reports / slug(owner.model)}' holds results of other weights: give --out")


def labels(owner: Owner) -> Iterator[str]:
    """The name, then the name with more and more digits of the digest."""
    digits = owner.weights.rpartition(":")[2]
    yield owner.model
    yield from (f"{owner.model}@{digits[:count]}" for count in range(4, len(digits) + 1, 4))


def owner_of(folder: Path) -> Owner | None:
    """Whose results a folder holds, as it says itself, or as its report does; None where neither is there."""
    try:
        if (folder / MARK).is_file():
            return Owner.model_validate_json((folder / MARK).read_bytes())
        run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        return Owner(model=run["model"], weights=run["identity"]["digest of the weights"], local=False)
    except ValidationError:
        return Owner(model="", weights="", local=True)  # damaged: nobody's, and never written over
    except (OSError, ValueError, KeyError, TypeError):
        return None


def home_of(reports: Path, owner: Owner) -> Path:
    """The folder that holds results of a model already, else the one of its name."""
    for label in labels(owner):
        there = owner_of(reports / slug(label))
        if there is not None and there.weights == owner.weights:
            return reports / slug(label)
    return reports / slug(owner.model)


def named(network: Network, reports: Path | None, say: Say = lambda _: None) -> Network:
    """The network under the name that its results have in a folder of reports."""
    if reports is None:
        return network
    owner = Owner(model=network.name, weights=network.digest, local=network.local)
    return replace(network, alias=claimed(reports, owner, say))


def named_capture(capture: Capture, reports: Path | None, *, local: bool, say: Say) -> Capture:
    """The capture under the name that results of its model have in a folder of reports."""
    if reports is None:
        return capture
    owner = Owner(model=capture.identity.model, weights=capture.identity.weights, local=local)
    return replace(capture, alias=claimed(reports, owner, say))


def _marked(folder: Path, owner: Owner) -> bool:
    """Write whose results a folder will hold; False where a mark is there already."""
    scratch = folder / f".{MARK}.{os.getpid()}"
    write_whole(scratch, owner.model_dump_json(indent=1) + "\n")
    try:
        os.link(scratch, folder / MARK)  # unlike a rename, it never takes the place of another's mark
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if (folder / MARK).exists():
            return False
        scratch.rename(folder / MARK)
    finally:
        scratch.unlink(missing_ok=True)
    return True
