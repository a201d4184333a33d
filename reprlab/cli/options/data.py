"""Where rows come from, where captures and answers are kept, and how large a batch is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from reprlab.cli.options.command import how, where
from reprlab.cli.options.pieces import check_counts
from reprlab.errors import ReprlabError
from reprlab.sampled import SEED


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """Folders of rows and of results, and the size of a batch."""

    data_dir: Annotated[
        Path | None, where(help="Folder of benchmark rows. Default: they come from the hub.")
    ] = None
    cache: Annotated[
        Path | None, where(help="Folder of captures and answers. Default: $REPRLAB_CACHE, else ./cache.")
    ] = None
    first: Annotated[
        bool, how("--first", help="Take the first rows and texts, as lm-eval does, instead of a sample.")
    ] = False
    sample_seed: Annotated[
        int, how(help="Seed of the sample of rows and texts; a larger sample holds a smaller one; 0 or more.")
    ] = SEED
    batch_tokens: Annotated[int, how(help="Most tokens in a batch, padding included; 1 or more.")] = 2048

    def __post_init__(self) -> None:
        check_counts(batch_tokens=self.batch_tokens)
        if self.data_dir is not None and not self.data_dir.is_dir():
            raise ReprlabError(f"--data-dir '{self.data_dir}' is no folder")
        if self.sample_seed < 0:
            raise ReprlabError(f"--sample-seed {self.sample_seed}: give 0 or more")
        if self.first and self.sample_seed != SEED:
            raise ReprlabError("--first takes no sample, so --sample-seed means nothing: give one of them")

    @property
    def sample(self) -> int | None:
        """The seed of the sample, or None for the first rows."""
        return None if self.first else self.sample_seed
