"""Claims: the paper's statements as sentences that can be judged, and the phrases for measured numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MARGIN = 0.05  # the smallest difference that counts
WHOLE = "whole"  # the paper's answer as one claim; "h", "b" and "c" are its parts


@dataclass(frozen=True)
class Phrase:
    """The phrase for a statistic: `text` around its amount, `more` where it is 0 or above, else `less`.

    `text` has `{amount}` and may have `{scope}`; `more` and `less` have `{}` for the number without its sign.
    `bar` is what the claim needs of a statistic that is held against a level.
    """

    text: str
    more: str = "{} more"
    less: str = "{} less"
    bar: str = ""


CLAIMS: Mapping[int, Mapping[str, str]] = {
    1: {
        WHOLE: "The middle layers share one representation space, which the first and last do not use; "
        "closeness to it tells which layers matter.",
        "h": "The middle layers are more alike to each other than to the first and last ones, and more than "
        "in a control.",
        "b": "The groups of layers are stable, and the largest of them lies in the middle.",
        "c": "The more a layer resembles the middle, the less damage it does to skip that layer.",
    },
    2: {
        WHOLE: "A few middle layers can be left out, but not the first layer or the last.",
        "h": "Without a few middle layers, the model retains more than half of its score.",
        "b": "At least half of the middle layers cost less than 0.1 each when skipped one at a time.",
        "c": "Skipping the first layer costs more than skipping any middle one, and so does skipping the "
        "last.",
    },
    3: {
        WHOLE: "Middle layers do different things: to repeat one of them in place of all is the worst "
        "change.",
        "h": "Repeating one middle layer in place of all costs more than leaving them all out.",
        "b": "Repeating one middle layer in place of all costs more than any of the five other changes.",
    },
    4: {
        WHOLE: "A changed order costs something, but less than leaving the layers out; the nearer to the "
        "trained order, the better.",
        "h": "Reverse and random order each cost something, and each cost less than leaving the layers out.",
        "b": "Random order costs less than reverse order.",
        "c": "Among random orders, those nearer to the trained order retain more.",
    },
    5: {
        WHOLE: "Middle layers can run in parallel except on mathematics: leaving them out costs more, "
        "reversing them less.",
        "h": "Run in parallel, middle layers retain more than if left out, and over half where there is no "
        "mathematics.",
        "b": "Running the middle layers in parallel costs more on mathematics than on other benchmarks.",
        "c": "Reversing the middle layers costs less than running them in parallel.",
    },
    6: {
        WHOLE: "The order of the layers matters more for reasoning than for semantic tasks.",
        "h": "A changed order costs more on reasoning than on semantic tasks.",
        "b": "A changed order sets reasoning apart from semantic tasks more than leaving the layers out "
        "does.",
    },
    7: {
        WHOLE: "Looping parallel layers helps, and the best number of iterations grows in proportion to "
        "the layers.",
        "h": "Parallel layers that are looped three times retain more than parallel layers that run once.",
        "b": "The best number of iterations grows in proportion to the number of parallel layers.",
    },
    8: {
        WHOLE: "Looped parallel and random order do least harm, and repeating a middle layer does most.",
        "h": "Looped parallel and random order are the two least harmful changes, and repeating a middle "
        "layer is the worst.",
    },
}

_CLAIMS_2: Mapping[int, Mapping[str, str]] = {  # of version 2 of the rules, where they differ
    1: {
        **CLAIMS[1],
        "h": "The middle layers are more alike to each other than to the first and last ones, and more than "
        "in two controls.",
        "d": "The same holds without the direction that all tokens share, and by centred kernel alignment.",
    },
    3: {
        WHOLE: "Middle layers do different things: to repeat one of them is the worst change, also with "
        "updates of matched size.",
        "h": "With updates of matched size, repeating one middle layer costs more than leaving them all out.",
        "b": CLAIMS[3]["b"],
        "c": "With updates of matched size, repeating one middle layer costs more than the other controls.",
    },
}
CLAIMED: Mapping[int, Mapping[int, Mapping[str, str]]] = {1: CLAIMS, 2: {**CLAIMS, **_CLAIMS_2}}  # by version


def _both(variant: str, words: str) -> dict[str, tuple[str, str]]:
    return {variant: (words, words)}


SIDES: Mapping[str, tuple[str, str]] = {  # a variant as the first and as the second side of a difference
    "full": ("as trained", "as trained"),
    "skip": ("without the middle layers", "without the middle layers"),
    "middle_repeat": ("with one middle layer repeated in place of all", "with one middle layer repeated"),
    "reverse": ("in reverse order", "in reverse order"),
    "random": ("in random order", "in random order"),
    "parallel": ("in parallel", "in parallel"),
    "looped_parallel": ("in parallel and looped three times", "in parallel and looped three times"),
    "repeat_matched": (
        "with one middle layer repeated in place of all at the full model's size of update",
        "with one middle layer repeated at that size",
    ),
    **_both("reverse_matched", "in reverse order at the full model's size of update"),
    **_both("parallel_matched", "in parallel at the full model's size of update"),
    **_both("random_direction", "with a random direction of the full model's size of update"),
    **_both("mean_ablation", "with the middle layers' update replaced by its mean"),
}
_REPEATED = {"middle_repeat", "repeat_matched"}  # the claims are on what repeating costs
PHRASES: Mapping[str, Phrase] = {  # by label; differences of two variants have a phrase of `SIDES`, too
    "inside - outside": Phrase(
        "the mean cosine between {scope} is {amount} than between these and the other depths",
        *("{} higher", "{} lower"),
    ),
    "inside - control": Phrase(
        "the mean cosine between {scope} is {amount} than in the control, whose updates come from other "
        "tokens",
        *("{} higher", "{} lower"),
    ),
    "inside - residual": Phrase(
        "the mean cosine between {scope} is {amount} than in the residual control",
        *("{} higher", "{} lower"),
    ),
    "inside - shuffled": Phrase(
        "the mean cosine between {scope} is {amount} than between tokens that do not belong together",
        *("{} higher", "{} lower"),
    ),
    "centred inside - outside": Phrase(
        "centred, the mean cosine between {scope} is {amount} than between these and the other depths",
        *("{} higher", "{} lower"),
    ),
    "centred inside - residual": Phrase(
        "centred, the mean cosine between {scope} is {amount} than in the residual control",
        *("{} higher", "{} lower"),
    ),
    "cka inside - outside": Phrase(
        "the mean debiased CKA between {scope} is {amount} than between these and the other depths",
        *("{} higher", "{} lower"),
    ),
    "cka inside - residual": Phrase(
        "the mean debiased CKA between {scope} is {amount} than in the residual control",
        *("{} higher", "{} lower"),
    ),
    "stability": Phrase(
        "the least stable boundary stays within one depth in {amount} of the resamples", "{:.0%}", "{:.0%}"
    ),
    "similarity ~ damage": Phrase(
        "similarity to the middle and the damage of skipping have {amount}",
        *("a positive rank correlation of {}", "a negative rank correlation of {}"),
    ),
    "similarity ~ damage, inner": Phrase(
        "without {scope}, similarity to the middle and the damage of skipping have {amount}",
        *("a positive rank correlation of {}", "a negative rank correlation of {}"),
    ),
    "smallest skip": Phrase(
        "without {scope}, the model retains {amount}",
        *("{}", "{} below the best baseline", "the claim needs more than 0.5"),
    ),
    "median cost": Phrase(
        "of {scope}, skipped one at a time, the median one brings {amount}",
        *("a loss of {}", "a gain of {}", "the claim needs a loss below 0.1"),
    ),
    "first - costliest": Phrase(
        "skipping the first layer costs {amount} than skipping the costliest of {scope}"
    ),
    "last - costliest": Phrase(
        "skipping the last layer costs {amount} than skipping the costliest of {scope}"
    ),
    "slope on tau": Phrase(
        "from an unrelated order (Kendall's tau 0) to the trained one (tau 1), the model retains {amount}"
    ),
    "parallel": Phrase(
        "with {scope}, the model retains {amount}",
        *("{}", "{} below the best baseline", "the claim needs more than 0.5"),
    ),
    "looped_parallel - parallel": Phrase(
        "looped three times, parallel layers retain {amount} than when they run once"
    ),
    "others - mathematics": Phrase(
        "in parallel, the model retains {amount} of other benchmarks than of mathematics"
    ),
    "reasoning - semantic": Phrase("under a changed order, reasoning loses {amount} than semantic tasks"),
    "reasoning - semantic, beyond skip": Phrase(
        "the gap between reasoning and semantic tasks is {amount} under a changed order than without the "
        "layers",
        *("{} larger", "{} smaller"),
    ),
    "slope of best count": Phrase(
        "on logarithmic scales, the best number of iterations over the number of layers has a slope of "
        "{amount}",
        *("{}", "minus {}", "the claim needs a slope of 1"),
    ),
}


def phrase(label: str) -> Phrase:
    """The phrase for the statistic of this label; one of two variants is `one - other`.

    >>> phrase("reverse - skip").text
    'in reverse order the model retains {amount} than without the middle layers'
    """
    if label in PHRASES:
        return PHRASES[label]
    one, _, other = label.partition(" - ")
    if other in _REPEATED:  # so the sentence begins with it
        text = f"{SIDES[other][0]}, the model retains {{amount}} than {SIDES[one][1]}"
        return Phrase(text, more="{} less", less="{} more")
    return Phrase(f"{SIDES[one][0]} the model retains {{amount}} than {SIDES[other][1]}")
