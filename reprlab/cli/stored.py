"""cache list, verify, remove: what lies in the cache."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from reprlab.cli.capturing import described
from reprlab.cli.options import (
    AsJson,
    CacheDir,
    Yes,
)
from reprlab.cli.shell import confirm, fail, out, print_json
from reprlab.errors import ReprlabError
from reprlab.registry import unslug


def cache_list(cache: CacheDir = None, as_json: AsJson = False) -> None:
    """List the captures: model, corpus, documents, tokens, dtype, size on disk."""
    from reprlab.cache import captures, unreadable
    from reprlab.capturing import cache_folder

    if cache_folder(cache).is_file():
        raise ReprlabError(f"the cache '{cache_folder(cache)}' is a file, not a folder")
    found = list(captures(cache_folder(cache)))
    if as_json:
        print_json([described(c) for c in found])
        return
    heads = ("model", "corpus", "schedule", "documents", "tokens", "cut at", "dtype", "size", "digest")
    table = Table(*heads, box=None, header_style="bold")
    for c in found:
        i = c.identity
        counts = (f"{c.documents:,}", f"{sum(r.tokens for r in c.rows):,}")
        size = f"{sum(r.bytes for r in c.rows) / 1e6:,.0f} MB"
        kind = i.dtype if i.stored == i.dtype else f"{i.dtype} as {i.stored}"
        kind = kind if i.states else f"{kind}, no states"
        table.add_row(
            escape(i.model), escape(i.corpus), i.schedule, *counts, str(i.max_tokens), kind, size, i.digest
        )
    out.print(table if found else f"no captures in {escape(str(cache_folder(cache)))}")
    _report(unreadable(cache_folder(cache)))


def cache_verify(
    cache: CacheDir = None,
    drop_damaged: Annotated[
        bool, typer.Option("--drop-damaged", help="Forget damaged shards: the next capture makes them again.")
    ] = False,
) -> None:
    """Check every shard against its checksum and name the damaged ones."""
    from reprlab.cache import captures, damaged, drop, unreadable
    from reprlab.capturing import cache_folder

    count = bad = 0
    for found in captures(cache_folder(cache)):
        broken = damaged(found)
        count, bad = count + len(found.rows), bad + len(broken)
        for row, why in broken:
            out.print(escape(f"{found.folder / 'shards' / row.shard}: {why}"), soft_wrap=True)
        if drop_damaged:
            drop(found, [row for row, _ in broken])
    advice = "dropped; capture again to make them" if drop_damaged else "mend with --drop-damaged"
    out.print(f"{count} shards, {f'{bad} damaged: {advice}' if bad else 'all good'}")
    _report(unreadable(cache_folder(cache)))
    if bad and not drop_damaged:
        raise typer.Exit(1)


def cache_remove(
    model: Annotated[str, typer.Argument(help="A model's name, or a capture's digest.")],
    corpus: Annotated[str | None, typer.Option(help="Only captures of this corpus.")] = None,
    cache: CacheDir = None,
    yes: Yes = False,
) -> None:
    """Delete captures of a model, or one by its digest; never anything outside the cache."""
    from reprlab.cache import folders, remove
    from reprlab.capturing import cache_folder

    root = cache_folder(cache)
    every = folders(root)
    chosen = [
        f
        for f in every
        if model in {unslug(f.parent.parent.name), f.name} and corpus in {None, unslug(f.parent.name)}
    ]
    if not chosen:
        names = sorted({unslug(f.parent.parent.name) for f in every}) or ["none"]
        raise ReprlabError(f"no capture of '{model}' in the cache '{root}'; there are: {', '.join(names)}")
    size = sum(file.stat().st_size for f in chosen for file in f.rglob("*") if file.is_file()) / 1e6
    question = f"{len(chosen)} captures ({size:,.0f} MB)"
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
