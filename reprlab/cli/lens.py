"""lens: what the model would say at every depth, and from where on that is what it says in the end."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from reprlab.cli.captures import CaptureOptions, check_outputs, write
from reprlab.cli.options import (
    AsJson,
    BatchTokens,
    CorpusName,
    DataDir,
    Device,
    DeviceMap,
    Dtype,
    FieldName,
    MaxTokens,
    ModelsDir,
    Schedules,
    TokenPolicy,
    Trust,
    Yes,
)
from reprlab.cli.terminal import bar, each, out, print_json, say
from reprlab.errors import ReprlabError, unknown
from reprlab.files import slug
from reprlab.models.registry import expand
from reprlab.schedules.schedule import Schedule

if TYPE_CHECKING:
    from reprlab.depths.lens import Lens

_ROWS = 12  # of the table, and the last depth


def lens(
    model: Annotated[str, typer.Option(help="A name or a glob.")],
    run: Schedules = None,
    tokens: TokenPolicy = "all",
    sink_factor: Annotated[float, typer.Option(help="A sink's norm is above this many medians.")] = 4.0,
    show: Annotated[
        str, typer.Option(help="What the picture has: nats (KL, entropy), agreement or likelihood.")
    ] = "nats",
    output: Annotated[
        list[Path] | None, typer.Option("--out", help=".png, .pdf, .svg, .json or .csv; may be repeated.")
    ] = None,
    corpus: CorpusName = "builtin",
    documents: Annotated[int | None, typer.Option(help="How many, from the first on. Default: 24.")] = None,
    max_tokens: MaxTokens = None,
    batch_tokens: BatchTokens = 2048,
    dtype: Dtype = "auto",
    device: Device = "auto",
    device_map: DeviceMap = None,
    data_dir: DataDir = None,
    field: FieldName = "text",
    models_dir: ModelsDir = None,
    trust_remote_code: Trust = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Read every depth through the model's own head (logit lens): KL to the end, entropy, first choices."""
    from reprlab.depths.lensing import lens as compute
    from reprlab.models.locations import known

    _check(tokens, sink_factor, show)
    names = expand([model], known(models_dir))
    check_outputs(output, len(names))
    shared: dict[str, Any] = {"data_dir": data_dir, "field": field, "documents": documents}
    shared |= {"max_tokens": max_tokens, "batch_tokens": batch_tokens, "dtype": dtype, "device": device}
    shared |= {"device_map": device_map, "models_dir": models_dir, "trust": trust_remote_code, "yes": yes}
    schedule = None if run is None else Schedule.parse(run)
    work = CaptureOptions(
        corpus=corpus, schedule=schedule, stored="auto", cache=None, states=False, force=False, **shared
    )
    texts = work.corpora()
    if len(texts) > 1:
        raise ReprlabError(f"lens takes one corpus, '{corpus}' stands for {len(texts)}: name one of them")
    rows: list[dict[str, Any]] = []

    def one(name: str) -> None:
        network = work.load(name)
        options: dict[str, Any] = {"documents": documents, "max_tokens": max_tokens, "schedule": schedule}
        options |= {"batch_tokens": batch_tokens, "tokens": tokens, "sink_factor": sink_factor}
        with bar(f"{network.name} on {texts[0].name}") as progress:
            found = compute(network, texts[0], progress=progress, **options)
        written = write(_LensPicture(found, show), output or [_default(found, show)])
        files = [str(path) for path in written]
        rows.append({"model": name, "summary": found.summary, "settled": found.settled, "files": files})
        if as_json:
            return
        _table(found)
        for path in files:
            out.print(escape(path), soft_wrap=True)
        out.print(f"{escape(name)}: {escape(found.summary)}", soft_wrap=True)

    try:
        each(names, one)
    finally:
        if as_json:
            print_json(rows)


def _check(tokens: str, sink_factor: float, show: str) -> None:
    """Refuse wrong words and numbers before any model is loaded."""
    from reprlab.depths.lens import SHOWN
    from reprlab.similarity.policy import POLICIES

    if tokens not in POLICIES:
        raise unknown("token policy", tokens, POLICIES)
    if show not in SHOWN:
        raise unknown("picture", show, SHOWN)
    if not sink_factor >= 1:
        raise ReprlabError(f"sink factor {sink_factor:g}: give 1 or more")


class _LensPicture:
    """A lens whose picture shows some of its quantities; its numbers are all of them."""

    def __init__(self, found: Lens, show: str) -> None:
        self.found, self.show = found, show

    def save(self, path: Path | str) -> None:
        self.found.save(path)

    def plot(self, ax: Any = None) -> Any:
        return self.found.plot(ax, show=self.show)


def _default(found: Lens, show: str) -> Path:
    source = found.provenance
    factor = "" if source.sink_factor == 4 else f"-{source.sink_factor:g}"
    policy = "" if source.policy == "all" else f"-{source.policy}{factor}"
    layers = "" if found.full else f"-{slug(source.schedule)}"
    shown = "" if show == "nats" else f"-{show}"
    name = f"lens{shown}{policy}-{slug(source.corpus)}-{source.documents}{layers}.png"
    return Path("reports") / slug(source.model) / name


def _table(found: Lens) -> None:
    """A dozen depths and the last, with every quantity."""
    heads = ["depth", "KL to the end", "95 % interval", "entropy", "agreement", "log-likelihood"]
    heads += [] if found.full else ["KL to full", "95 % interval", "agreement with full"]
    table = Table(*heads, box=None, header_style="bold")
    last = found.depths - 1
    for depth in [*range(0, last, -(-last // _ROWS)), last]:
        cells = [str(depth), *_apart(found, "kl", depth)]
        cells += [f"{found.values[key].mean[depth]:.3f}" for key in ("entropy", "agreement", "likelihood")]
        if not found.full:
            cells += [*_apart(found, "kl_full", depth), f"{found.values['agreement_full'].mean[depth]:.3f}"]
        table.add_row(*cells)
    out.print(table)
    say(found.caption)


def _apart(found: Lens, name: str, depth: int) -> tuple[str, str]:
    curve = found.values[name]
    return f"{curve.mean[depth]:.3f}", f"{curve.low[depth]:.3f} to {curve.high[depth]:.3f}"
