"""The eight questions, the paper's answers, and the rules by which they are decided: words only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """A question, the paper's answer, the figure that shows it, and its rule in plain sentences."""

    words: str
    paper: str
    figure: str
    rule: str


COMMON: tuple[str, ...] = (
    "A verdict speaks of this model and these benchmarks, no more. The number of documents is fixed before "
    "the run, the rules before the numbers.",
    "The score u of a document is in [0, 1]: where a choice is made, the probability of the right one; "
    "where an answer is written, 1 - min(nll a token, ln V) / ln V. Of GSM8K's solutions only the results "
    "behind = count.",
    "A schedule retains R = (score - floor) / (score of the full model - floor): 0 is guessing, 1 the full "
    "model. A benchmark counts where the full model is at least 5 standard errors above the floor and its "
    "documents are 20 units or more. One benchmark may decide alone; then it is named. Accuracy and "
    "perplexity are shown beside u and decide nothing.",
    "M = T - 2s - 1 of T layers are the middle of start s. The window W are the starts of the sweep with 3 "
    "<= M <= T/2. A(variant) is the median over benchmarks of the mean of R over W. What is said of curves "
    "needs three starts in W. Where a difference has, of the starts of W, one whose own interval is above 0 "
    "and one whose own is below 0, the answer is that it depends on M.",
    "Intervals are 95 % of 10,000 draws of documents, the same draws for every schedule, numerator and "
    "denominator together. Rows of one template or sentence pair are drawn together. Random orders are "
    "drawn beside the documents, unless they are all that there are; equal orders count once, the model's "
    "own order not at all. Of the benchmarks that count, a statistic takes those on which all that it "
    "compares was swept.",
    "A difference D is supported where its interval is above 0 and D is at least the margin, 0.05; "
    "contradicted where its interval ends below the margin; else not decidable. Then the smallest "
    "difference that would have been seen is told, D less the low end, and the documents that it would "
    "take: n (that / max(|D|, margin))^2 or, where a difference of the margin would have been seen, n "
    "((high end - D) / (margin - D))^2, to leave the margin out. No difference found contradicts nothing. "
    "Where a rule names a level instead, the interval has to lie on one side of it, without a margin.",
    "Of several differences together: contradicted if one is, else dependent on M if one is, supported if "
    "all are, else not decidable.",
    "A verdict is its headline's answer; where the headline is supported and a part is not, it is: in part. "
    "Headlines are held to Holm's correction at .05 over all eight, with p = 2 (1 + draws not above 0) / (1 "
    "+ draws), of several together the largest; one that is supported by itself and not then is not "
    "decidable. Contradictions stay.",
    "Every verdict is also reached with a margin of .02 and of .10, with W one start wider and one narrower "
    "at its large-M end, and with accuracy in place of u. It is fragile if one of them gives another "
    "answer.",
)

