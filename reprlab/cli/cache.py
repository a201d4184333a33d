"""cache list, verify, remove: what lies in the cache."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from reprlab.cli.capture import described
from reprlab.cli.options.command import AsJson, what, where, with_options, writes
from reprlab.cli.options.data import DataOptions
from reprlab.cli.terminal import confirm, fail, out, print_json
from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.files import unslug

if TYPE_CHECKING:
    from reprlab.captures.layout import Identity
    from reprlab.sweeps.identity import AnswersIdentity

_MARKS = {
    "inputs": (" (old inputs)", "made before the model got the inputs of its own call; make them again"),
    "digest": (
        " (old digest)",
        "made when not every byte of the weights entered their digest: `reprlab cache adopt` re-keys them",
    ),
}
_ONLY_CACHE = ("data_dir", "batch_tokens")


@with_options(without=_ONLY_CACHE)
def cache_list(*, data: DataOptions, as_json: AsJson = False) -> None:
    """List captures (documents, tokens, dtype, size) and the answers of sweeps (documents, schedules).

    Examples:
    reprlab cache list
    reprlab cache list --json
    reprlab cache list --cache elsewhere
    """
    from reprlab.captures.inventory import captures, unreadable
    from reprlab.files import cache_folder

    root = cache_folder(data.cache)
    if root.is_file():
        raise ReprlabError(f"the cache '{root}' is a file, not a folder")
    listed = list(captures(root))
    if as_json:
        told = [{**described(c), **_old(c.identity)} for c in listed]
        print_json([*told, *(row for row, _ in _answers(root))])
        return
    heads = ("model", "corpus", "schedule", "documents", "tokens", "cut at", "dtype", "size", "digest")
    table = Table(*heads, box=None, header_style="bold")
    for c in listed:
        i = c.identity
        counts = (f"{c.documents:,}", f"{sum(r.tokens for r in c.rows):,}")
        size = f"{sum(r.bytes for r in c.rows) / 1e6:,.0f} MB"
        kind = i.dtype if i.stored == i.dtype else f"{i.dtype} as {i.stored}"
        kind = kind if i.states else f"{kind}, no states"
        table.add_row(
            *(escape(i.model), escape(i.corpus), i.schedule, *counts, str(i.max_tokens), kind, size),
            f"{i.digest}{_mark(_old(i))}",
        )
    out.print(table if listed else f"no captures in {escape(str(root))}")
    marks = [_mark(_old(c.identity)) for c in listed] + _show_answers(root)
    for mark, why in _MARKS.values():
        if mark in marks:
            out.print(f"{marks.count(mark)} marked{mark}: {why}", soft_wrap=True)
    _report(unreadable(root))


def _old(identity: Identity | AnswersIdentity) -> dict[str, bool]:
    """Whether numbers were made with inputs that their model gets no more, or under an old digest."""
    from reprlab.models.configuration import config_of
    from reprlab.models.digests import is_old
    from reprlab.models.inputs import of_answers, of_captures

    of = of_answers if hasattr(identity, "benchmark") else of_captures
    return {
        "old_inputs": identity.inputs < of(config_of(identity.model)),
        "old_digest": is_old(identity.weights),
    }


def _mark(old: Mapping[str, Any]) -> str:
    """The mark of what is old. Old inputs come first, as numbers of theirs cannot be adopted."""
    return next((mark for kind, (mark, _) in _MARKS.items() if old[f"old_{kind}"]), "")


def _answers(root: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Each file of answers as a row, and what is wrong with it."""
    from reprlab.sweeps.answers import answer_files, open_answers

    for path in answer_files(root):
        row: dict[str, Any] = {"file": str(path), "bytes": path.lstat().st_size}
        try:
            with open_answers(path, checked=False) as file:
                documents, schedules, _ = file.counts()
                sizes = {"documents": documents, "schedules": schedules, "complete": file.complete()}
                yield {**file.identity.model_dump(), **sizes, **_old(file.identity), **row}, ""
        except ReprlabError as error:
            yield row, str(error)


def _show_answers(root: Path) -> list[str]:
    """Show the files of answers; returns their marks."""
    heads = ("model", "benchmark", "preset", "documents", "schedules", "dtype", "size", "digest")
    table = Table(*heads, box=None, header_style="bold", title="answers", title_justify="left")
    marks: list[str] = []
    for row, wrong in _answers(root):
        if wrong:
            fail(wrong)
            continue
        some = "" if row["complete"] == row["schedules"] else f" ({row['complete']:,} on all documents)"
        counts = (f"{row['documents']:,}", f"{row['schedules']:,}{some}")
        size = f"{row['bytes'] / 1e6:,.1f} MB"
        names = map(escape, (row["model"], row["benchmark"], row["preset"]))
        marks.append(_mark(row))
        table.add_row(*names, *counts, row["dtype"], size, f"{Path(row['file']).stem}{marks[-1]}")
    if table.row_count:
        out.print(table)
    return marks


