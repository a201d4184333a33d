"""The eight questions, the paper's answers, and the rules by which they are decided: words only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """A question, the paper's answer, the figure that shows it, and its rule in plain sentences."""

    question: str
    paper: str
    figure: str
    rule: str


COMMON: tuple[str, ...] = (
    "A verdict is about this model and these benchmarks only. The number of documents is fixed before the "
    "run, and the rules were fixed before the first numbers.",
    "The score u of a document lies in [0, 1]. Where a choice is made, it is the probability of the right "
    "choice. Where an answer is written, it is 1 - min(nll per token, ln V) / ln V. In GSM8K's solutions "
    "only the results after = count.",
    "R is the share of the score that a changed model retains: R = (score - floor) / (score of the full "
    "model - floor). It is 0 at chance level and 1 at the level of the full model. A benchmark counts if "
    "the full model is at least 5 standard errors above the floor and its documents are 20 units or more. "
    "One benchmark may decide alone; then it is named. Accuracy and perplexity are shown in addition to u "
    "and decide nothing.",
    "A start s leaves layers 0 to s and the last s layers as they are. The M = T - 2s - 1 layers in "
    "between, of T, are the middle. The comparison range W holds the starts of the sweep with 3 <= M <= "
    "T/2. A(variant) is the median over benchmarks of the mean R over W. A claim about curves needs three "
    "starts in W. If a difference is above 0 at one start of W and below 0 at another, each by its own "
    "interval, the answer is that it depends on M.",
    "Intervals hold 95 % of 10,000 draws of documents. The draws are the same for every schedule, and for "
    "numerator and denominator. Rows of one template or sentence pair are drawn together. Random orders "
    "are resampled with the documents, unless every possible order was run. Equal orders count once, and "
    "the model's own order does not count. A statistic uses the benchmarks on which everything that it "
    "compares was swept.",
    "A difference D is supported if its interval is above 0 and D is at least the margin, 0.05. It is "
    "contradicted if its interval ends below the margin. Otherwise it is not decidable, and the report "
    "says how many documents would decide it. That is n (h / max(|D|, margin))^2 of n documents, where h "
    "is D - the low end. Where a difference of the margin would have been seen, it is n ((high end - D) / "
    "(margin - D))^2, which rules out the margin. Failing to find a difference is never counted as a "
    "contradiction. Where a rule names a level instead, the interval has to lie on one side of it, without "
    "a margin.",
    "Several differences together are contradicted if one of them is. Otherwise they depend on M if one of "
    "them does, are supported if all are, and else are not decidable.",
    "A verdict has its headline's answer. If the headline is supported and a part is not, the claim is "
    "supported in part. Headlines are held to Holm's correction at .05 over all eight, with p = 2 (1 + "
    "draws not above 0) / (1 + draws); of several differences the largest p counts. A headline that is "
    "supported by itself but not after the correction is not decidable. Contradictions stay.",
    "Every verdict is reached again with a margin of 0.02 and of 0.10, with one start more and one start "
    "fewer in W (at its large-M end), and with accuracy instead of u. It is fragile if one of these gives "
    "another answer.",
)

