"""Every baseline's numbers on a benchmark, from rows that are not scored where those are enough."""

import math
from pathlib import Path

import numpy as np
import pytest
from made_benchmarks import Own, items, opened, ready, write

from reprlab.benchmarks import measured
from reprlab.benchmarks.benchmark import Benchmark
from reprlab.benchmarks.choice_baselines import majority_share
from reprlab.statistics.floors import SPLITS, halves


def by_name(benchmark: Benchmark, metric: str, limit: int = 99) -> dict[str, np.ndarray]:
    found = benchmark.baselines(limit)
    assert found is not None
    return {
        name: items(benchmark, values, metric)[:, 0]
        for name, values in zip(found.names, found.values, strict=True)
    }


@pytest.mark.parametrize("name", ["arc", "hellaswag", "winogrande"])
def test_baselines_of_choices_are_those_of_their_endings(name: str, folder: Path) -> None:
    benchmark = ready(opened(name, folder))
    acc, u = by_name(benchmark, "acc"), by_name(benchmark, "u")
    assert list(acc)[:4] == ["uniform", "shortest ending", "longest ending", "most words of the context"]
    chances = [1 / document.choices for document in benchmark.documents]
    assert acc["uniform"].tolist() == pytest.approx(chances)
    assert u["uniform"].tolist() == pytest.approx(chances)
    task, docs = benchmark.opened.task, benchmark.opened.docs
    for place, document in enumerate(benchmark.documents):
        sizes = [len(choice) for choice in task.doc_to_choice(docs[place])]
        first = [at for at, size in enumerate(sizes) if size == min(sizes)]
        assert acc["shortest ending"][place] == (document.gold[0] in first) / len(first)
    if name != "winogrande":
        assert by_name(benchmark, "acc_norm")["shortest ending"].tolist() == acc["shortest ending"].tolist()


def test_the_official_majority_is_a_constant_of_the_benchmark(folder: Path) -> None:
    arc = ready(opened("arc", folder))
    assert by_name(arc, "acc")["official majority"] == pytest.approx([0.2654] * 4)
    expected = [majority_share(0.2654, document.choices) for document in arc.documents]
    assert by_name(arc, "u")["official majority"].tolist() == pytest.approx(expected)
    assert "official majority" not in by_name(ready(opened("hellaswag", folder)), "acc")


def test_a_task_of_ones_own_that_is_named_like_ours_has_no_official_majority(
    own: Own, tmp_path: Path
) -> None:
    file = write(tmp_path / "arc.jsonl", [{"q": f"{n}?", "a": n % 2} for n in range(6)])
    path = own(
        task="arc",
        dataset_kwargs={"data_files": {"test": str(file)}},
        output_type="multiple_choice",
        doc_to_choice=["yes", "no"],
        doc_to_target="a",
    )
    assert "official majority" not in by_name(ready(opened(path)), "acc")


def test_texts_without_choices_have_models_of_single_tokens(folder: Path) -> None:
    benchmark = ready(opened("lambada", folder))
    u, perplexity = by_name(benchmark, "u"), by_name(benchmark, "perplexity")
    assert list(u) == ["uniform", "unigram", "unigram and words of the context"]
    tokens = [len(document.requests[0].scored) for document in benchmark.documents]
    assert perplexity["uniform"] == pytest.approx([-n * math.log(260) for n in tokens])
    assert u["uniform"] == pytest.approx([0] * 4, abs=1e-12)
    assert u["unigram"].mean() > 0
    assert by_name(benchmark, "acc")["uniform"].tolist() == [0] * 4


def test_solutions_have_a_baseline_for_each_class_of_token(folder: Path) -> None:
    benchmark = ready(opened("gsm8k_nll", folder))
    for metric in ("u", "u_all", "u_setup"):
        assert by_name(benchmark, metric)["unigram and words of the context"].mean() > 0


def test_generated_answers_have_no_baseline(folder: Path) -> None:
    assert ready(opened("gsm8k", folder)).baselines(99) is None


def test_words_are_counted_on_rows_that_are_not_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    cloze = ready(opened("builtin_cloze"), 8)
    asked: list[tuple[list[int], list[int]]] = []
    real = measured.answers

    def noted(some, others, vocabulary):  # pyright: ignore
        asked.append(([d.place for d in some], [d.place for d in others]))
        return real(some, others, vocabulary)

    monkeypatch.setattr(measured, "answers", noted)
    monkeypatch.setattr(measured, "ENOUGH", 20)
    cloze.baselines(8)
    ((scored, others),) = asked
    assert scored == list(range(8))
    units = {cloze.opened.unit(cloze.opened.docs[place]) for place in scored}
    assert len(others) >= 20
    assert not set(others) & set(scored)
    assert not {cloze.opened.unit(cloze.opened.docs[place]) for place in others} & units


def test_with_few_rows_left_words_are_counted_on_the_other_half(monkeypatch: pytest.MonkeyPatch) -> None:
    cloze = ready(opened("builtin_cloze"), 8)
    asked: list[tuple[set[int], set[int]]] = []
    real = measured.answers

    def noted(some, others, vocabulary):  # pyright: ignore
        asked.append(({d.place for d in some}, {d.place for d in others}))
        return real(some, others, vocabulary)

    monkeypatch.setattr(measured, "answers", noted)
    monkeypatch.setattr(measured, "ENOUGH", 10**6)
    cloze.baselines(8)
    assert len(asked) == 6 * SPLITS
    units = [document.unit for document in cloze.documents[:8]]
    for split in range(SPLITS):
        (one, other), (two, another), *inner = asked[6 * split : 6 * split + 6]
        assert two == set(np.flatnonzero(halves(units, split)).tolist())
        assert (one, other, another) == (set(range(8)) - two, two, one)
        assert all(places | rest in (one, two) for places, rest in inner)


def test_a_row_that_is_not_scored_may_be_broken(own: Own, tmp_path: Path) -> None:
    rows = [{"q": "It rains in", "a": " spring"}] * 4 + [{"q": "No ending", "a": ""}]
    file = write(tmp_path / "some.jsonl", rows)
    path = own(
        dataset_kwargs={"data_files": {"test": str(file)}},
        output_type="loglikelihood",
        doc_to_text="{{q}}",
        doc_to_target="{{a}}",
    )
    assert by_name(ready(opened(path), 4), "u", 4)["uniform"].tolist() == pytest.approx([0] * 4)
