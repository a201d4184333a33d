"""Where rows come from, where captures and answers are kept, and how large a batch is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from reprlab.cli.options.command import how, where
from reprlab.cli.options.pieces import check_counts
from reprlab.errors import ReprlabError


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """Folders of rows and of results, and the size of a batch."""

    data_dir: Annotated[
        Path | None, where(help="Folder of benchmark rows. Default: they come from the hub.")
    ] = None
    cache: Annotated[
        Path | None, where(help="Folder of captures and answers. Default: $REPRLAB_CACHE, else ./cache.")
    ] = None
    batch_tokens: Annotated[int, how(help="Most tokens in a batch, padding included; 1 or more.")] = 2048

    def __post_init__(self) -> None:
        check_counts(batch_tokens=self.batch_tokens)
        if self.data_dir is not None and not self.data_dir.is_dir():
            raise ReprlabError(f"--data-dir '{self.data_dir}' is no folder")
