"""capture, similarity, models, fetch: weights, hidden states, and what is compared of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from reprlab.cli.options import (
    AsJson,
    ModelsDir,
    NoStates,
    Schedules,
    Tokens,
    Yes,
)
from reprlab.cli.shell import confirm, each, err, out, print_json, say
from reprlab.cli.work import Work, check_outputs, on_captures, write
from reprlab.errors import ReprlabError, unknown
from reprlab.registry import MODELS, Name, expand, slug
from reprlab.schedule import Schedule

if TYPE_CHECKING:
    from reprlab.cache import Capture
    from reprlab.comparing import Similarity
    from reprlab.corpora import Corpus


def models(
    patterns: Annotated[list[str] | None, typer.Argument(help="Names or globs: 'pythia-*'.")] = None,
    models_dir: ModelsDir = None,
    as_json: AsJson = False,
) -> None:
    """List the registered models, and which of them are on this machine."""
    from reprlab.models import known, locate

    everything = known(models_dir)
    rows: list[dict[str, Any]] = []
    for name in expand(patterns or ["*"], everything):
        weights, trouble = None, ""
        try:
            weights = locate(name, models_dir)
        except ReprlabError as error:
            if name not in everything:
                raise
            trouble = str(error)  # one unusable folder hides no other model
        model = MODELS.get(Name.parse(name).base)
        rows.append(
            {
                "model": name,
                "layers": model.layers if model else None,
                "width": model.width if model else None,
                "parameters_millions": model.millions if model else None,
                "here": weights is not None,
                "weights": trouble or (weights.note if weights else model.note if model else "from the hub"),
                "gated": bool(getattr(model.provider, "gated", False)) if model else False,
            }
        )
    if as_json:
        print_json(rows)
        return
    table = Table("model", "layers", "width", "parameters", "here", "weights", box=None, header_style="bold")
    for row in rows:
        size = row["parameters_millions"]
        count = "" if size is None else f"{size / 1000:.1f} B" if size >= 1000 else f"{size:g} M"
        cells = (row["model"], str(row["layers"] or ""), str(row["width"] or ""), count)
        note = row["weights"] + (", gated" if row["gated"] else "")
        table.add_row(*map(escape, cells), "yes" if row["here"] else "", escape(note))
    out.print(table)


def fetch(
    names: Annotated[list[str], typer.Argument(help="Names or globs: smollm2-135m, 'pythia-*'.")],
    models_dir: ModelsDir = None,
    yes: Yes = False,
) -> None:
    """Get weights ready before they are needed: download, and dequantise a GGUF once."""
    from reprlab.models import known

    def one(name: str) -> None:
        import reprlab as rl

        with err.status(f"fetching {escape(name)}"):
            weights = rl.fetch(name, models_dir=models_dir, confirm=confirm(yes), say=say)
        where = weights.folder or "made from a seed when it is loaded"
        out.print(f"{escape(name)}: {escape(str(where))} ({escape(weights.note)})", soft_wrap=True)

    each(expand(names, known(models_dir)), one)


@on_captures
def capture(
    work: Work,
    names: Annotated[list[str], typer.Argument(help="Names or globs, one model after the other.")],
    run: Schedules = None,
    no_states: NoStates = False,
    as_json: AsJson = False,
) -> None:
    """Capture hidden states at every depth into the cache; what is there already is not computed again."""
    from reprlab.models import known

    work = replace(work, schedule=parsed(run), states=not no_states)
    corpora = work.corpora()
    rows: list[dict[str, Any]] = []

    def one(name: str) -> None:
        for made in work.capture(name, corpora):
            rows.append(described(made))
            if not as_json:
                out.print(f"{_summary(made)}\n  {escape(str(made.folder))}", soft_wrap=True)

    try:
        each(expand(names, known(work.models_dir)), one)
    finally:
        if as_json:
            print_json(rows)


@on_captures
def similarity(
    work: Work,
    model: Annotated[str, typer.Option(help="A name or a glob.")],
    measure: Annotated[str, typer.Option(help="cosine, cosine-sequence or cka.")] = "cosine",
    tokens: Tokens = "all",
    sink_factor: Annotated[float, typer.Option(help="A sink's norm is above this many medians.")] = 4.0,
    output: Annotated[
        list[Path] | None, typer.Option("--out", help=".png, .pdf, .svg, .json or .csv; may be repeated.")
    ] = None,
    run: Schedules = None,
    no_states: NoStates = False,
    as_json: AsJson = False,
) -> None:
    """Draw how alike the hidden states are at every pair of depths; captures first if need be."""
    from reprlab.comparing import MEASURES, POLICIES, average, compare
    from reprlab.models import known

    if measure == "cka" and no_states:
        raise ReprlabError("--no-states keeps no states and cka needs them: leave one of both away")
    if measure not in MEASURES:  # before any model is loaded
        raise unknown("measure", measure, MEASURES)
    if tokens not in POLICIES:
        raise unknown("token policy", tokens, POLICIES)
    if not sink_factor >= 1:
        raise ReprlabError(f"sink factor {sink_factor:g}: give 1 or more")
    names = expand([model], known(work.models_dir))
    check_outputs(output, len(names))
    work = replace(work, schedule=parsed(run), states=not no_states)
    corpora = work.corpora()
    rows: list[dict[str, Any]] = []

    def one(name: str) -> None:
        captures = _there(work, name, corpora, measure) or work.capture(name, corpora)
        with err.status(f"{measure} over {captures[0].depths} depths"):
            parts = [compare(c, measure, tokens=tokens, sink_factor=sink_factor) for c in captures]
            result = parts[0] if len(parts) == 1 else average(parts, work.corpus)
            written = write(result, output or [_default_output(result)], replacing=_note_replaced)
        if as_json:
            files = [str(path) for path in written]
            rows.append({"model": name, "reading": result.reading, "remark": result.remark, "files": files})
            return
        for path in written:
            out.print(escape(str(path)), soft_wrap=True)
        out.print(f"{escape(name)}: {result.reading}", soft_wrap=True)
        if result.remark:
            say(result.remark)

    try:
        each(names, one)
    finally:
        if as_json:
            print_json(rows)


def _there(work: Work, name: str, corpora: list[Corpus], measure: str) -> list[Capture] | None:
    """Complete captures that answer the question, found without loading the model; else None."""
    from reprlab.cache import find
    from reprlab.capturing import cache_folder
    from reprlab.models import locate

    weights = locate(name, work.models_dir)
    if weights is not None and weights.gguf is not None:
        return None
    found: list[Capture] = []
    for corpus in corpora:
        count = corpus.count(work.documents)
        wanted = {
            "corpus_digest": corpus.fingerprint,
            "weights": weights.digest if weights else None,
            "tokenizer": weights.tokenizer_digest if weights else None,
            "dtype": None if work.dtype == "auto" else work.dtype,
            "stored": None if work.stored == "auto" else work.stored,
            "states": True if measure == "cka" else None if work.states else False,
            "schedule": str(work.schedule) if work.schedule else None,
        }
        label = weights.name if weights else name
        usable = [
            c
            for c in find(cache_folder(work.cache), label, corpus.name, **wanted)
            if c.documents >= count
            and c.identity.max_tokens == _limit(work, c)
            and (work.schedule or c.identity.schedule == str(Schedule.full(c.manifest.layers)))
        ]
        usable.sort(key=lambda c: (c.identity.dtype != "float32", not c.identity.states))
        if not usable:
            return None
        found.append(usable[0].head(count))
    return found


def _limit(work: Work, capture: Capture) -> int:
    return min(work.max_tokens or capture.manifest.model_limit, capture.manifest.model_limit)


def parsed(text: str | None) -> Schedule | None:
    return None if text is None else Schedule.parse(text)


def _default_output(result: Similarity) -> Path:
    factor = "" if result.sink_factor == 4 else f"-{result.sink_factor:g}"
    policy = "" if result.policy == "all" else f"-{result.policy}{factor}"
    corpus = slug(result.corpus.split(" ")[0])
    layers = "" if result.full else f"-{slug(result.schedule)}"
    name = f"{result.measure}{policy}-{corpus}-{result.documents}{layers}.png"
    return Path("reports") / slug(result.model) / name


def _note_replaced(path: Path, result: Similarity) -> None:
    """Say so where a file held the result of other settings."""
    from reprlab.comparing import Similarity

    if path.suffix.lower() != ".json" or not path.is_file():
        return
    try:
        before = Similarity.load(path).caption
    except ReprlabError:
        before = "something else"
    if before != result.caption:
        say(f"note: {path} is replaced; it was: {before}")


def described(made: Capture) -> dict[str, Any]:
    return {
        **made.identity.model_dump(),
        "note": made.manifest.note,
        "documents": made.documents,
        "tokens": sum(row.tokens for row in made.rows),
        "bytes": sum(row.bytes for row in made.rows),
        "nonfinite": made.nonfinite,
        "folder": str(made.folder),
    }


def _summary(made: Capture) -> str:
    text = (
        f"{made.identity.model} on {made.identity.corpus}: {made.documents:,} documents, "
        f"{made.tokens:,} tokens, {made.depths} depths x {made.width}, {made.identity.dtype}"
    )
    return escape(f"{text} ({made.manifest.note})")
