"""reprlab cache adopt: captures and answers under old digests of weights get the digests of today."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from filelock import FileLock
from rich.markup import escape
from rich.table import Table

from reprlab.cli.options.command import AsJson, where, with_options
from reprlab.cli.options.data import DataOptions
from reprlab.cli.terminal import confirm, out, print_json, say
from reprlab.errors import ReprlabError
from reprlab.models.digests import is_old

if TYPE_CHECKING:
    from reprlab.captures.layout import Identity
    from reprlab.models.weights import Weights
    from reprlab.sweeps.identity import AnswersIdentity

_SCRATCH = ".adopting"
_ADOPT, _ADOPTED = "to adopt", "adopted"


@dataclass
class Adoption:
    """A capture or a file of answers under an old digest, and what becomes of it."""

    path: Path
    identity: Identity | AnswersIdentity
    now: Identity | AnswersIdentity | None = None
    outcome: str = ""

    @property
    def row(self) -> dict[str, Any]:
        kind = "capture" if self.path.is_dir() or not self.path.suffix else "answers"
        on = getattr(self.identity, "corpus", "") or getattr(self.identity, "benchmark", "")
        digest = self.now.digest if self.now else None
        return {
            **{"kind": kind, "model": self.identity.model, "on": on, "digest": self.identity.digest},
            **{"new_digest": digest, "outcome": self.outcome},
        }


@with_options(without=("data_dir", "batch_tokens"))
def cache_adopt(
    *,
    models: Annotated[
        list[str] | None,
        typer.Argument(metavar="MODEL", help="Names, or folders of weights. Default: the cache's."),
    ] = None,
    data: DataOptions,
    models_dir: Annotated[
        Path | None, where(help="Folder of weights, one folder a name. Default: $REPRLAB_MODELS.")
    ] = None,
    yes: Annotated[bool, where("--yes", "-y", help="Do not ask before anything is re-keyed.")] = (False),
    as_json: AsJson = False,
) -> None:
    """Re-key captures and answers whose weights were known by their first bytes only; nothing is computed.

    The weights must be here and still give the old digest. The record of each says that it was adopted.

    Examples:
    reprlab cache adopt
    reprlab cache adopt smollm2-135m ./mine/checkpoint-500 --yes
    reprlab cache adopt --cache elsewhere --json
    """
    from reprlab.files import cache_folder

    root = cache_folder(data.cache)
    old = planned(root, models or [], models_dir)
    ready = [one for one in old if one.outcome == _ADOPT]
    try:
        if (root / _SCRATCH).exists():
            adopt_all(root, [])  # cleans up after a killed call
        if ready:
            _asked(ready, yes, show=() if as_json else old)
            adopt_all(root, ready)
    finally:
        if as_json:
            print_json([one.row for one in old])
        elif ready and all(one.outcome != _ADOPT for one in ready):
            out.print(_table(ready))
        elif not ready:
            out.print(_table(old) if old else f"nothing in {escape(str(root))} is under an old digest")
    if any(one.outcome not in {_ADOPTED, _ADOPT} for one in ready):
        raise typer.Exit(1)


def _asked(ready: Sequence[Adoption], yes: bool, *, show: Sequence[Adoption]) -> None:
    if show:
        out.print(_table(show))
    ask = confirm(yes)
    if ask is None or not ask(f"Adopt {len(ready)} captures and files of answers?"):
        raise ReprlabError(f"{len(ready)} captures and files of answers were not adopted: add --yes")


def _table(rows: Sequence[Adoption]) -> Table:
    table = Table("kind", "model", "on", "digest", "new digest", "what", box=None, header_style="bold")
    for one in rows:
        table.add_row(*(escape(str(value or "")) for value in one.row.values()))
    return table


def planned(root: Path, models: Sequence[str], models_dir: Path | None) -> list[Adoption]:
    """Everything under an old digest, with the new identity or why there is none."""
    old = list(_old(root))
    names = dict.fromkeys([*models, *(one.identity.model for one in old)])
    known: dict[str, list[Weights]] = {}
    for name in names if old else ():
        weights = _weights(name, models_dir, strict=name in models)
        if weights is not None:
            known.setdefault(weights.name, []).append(weights)
    for one in old:
        _decide(one, known.get(one.identity.model, []))
    return old


def _old(root: Path) -> Iterator[Adoption]:
    from reprlab.captures.inventory import captures
    from reprlab.sweeps.answers import answer_files, open_answers

    for capture in captures(root):
        if is_old(capture.identity.weights):
            yield Adoption(capture.folder, capture.identity)
    for path in answer_files(root):
        try:
            with open_answers(path) as answers:
                identity = answers.identity
        except ReprlabError as error:
            say(f"note: {error}")
            continue
        if is_old(identity.weights) and identity.digest == path.stem:
            yield Adoption(path, identity)


def _weights(name: str, models_dir: Path | None, *, strict: bool) -> Weights | None:
    """The weights of a name on this machine; a name that only the cache has need not be known."""
    from reprlab.models.locations import locate

    try:
        return locate(name, models_dir)
    except ReprlabError:
        if strict:
            raise
        return None


def _decide(one: Adoption, known: Sequence[Weights]) -> None:
    """Set an old entry's new identity, or say why it has none."""
    here = [weights for weights in known if weights.gguf is None]
    same = [weights for weights in here if weights.old_digest == one.identity.weights]
    if not known:
        one.outcome = "its weights are not here: give their folder"
    elif not here:
        one.outcome = "its weights are not dequantised yet: `reprlab fetch` does it"
    elif not same:
        one.outcome = "other weights are here"
    elif same[0].tokenizer_digest != one.identity.tokenizer:
        one.outcome = "another tokenizer is here"
    elif _other_inputs(one.identity, same[0]):
        one.outcome = "its inputs were wrong: make it again"
    else:
        one.now = one.identity.model_copy(update={"weights": same[0].identified(say)})
        one.outcome = _ADOPT


def _other_inputs(identity: Identity | AnswersIdentity, weights: Weights) -> bool:
    """Whether a model of this type was given other inputs then than it is now."""
    from reprlab.captures.layout import Identity
    from reprlab.foreign import read_json
    from reprlab.models.inputs import of_answers, of_captures

    if weights.folder is None:
        return False
    config = read_json(weights.folder / "config.json")
    now = (of_captures if isinstance(identity, Identity) else of_answers)(config)
    return now != identity.inputs


def adopt_all(root: Path, ready: Sequence[Adoption]) -> None:
    """Re-key one after the other; one that fails says why, and the others go on."""
    from reprlab.captures.adopted import adopt_capture
    from reprlab.captures.layout import Identity
    from reprlab.sweeps.adopted import adopt_answers

    scratch = root / _SCRATCH
    scratch.mkdir(exist_ok=True)
    with FileLock(root / f"{_SCRATCH}.lock"):
        for left in scratch.iterdir():  # of a killed call: links, copies, and what was adopted already
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        for one in ready:
            assert one.now is not None
            try:
                if isinstance(one.now, Identity):
                    adopt_capture(root, one.path, one.now, scratch, say)
                else:
                    adopt_answers(root, one.path, one.now, scratch)
                one.outcome = _ADOPTED
            except ReprlabError as error:
                one.outcome = str(error)
        shutil.rmtree(scratch, ignore_errors=True)
