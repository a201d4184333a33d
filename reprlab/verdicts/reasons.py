"""Reasons: why an answer is what it is, and what would change it."""

from __future__ import annotations

from collections.abc import Mapping

REASONS: Mapping[str, str] = {  # {detail}: what a finding adds; {documents}: how many would decide it
    "clear": "The whole interval is on the claim's side",
    "ruled out": "The interval rules out what the claim needs",
    "sign flips": "The sign depends on the number of middle layers: {detail}",
    "interval too wide": "The interval allows the claim and its opposite. {documents}",
    "below the margin": "Whether it reaches 0.05, the least difference that counts, is open. {documents}",
    "not every part": "The headline holds, but not every part does",
    "not sure among eight": "It holds by itself, but not as one of eight claims judged at once (Holm, "
    "{detail}). More documents would decide it",
    "not finite": "A number that it takes is NaN or infinite: the states or the scores of the model are",
    "not measured": "It needs {detail}; that was not run",
    "no draws": "It needs draws of documents; none were kept of {detail}",
    "too few starts": "It needs three sizes of the middle from 3 layers to half of the model; {detail}",
    "too few benchmarks": "It needs two benchmarks of each class on which the full model is clearly "
    "above chance; {detail}",
    "benchmarks at chance": "It needs a benchmark on which the full model is 5 standard errors above "
    "chance; it is not on {detail}",
    "too few documents": "It needs more documents that are independent; {detail}",
    "too few layers": "It needs {detail}",
    "too few orders": "It needs three different random orders at two starts or more; {detail}",
    "too few counts": "It needs five sizes of the middle whose best number of iterations is known; {detail}",
    "no groups": "The depths are one group ({detail}); the claim needs several",
    "boundaries move": "A boundary moves by more than one depth in over a fifth of the resamples. More "
    "documents would decide it",
    "not in the middle": "The largest group does not hold the depth halfway through the model",
    "as by chance": "Profiles that have nothing to do with each other correlate as strongly ({detail}), so "
    "chance may explain it",
    "orders by chance": "Shuffled among the orders, the scores often have as steep a slope ({detail}). "
    "More random orders would decide it",
    "opposite": "The relation is surely the other way round",
    "scales disagree": "Retained scores say one thing and logits the opposite; no number of documents "
    "decides that",
    "margin ruled out": "The interval ends below the least difference that counts, but the opposite is not "
    "shown",
    "benchmarks disagree": "The benchmarks differ by more than chance: {detail}",
    "not sure among all": "It is sure by itself, but not as one of all the findings judged at once (Holm, "
    "{detail}). More documents would decide it",
    "growth open": "Growth in proportion is ruled out, and whether it grows at all is open. More documents "
    "would decide it",
    "not in proportion": "It grows, but not in proportion: the interval does not hold 1",
}
