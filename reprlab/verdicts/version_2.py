"""Version 2 of the rules in words: what all questions share, each rule, and the reason of every change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reprlab.verdicts.decisions import FAMILY
from reprlab.verdicts.questions import COMMON, QUESTIONS, RULES


@dataclass(frozen=True)
class Change:
    """What version 2 of the rules does otherwise than version 1, and why; `questions` that it is about."""

    what: str
    why: str
    questions: tuple[int, ...] = tuple(QUESTIONS)


CHANGES_OF_RULES: tuple[Change, ...] = (
    Change(
        "0 of the scale is a measured floor. Version 1 took the larger of uniform and majority guessing.",
        "Always choosing the shortest ending scores above both of these on HellaSwag, and so do schedules "
        "that destroy the model. A majority that is counted on the rows it is valued on is too high.",
    ),
    Change(
        "The score u of a choice is on the scale of acc_norm, log-likelihood a character, where the task "
        "defines acc_norm. Version 1 took the share of the whole log-likelihood. New sweeps have the new u "
        "under both versions.",
        "By the whole log-likelihood the first choice is another than acc_norm's, short endings are "
        "preferred, and few documents are unsaturated.",
    ),
    Change(
        "A mean over random orders has the t interval over its orders, crossed with the bootstrap over "
        "documents. Version 1 was written with orders that are drawn again; new reports have the t interval "
        "under both versions.",
        "Of three orders drawn again an interval holds the truth in 62 to 76 % of simulated samples.",
    ),
    Change(
        "Benchmarks are pooled with fixed weights. Version 1 took their median.",
        "The median of two benchmarks gives a noisy one the weight of a sharp one, so that the noise of one "
        "decided. The median stays on the page as a number.",
    ),
    Change(
        "Where benchmarks disagree on a sign, the answer is that it depends on the benchmark.",
        "One number over benchmarks hides that two of them say the opposite.",
    ),
    Change(
        "A claim is contradicted only if the interval lies on the other side of 0. An interval that ends "
        "below the margin, but not there, is short of the margin. Version 1 called both contradicted.",
        "An advantage of 0.03 with the interval from 0.02 to 0.04 is no contradiction of an advantage. "
        "Version 1 said that failing to find a difference contradicts nothing, and then listed an interval "
        "that holds 0 as contradicted.",
    ),
    Change(
        f"Holm's correction is over all {len(FAMILY)} findings, headlines and parts, whichever way they are "
        "decided. Version 1 corrected support of the eight headlines only.",
        "Of four differences that are exactly the margin, version 1 calls one contradicted in 10 % of "
        "simulated samples, and of five in 12 %.",
    ),
    Change(
        "A level takes the margin, too: a number has to be beyond it by 0.05.",
        "Version 1 held a level without a margin, so that its comparison with a control could not be "
        "fragile.",
        (1, 2, 5),
    ),
    Change(
        "The middle has to be above two controls, and by two more measures: the cosine without the mean that "
        "all tokens share, and debiased CKA.",
        "Half of the cosine inside the middle is one direction that all tokens share, and tokens that do not "
        "belong together have it as well.",
        (1,),
    ),
    Change(
        "Similarity and damage are correlated without the first two layers and the last two as well.",
        "The end layers alone, which are far from the middle and costly, make a correlation.",
        (1,),
    ),
    Change(
        "The end layers are compared with every middle layer at once. Version 1 took the costliest one seen.",
        "The costliest of several noisy layers is partly luck, which counted against the claim.",
        (2,),
    ),
    Change(
        "Repeating has to be worst at the full model's size of update as well.",
        "A repeated layer adds the same update again and again, and overshoots. With its update at the full "
        "model's norm it may be no worse than skipping, so that the plain comparison shows overshoot.",
        (3,),
    ),
    Change(
        "Shuffled orders are asked for a slope on tau that falls as well as for one that rises.",
        "Version 1 asked them for support only.",
        (4,),
    ),
    Change(
        "The growth of the best number of iterations is contradicted only by a slope below 0. Fig. 10 and "
        "this rule have one interval, from the same 10,000 draws.",
        "An interval from -0.1 to 0.5 rules out growth in proportion and leaves growth open. The same slope "
        "stood on the page with two intervals.",
        (7,),
    ),
    Change(
        "Every verdict is reached again with other floors: uniform guessing, that of version 1, and the "
        "level of the model's own ruins.",
        "Whether a benchmark counts at all depends on its floor, and no line of version 1 showed that.",
    ),
)

COMMON_2: tuple[str, ...] = (
    "A verdict is about this model and these benchmarks only. The number of documents is fixed before the "
    "run. Version 2 was written after version 1 had been applied to the first reports. Every change has its "
    "reason, and both versions stay on the page.",
    COMMON[1],
    "R is the share of the score that a changed model retains: R = (score - floor) / (score of the full "
    "model - floor). The floor is measured, on the rows used, by the best baseline without a model. R is 0 "
    "at the floor and 1 at the level of the full model, and it may be below 0. A benchmark counts if the "
    "full model is at least 5 standard errors above the floor and its documents are 20 units or more. One "
    "benchmark may decide alone; then it is named. Accuracy and perplexity are shown in addition to u and "
    "decide nothing.",
    "A start s leaves layers 0 to s and the last s layers as they are. The M = T - 2s - 1 layers in "
    "between, of T, are the middle. The comparison range W holds the starts of the sweep with 3 <= M <= "
    "T/2. A claim about curves needs three starts in W. If a difference is above 0 at one start of W and "
    "below 0 at another, each by its own interval, the answer is that it depends on M.",
    "A(variant) is the mean R over W, pooled over benchmarks. A benchmark's weight is the square of the "
    "full model's margin over the floor in standard errors, which is the inverse variance of R up to what "
    "schedules add. Weights are the same for every schedule and every draw. The benchmarks are a fixed set: "
    "the interval is about documents. The page shows the number on each benchmark, Cochran's Q and the "
    "median. If Q has p <= .05, and two benchmarks are surely on different sides of 0 (or of the level), "
    "the answer is that it depends on the benchmark.",
    "Intervals hold 95 % of 10,000 draws of documents, spread as t is for their number. The draws are the "
    "same for every schedule, and for numerator and denominator. Rows of one template or sentence pair are "
    "drawn together. A mean over random orders has the t interval over its orders, crossed with the draws of "
    "documents, unless every possible order was run. Equal orders count once, and the model's own order does "
    "not count. A statistic uses the benchmarks on which everything that it compares was swept.",
    "A difference D is supported if its interval is above 0 and D is at least the margin, 0.05. It is "
    "contradicted if its interval is below 0. It is short of the margin if its interval ends below the "
    "margin and is not below 0. Otherwise it is not decidable, and the report says how many documents would "
    "decide it. Where a rule names a level, D is how far the number is beyond it.",
    "Several differences together are contradicted if one of them is. Otherwise they depend on the "
    "benchmark or on M if one of them does, are short of the margin if one is, are supported if all are, "
    "and else are not decidable. Support takes the largest p of all; the others take the smallest, times "
    "the number of differences.",
    "A verdict has its headline's answer. If the headline is supported and a part is not, the claim is "
    f"supported in part. All {len(FAMILY)} findings that have a p, headlines and parts, run or not, are held "
    "to Holm's correction at .05 together. For support, p = 2 (1 + draws not above 0) / (1 + draws); for a "
    "contradiction it is that of draws not below 0, for a short margin that of draws not below the margin, "
    "and for benchmarks that disagree it is that of Q. A finding that does not pass is not decidable.",
    "Every verdict is reached again with a margin of 0.02 and of 0.10, with one start more and one start "
    "fewer in W (at its large-M end), with accuracy instead of u, and with other floors: uniform guessing, "
    "the floor of version 1, and the mean score of the model without its first layer, its last or both, and "
    "with all layers shuffled. A floor that is not known has no line. A verdict is fragile if one of these "
    "gives another answer.",
)

_RULES_2: Mapping[int, str] = {
    1: "The middle is the largest group of depths by cosine without sinks. Headline, three differences by "
    "cosine without sinks. One is the mean between its depths, minus the mean between them and all other "
    "depths (depth 0 too). The others are the mean between its depths minus that in two controls: updates "
    "from other tokens at their own norm (residual), and tokens that do not belong together (shuffled). b: "
    "every boundary of the groups is within one depth in 80 % of resamples, and the largest group holds the "
    "depth halfway. b has no p. c: two profiles over layers are rank-correlated: similarity to the middle, "
    "and the damage of skipping that layer alone. The correlation has to be negative with p <= .05 over "
    "AR(1) surrogates, with all layers and without the first two and the last two. It takes all layers, and "
    "at least 20. d: four differences, by the centred cosine and by debiased CKA without sinks: inside "
    "minus outside, and inside minus the residual control.",
    2: "Headline: R of skip at the smallest M of 3 or more is above 0.5, by the margin. For the parts the "
    "middle is the widest of W. b: half of its layers cost less than 0.1 each when skipped alone: the lower "
    "median of 1 - R over its layers is below 0.1, by the margin. c: the first and the last layer each cost "
    "more than every layer of the middle; these are two differences from the costliest, whose ends are "
    "simultaneous over the layers, since the costliest one seen is partly luck. c has no number by "
    "benchmark.",
    3: "Headline: A(skip) - A(repeat at matched norm). There the update of the repeated block is scaled, "
    "token by token, to the norm of the full model's update. b: five differences, A of reverse, random, "
    "parallel, looped parallel and skip, each - A(middle repeat), whose norm is as it is. c: four "
    "differences, A of reverse and of parallel at matched norm, of a random direction of that norm and of "
    "mean ablation, each - A(repeat at matched norm).",
    4: "Headline, four differences of A: full - reverse, full - random, reverse - skip, random - skip. b: "
    "A(random) - A(reverse). c: among random orders of the same start, R rises with Kendall's tau of the "
    "order to the model's own. The slope within starts is a difference of R for one unit of tau. It takes "
    "starts of W with three different orders or more, and at least two such starts. Its interval is that of "
    "t over the residuals of the orders, crossed with the draws of documents. R shuffled among the orders of "
    "each start may have as large a slope, up or down, in 5 % of shuffles at most.",
    5: "Headline: A(parallel) - A(skip). In addition, R of parallel is above 0.5, by the margin, on every "
    "benchmark that is not mathematics, at the M nearest T/6 (of two the larger, 3 at least). b: under "
    "parallel, over W, the pooled R of the other benchmarks - that of mathematics (GSM8K, built-in "
    "arithmetic). c: A(reverse) - A(parallel).",
    6: "The drop 1 - R of a benchmark is averaged over W. The drop of a class is pooled over its "
    "benchmarks, at least two, and averaged over reverse, random and parallel. Headline: the drop of "
    "reasoning - that of semantic tasks is a difference above 0. The same holds, without a margin, for "
    "logits of u (clipped to [.001, .999], full - variant, documents averaged). The headline is "
    "contradicted if the first is and logits do not surely say the opposite. b: that difference of drops - "
    "the same difference under skip. If it is no larger, reasoning is fragile to any change, not to order.",
    7: "Headline: A(looped parallel, 3 times) - A(parallel). b: k*(M) is the number of iterations with the "
    "best median R. M = 1 and M >= T - 3 are not used. Nor is an M whose best R is below 0.1, whose "
    "interval of k* is wider than half of the counts, or whose k* is the largest count. Over five M or "
    "more, the slope of ln k* on ln M decides, with the interval that fig. 10 shows. Above 0, k* grows; "
    "where the interval holds 1 it grows in proportion, which is supported. Above 0 without 1 is in part. "
    "Below 0 is contradicted, and the rest is not decidable.",
    8: "All fifteen differences of A between skip, middle repeat, reverse, random, parallel and looped "
    "parallel have simultaneous 95 % intervals (D +- c se, c from the draws' largest |D* - D| / se). The "
    "rank of a variant lies between 1 + those surely better and 6 - those surely worse. Headline: middle "
    "repeat is surely last, and looped parallel and random are surely within the first two. It is "
    "contradicted if one of the pairs that this orders is surely the other way round. It depends on the "
    "benchmark if these disagree on a pair, and on M if a pair is so at some starts of W and surely as "
    "claimed at others, each with its own simultaneous intervals.",
}
RULES_BY_VERSION: Mapping[int, Mapping[int, str]] = {1: RULES, 2: _RULES_2}
COMMON_BY_VERSION: Mapping[int, tuple[str, ...]] = {1: COMMON, 2: COMMON_2}
