"""From answers to numbers: lm-evaluation-harness's own metrics, and the continuous score u."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_benchmarks import OFFICIAL, PRESETS, Own, answer, answered, items, opened, ready

from reprlab.benchmarks.metrics import choice_levels
from reprlab.statistics.aggregations import aggregate


def theirs(task: Any) -> dict[str, Any]:
    """lm-eval's metrics of the same answers: process_results, then its own aggregation."""
    for instance in task.instances:
        instance.resps = [answer(instance.args)]
    task.apply_filters()
    found: dict[str, list[Any]] = {}
    for place, doc in enumerate(task.eval_docs):
        group = [i for i in task.instances if i.doc_id == place]
        for kept in group[0].filtered_resps:
            metrics = task.process_results(doc, [i.filtered_resps[kept] for i in group])
            for metric, item in metrics.items():
                found.setdefault(metric if kept == "none" else f"{metric},{kept}", []).append(item)
    return {name: task.aggregation()[name.partition(",")[0]](given) for name, given in found.items()}


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", OFFICIAL)
def test_metrics_are_lm_evals(
    name: str, preset: str, folder: Path, reference: Callable[[str, int], Any]
) -> None:
    benchmark = ready(opened(name, folder, preset))
    values = benchmark.score(range(4), answered(benchmark))
    own = {c.name: aggregate(c.aggregation, items(benchmark, values, c.name)) for c in benchmark.columns}
    own.pop("u", None)
    assert own == pytest.approx(theirs(reference(name, benchmark.opened.shots)), rel=1e-12)


def test_the_metrics_are_all_that_each_task_defines(folder: Path) -> None:
    found = {n: [c.name for c in ready(opened(n, folder)).columns] for n in [*OFFICIAL, "gsm8k_nll"]}
    assert found == {
        "lambada": ["perplexity", "acc", "u"],
        "arc": ["acc", "acc_norm", "u"],
        "hellaswag": ["acc", "acc_norm", "u"],
        "winogrande": ["acc", "u"],
        "gsm8k": ["exact_match,strict-match", "exact_match,flexible-extract"],
        "gsm8k_nll": ["u", "u_all", "u_setup", "nll_all", "nll_result", "nll_setup"],
    }


@pytest.mark.parametrize("name", ["arc", "hellaswag", "winogrande"])
def test_u_of_a_choice_is_the_golds_share_on_the_scale_of_acc_norm(name: str, folder: Path) -> None:
    benchmark = ready(opened(name, folder))
    given = answered(benchmark)
    found = items(benchmark, benchmark.score(range(4), given), "u")[:, 0]
    for place, document in enumerate(benchmark.documents):
        likely = np.array([likely for likely, _ in given[place]])
        if name != "winogrande":  # the others define acc_norm
            choices = benchmark.opened.task.doc_to_choice(benchmark.opened.docs[place])
            sizes = np.array([len(choice) for choice in choices])
            likely = sizes.mean() * likely / sizes
        shares = np.exp(likely)
        assert found[place] == pytest.approx(shares[document.gold[0]] / shares.sum())


@pytest.mark.parametrize("name", ["arc", "hellaswag"])
def test_the_first_choice_of_u_is_that_of_lm_evals_acc_norm(name: str, folder: Path) -> None:
    """Over answers at random, of which many tie a character, exactly or but for the last bit."""
    benchmark, rng = ready(opened(name, folder)), np.random.default_rng(7)
    tied = 0
    for turn in range(400):
        document = benchmark.documents[place := turn % 4]
        sizes = np.array(document.lengths)
        likely = -rng.integers(1, 3, len(sizes)) * sizes / 3 if turn % 2 else -rng.uniform(1, 60, len(sizes))
        values = benchmark.score([place], [[(float(one), False) for one in likely]])
        level = choice_levels(likely, document.lengths)
        tied += np.count_nonzero(np.isclose(level, 0, atol=1e-9)) > 1
        assert level.max() == 0
        right = int(np.argmax(level)) in document.gold
        assert items(benchmark, values, "acc_norm")[0, 0] == right, likely
    assert tied > 100


def test_u_of_a_choice_does_not_underflow(folder: Path) -> None:
    benchmark = ready(opened("winogrande", folder))
    values = benchmark.score([0], [[(-90_000.0, False), (-90_001.0, False)]])
    assert items(benchmark, values, "u")[0, 0] == pytest.approx(1 - 1 / (1 + math.exp(-1)))


@pytest.mark.parametrize("nll_a_token", [0.0, 0.25, 3.0, math.log(260), 50.0])
def test_u_of_a_text_is_what_it_saves_of_the_vocabularys_nats(nll_a_token: float, folder: Path) -> None:
    benchmark, top = ready(opened("lambada", folder)), math.log(260)
    tokens = len(benchmark.documents[0].requests[0].scored)
    values = benchmark.score([0], [[(-nll_a_token * tokens, True)]])
    assert items(benchmark, values, "u")[0, 0] == pytest.approx(1 - min(nll_a_token, top) / top)


def test_solutions_are_scored_a_token_and_u_is_that_of_the_results(folder: Path) -> None:
    benchmark, top = ready(opened("gsm8k_nll", folder)), math.log(260)
    counts = [len(r.scored) for r in benchmark.documents[2].requests]
    given = [(-0.5 * counts[0], False), (-2.0 * counts[1], False), (-9.0 * counts[2], True)]
    values = benchmark.score([2], [given])
    found = {c.name: items(benchmark, values, c.name)[0, 0] for c in benchmark.columns}
    shares = {"u": 1 - 2 / top, "u_all": 1 - 0.5 / top, "u_setup": 0.0}
    assert found == pytest.approx({**shares, "nll_all": 0.5, "nll_result": 2.0, "nll_setup": 9.0}, abs=1e-12)


WORST = {"perplexity": math.inf, "nll_all": math.inf, "nll_result": math.inf, "nll_setup": math.inf}


@pytest.mark.parametrize("bad", [math.nan, -math.inf, math.inf])
@pytest.mark.parametrize("name", [*OFFICIAL[:4], "gsm8k_nll"])
def test_answers_that_are_no_numbers_never_count_as_guesses(name: str, bad: float, folder: Path) -> None:
    benchmark = ready(opened(name, folder))
    for place, document in enumerate(benchmark.documents):
        for broken in range(len(document.requests)):
            given = [(-1.0, True)] * len(document.requests)
            given[broken] = (bad, True)
            values = benchmark.score([place], [given])
            for column in benchmark.columns:
                found = aggregate(column.aggregation, items(benchmark, values, column.name))
                assert found == WORST.get(column.name, 0.0), column


def test_a_metric_that_is_no_average_is_left_out_with_a_note(own: Own) -> None:
    metrics = [
        {"metric": name, "aggregation": how, "higher_is_better": True}
        for name, how in [("acc", "mean"), ("mcc", "matthews_corrcoef")]
    ]
    path = own(
        output_type="multiple_choice",
        doc_to_choice=["yes", "no"],
        doc_to_target="{{['yes', 'no'].index(a)}}",
        metric_list=metrics,
    )
    benchmark = ready(opened(path))
    assert [c.name for c in benchmark.columns] == ["acc", "u"]
    assert [note.partition(": ")[2] for note in benchmark.notes] == [
        "metric mcc (matthews_corrcoef) is no average over documents: left out"
    ]