@with_options(without=_ONLY_CACHE)
def cache_verify(
    *,
    data: DataOptions,
    drop_damaged: Annotated[
        bool, writes("--drop-damaged", help="Forget damaged shards: the next capture makes them again.")
    ] = False,
) -> None:
    """Check every shard against its checksum and every file of answers for damage.

    Examples:
    reprlab cache verify
    reprlab cache verify --drop-damaged
    reprlab cache verify --cache elsewhere
    """
    from reprlab.captures.inventory import captures, damaged, drop, unreadable
    from reprlab.files import cache_folder
    from reprlab.sweeps.answers import answer_files, damage

    root = cache_folder(data.cache)
    if not root.is_dir():
        raise ReprlabError(f"there is no cache at '{root}': nothing was checked")
    count = bad = 0
    for capture in captures(root):
        broken = damaged(capture)
        count, bad = count + len(capture.rows), bad + len(broken)
        for row, why in broken:
            out.print(escape(f"{capture.folder / 'shards' / row.shard}: {why}"), soft_wrap=True)
        if drop_damaged:
            drop(capture, [row for row, _ in broken])
    lost = list(unreadable(root))
    advice = "dropped; capture again to make them" if drop_damaged else "mend with --drop-damaged"
    missed = f"; {counted(len(lost), 'capture')} cannot be read" if lost else ""
    good = "none damaged" if lost else "all good"
    out.print(f"{counted(count, 'shard')}, {f'{bad} damaged: {advice}' if bad else good}{missed}")
    files = answer_files(root)
    wrong = [capture for path in files if (capture := damage(path))]
    for capture in wrong:
        out.print(escape(capture), soft_wrap=True)
    if files:
        out.print(
            f"{counted(len(files), 'file')} of answers, {f'{len(wrong)} damaged' if wrong else 'all good'}"
        )
    _report(lost)
    if wrong or (bad and not drop_damaged):
        raise typer.Exit(1)


@with_options(without=_ONLY_CACHE)
def cache_remove(
    *,
    model: Annotated[str, typer.Argument(help="A model's name, or the digest of a capture or of answers.")],
    corpus: Annotated[
        str | None, what(help="Remove only results on this corpus or benchmark. Default: all.")
    ] = None,
    data: DataOptions,
    yes: Annotated[bool, where("--yes", "-y", help="Do not ask before files are deleted.")] = False,
) -> None:
    """Delete captures and answers of a model, or one by its digest; never anything outside the cache.

    Examples:
    reprlab cache remove tiny-neox
    reprlab cache remove tiny-neox --corpus lambada --yes
    reprlab cache remove 1b2c3d4e5f --cache elsewhere
    """
    from reprlab.captures.inventory import folders, remove
    from reprlab.files import cache_folder
    from reprlab.sweeps.answers import answer_files

    root = cache_folder(data.cache)
    every = [*folders(root), *answer_files(root)]
    chosen = [
        f
        for f in every
        if model in {unslug(f.parent.parent.name), f.stem} and corpus in {None, unslug(f.parent.name)}
    ]
    named_so = sorted(
        {unslug(f.parent.name) for f in every if model in {unslug(f.parent.parent.name), f.stem}}
    )
    if not chosen and named_so and corpus is not None:
        raise ReprlabError(
            f"nothing of '{model}' on '{corpus}' in the cache '{root}'; there are: {', '.join(named_so)}"
        )
    if not chosen:
        names = sorted({unslug(f.parent.parent.name) for f in every}) or ["none"]
        raise ReprlabError(f"no capture of '{model}' in the cache '{root}'; there are: {', '.join(names)}")
    files = [file for f in chosen for file in (f, *f.rglob("*")) if file.is_file()]
    kinds = {
        "captures": sum(f.is_dir() for f in chosen),
        "files of answers": sum(f.is_file() for f in chosen),
    }
    named = " and ".join(f"{count} {kind}" for kind, count in kinds.items() if count)
    question = f"{named} ({sum(file.stat().st_size for file in files) / 1e6:,.0f} MB)"
    ask = confirm(yes)
    if ask is None or not ask(f"Remove {question}?"):
        raise ReprlabError(f"{question} were not removed: add --yes")
    for folder in chosen:
        remove(root, folder)
        out.print(f"removed {escape(str(folder))}", soft_wrap=True)


def _report(unreadable: Iterable[tuple[Path, ReprlabError]]) -> None:
    """Name captures that cannot be used, and how to be rid of each."""
    found = list(unreadable)
    for _, error in found:
        fail(str(error))
    if found:
        raise typer.Exit(2)
