"""Answers made under an old digest of their weights get the digest that these have now."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from filelock import FileLock

from reprlab.errors import ReprlabError
from reprlab.files import fsync, on_disk
from reprlab.provenance import ADOPTED
from reprlab.sweeps.answers import open_answers
from reprlab.sweeps.checksums import sign
from reprlab.sweeps.identity import AnswersIdentity


def adopt_answers(root: Path, path: Path, now: AnswersIdentity, scratch: Path) -> Path:
    """Give a file of answers another identity, and record that it was adopted; gives the new file.

    A copy with the new identity is made in `scratch` and takes its name in one step, then the old file goes:
    at every moment one of both is whole. Raises `ReprlabError` where another file has the new name.
    """
    target = now.path(root)
    if path.resolve().parent.parent.parent != root.resolve() or path.is_symlink():
        raise ReprlabError(f"'{path}' leads out of the cache '{root}': not adopted")
    locks = [FileLock(one.with_suffix(".lock")) for one in sorted((path, target))]
    with on_disk(target), locks[0], locks[1]:
        if not target.exists():
            _copied(path, scratch / target.name, now).replace(target)
            fsync(target.parent)
        if not superseded(path, target):
            raise ReprlabError(f"'{path}' was answered again as '{target.stem}': not adopted")
        path.unlink()
    path.with_suffix(".lock").unlink(missing_ok=True)
    return target


def superseded(path: Path, target: Path) -> bool:
    """Whether a file of answers was adopted as another already, with all that it holds."""
    with open_answers(path) as old, open_answers(target) as new:
        more = all(a <= b for a, b in zip(old.counts(), new.counts(), strict=True))
        return new.about.get("weights") == ADOPTED and more


def _copied(path: Path, made: Path, now: AnswersIdentity) -> Path:
    """A copy of the answers with another identity, durable."""
    made.unlink(missing_ok=True)  # what a killed call left
    try:
        with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(made)) as new:
            old.backup(new)
            with new:
                meta = dict(new.execute("SELECT key, value FROM meta").fetchall())
                meta["identity"] = now.model_dump_json()
                meta["about"] = json.dumps({**json.loads(meta["about"]), "weights": ADOPTED})
                if "checksum" in meta:  # not in format 1
                    sign(meta)
                new.executemany("UPDATE meta SET value = ? WHERE key = ?", [(v, k) for k, v in meta.items()])
    except (sqlite3.Error, ValueError, KeyError) as error:
        raise ReprlabError(f"'{path}' is damaged ({error}): not adopted") from error
    fsync(made)
    return made
