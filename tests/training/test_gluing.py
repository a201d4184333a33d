"""Classifiers on encoders: exact training, features from the tree, resuming, and sound numbers."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

import reprlab as rl
from reprlab.benchmarks.glue.opened import open_glue
from reprlab.benchmarks.glue.rows import Glue, Split
from reprlab.benchmarks.glue.table import TASKS
from reprlab.network.network import Network
from reprlab.schedules.plan import Plan
from reprlab.training import glue_runs
from reprlab.training.classifier import Head, classifier, encoded, features
from reprlab.training.glue_runs import columns, measured, numbers
from reprlab.training.recipe import Recipe, recipe_of
from reprlab.training.trainer import fit

SKIP, SIDE = "0:2 4:6", "0:2 [2:4] 4:6"
RULES: dict[str, Callable[[int, int], Any]] = {  # a label that the two numbers in a row's texts decide
    "cola": lambda a, b: int(a < 4),
    "mrpc": lambda a, b: int(a < b),
    "rte": lambda a, b: int(a < b),
    "stsb": lambda a, b: float(abs(a - b) % 6),
}


def rows(folder: Path, task: str, sizes: dict[str, int] | None = None) -> Path:
    """Made-up rows of a task in `folder`, as --data-dir has them."""
    target = folder / "glue" / task
    target.mkdir(parents=True, exist_ok=True)
    for split, count in (sizes or {"train": 40, "validation": 24}).items():
        lines: list[str] = []
        for n in range(count):
            a, b = n % 7, (n * 3) % 5
            texts = dict(zip(TASKS[task].fields, (f"{a} apples", f"{b} apples"), strict=False))
            lines.append(json.dumps({**texts, "label": RULES[task](a, b)}))
        (target / f"{split}.jsonl").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def bert() -> Network:
    return rl.load("tiny-bert", pooled=True)


@pytest.fixture
def data(tmp_path: Path) -> Glue:
    return open_glue(["rte"], data_dir=rows(tmp_path / "rows", "rte"))[0]


def states(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def coded(network: Network, data: Glue) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return tuple(
        [
            {**row, "labels": label}
            for row, label in zip(encoded(network, split.texts, 128), split.labels, strict=True)
        ]
        for split in (data.train, data.validation)
    )


def test_the_full_schedule_trains_exactly_like_the_untouched_model(bert: Network, data: Glue) -> None:
    train, held = coded(bert, data)
    plain, walked = classifier(bert, 2, 42), classifier(bert, 2, 42)
    one = fit(plain.module, train, Recipe(epochs=1), network=plain, held=held)
    with walked.scheduled(bert.full()) as module:
        other = fit(module, train, Recipe(epochs=1), network=walked, held=held)
    assert one.logits is not None
    assert other.logits is not None
    assert one.logits.tobytes() == other.logits.tobytes()
    assert one.curve == other.curve
    assert same(states(plain.module), states(walked.module))


def test_training_moves_every_layer_that_runs_and_no_other(bert: Network, data: Glue) -> None:
    train, held = coded(bert, data)
    tuned = classifier(bert, 2, 42)
    before = [states(layer) for layer in tuned.layers]
    with tuned.scheduled(SKIP) as module:
        fit(module, train, Recipe(epochs=1), network=tuned, held=held)
    moved = [not same(kept, states(layer)) for kept, layer in zip(before, tuned.layers, strict=True)]
    assert moved == [True, True, False, False, True, True]


def test_features_from_the_tree_are_the_pooled_states_of_the_rewritten_module(
    bert: Network, data: Glue
) -> None:
    train, _ = coded(bert, data)
    plan = Plan(rl.Schedule.parse(text, 6) for text in ("0:6", SKIP, SIDE, SKIP))
    found = features(bert, train, plan, batch_tokens=10_000)  # one batch, so that bits can be compared
    order = sorted(range(len(train)), key=lambda n: (-len(train[n]["input_ids"]), n))
    batch = bert.tokenizer.pad(
        [{k: v for k, v in train[n].items() if k != "labels"} for n in order], return_tensors="pt"
    )
    for schedule, pooled in zip(plan.schedules, found, strict=True):
        with bert.scheduled(schedule) as module, torch.no_grad():
            plain = module(**batch).pooler_output.numpy()
        assert pooled[order].tobytes() == plain.tobytes()
    assert found[1] is found[3]
    apart = features(bert, train, plan, batch_tokens=40)
    for one, other in zip(found, apart, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_a_head_on_features_trains_like_the_whole_module_with_a_frozen_encoder(
    bert: Network, data: Glue
) -> None:
    """Without any dropout both are the same function; batches differ, so rounding may."""
    train, held = coded(bert, data)
    quiet = classifier(bert, 2, 42)
    for part in quiet.module.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    for layer in quiet.layers:
        layer.attention.self.dropout.p = 0.0
    quiet.base.requires_grad_(False)
    both = [*train, *held]
    pooled = features(bert, both, Plan([bert.full()]), batch_tokens=10_000)[0]
    made = [{"features": s, "labels": row["labels"]} for s, row in zip(pooled, both, strict=True)]
    recipe = recipe_of("frozen")
    head = fit(Head(quiet), made[: len(train)], recipe, held=made[len(train) :])
    whole = fit(quiet.module, train, recipe, network=quiet, held=held)
    np.testing.assert_allclose(head.logits, whole.logits, atol=2e-3)


@pytest.mark.parametrize("mode", glue_runs.MODES)
def test_the_network_and_the_random_state_are_left_as_they_were(
    bert: Network, data: Glue, tmp_path: Path, mode: str
) -> None:
    before, grads = states(bert.module), [p.requires_grad for p in bert.module.parameters()]
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    rl.glue(bert, [SKIP], [data], mode=mode, recipe=recipe_of(mode, epochs=1), cache=tmp_path)
    assert torch.equal(torch.rand(3), expected)
    assert same(before, states(bert.module))
    assert grads == [p.requires_grad for p in bert.module.parameters()]
    assert not bert.module.training


@pytest.mark.parametrize(
    ("mode", "error", "says"),
    [
        ("frozen", KeyboardInterrupt(), ""),
        ("unfrozen", KeyboardInterrupt(), ""),
        ("unfrozen", torch.OutOfMemoryError("CUDA out of memory"), "give a smaller --batch; finished"),
        ("frozen", MemoryError(), "give a smaller --batch-tokens; finished work is kept"),
    ],
)
def test_a_run_that_ended_early_goes_on_to_the_same_numbers(
    bert: Network,
    data: Glue,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    error: BaseException,
    says: str,
) -> None:
    wanted: dict[str, Any] = {"mode": mode, "recipe": recipe_of(mode, epochs=1)}
    whole = rl.glue(bert, [SKIP, SIDE], [data], cache=tmp_path / "whole", **wanted)
    real, count = glue_runs.fit, 0

    def killed(*args: Any, **kwargs: Any) -> Any:
        nonlocal count
        count += 1
        if count == 2:
            raise error
        return real(*args, **kwargs)

    monkeypatch.setattr(glue_runs, "fit", killed)
    with pytest.raises(rl.ReprlabError if says else KeyboardInterrupt, match=says):
        rl.glue(bert, [SKIP, SIDE], [data], cache=tmp_path / "part", **wanted)
    again = rl.glue(bert, [SKIP, SIDE], [data], cache=tmp_path / "part", **wanted)
    assert count == 4  # one finished, one killed, two made afterwards
    one, other = whole.scores.results("rte"), again.scores.results("rte")
    assert one.values.tobytes() == other.values.tobytes()
    assert whole.curves == again.curves
    rl.glue(bert, [SIDE], [data], cache=tmp_path / "part", **wanted)
    assert count == 4


def test_other_recipes_modes_and_rows_are_other_runs(bert: Network, data: Glue, tmp_path: Path) -> None:
    def files() -> int:
        return len(list(tmp_path.glob("cache/*/*/*.sqlite")))

    def run(**options: Any) -> None:
        some = {"mode": "frozen", "recipe": recipe_of("frozen", epochs=1), **options}
        rl.glue(
            bert,
            [SKIP],
            [options.pop("data", data)],
            **{k: v for k, v in some.items() if k != "data"},
            cache=tmp_path / "cache",
        )

    run()
    run()
    assert files() == 1
    run(recipe=recipe_of("frozen", epochs=1, seed=1))
    assert files() == 2
    fewer = replace(data, train=Split(data.train.texts[:30], data.train.labels[:30]))
    run(data=fewer)
    assert files() == 3


def test_seeds_differ_and_one_seed_is_one_result(bert: Network, data: Glue, tmp_path: Path) -> None:
    def curve(seed: int, cache: str) -> Any:
        recipe = recipe_of("frozen", epochs=1, seed=seed)
        return rl.glue(bert, [], [data], mode="frozen", recipe=recipe, cache=tmp_path / cache).curves

    assert curve(1, "a") == curve(1, "b")
    assert curve(1, "a") != curve(2, "c")


def test_a_curve_has_the_loss_by_step_and_the_held_out_metrics_by_epoch(
    bert: Network, data: Glue, tmp_path: Path
) -> None:
    made = rl.glue(bert, [], [data], mode="frozen", cache=tmp_path)
    frame = made.to_dataframe()
    assert set(frame["schedule"]) == {"0:6"}
    assert frame["step"].max() == 3 * 2  # 40 rows in batches of 32, three epochs
    assert frame["held_acc"].count() == 3
    assert np.isfinite(frame["loss"].dropna()).all()
    last = frame.dropna(subset=["held_acc"]).iloc[-1]
    results = made.scores.results("rte")
    assert last["held_acc"] == pytest.approx(results.items("acc")[0].mean())


def test_numbers_are_those_of_scikit_learn_and_scipy(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("cola", "mrpc", "stsb"):
        data = open_glue([name], data_dir=rows(tmp_path, name))[0]
        gold = np.array(data.validation.labels)
        logits = rng.normal(size=(len(gold), max(1, len(data.task.labels))))
        found = measured(data, logits)
        if data.task.regression:
            expected = {
                "pearson": pearsonr(gold, logits[:, 0])[0],
                "spearman": spearmanr(gold, logits[:, 0])[0],
            }
        else:
            predicted = logits.argmax(1)
            expected = {
                "acc": accuracy_score(gold, predicted),
                "f1": f1_score(gold, predicted),
                "mcc": matthews_corrcoef(gold, predicted),
            }
            chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
            assert found["u"] == pytest.approx(chances[np.arange(len(gold)), gold].mean())
        for metric in data.task.metrics:
            assert found[metric] == pytest.approx(float(expected[metric])), metric


def test_logits_that_are_not_finite_are_wrong_and_counted(data: Glue) -> None:
    gold = np.array(data.validation.labels)
    logits = np.stack([1 - gold, gold], 1) * 5.0
    logits[3] = np.nan
    values, finite = numbers(data, logits)
    assert values[:, 0].sum() == len(gold) - 1
    assert values[3].tolist() == [0.0, 0.0]
    assert finite.tolist() == [float(n != 3) for n in range(len(gold))]


def test_columns_lie_as_the_values_do() -> None:
    for task in TASKS.values():
        sizes = sum(column.size for column in columns(task.metrics, regression=task.regression))
        split = Split((("a", "b"),) * 4, (0, 1, 0, 1) if not task.regression else (0.0, 1.0, 2.0, 3.0))
        logits = np.random.default_rng(1).normal(size=(4, max(1, len(task.labels))))
        assert numbers(Glue(task, split, split, ""), logits)[0].shape == (4, sizes)


def test_a_regression_and_two_metrics_go_all_the_way(bert: Network, tmp_path: Path) -> None:
    folder = rows(rows(tmp_path, "stsb"), "mrpc")
    made = rl.glue(bert, [SKIP], ["stsb", "mrpc"], mode="frozen", data_dir=folder, cache=tmp_path / "cache")
    assert made.scores.results("stsb").metrics == ("pearson", "spearman")
    assert made.scores.results("mrpc").metrics == ("acc", "f1", "u")
    table = rl.task_means(made.scores, count=50).table()
    assert [row["benchmark"] for row in table[:3]] == ["stsb", "mrpc", "mean"]
    assert np.isfinite([row["score"] for row in table]).all()


def test_the_authors_way_trains_the_head_alone_with_dropout_on(
    bert: Network, data: Glue, tmp_path: Path
) -> None:
    made = {
        mode: rl.glue(bert, [], [data], mode=mode, cache=tmp_path).scores.results("rte").values
        for mode in ("frozen", "authors-dropout")
    }
    assert not np.array_equal(*made.values())


def test_checkpoints_are_ordinary_ones_of_the_whole_model(bert: Network, data: Glue, tmp_path: Path) -> None:
    recipe = recipe_of("unfrozen", epochs=1)
    rl.glue(bert, [SKIP], [data], recipe=recipe, checkpoints=tmp_path / "kept", cache=tmp_path / "cache")
    (folder,) = [f for f in (tmp_path / "kept" / "rte").iterdir() if "4" in f.name]
    assert (folder / "schedule.txt").read_text().strip() == "0 1 4 5"
    assert not list(folder.glob("*.bin"))
    again = rl.load(str(folder), pooled=True)
    assert again.n_layers == 6
    assert not same(states(again.base), states(bert.base))


def test_a_decoder_a_dtype_and_a_mode_are_refused_in_a_line(
    data: Glue, tmp_path: Path, bert: Network
) -> None:
    with pytest.raises(rl.ReprlabError, match="'tiny-llama' has no trained pooler"):
        rl.glue(rl.load("tiny-llama"), [SKIP], [data], cache=tmp_path)
    with pytest.raises(rl.ReprlabError, match="training runs in float32, 'tiny-bert' is in bfloat16"):
        rl.glue(rl.load("tiny-bert", dtype="bfloat16", pooled=True), [SKIP], [data], cache=tmp_path)
    with pytest.raises(rl.ReprlabError, match="there are unfrozen, frozen, authors-dropout"):
        rl.glue(bert, [SKIP], [data], mode="thawed", cache=tmp_path)
    with pytest.raises(rl.ReprlabError, match="--checkpoints goes with unfrozen"):
        rl.glue(bert, [SKIP], [data], mode="frozen", checkpoints=tmp_path, cache=tmp_path)
    with pytest.raises(rl.ReprlabError, match=r"the block \(3\*2\)~2:4 cannot run in"):
        rl.glue(bert, ["0:2 (3*2)~2:4 4:6"], [data], mode="frozen", cache=tmp_path)
    with pytest.raises(rl.ReprlabError, match="--rate 0"):
        recipe_of("frozen", rate=0.0)


def test_progress_reaches_its_total_and_never_goes_back(bert: Network, data: Glue, tmp_path: Path) -> None:
    for mode in ("frozen", "unfrozen"):
        seen: list[tuple[float, float]] = []
        rl.glue(
            bert,
            [SKIP],
            [data],
            mode=mode,
            recipe=recipe_of(mode, epochs=1),
            cache=tmp_path,
            progress=lambda done, total, seen=seen: seen.append((done, total)),
        )
        done = [one for one, _ in seen]
        assert done == sorted(done)
        assert seen[-1][0] == pytest.approx(seen[-1][1])
        assert len({total for _, total in seen}) == 1


def test_features_that_do_not_fit_come_in_parts(
    bert: Network, data: Glue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = rl.glue(bert, [SKIP, SIDE], [data], mode="frozen", cache=tmp_path / "a").scores.results("rte")
    monkeypatch.setattr(glue_runs, "free_bytes", lambda: 0)
    parts = rl.glue(bert, [SKIP, SIDE], [data], mode="frozen", cache=tmp_path / "b").scores.results("rte")
    assert whole.values.tobytes() == parts.values.tobytes()


def test_a_copy_of_the_head_is_trained_each_time(bert: Network) -> None:
    fresh = classifier(bert, 2, 3)
    kept = copy.deepcopy(fresh.module.classifier.weight)
    head = Head(fresh)
    with torch.no_grad():
        head.classifier.weight.zero_()
    assert torch.equal(fresh.module.classifier.weight, kept)
    assert torch.equal(classifier(bert, 2, 3).module.classifier.weight, kept)
    assert not torch.equal(classifier(bert, 2, 4).module.classifier.weight, kept)


def test_a_finished_run_writes_no_checkpoint_and_that_is_said(
    bert: Network, data: Glue, tmp_path: Path
) -> None:
    said: list[str] = []
    given: dict[str, Any] = {"recipe": Recipe(epochs=1), "cache": tmp_path / "cache", "say": said.append}
    rl.glue(bert, [], [data], **given)
    rl.glue(bert, [], [data], checkpoints=tmp_path / "kept", **given)
    assert not (tmp_path / "kept").exists()
    assert "\n".join(said).count("note: finished runs write no checkpoint; with another --cache") == 1


def test_what_is_no_task_and_too_small_a_batch_are_refused(bert: Network, data: Glue, tmp_path: Path) -> None:
    with pytest.raises(rl.ReprlabError, match="tasks 3"):
        rl.glue(bert, [SKIP], [3], cache=tmp_path)  # pyright: ignore[reportArgumentType]
    with pytest.raises(rl.ReprlabError, match="--batch-tokens 0: give 1 or more"):
        rl.glue(bert, [SKIP], [data], batch_tokens=0, cache=tmp_path)
