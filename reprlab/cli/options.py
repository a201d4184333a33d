"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from reprlab.errors import ReprlabError

PICTURES, TABLES = (".png", ".pdf", ".svg"), (".json", ".csv")

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
TokenPolicy = Annotated[str, typer.Option("--tokens", help="all or no-sinks.")]
Out = Annotated[
    list[Path] | None, typer.Option("--out", help=".csv (the table) or .npz (every number); repeatable.")
]
Curves = Annotated[Path | None, typer.Option(help="A .csv for the learning curve of every run.")]
Checkpoints = Annotated[
    Path | None, typer.Option(help="A folder for the weights of every run, as safetensors.")
]
Epochs = Annotated[int, typer.Option(help="Passes over the training rows.")]
BatchRows = Annotated[int, typer.Option(help="Rows in a training step.")]


def whole(option: str, text: str | None) -> list[int] | None:
    """The whole numbers of `5,7,9` or of half-open ranges `5:14`."""
    if text is None:
        return None
    found: list[int] = []
    for part in text.split(","):
        first, colon, last = part.strip().partition(":")
        if not first.isdigit() or (colon and not last.isdigit()):
            raise ReprlabError(
                f"{option} '{text}': give whole numbers as in 5,7,9, or a half-open range as in 5:14"
            )
        found += range(int(first), int(last)) if colon else [int(first)]
    if not found:
        raise ReprlabError(f"{option} '{text}' is an empty range: 5:14 is 5 to 13")
    return found
