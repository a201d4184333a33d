"""Results files in lm-evaluation-harness's format, against those of its own evaluation."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lm_eval.api.model import LM
from lm_eval.evaluator import evaluate
from lm_eval.loggers import EvaluationTracker
from lm_eval.utils import make_table
from made_benchmarks import OFFICIAL, answer, answered, lm_evals_tasks, made_rows, opened, ready

import reprlab as rl
from reprlab.benchmarks.benchmark import Benchmark
from reprlab.benchmarks.table import BENCHMARKS
from reprlab.schedules.grids import Entry
from reprlab.scores.results import Results
from reprlab.scores.scores import Scores
from reprlab.sweeps.lm_eval_results import export


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_rows(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def reference(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], Any]:
    return lm_evals_tasks(folder, tmp_path_factory.mktemp("tasks"))


class MadeUp(LM):
    """A model whose answers are made up, for lm-eval's own evaluation."""

    def loglikelihood(self, requests: Any) -> Any:
        return [answer(request.args) for request in requests]

    generate_until = loglikelihood

    def loglikelihood_rolling(self, requests: Any) -> Any:
        raise NotImplementedError


def scores(benchmarks: Sequence[Benchmark]) -> Scores:
    """Two schedules with the same made-up answers."""
    found: dict[str, Results] = {}
    for benchmark in benchmarks:
        one, documents = benchmark.opened, benchmark.documents
        values = benchmark.score(range(len(documents)), answered(benchmark))
        found[one.name] = Results(
            name=one.name,
            task=str(one.task.config.task),
            kind=one.kind,
            output=one.output,
            shots=one.shots,
            preset=one.preset,
            definition=one.digest,
            floor=benchmark.floor,
            vocabulary=benchmark.vocabulary,
            columns=benchmark.columns,
            ids=tuple(d.id for d in documents),
            units=tuple(d.unit for d in documents),
            values=np.stack([values, values]),
            nonfinite=np.zeros(2, dtype=np.int64),
        )
    entries = (Entry("full", rl.Schedule.full(6)), Entry("skip", rl.Schedule.skip(6, 2, 4), start=1))
    return Scores("tiny-llama", "", "float32", 6, entries, found, {})


def exported(folder: Path, benchmarks: Sequence[Benchmark]) -> list[dict[str, Any]]:
    made = export(folder, scores(benchmarks), benchmarks)
    return [json.loads(next(path.rglob("results_*.json")).read_text()) for path in made]


@pytest.fixture(scope="module")
def official(
    folder: Path, reference: Callable[[str, int], Any], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The results file of lm-eval's own evaluation of the same rows and answers."""
    tasks = {BENCHMARKS[n].task: reference(n, BENCHMARKS[n].shots.get("paper", 0)) for n in OFFICIAL}
    for task in tasks.values():
        task.set_fewshot_seed(1234)  # again: a second build draws on
    results: Any = evaluate(MadeUp(), {"tasks": tasks, "groups": {}, "group_map": {}}, bootstrap_iters=0)
    place = tmp_path_factory.mktemp("official")
    tracker = EvaluationTracker(output_path=str(place))
    tracker.general_config_tracker.log_experiment_args("made-up", "", "", "", False)
    tracker.save_results_aggregated(results, results["samples"])
    return json.loads(next(place.rglob("results_*.json")).read_text())


@pytest.mark.parametrize("name", OFFICIAL)
def test_task_hashes_are_lm_evals(name: str, folder: Path, official: dict[str, Any], tmp_path: Path) -> None:
    (found, _) = exported(tmp_path, [ready(opened(name, folder))])
    task = BENCHMARKS[name].task
    assert found["task_hashes"] == {task: official["task_hashes"][task]}


@pytest.mark.parametrize("name", OFFICIAL)
def test_exported_metrics_are_lm_evals(
    name: str, folder: Path, official: dict[str, Any], tmp_path: Path
) -> None:
    (found, _) = exported(tmp_path, [ready(opened(name, folder))])
    task = BENCHMARKS[name].task
    expected = {k: v for k, v in official["results"][task].items() if "," in k and "_stderr" not in k}
    values = {k: v for k, v in found["results"][task].items() if k in expected}
    assert values == pytest.approx(expected, rel=1e-12)
    for part in ("versions", "n-shot", "n-samples"):
        assert found[part][task] == official[part][task], part
    assert expected.keys() == values.keys()


def test_exported_files_are_read_by_lm_evals_table(folder: Path, tmp_path: Path) -> None:
    benchmarks = [ready(opened(name, folder)) for name in [*OFFICIAL[:4], "gsm8k_nll", "builtin_cloze"]]
    full, skipped = exported(tmp_path, benchmarks)
    for found in (full, skipped):
        table = make_table(found)
        assert all(name in table for name in ("lambada_openai", "arc_challenge", "gsm8k_nll", "acc_norm"))
    assert full["config"]["model_args"]["schedule"] == "0:6"
    assert skipped["config"]["model_args"]["schedule"] == str(rl.Schedule.skip(6, 2, 4))
