"""Recipes of training: passes, batch, rate and seed. No library for training is needed to check one."""

from __future__ import annotations

from dataclasses import dataclass

from reprlab.arguments import integer, number
from reprlab.counts import counted
from reprlab.errors import ReprlabError

_FASTEST = 1e30  # rates that a float32 can hold, many times over
MICRO_BATCH = 8  # rows of a step in memory together, at most
UNFROZEN_RATE, FROZEN_RATE = 2e-5, 3e-2


@dataclass(frozen=True)
class Recipe:
    """How a module is trained: AdamW without weight decay, a rate that falls linearly to 0, norms cut to 1.

    `epochs` passes over the rows in an order that `seed` draws, `batch` rows a step, `rate` at the first one.
    """

    epochs: int = 3
    batch: int = 32
    rate: float = 2e-5
    seed: int = 42

    def __post_init__(self) -> None:
        for name in ("epochs", "batch", "seed"):
            integer(name, getattr(self, name))
        number("rate", self.rate)
        for option, value in (("--epochs", self.epochs), ("--batch", self.batch)):
            if value < 1:
                raise ReprlabError(f"{option} {value}: give 1 or more")
        if not 0 < self.rate <= _FASTEST:
            raise ReprlabError(f"--rate {self.rate}: give a number above 0, at most {_FASTEST:g}")
        if not 0 <= self.seed < 2**32:
            raise ReprlabError(f"--seed {self.seed}: give 0 or more, below 2^32")

    def __str__(self) -> str:
        """
        >>> print(Recipe())
        3 epochs, batch 32, rate 2e-05, seed 42
        """
        return f"{counted(self.epochs, 'epoch')}, batch {self.batch}, rate {self.rate:g}, seed {self.seed}"


RECIPE = Recipe(epochs=1, batch=64, rate=5e-5, seed=42)  # of fine-tuning


def recipe_of(
    mode: str, epochs: int = 3, batch: int = 32, rate: float | None = None, seed: int = 42
) -> Recipe:
    """The standard recipe of a mode, or one that differs from it.

    >>> print(recipe_of("frozen"))
    3 epochs, batch 32, rate 0.03, seed 42
    """
    usual = UNFROZEN_RATE if mode == "unfrozen" else FROZEN_RATE
    return Recipe(epochs, batch, usual if rate is None else rate, seed)


def micro_batch_of(recipe: Recipe, asked: int | None) -> int:
    """How many rows of a batch are in memory together: as asked for, else up to 8.

    >>> micro_batch_of(Recipe(batch=64), None), micro_batch_of(Recipe(batch=20), None)
    (8, 5)
    """
    if asked is None:
        return max(size for size in range(1, MICRO_BATCH + 1) if recipe.batch % size == 0)
    if asked < 1 or recipe.batch % asked:
        raise ReprlabError(f"--micro-batch {asked}: give a divisor of --batch {recipe.batch}")
    return asked
