"""A sweep's numbers are lm-eval's own, and what was answered before is not computed again."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from examples import network

import reprlab as rl
from reprlab.benchmarks.by_name import open_benchmarks
from reprlab.errors import ReprlabError
from reprlab.network.network import Network
from reprlab.sweeps import identity, sweeping
from reprlab.sweeps.answers import answer_files

T = 6
SMALL = ["builtin_cloze", "builtin_commonsense", "builtin_pronoun"]
GRID = rl.paper_grid("fig11", T, starts=[1], seeds=[0, 3])
TASKS = Path(__file__).parents[2] / "reprlab" / "benchmarks" / "builtin"


def sweep(schedules: Any, benchmarks: Any, folder: Path, **options: Any) -> rl.Scores:
    return rl.sweep(network("tiny-llama"), schedules, benchmarks, cache=folder, **{"limit": 6, **options})


def same(one: rl.Scores, other: rl.Scores) -> bool:
    return all(np.array_equal(r.values, other.results(n).values) for n, r in one.benchmarks.items())


# --- the numbers ---------------------------------------------------------------------------------


def simple_evaluate(module: Any, tokenizer: Any, name: str, folder: Path, limit: int) -> dict[str, float]:
    """lm-eval's own entry point, on a built-in task with its rows named absolutely."""
    import lm_eval
    from lm_eval.models.huggingface import HFLM

    file = folder / f"{name}.yaml"
    data = f"dataset_kwargs: {{data_files: {{test: '{TASKS / name}.jsonl'}}}}"
    file.write_text(f"include: {TASKS / name}.yaml\ntask: {name}\n{data}\n")
    manager = lm_eval.tasks.TaskManager(include_defaults=False)
    found: Any = lm_eval.simple_evaluate(
        model=HFLM(pretrained=module, tokenizer=tokenizer, add_bos_token=False, batch_size=4),
        tasks=[str(file)],
        task_manager=manager,
        limit=limit,
        bootstrap_iters=2,
    )
    return found["results"][name]


