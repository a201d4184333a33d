"""Paper: its statements on each figure, as data with the error of the reading.

Source: Sun, Pickett, Nain and Jones, "Transformer Layers as Painters", AAAI 2025, arXiv 2407.09298. Only what
its text states stands here; nothing is measured off a picture whose axis could be misread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Stated:
    """What the paper says on a figure: `words`, as they follow "Paper:", and numbers where it has some.

    `values` are by name; `error` is half of the range that the paper leaves, the same for all of them: 0 for
    a number that it states, None where it says "roughly" or has words only. `order` has the variants from the
    least harmful, those that the paper does not tell apart together.
    """

    words: str
    values: Mapping[str, float]
    error: float | None = None
    order: tuple[tuple[str, ...], ...] = ()

    def ends(self, name: str) -> tuple[float, float]:
        """The least and the most that a value can be.

        >>> STATED["fig03"].ends("beginning"), STATED["fig13"].ends("share")
        ((2.0, 3.0), (0.3, 0.3))
        """
        error = self.error or 0.0
        return self.values[name] - error, self.values[name] + error


LAYERS: Mapping[str, int] = {
    "Llama2-7B": 32,
    "Llama2-13B": 40,
    "Llama2-70B": 80,
    "Mistral-7B": 32,
    "BERT-Large": 24,
}
GROUPS_13B: tuple[tuple[float, float], ...] = (
    (1, 1),
    (3, 3),
    (34, 35),
    (1, 2),
)  # least and most layers of each

STATED: Mapping[str, Stated] = {
    "fig02": Stated("the first and last few layers are indispensable", {}),
    "fig03": Stated(
        "two to three layers begin, one or two end, the middle shares a space",
        {"beginning": 2.5, "ending": 1.5},
        0.5,
    ),
    "fig04": Stated("a few middle layers can be left out at little cost", {}),
    "fig05": Stated("repeating one layer is the worst, worse than skip", {"sign": -1}, 0),
    "fig06": Stated("reverse is better than skip", {"sign": 1}, 0),
    "fig07": Stated("random order is better than reverse", {"sign": 1}, 0),
    "fig08": Stated("parallel is better than skip, and worse than reverse", {"sign": 1}, 0),
    "fig09": Stated("looped parallel is better than parallel", {"sign": 1}, 0),
    "fig10": Stated("the best number is roughly proportional to M, a slope of 1", {"slope": 1}),
    "fig11": Stated(
        "looped parallel and random first, then reverse, parallel, skip, middle repeat",
        {},
        order=(
            ("looped_parallel", "random"),
            ("reverse",),
            ("parallel",),
            ("skip",),
            ("middle_repeat",),
        ),
    ),
    "fig12": Stated("models of all sizes lose alike", {"apart": 0}),
    "fig13": Stated("fine-tuning helps below 30 % left out, and hurts above", {"share": 0.3}, 0),
    "fig14": Stated("the ending stays one layer", {"ending": 1}, 0),
    "fig15": Stated("under middle repeat, variance explodes at the last two layers", {"last": 2}, 0),
    "fig16": Stated("the set-up is right, the arithmetic is wrong", {}),
    "fig17": Stated("two runs cost a little, three more", {}),
    "frontier": Stated(
        "with s = 8 of 32 layers parallel takes about half the time", {"start": 8 / 32, "time": 0.5}
    ),
    "semantic_reasoning": Stated("reasoning loses more than semantic tasks", {"sign": 1}, 0),
}


def beside_paper(figure: str, here: str) -> str:
    """What the paper says on a figure and what was found here, as a sentence.

    >>> beside_paper("fig14", "it is two layers")
    'Paper: the ending stays one layer; here: it is two layers.'
    """
    words = here.removesuffix(".")
    told = words if words[:2] == "R " else f"{words[:1].lower()}{words[1:]}"
    return f"Paper: {STATED[figure].words}; here: {told}."


def stated_rank(variant: str) -> str:
    """The rank of a variant in the paper's order, 1 the least harmful.

    >>> stated_rank("random"), stated_rank("skip")
    ('1 or 2', '5')
    """
    before = 0
    for together in STATED["fig11"].order:
        ranks = range(before + 1, before + len(together) + 1)
        if variant in together:
            return " or ".join(map(str, ranks))
        before += len(together)
    return "none"
