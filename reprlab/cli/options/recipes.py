"""How models are trained, and what is kept of a training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from reprlab.cli.options.command import how, writes
from reprlab.cli.options.outputs import check_files, check_target
from reprlab.files import csv_of, write_result


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """The recipe's numbers but for the rate, and files in addition to the table."""

    epochs: Annotated[int, how(help="Passes over the training rows; 1 or more.")] = 3
    batch: Annotated[int, how(help="Rows in a training step; 1 or more.")] = 32
    seed: Annotated[int, how(help="Seed of new weights, of the order of rows and of dropout.")] = 42
    curves: Annotated[Path | None, writes(help="A .csv file for the learning curve of every run.")] = None
    checkpoints: Annotated[
        Path | None, writes(help="A folder for the weights of every run, as safetensors.")
    ] = None

    @property
    def curve_files(self) -> list[Path]:
        return [] if self.curves is None else [self.curves]

    def check(self) -> None:
        """Refuse files that cannot be written."""
        check_files("--curves", self.curve_files, (".csv",))
        if self.checkpoints is not None:
            check_target("--checkpoints", self.checkpoints, folder=True)

    def write_curves(self, frame: Any) -> None:
        """Write the learning curves, where a file is named for them."""
        if self.curves is not None:
            write_result(self.curves, {".csv": lambda: csv_of(frame)}, "learning curves")