@pytest.mark.parametrize("name", SMALL)
def test_the_numbers_are_those_of_simple_evaluate(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISABLE_MULTIPROC", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "datasets"))
    net = network("tiny-llama")
    scores = sweep(GRID, [name], tmp_path / "cache", sample=None)  # lm-eval takes the first rows
    frame = scores.to_dataframe()
    for schedule in dict.fromkeys(entry.schedule for entry in scores.entries):
        with net.scheduled(schedule) as module:
            theirs = simple_evaluate(module, net.tokenizer, name, tmp_path, 6)
        rows = frame[frame.schedule == str(schedule)].set_index("metric")
        for metric in ("acc", "acc_norm", "perplexity"):
            if f"{metric},none" in theirs:
                value = rows.value[metric]
                assert float(np.ravel(value)[0]) == pytest.approx(theirs[f"{metric},none"], rel=1e-4), metric


def test_the_full_model_comes_first_and_once_and_equal_schedules_agree(tmp_path: Path) -> None:
    scores = sweep(["0:6", "0 1 2:6", "0:2 3:6"], ["builtin_pronoun"], tmp_path)
    assert scores.entries[0].variant == "full"
    values = scores.results().values
    assert np.array_equal(values[0], values[1])
    assert np.array_equal(values[1], values[2])
    assert not np.array_equal(values[0], values[3])


def test_seeds_of_random_order_are_one_row_of_the_pooled_table(tmp_path: Path) -> None:
    entries = rl.paper_grid("fig07", T, starts=[1], seeds=range(10))
    scores = sweep(entries, ["builtin_pronoun"], tmp_path)
    pooled = scores.pooled()
    assert sorted(pooled.variant.unique()) == ["full", "random"]
    assert pooled.seeds.max() == len({e.schedule for e in entries} - {rl.Schedule.full(T)})


def test_gsm8ks_solution_is_scored_by_class_of_token(tmp_path: Path) -> None:
    folder = tmp_path / "gsm8k"
    folder.mkdir()
    row = '{"question": "%s apples and 2?", "answer": "It is %s + 2 = <<%s+2=%s>>%s.\\n#### %s"}\n'
    rows = "".join(row % (n, n, n, n + 2, n + 2, n + 2) for n in range(1, 7))
    for split in ("train", "test"):
        (folder / f"{split}.jsonl").write_text(rows)
    scores = sweep(["0:2 3:6"], ["gsm8k_nll"], tmp_path / "cache", data_dir=tmp_path, limit=2)
    frame = scores.to_dataframe()
    names = ["u", "u_all", "u_setup", "nll_all", "nll_result", "nll_setup"]
    assert list(frame.metric.unique()) == names
    assert (frame[frame.metric == "nll_result"].value > 0).all()


def test_generated_answers_are_scored_by_the_tasks_own_filters(tmp_path: Path) -> None:
    folder = tmp_path / "gsm8k"
    folder.mkdir()
    row = '{"question": "How many?", "answer": "Two and two. #### 4"}\n'
    for split in ("train", "test"):
        (folder / f"{split}.jsonl").write_text(row * 6)
    options = {"data_dir": tmp_path, "limit": 2, "max_new_tokens": 4}
    scores = sweep(["0:2 3:6"], ["gsm8k"], tmp_path / "cache", **options)
    assert scores.results().metrics == ("exact_match,strict-match", "exact_match,flexible-extract")
    assert np.isfinite(scores.results().values).all()
    again = sweep(["0:2 3:6"], ["gsm8k"], tmp_path / "cache", **options)
    assert same(scores, again)


# --- what is no number ---------------------------------------------------------------------------


def test_nan_answers_are_counted_and_never_score_as_guesses(tmp_path: Path) -> None:
    net = rl.load("tiny-llama")
    with torch.no_grad():
        net.layers[3].mlp.down_proj.weight[:] = torch.nan  # pyright: ignore
    scores = rl.sweep(net, ["0:3 4:6"], ["builtin_cloze", "builtin_pronoun"], limit=6, cache=tmp_path)
    for name in ("builtin_cloze", "builtin_pronoun"):
        results = scores.results(name)
        assert results.nonfinite.tolist() == [6, 0]
        frame = scores.to_dataframe()
        broken = frame[(frame.benchmark == name) & (frame.schedule == "0:6")].set_index("metric")
        assert (broken.value["acc"], broken.value["u"], broken.nonfinite["acc"]) == (0, 0, 6)
        if name == "builtin_cloze":
            assert broken.value["perplexity"] == math.inf


# --- what is there is not computed again ---------------------------------------------------------


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts layer calls."""
    from reprlab.network.recorded import Recording

    count, real = [0], Recording.apply

    def counted(self: Any, step: Any, *states: Any) -> Any:
        count[0] += 1 if isinstance(step, int) else len(step)
        return real(self, step, *states)

    monkeypatch.setattr(Recording, "apply", counted)
    return count


def test_a_second_sweep_computes_nothing(tmp_path: Path, calls: list[int]) -> None:
    first = sweep(GRID, SMALL, tmp_path)
    assert calls[0] > 0
    calls[0] = 0
    assert same(first, sweep(GRID, SMALL, tmp_path))
    assert calls[0] == 0


def test_new_schedules_compute_only_themselves(tmp_path: Path, calls: list[int]) -> None:
    first = sweep(["0:2 3:6"], ["builtin_pronoun"], tmp_path)
    calls[0] = 0
    both = sweep(["0:2 3:6", "5:0 5"], ["builtin_pronoun"], tmp_path)
    batches = 1
    assert calls[0] == rl.Schedule.parse("5:0 5").layer_calls * batches
    assert np.array_equal(both.results().values[:2], first.results().values)


def test_new_documents_compute_only_themselves_and_old_answers_stay(tmp_path: Path, calls: list[int]) -> None:
    few = sweep(GRID, ["builtin_cloze"], tmp_path, limit=6)
    before = calls[0]
    more = sweep(GRID, ["builtin_cloze"], tmp_path, limit=9)
    assert before < calls[0] <= 2 * before + 6
    assert np.array_equal(more.results().values[:, :6], few.results().values)
    fewer = sweep(GRID, ["builtin_cloze"], tmp_path, limit=4)
    assert np.array_equal(fewer.results().values, few.results().values[:, :4])


def test_a_schedule_added_for_fewer_documents_runs_in_the_batches_that_there_are(tmp_path: Path) -> None:
    sweep(["0:2 3:6"], ["builtin_cloze"], tmp_path / "a", limit=9)
    few = sweep(["5:0 5"], ["builtin_cloze"], tmp_path / "a", limit=4)
    whole = sweep(["0:2 3:6", "5:0 5"], ["builtin_cloze"], tmp_path / "b", limit=9)
    assert np.array_equal(few.results().values[1], whole.results().values[2, :4])


def test_divergence_is_added_to_what_is_there(tmp_path: Path) -> None:
    plain = sweep(["0:2 3:6"], ["builtin_pronoun"], tmp_path)
    assert "kl" not in plain.results().metrics
    more = sweep(["0:2 3:6"], ["builtin_pronoun"], tmp_path, divergence=True)
    assert same(plain, more)
    kl = more.results().items("kl")
    assert (kl[0] == 0).all()
    assert (kl[1] > 0).all()


def copied(net: Network, **changes: Any) -> Network:
    from dataclasses import replace

    return replace(net, **changes)


def test_what_changes_answers_gets_a_file_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net = network("tiny-llama")

    def run(network: Network = net, **options: Any) -> None:
        rl.sweep(network, [], ["builtin_pronoun"], cache=tmp_path, **{"limit": 3, **options})

    run()
    run(limit=4)
    assert len(answer_files(tmp_path)) == 1
    changes = [
        lambda: run(copied(net, digest="other")),
        lambda: run(copied(net, tokenizer_digest="other")),
        lambda: run(rl.load("tiny-llama", dtype="bfloat16")),
        lambda: run(preset="leaderboard"),
    ]
    for number, change in enumerate(changes, start=2):
        change()
        assert len(answer_files(tmp_path)) == number
    for library in ("torch", "transformers", "lm-eval"):
        for module in (identity, sweeping):
            monkeypatch.setattr(module, "minor", lambda name, it=library: "9.9" if name == it else "1.0")
        before = len(answer_files(tmp_path))
        run()
        assert len(answer_files(tmp_path)) == before + 1


def test_nothing_but_numbers_and_document_ids_is_kept(tmp_path: Path) -> None:
    sweep(["0:2 3:6"], ["builtin_cloze"], tmp_path)
    (file,) = answer_files(tmp_path)
    (opened,) = open_benchmarks(["builtin_cloze"])
    data = file.read_bytes()
    for row in opened.docs[:6]:
        for word in {w for w in row["text"].split() if len(w) > 7}:
            assert word.encode() not in data


# --- before it starts ----------------------------------------------------------------------------


def test_the_outlook_counts_schedules_calls_tokens_and_what_is_there(tmp_path: Path) -> None:
    said: list[str] = []
    sweep(GRID, ["builtin_pronoun"], tmp_path, say=said.append)
    first, second = said[-1].splitlines()
    assert first == str(rl.Plan([rl.Schedule.full(T), *(e.schedule for e in GRID if e.variant != "full")]))
    assert second.startswith("builtin_pronoun: 6 documents, ")
    assert second.endswith("positions through the head")
    sweep([*GRID, "5:0 5"], ["builtin_pronoun"], tmp_path, say=said.append)
    assert "of its answers are there already" in said[-1]


def test_progress_ends_at_the_total_and_never_goes_back(tmp_path: Path) -> None:
    seen: list[tuple[float, float]] = []
    sweep(GRID, SMALL, tmp_path, progress=lambda done, total: seen.append((done, total)))
    totals = {total for _, total in seen}
    assert len(totals) == 1
    done = [d for d, _ in seen]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(totals.pop())


# --- wrong inputs --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedules", "options", "message"),
    [
        ([], {"limit": 0}, "--limit 0: give 1 or more"),
        (["0:2 9"], {}, "layer 9 does not exist in a model of 6 layers"),
        (["0:2 ["], {}, "is never closed"),
        ([], {"preset": "papr"}, "unknown preset 'papr': did you mean 'paper'"),
        ([], {"data_dir": "nowhere"}, "--data-dir 'nowhere' is no folder"),
        ([], {"batch_tokens": 0}, "give 1 or more"),
    ],
)
def test_wrong_inputs_say_so(schedules: Any, options: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ReprlabError, match=message.replace("(", r"\(")):
        sweep(schedules, ["builtin_pronoun"], tmp_path, **options)


def test_an_encoder_cannot_be_swept(tmp_path: Path) -> None:
    with pytest.raises(ReprlabError, match="'tiny-bert' has no causal language head"):
        rl.sweep(network("tiny-bert"), [], ["builtin_pronoun"], cache=tmp_path)


def test_rows_that_changed_under_the_same_name_are_not_mixed(tmp_path: Path) -> None:
    folder = tmp_path / "lambada_openai"
    folder.mkdir()
    rows = folder / "test.jsonl"
    rows.write_text('{"text": "one two three"}\n{"text": "four five six"}\n')
    first = sweep([], ["lambada"], tmp_path / "cache", data_dir=tmp_path, limit=2)
    rows.write_text('{"text": "one two four"}\n{"text": "four five six"}\n')
    second = sweep([], ["lambada"], tmp_path / "cache", data_dir=tmp_path, limit=2)
    assert len(answer_files(tmp_path / "cache")) == 2
    assert not same(first, second)


def test_lm_evals_own_files_are_written_one_a_schedule(tmp_path: Path) -> None:
    scores = sweep(["0:2 3:6"], ["builtin_pronoun"], tmp_path / "cache", lm_eval_json=tmp_path / "out")
    files = sorted((tmp_path / "out").rglob("results_*.json"))
    assert len(files) == 2
    assert {f.relative_to(tmp_path / "out").parts[0] for f in files} == {"0000-full", "0001-custom"}
    assert len(scores) == 2


def test_the_public_table_has_a_row_for_each_schedule_benchmark_and_metric(tmp_path: Path) -> None:
    frame = sweep(["0:2 3:6"], SMALL, tmp_path).to_dataframe()
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) == 2 * (3 + 3 + 2)
    assert set(frame["class"]) == {"semantic"}


def test_rows_beside_a_task_file_are_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (TASKS / "builtin_pronoun.yaml").read_text().replace("task: builtin_pronoun", "task: own")
    (tmp_path / "own.yaml").write_text(text)
    (tmp_path / "builtin_pronoun.jsonl").write_text((TASKS / "builtin_pronoun.jsonl").read_text())
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "datasets"))
    own = sweep([], [str(tmp_path / "own.yaml")], tmp_path / "cache", limit=3)
    assert np.array_equal(
        own.results().values, sweep([], ["builtin_pronoun"], tmp_path, limit=3).results().values
    )


def test_a_prompt_that_is_cut_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "lambada_openai"
    folder.mkdir()
    (folder / "test.jsonl").write_text('{"text": "%s end"}\n{"text": "one two"}\n' % ("long " * 200))
    said: list[str] = []
    sweep([], ["lambada"], tmp_path / "cache", data_dir=tmp_path, limit=2, say=said.append)
    cut = "note: lambada: 1 of 2 documents are longer than the model's 512 tokens"
    assert any(line.startswith(cut) for line in said)