QUESTIONS: Mapping[int, Question] = {
    1: Question(
        "Do layers use the same representation space?",
        "Yes for the middle layers; the first few and the last one or two differ.",
        "fig03",
        "The middle is the largest group of depths by cosine without sinks. Headline, two parts: the mean "
        "cosine between its depths, minus the mean between them and all other depths (depth 0 too), is a "
        "difference above 0 under draws of documents. And the mean cosine between its depths is above the "
        "97.5 % point of a control, in which each layer's update keeps its norm and comes from another "
        "token. b: every boundary of the groups is within one depth in 80 % of resamples, and the largest "
        "group holds the depth halfway. c: two profiles over layers are rank-correlated. One is similarity "
        "to the middle, the mean cosine of a layer's output to the middle's other depths. The other is "
        "damage, 1 - R of skipping that layer alone. The correlation has to be negative with p <= .05 over "
        "all circular shifts. It takes all layers, and at least 20.",
    ),
    2: Question(
        "Are all the layers necessary?",
        "No: a few middle layers can go.",
        "fig04",
        "Headline: R of skip at the smallest M of 3 or more is above 0.5 (median over benchmarks). For the "
        "parts the middle is the widest of W. b: half of its layers cost less than 0.1 each when skipped "
        "alone: the lower median of 1 - R over its layers is below 0.1. c: the first and the last layer "
        "each cost more than the costliest of the middle; these are two differences.",
    ),
    3: Question(
        "Are the middle layers all doing the same thing?",
        "No: repeating one of them is the worst of all variants.",
        "fig05",
        "Headline: A(skip) - A(middle repeat). b: five differences, A of reverse, random, parallel, looped "
        "parallel and skip, each - A(middle repeat).",
    ),
    4: Question(
        "Does the order of the layers matter?",
        "Somewhat: random and reverse order are worse than the full model and better than skipping the "
        "layers; random is better than reverse.",
        "fig07",
        "Headline, four differences of A: full - reverse, full - random, reverse - skip, random - skip. b: "
        "A(random) - A(reverse). c: among random orders of the same start, R rises with Kendall's tau of "
        "the order to the model's own. The slope within starts is a difference of R for one unit of tau. "
        "It takes starts of W with three different orders or more, and at least two such starts. Of the n "
        "orders of a start, n - 1 are drawn together with the documents. R shuffled among the orders of "
        "each start may have as large a slope in 5 % of shuffles at most.",
    ),
    5: Question(
        "Can the middle layers run in parallel?",
        "Yes, except on mathematics: it is better than skipping the layers and worse than reversing them.",
        "fig08",
        "Headline: A(parallel) - A(skip). In addition, R of parallel is above 0.5 on every benchmark that "
        "is not mathematics, at the M nearest T/6 (of two the larger, 3 at least). b: under parallel, over "
        "W, the median R of the other benchmarks - that of mathematics (GSM8K, built-in arithmetic). c: "
        "A(reverse) - A(parallel).",
    ),
    6: Question(
        "Does the order matter more for some tasks than for others?",
        "Yes: reasoning (ARC, GSM8K) falls fastest, semantic tasks (HellaSwag, WinoGrande) slowest.",
        "semantic_reasoning",
        "The drop 1 - R of a benchmark is averaged over W. The drop of a class is the median over its "
        "benchmarks, at least two, averaged over reverse, random and parallel. Headline: the drop of "
        "reasoning - that of semantic tasks is a difference above 0. The same holds, without a margin, for "
        "logits of u (clipped to [.001, .999], full - variant, documents averaged). The headline is "
        "contradicted if the first is and logits do not surely say the opposite. b: that difference of "
        "drops - the same difference under skip. If it is no larger, reasoning is fragile to any change, "
        "not to order.",
    ),
    7: Question(
        "Does looping help parallel layers?",
        "Yes; the best number of iterations is proportional to the number of parallel layers.",
        "fig09",
        "Headline: A(looped parallel, 3 times) - A(parallel). b: k*(M) is the number of iterations with "
        "the best median R. M = 1 and M >= T - 3 are not used. Nor is an M whose best R is below 0.1, "
        "whose interval of k* is wider than half of the counts, or whose k* is the largest count. Over "
        "five M or more, the slope of ln k* on ln M decides. Above 0, k* grows; where the interval holds 1 "
        "it grows in proportion, which is supported. Above 0 without 1 is in part. An interval below 1 "
        "that reaches 0 is contradicted. Fig. 10 shows k*.",
    ),
    8: Question(
        "Which variants are least harmful?",
        "Looped parallel and random order; repeating a middle layer is the most harmful.",
        "fig11",
        "All fifteen differences of A between skip, middle repeat, reverse, random, parallel and looped "
        "parallel have simultaneous 95 % intervals (D +- c se, c from the draws' largest |D* - D| / se). "
        "The rank of a variant lies between 1 + those surely better and 6 - those surely worse. Headline: "
        "middle repeat is surely last, and looped parallel and random are surely within the first two. It "
        "is contradicted if one of the pairs that this orders is surely the other way round. It depends on "
        "M if a pair is so at some starts of W and surely as claimed at others, each with its own "
        "simultaneous intervals.",
    ),
}
RULES: Mapping[int, str] = {number: question.rule for number, question in QUESTIONS.items()}
