"""The command line: the only place that prints, asks, exits, or catches a ReprlabError."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from reprlab.errors import ReprlabError, unknown
from reprlab.registry import DEVICES, DTYPES, MODELS, Name, expand, slug, unslug
from reprlab.schedule import PAPER, Schedule
from reprlab.steps import Summed

if TYPE_CHECKING:
    from reprlab.cache import Capture
    from reprlab.comparing import Similarity
    from reprlab.corpora import Corpus
    from reprlab.diagram import Box

_USAGE: Any = typer.BadParameter.__mro__[2]  # click's base of usage errors, which typer brings along
out = Console(emoji=False, width=None if sys.stdout.isatty() else 160)
err = Console(stderr=True, emoji=False)
_STOPPED = 130  # Ctrl-C, by the shells' custom; typer gives it back as a code
_ENDED = "(nothing: the model ended its text at once)"
_PICTURES, _TABLES = (".png", ".pdf", ".svg"), (".json", ".csv")

app = typer.Typer(
    help="Shows what the layers of a transformer do.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
cache_app = typer.Typer(help="List, check and remove captures.", no_args_is_help=True)
app.add_typer(cache_app, name="cache")


def main() -> None:
    """Run the command line; an error goes to stderr, with exit code 2 (1: some models failed)."""
    debug = "--debug" in sys.argv
    try:
        code = app([a for a in sys.argv[1:] if a != "--debug"], standalone_mode=False)
    except (ReprlabError, _USAGE) as error:
        if debug:
            raise
        _fail(str(error) if isinstance(error, ReprlabError) else " ".join(error.format_message().split()))
        code = 2
    except (KeyboardInterrupt, typer.Abort):
        code = _STOPPED
    if code == _STOPPED:
        _fail("stopped; the same command goes on where it was")
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str) -> None:
    if message:  # a command without arguments has printed its help instead
        print(f"reprlab: {message}", file=sys.stderr)


@app.callback()
def _debug(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Shows what the layers of a transformer do."""


# --- options -------------------------------------------------------------------------------------