QUESTIONS: Mapping[int, Question] = {
    1: Question(
        "Do layers use the same representation space?",
        "Yes for the middle layers; the first few and the last one or two differ.",
        "fig03",
        "The middle is the largest group of depths by cosine without sinks. Headline: the mean cosine "
        "between its depths, less the mean between them and all depths outside (depth 0 too), is a "
        "difference above 0 under draws of documents; and the mean cosine between its depths is above the "
        "97.5 % point of the same mean of a null, in which each layer's update keeps its norm and is taken "
        "from another token. b: every boundary of the groups is within one depth in 80 % of resamples, and "
        "the largest group holds the depth halfway. c: the rank correlation over layers of similarity to "
        "the middle (mean cosine of a layer's output to the middle's other depths) with the damage of "
        "skipping that layer alone, 1 - R, is negative with p <= .05 over all circular shifts; it takes all "
        "layers, and at least 20.",
    ),
    2: Question(
        "Are all the layers necessary?",
        "No: a few middle layers can go.",
        "fig04",
        "Headline: R of skip at the smallest M of 3 or more is above .5 (median over benchmarks). The "
        "middle for the parts is the widest of W. b: half of its layers cost less than .1 each when skipped "
        "alone: the lower median of 1 - R over its layers is below .1. c: the first and the last layer each "
        "cost more than the costliest of the middle, two differences.",
    ),
    3: Question(
        "Are the middle layers all doing the same thing?",
        "No: repeating one of them is the worst of all variants.",
        "fig05",
        "Headline: A(skip) less A(middle repeat). b: each of reverse, random, parallel, looped parallel and "
        "skip less middle repeat.",
    ),
    4: Question(
        "Does the order of the layers matter?",
        "Somewhat: both orders are worse than the full model and better than skip; random is better than "
        "reverse.",
        "fig07",
        "Headline, four differences: full less reverse, full less random, reverse less skip, random less "
        "skip. b: A(random) less A(reverse). c: among random orders of the same start, R rises with "
        "Kendall's tau of the order to the model's own: the slope within starts, a difference of R for one "
        "unit of tau, over starts of W with three different orders or more, two such starts at least; of "
        "the n orders of a start, n - 1 are drawn beside the documents; and R shuffled among the orders of "
        "each start has as large a slope in 5 % of shuffles at most.",
    ),
    5: Question(
        "Can the middle layers run in parallel?",
        "Yes, except on mathematics: better than skip, worse than reverse.",
        "fig08",
        "Headline: A(parallel) less A(skip), and at the M nearest T/6 (of two the larger, 3 at least) R of "
        "parallel above .5 on every benchmark that is not mathematics. b: the median R of the other "
        "benchmarks less that of mathematics (GSM8K, built-in arithmetic), under parallel, over W. c: "
        "A(reverse) less A(parallel).",
    ),
    6: Question(
        "Does the order matter more for some tasks than for others?",
        "Yes: reasoning (ARC, GSM8K) falls fastest, semantic tasks (HellaSwag, WinoGrande) slowest.",
        "semantic_reasoning",
        "The drop 1 - R of a benchmark is averaged over W; of a class it is the median over its benchmarks, "
        "two at least, averaged over reverse, random and parallel. Headline: the drop of reasoning less "
        "that of semantic tasks is a difference above 0, and so is, without a margin, the same of logits of "
        "u (clipped to [.001, .999], full less variant, documents averaged); contradicted if the first is "
        "and logits are not clearly the other way. b: that difference of drops less the same difference "
        "under skip: if it is no larger, reasoning is fragile, and not to order.",
    ),
    7: Question(
        "Does looping help parallel layers?",
        "Yes; the best number of iterations is proportional to the number of parallel layers.",
        "fig09",
        "Headline: A(looped parallel, 3 times) less A(parallel). b: the count k*(M) with the best median R; "
        "M = 1 and M >= T - 3 are not used, nor an M whose best R is below .1, whose interval of k* is "
        "wider than half of the counts, or whose k* is the largest count. Of five M or more the slope of ln "
        "k* on ln M: above 0 it grows, and where the interval holds 1 it grows in proportion, which is "
        "supported; above 0 without 1 is in part; an interval below 1 that reaches 0 is contradicted. Fig. "
        "10 shows them.",
    ),
    8: Question(
        "Which variants are least harmful?",
        "Looped parallel and random order; repeating a middle layer is the most harmful.",
        "fig11",
        "All fifteen differences of A between skip, middle repeat, reverse, random, parallel and looped "
        "parallel have simultaneous 95 % intervals (D +- c se, c from the draws' largest |D* - D| / se). "
        "The rank of a variant is between 1 + those surely better and 6 - those surely worse. Headline: "
        "middle repeat is surely last, looped parallel and random are surely within the first two. "
        "Contradicted if one of the pairs that this orders is surely the other way round; dependent on M if "
        "one is so at some starts of W and surely as said at others, each with its own simultaneous "
        "intervals.",
    ),
}
RULES: Mapping[int, str] = {number: question.rule for number, question in QUESTIONS.items()}
