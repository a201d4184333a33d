"""The measures as data: what each is called, ranges over and needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """A measure of likeness: in words, whether it is a distance, and what it needs.

    `wide`: whether a biased value is to be expected where samples are fewer than the width. `alike`: whether
    both depths need the same width.
    """

    words: str
    distance: bool = False
    wide: bool = False
    alike: bool = True
    states: bool = True


MEASURES = {
    "cosine": Measure("mean cosine over tokens", states=False),
    "cosine-centred": Measure("mean cosine, means removed"),
    "cosine-standardised": Measure("mean cosine, features standardised"),
    "cosine-components": Measure("mean cosine, without top components"),
    "cosine-sequence": Measure("cosine of whole documents", states=False),
    "angular": Measure("mean angle / pi", distance=True),
    "cka": Measure("linear CKA, debiased", alike=False),
    "cka-biased": Measure("linear CKA, biased", wide=True, alike=False),
    "rbf-cka": Measure("RBF CKA, debiased", alike=False),
    "procrustes": Measure("Procrustes angle (rad)", distance=True, wide=True, alike=False),
    "knn": Measure("mutual nearest neighbours", alike=False),
}