ModelsDir = Annotated[
    Path | None,
    typer.Option(
        help="Folder of weights, one folder a name. Default: $REPRLAB_MODELS, else ~/.cache/reprlab."
    ),
]
CacheDir = Annotated[Path | None, typer.Option("--cache", help="Default: $REPRLAB_CACHE, else ./cache.")]
CorpusName = Annotated[str, typer.Option("--corpus", help="A registered corpus, or a .txt or .jsonl file.")]
DataDir = Annotated[Path | None, typer.Option(help="Folder of benchmark rows, instead of the hub.")]
FieldName = Annotated[str, typer.Option("--field", help="The field of a .jsonl file's rows.")]
Documents = Annotated[int | None, typer.Option(help="How many, from the first on. Default: 100.")]
MaxTokens = Annotated[int | None, typer.Option(help="Cut documents. Default: the model's limit.")]
BatchTokens = Annotated[int, typer.Option(help="Tokens in a batch, padding included.")]
Dtype = Annotated[str, typer.Option(help="auto (float32 on a CPU), float32, bfloat16 or float16.")]
Stored = Annotated[
    str, typer.Option("--store", help="Dtype on disk: auto (as computed) or one of the dtypes.")
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
DeviceMap = Annotated[str | None, typer.Option(help="auto: spread the layers over devices (accelerate).")]
Schedules = Annotated[
    str | None,
    typer.Option("--schedule", help="Run the layers so: '0:14 [14:19]*3 19:32'. Default: as they are."),
]
NoStates = Annotated[bool, typer.Option("--no-states", help="Keep norms and sums only: small; no CKA.")]
Trust = Annotated[bool, typer.Option("--trust-remote-code", help="Run code that a model's folder brings.")]
Force = Annotated[bool, typer.Option("--force", help="Go on with a capture begun by other versions.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Tokens = Annotated[str, typer.Option("--tokens", help="all or no-sinks.")]


@dataclass(frozen=True)
class _Work:
    """What capture and similarity share."""

    corpus: str
    data_dir: Path | None
    field: str
    documents: int | None
    max_tokens: int | None
    batch_tokens: int
    dtype: str
    stored: str
    device: str
    device_map: str | None
    models_dir: Path | None
    cache: Path | None
    schedule: Schedule | None
    states: bool
    trust: bool
    force: bool
    yes: bool

    def corpora(self) -> list[Corpus]:
        """The texts, and what is asked of them checked, before any model is loaded."""
        from reprlab.corpora import corpus, members

        for option, value in (("--max-tokens", self.max_tokens), ("--batch-tokens", self.batch_tokens)):
            if value is not None and value < 1:
                raise ReprlabError(f"{option} {value}: give 1 or more")
        for kind, name, allowed in (
            ("dtype", self.dtype, ("auto", *DTYPES)),
            ("dtype on disk", self.stored, ("auto", *DTYPES)),
            ("device", self.device, DEVICES),
        ):
            if name not in allowed:
                raise unknown(kind, name, allowed)
        for option, folder in (("--data-dir", self.data_dir), ("--models-dir", self.models_dir)):
            if folder is not None and not folder.is_dir():
                raise ReprlabError(f"{option} '{folder}' is no folder")
        found = [corpus(name, data_dir=self.data_dir, field=self.field) for name in members(self.corpus)]
        for each in found:
            each.count(self.documents)
        return found

    def capture(self, model: str, corpora: list[Corpus]) -> list[Capture]:
        """Capture every corpus with one network, under a progress bar each."""
        import reprlab as rl

        with err.status(f"loading {escape(model)}"):
            network = rl.load(
                model,
                dtype=self.dtype,
                device=self.device,
                device_map=self.device_map,
                models_dir=self.models_dir,
                trust_remote_code=self.trust,
                confirm=_confirm(self.yes),
                say=_say,
            )
        found: list[Capture] = []
        for corpus in corpora:
            with _bar(f"{network.name} on {corpus.name}") as progress:
                capture = rl.capture(
                    network,
                    corpus,
                    cache=self.cache,
                    schedule=self.schedule,
                    documents=self.documents,
                    max_tokens=self.max_tokens,
                    batch_tokens=self.batch_tokens,
                    states=self.states,
                    stored=self.stored,
                    force=self.force,
                    progress=progress,
                    say=_say,
                )
            found.append(capture)
            if capture.cut:
                limit = capture.identity.max_tokens
                cut = f"{capture.cut} of {capture.documents} documents reach {limit} tokens"
                _say(f"note: {cut}; what is longer is cut")
            if capture.nonfinite:
                _say(f"warning: {capture.nonfinite:,} values are NaN or infinite in {capture.folder}")
        return found


# --- commands ------------------------------------------------------------------------------------


@app.command()
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
        _print_json(rows)
        return
    table = Table("model", "layers", "width", "parameters", "here", "weights", box=None, header_style="bold")
    for row in rows:
        size = row["parameters_millions"]
        count = "" if size is None else f"{size / 1000:.1f} B" if size >= 1000 else f"{size:g} M"
        cells = (row["model"], str(row["layers"] or ""), str(row["width"] or ""), count)
        note = row["weights"] + (", gated" if row["gated"] else "")
        table.add_row(*map(escape, cells), "yes" if row["here"] else "", escape(note))
    out.print(table)


@app.command()
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
            weights = rl.fetch(name, models_dir=models_dir, confirm=_confirm(yes), say=_say)
        where = weights.folder or "made from a seed when it is loaded"
        out.print(f"{escape(name)}: {escape(str(where))} ({escape(weights.note)})", soft_wrap=True)

    _each(expand(names, known(models_dir)), one)


@app.command()
def capture(
    names: Annotated[list[str], typer.Argument(help="Names or globs, one model after the other.")],
    corpus: CorpusName = "builtin",
    documents: Documents = None,
    max_tokens: MaxTokens = None,
    batch_tokens: BatchTokens = 2048,
    dtype: Dtype = "auto",
    store: Stored = "auto",
    device: Device = "auto",
    device_map: DeviceMap = None,
    run: Schedules = None,
    data_dir: DataDir = None,
    field: FieldName = "text",
    models_dir: ModelsDir = None,
    cache: CacheDir = None,
    no_states: NoStates = False,
    trust_remote_code: Trust = False,
    force: Force = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Capture hidden states at every depth into the cache; what is there already is not computed again."""
    from reprlab.models import known

    work = _Work(
        *(corpus, data_dir, field, documents, max_tokens, batch_tokens, dtype, store, device, device_map),
        *(models_dir, cache, _parsed(run), not no_states, trust_remote_code, force, yes),
    )
    corpora = work.corpora()
    rows: list[dict[str, Any]] = []

    def one(name: str) -> None:
        for made in work.capture(name, corpora):
            rows.append(_row(made))
            if not as_json:
                out.print(f"{_summary(made)}\n  {escape(str(made.folder))}", soft_wrap=True)

    try:
        _each(expand(names, known(models_dir)), one)
    finally:
        if as_json:
            _print_json(rows)


@app.command()
def similarity(
    model: Annotated[str, typer.Option(help="A name or a glob.")],
    measure: Annotated[str, typer.Option(help="cosine, cosine-sequence or cka.")] = "cosine",
    tokens: Tokens = "all",
    sink_factor: Annotated[float, typer.Option(help="A sink's norm is above this many medians.")] = 4.0,
    output: Annotated[
        list[Path] | None, typer.Option("--out", help=".png, .pdf, .svg, .json or .csv; may be repeated.")
    ] = None,
    corpus: CorpusName = "builtin",
    documents: Documents = None,
    max_tokens: MaxTokens = None,
    batch_tokens: BatchTokens = 2048,
    dtype: Dtype = "auto",
    store: Stored = "auto",
    device: Device = "auto",
    device_map: DeviceMap = None,
    run: Schedules = None,
    data_dir: DataDir = None,
    field: FieldName = "text",
    models_dir: ModelsDir = None,
    cache: CacheDir = None,
    no_states: NoStates = False,
    trust_remote_code: Trust = False,
    force: Force = False,
    yes: Yes = False,
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
    names = expand([model], known(models_dir))
    _check_outputs(output, len(names))
    work = _Work(
        *(corpus, data_dir, field, documents, max_tokens, batch_tokens, dtype, store, device, device_map),
        *(models_dir, cache, _parsed(run), not no_states, trust_remote_code, force, yes),
    )
    corpora = work.corpora()
    rows: list[dict[str, Any]] = []

    def one(name: str) -> None:
        captures = _there(work, name, corpora, measure) or work.capture(name, corpora)
        with err.status(f"{measure} over {captures[0].depths} depths"):
            parts = [compare(c, measure, tokens=tokens, sink_factor=sink_factor) for c in captures]
            result = parts[0] if len(parts) == 1 else average(parts, corpus)
            written = _write(result, output or [_default_output(result)])
        if as_json:
            files = [str(path) for path in written]
            rows.append({"model": name, "reading": result.reading, "remark": result.remark, "files": files})
            return
        for path in written:
            out.print(escape(str(path)), soft_wrap=True)
        out.print(f"{escape(name)}: {result.reading}", soft_wrap=True)
        if result.remark:
            _say(result.remark)

    try:
        _each(names, one)
    finally:
        if as_json:
            _print_json(rows)


@app.command()
def schedule(
    text: Annotated[str | None, typer.Argument(help="As in '0:14 [14:19]*3 19:32'.", metavar="TEXT")] = None,
    layers: Annotated[int | None, typer.Option(help="Check against a model of so many layers.")] = None,
    paper: Annotated[
        str | None, typer.Option(help=f"One of the paper's, instead of TEXT: {', '.join(PAPER)}.")
    ] = None,
    start: Annotated[int | None, typer.Option(help="Where --paper begins: 0..start stay in front.")] = None,
    layer: Annotated[int | None, typer.Option(help="The layer of --paper skip_one and switch.")] = None,
    seed: Annotated[int | None, typer.Option(help="The seed of --paper random.")] = None,
    times: Annotated[int | None, typer.Option(help="How often a loop of --paper runs.")] = None,
    output: Annotated[
        list[Path] | None, typer.Option("--out", help=".png, .pdf or .svg; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw a schedule, and count its layer calls and its longest path."""
    from reprlab.diagram import boxes
    from reprlab.diagram import text as drawing

    made = _schedule(text, paper, layers, {"start": start, "layer": layer, "seed": seed, "times": times})
    _check_pictures(output)
    drawn = boxes(made.steps)
    counts = f"{made.layer_calls:,} layer calls, longest path {made.longest_path:,}"
    if as_json:
        steps = [{"summed": step} if isinstance(step, Summed) else step for step in made.steps]
        sizes = {"layer_calls": made.layer_calls, "longest_path": made.longest_path}
        _print_json({"text": str(made), "steps": steps, **sizes})
    else:
        plain = not out.encoding.lower().startswith("utf")
        for line in (str(made), *drawing(drawn, out.width, ascii=plain), counts):
            out.print(line, markup=False, highlight=False, soft_wrap=True)
    for path in output or []:
        _draw(drawn, f"{made}: {counts}", path)
        if not as_json:
            out.print(escape(str(path)), soft_wrap=True)


@app.command()
def generate(
    prompts: Annotated[list[str], typer.Argument(help="One or more prompts, each in quotes.")],
    model: Annotated[str, typer.Option(help="A name.")],
    run: Annotated[
        list[str] | None, typer.Option("--schedule", help="May be repeated; shown beside the full model.")
    ] = None,
    max_new_tokens: Annotated[int, typer.Option(help="How many tokens to write.")] = 64,
    kv: Annotated[str, typer.Option(help="exact, or paper: a set's keys and values averaged.")] = "exact",
    dtype: Dtype = "auto",
    device: Device = "auto",
    device_map: DeviceMap = None,
    models_dir: ModelsDir = None,
    trust_remote_code: Trust = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Continue prompts with the full model and under schedules, side by side (no chat template)."""
    import reprlab as rl

    parsed = [Schedule.parse(text) for text in run or []]
    if max_new_tokens < 1:
        raise ReprlabError(f"--max-new-tokens {max_new_tokens}: give 1 or more")
    if any(not prompt for prompt in prompts):
        raise ReprlabError("a prompt is empty: give some text to go on from")
    if kv not in ("exact", "paper"):
        raise unknown("kv", kv, ("exact", "paper"))
    with err.status(f"loading {escape(model)}"):
        network = rl.load(
            model,
            dtype=dtype,
            device=device,
            device_map=device_map,
            models_dir=models_dir,
            trust_remote_code=trust_remote_code,
            confirm=_confirm(yes),
            say=_say,
        )
    for each in parsed:
        each.check(network.n_layers)
    written: dict[str, list[str]] = {}
    for each in dict.fromkeys([network.full(), *parsed]):
        with err.status(f"writing under {each}"):
            written[str(each)] = network.generate(prompts, each, max_new_tokens=max_new_tokens, kv=kv)
    if as_json:
        rows = [{"schedule": text, "continuations": texts} for text, texts in written.items()]
        _print_json({"model": network.name, "note": network.note, "prompts": prompts, "schedules": rows})
        return
    out.print(f"{escape(network.name)} ({escape(network.note)}), {network.dtype}", soft_wrap=True)
    full = str(network.full())
    heads = [f"{text} (full)" if text == full else text for text in written]
    for number, prompt in enumerate(prompts):
        table = Table(*map(escape, heads), title=escape(prompt), title_justify="left", show_lines=True)
        table.add_row(*(escape(texts[number].strip() or _ENDED) for texts in written.values()))
        out.print(table)


@cache_app.command("list")
def cache_list(cache: CacheDir = None, as_json: AsJson = False) -> None:
    """List the captures: model, corpus, documents, tokens, dtype, size on disk."""
    from reprlab.cache import captures, unreadable
    from reprlab.capturing import cache_folder

    if cache_folder(cache).is_file():
        raise ReprlabError(f"the cache '{cache_folder(cache)}' is a file, not a folder")
    found = list(captures(cache_folder(cache)))
    if as_json:
        _print_json([_row(c) for c in found])
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


@cache_app.command("verify")
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


@cache_app.command("remove")
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
    ask = _confirm(yes)
    if ask is None or not ask(f"Remove {question}?"):
        raise ReprlabError(f"{question} were not removed: add --yes")
    for folder in chosen:
        remove(root, folder)
        out.print(f"removed {escape(str(folder))}", soft_wrap=True)


# --- parts ---------------------------------------------------------------------------------------


def _each(names: list[str], one: Callable[[str], None]) -> None:
    """Do one name after the other; failures are reported at the end, and the exit code says so."""
    failed: dict[str, ReprlabError] = {}
    for name in names:
        try:
            one(name)
        except ReprlabError as error:
            if len(names) == 1:
                raise
            failed[name] = error
    for name, error in failed.items():
        _fail(f"{name}: {error}")
    if failed:
        _fail(f"{len(failed)} of {len(names)} failed: {', '.join(failed)}")
        raise typer.Exit(1)


def _report(unreadable: Iterable[tuple[Path, ReprlabError]]) -> None:
    """Name captures that cannot be used, and how to be rid of each."""
    found = list(unreadable)
    for _, error in found:
        _fail(str(error))
    if found:
        raise typer.Exit(2)


def _there(work: _Work, name: str, corpora: list[Corpus], measure: str) -> list[Capture] | None:
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


def _limit(work: _Work, capture: Capture) -> int:
    return min(work.max_tokens or capture.manifest.model_limit, capture.manifest.model_limit)


def _schedule(
    text: str | None, paper: str | None, layers: int | None, given: dict[str, int | None]
) -> Schedule:
    """The schedule of `text`, or of the paper's name with what was given for it."""
    if (text is None) == (paper is None):
        names = ", ".join(PAPER)
        raise ReprlabError(f"give a schedule, as in '0:14 [14:19]*3 19:32', or --paper NAME ({names})")
    if text is not None:
        for option in (f"--{key}" for key, value in given.items() if value is not None):
            raise ReprlabError(f"{option} goes with --paper, not with a schedule's text")
        return Schedule.parse(text, layers)
    if layers is None:
        raise ReprlabError(f"--paper {paper} needs --layers, the number of the model's layers")
    return Schedule.paper(str(paper), layers=layers, **given)


def _check_pictures(paths: list[Path] | None) -> None:
    for path in paths or []:
        if path.suffix.lower() not in _PICTURES:
            endings = ", ".join(_PICTURES)
            raise ReprlabError(f"--out '{path}': the ending chooses the format; there are {endings}")


def _draw(drawn: Sequence[Box], caption: str, path: Path) -> None:
    from reprlab import figures

    ax = figures.diagram(drawn, caption=caption)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figures.save(ax, path)
    except OSError as error:
        raise ReprlabError(f"cannot write '{path}': {error.strerror}") from error


def _check_outputs(paths: list[Path] | None, models: int) -> None:
    for path in paths or []:
        if path.suffix.lower() not in (*_PICTURES, *_TABLES):
            endings = ", ".join((*_PICTURES, *_TABLES))
            raise ReprlabError(f"--out '{path}': the ending chooses the format; there are {endings}")
    if paths and models > 1:
        raise ReprlabError(f"--out names one file, --model stands for {models} models: leave --out away")


def _parsed(text: str | None) -> Schedule | None:
    return None if text is None else Schedule.parse(text)


def _default_output(result: Similarity) -> Path:
    factor = "" if result.sink_factor == 4 else f"-{result.sink_factor:g}"
    policy = "" if result.policy == "all" else f"-{result.policy}{factor}"
    corpus = slug(result.corpus.split(" ")[0])
    layers = "" if result.full else f"-{slug(result.schedule)}"
    name = f"{result.measure}{policy}-{corpus}-{result.documents}{layers}.png"
    return Path("reports") / slug(result.model) / name


def _write(result: Similarity, paths: list[Path]) -> list[Path]:
    """Write every file asked for; beside a picture without numbers, its numbers as JSON."""
    from reprlab import figures

    if not any(path.suffix.lower() in _TABLES for path in paths):
        paths = [*paths, paths[0].with_suffix(".json")]
    for path in paths:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix.lower() in _TABLES:
                _note_replaced(path, result)
                result.save(path)
            else:
                figures.save(result.plot(), path)
        except OSError as error:
            raise ReprlabError(f"cannot write '{path}': {error.strerror}") from error
    return paths


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
        _say(f"note: {path} is replaced; it was: {before}")


def _row(made: Capture) -> dict[str, Any]:
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


def _confirm(yes: bool) -> Callable[[str], bool] | None:
    if yes:
        return lambda _: True
    return typer.confirm if sys.stdin.isatty() else None


def _say(text: str) -> None:
    err.print(escape(text), soft_wrap=True)


def _print_json(data: object) -> None:
    print(json.dumps(data, indent=1))


class _Speed(ProgressColumn):
    """Tokens a second, over the bar's recent past."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f} tokens/s")


@contextmanager
def _bar(label: str) -> Generator[Callable[[int, int], None]]:
    """A progress bar over tokens; it appears with the first work there is."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    bar = Progress(*columns, _Speed(), TimeRemainingColumn(), console=err, speed_estimate_period=60)
    task = bar.add_task(escape(label), total=None)

    def show(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)
        if total and not bar.live.is_started:
            bar.start()

    try:
        yield show
    finally:
        if bar.live.is_started:
            bar.stop()
