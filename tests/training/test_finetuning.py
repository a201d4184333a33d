"""Fine-tuning trains the rewritten model as transformers would, leaves the network alone, keeps its runs."""

from __future__ import annotations

import copy
import json
import math
import random
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import typer
from examples import network
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

import reprlab as rl
from reprlab.benchmarks.by_name import open_splits, prepare, training_rows
from reprlab.cli.finetune import _crossing as crossing_line
from reprlab.cli.finetune import finetune as command
from reprlab.errors import ReprlabError
from reprlab.network.network import Network
from reprlab.schedules.skips import left_out, share_schedules
from reprlab.scores.results import Column, Results
from reprlab.scores.scores import Scores
from reprlab.statistics.bootstraps import bootstrap, draws
from reprlab.sweeps.batch import answers
from reprlab.training import runs
from reprlab.training.fine_tuned import FineTuned, turning
from reprlab.training.finetuning import finetune
from reprlab.training.runs import micro_batch_of
from reprlab.training.trainer import Fitted, Recipe, fit

T = 6
SKIP = rl.Schedule.parse("0:2 4:6")
RECIPE = Recipe(epochs=1, batch=4, rate=3e-3, seed=7)
WORDS = ("plums", "figs", "pears", "limes")


def row(n: int) -> dict[str, Any]:
    texts = [f"{n + k} {WORDS[k]}" for k in range(3 + n % 2)]
    labels = list("ABCD"[: len(texts)])
    question = f"Which of {'some ' * (n % 3)}{WORDS[n % 3]}?"
    return {
        "id": f"n{n}",
        "question": question,
        "choices": {"text": texts, "label": labels},
        "answerKey": "B",
    }


def written(folder: Path, train: int = 10, test: int = 5) -> Path:
    (folder / "arc_challenge").mkdir(parents=True)
    for split, places in (("train", range(20, 20 + train)), ("test", range(test))):
        lines = [json.dumps(row(n)) for n in places]
        (folder / "arc_challenge" / f"{split}.jsonl").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("rows"))


def tune(
    data: Path, cache: Path, schedules: Any = (SKIP,), net: Network | None = None, **options: Any
) -> FineTuned:
    given = {"recipe": RECIPE, "data_dir": data, "cache": cache, **options}
    return finetune(net or network("tiny-llama"), schedules, **given)


def rows_of(net: Network, data: Path) -> list[Any]:
    opened = open_splits("arc", data_dir=data).training
    sizes = {"max_length": net.positions, "vocabulary": net.vocabulary, "max_new_tokens": 0}
    return training_rows(prepare(opened, net.tokenizer, limit=99, **sizes), net.positions)


@dataclass(frozen=True)
class Whole:
    """A call that was never interrupted, and what it left."""

    made: FineTuned
    checkpoints: Path
    cache: Path
    shown: list[tuple[float, float]]
    said: list[str]


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder, shown, said = tmp_path_factory.mktemp("whole"), [], []
    options: dict[str, Any] = {"checkpoints": folder / "weights", "say": said.append}
    made = tune(data, folder / "cache", progress=lambda *now: shown.append(now), **options)
    return Whole(made, folder / "weights", folder / "cache", shown, said)


def same(one: FineTuned, other: FineTuned) -> bool:
    pairs = [(one.frozen, other.frozen), (one.tuned, other.tuned)]
    return one.curves == other.curves and all(
        np.array_equal(a.results().values, b.results().values) for a, b in pairs
    )


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The modules that were trained, as weak references."""
    seen: list[Any] = []

    def counted(module: Any, *rest: Any, **options: Any) -> Fitted:
        assert [one for one in seen if one() is not None] == [], "the copy before is still there"
        seen.append(weakref.ref(module))
        return fit(module, *rest, **options)

    monkeypatch.setattr(runs, "fit", counted)
    return seen


# --- training ------------------------------------------------------------------------------------


def saved(whole: Whole, schedule: rl.Schedule) -> Path:
    (folder,) = (
        file.parent
        for file in whole.checkpoints.glob("*/schedule.txt")
        if file.read_text() == f"{schedule}\n"
    )
    return folder


def weights(whole: Whole, schedule: rl.Schedule) -> dict[str, torch.Tensor]:
    (file,) = saved(whole, schedule).glob("*.safetensors")
    return load_file(file)


def test_the_full_schedule_trains_as_the_module_itself_does(whole: Whole, data: Path) -> None:
    net = network("tiny-llama")
    plain = copy.deepcopy(net.module).requires_grad_(True)
    curve = fit(plain, rows_of(net, data), RECIPE, network=net, device="cpu").curve
    expected, found = plain.state_dict(), weights(whole, rl.Schedule.full(T))
    assert all(torch.equal(expected[name], weight) for name, weight in found.items())
    assert any(not torch.equal(net.module.state_dict()[name], weight) for name, weight in found.items())
    points = [point for point in whole.made.curves if point["schedule"] == "0:6"]
    assert points == [{"task": "arc", "schedule": "0:6", **point} for point in curve]


def shortened(row: dict[str, Any], number: int) -> dict[str, Any]:
    """A row of which every third has one scored token: the mean over tokens is not that over rows."""
    last = len(row["labels"]) - 1
    return {**row, "labels": [-100] * last + row["labels"][last:]} if number % 3 == 0 else row


def test_a_batch_in_parts_takes_the_same_steps_but_for_rounding(data: Path) -> None:
    net = network("tiny-llama")
    rows, found = [shortened(row, number) for number, row in enumerate(rows_of(net, data))], {}
    for size in (4, 2, 1):
        module = copy.deepcopy(net.module).requires_grad_(True)
        curve = fit(module, rows, RECIPE, network=net, micro_batch=size).curve
        found[size] = [(point["step"], point["loss"]) for point in curve], module.state_dict()
    (curve, once), *others = found.values()
    for parts, weights_of in others:
        assert np.allclose(parts, curve, rtol=1e-4)
        assert all(torch.allclose(once[name], weights_of[name], atol=3e-4) for name in once)
    moved = [(once[name] - weight).abs().max() for name, weight in net.module.state_dict().items()]
    assert max(moved) > 3e-3, "the steps are ten times what they may differ by"


def test_rows_in_memory_together_divide_a_batch(data: Path, tmp_path: Path) -> None:
    for asked in (0, -2, 3, 8):
        with pytest.raises(ReprlabError, match=f"--micro-batch {asked}: give a divisor of --batch 4"):
            tune(data, tmp_path, micro_batch=asked)
    sizes = [micro_batch_of(Recipe(batch=batch), None) for batch in (64, 20, 7, 11, 1)]
    assert sizes == [8, 5, 7, 1, 1]


def test_too_little_memory_is_said_before_it_is_taken(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(runs, "_free", lambda _: 1e5)
    tune(data, tmp_path, [], micro_batch=2, say=said.append)
    tune(data, tmp_path, [], micro_batch=2, say=said.append)  # nothing is left to run: no warning
    found = "\n".join(said)
    assert "beside the model, with 2 rows at a time" in found
    assert found.count("warning: 0.0 GB are free: a smaller --micro-batch takes less") == 1


def test_layers_that_do_not_run_keep_their_weights_and_all_others_train(whole: Whole) -> None:
    before = network("tiny-llama").module.state_dict()
    found = weights(whole, SKIP)
    changed = {name for name, weight in found.items() if not torch.equal(before[name], weight)}
    assert changed == {name for name in found if "layers.2." not in name and "layers.3." not in name}


def test_a_checkpoint_scores_as_the_tuned_model_did(whole: Whole, data: Path, tmp_path: Path) -> None:
    for place, entry in enumerate(whole.made.tuned.entries):
        net = rl.load(str(saved(whole, entry.schedule)))
        scores = rl.sweep(net, [entry.schedule], ["arc"], data_dir=data, limit=5, cache=tmp_path)
        assert np.array_equal(scores.results().values[-1], whole.made.tuned.results().values[place])


def test_the_network_and_the_random_state_stay_as_they_were(data: Path, tmp_path: Path) -> None:
    net = rl.load("tiny-llama")
    before = {name: weight.clone() for name, weight in net.module.state_dict().items()}
    config, layers = net.module.config.to_dict(), net.layers
    random.seed(3), np.random.seed(4), torch.manual_seed(5)
    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    tune(data, tmp_path, [], net, limit=2)
    after = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    assert after == states
    assert all(torch.equal(before[name], weight) for name, weight in net.module.state_dict().items())
    assert not any(weight.requires_grad or weight.grad is not None for weight in net.module.parameters())
    assert not any(part.training for part in net.module.modules())
    assert (net.module.config.to_dict(), net.layers) == (config, layers)


def test_training_that_changes_nothing_scores_as_the_frozen_model_bit_for_bit(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = network("tiny-llama")
    rl.sweep(net, ["0:1 5"], ["arc"], data_dir=data, limit=2, batch_tokens=99, cache=tmp_path)
    rl.sweep(net, ["0:1 5"], ["arc"], data_dir=data, limit=5, cache=tmp_path)  # documents 2, 3, 4 together
    monkeypatch.setattr(runs, "fit", lambda *_, **__: Fitted((), None))
    asked: list[Any] = []

    def heard(net: Network, documents: Any, *rest: Any, **options: Any) -> Any:
        asked.append(list(documents))
        return answers(net, documents, *rest, **options)

    monkeypatch.setattr("reprlab.sweeps.job.answers", heard)
    made = tune(data, tmp_path, [SKIP, "1 0 [2:5] 5*2"], limit=3)  # the third shares its batch with others
    assert made.frozen.results().values.shape[:2] == (3, 3)
    assert np.array_equal(made.frozen.results().values, made.tuned.results().values)
    assert made.frozen.results().ids == made.tuned.results().ids == ("n0", "n1", "n2")
    assert [len(batch) for batch in asked[:3]] == [1, 1, 3]
    assert asked[3:] == 3 * asked[:3], "the tuned models answer in the frozen one's batches"


def test_rows_are_padded_behind_their_end_whatever_the_tokenizer_does(
    whole: Whole, data: Path, tmp_path: Path
) -> None:
    net = network("tiny-llama")
    tokenizer = copy.deepcopy(net.tokenizer)
    tokenizer.padding_side, tokenizer.pad_token = "left", None
    made = tune(data, tmp_path, net=replace(net, tokenizer=tokenizer))
    assert np.allclose(made.tuned.results().values, whole.made.tuned.results().values, atol=1e-6)
    assert (tokenizer.padding_side, tokenizer.pad_token) == ("left", None)


def test_runs_that_diverge_count_as_wrong_and_do_not_crash(data: Path, tmp_path: Path) -> None:
    made = tune(data, tmp_path, recipe=Recipe(1, 4, 1e30, 1), limit=2)
    assert made.tuned.results().nonfinite.tolist() == [2, 2]
    assert made.frozen.results().nonfinite.tolist() == [0, 0]
    assert (made.tuned.results().values == 0).all()
    assert any(math.isnan(point["loss"]) or math.isinf(point["loss"]) for point in made.curves)
    assert same_but_nan(made, tune(data, tmp_path, recipe=Recipe(1, 4, 1e30, 1), limit=2))


def same_but_nan(one: FineTuned, other: FineTuned) -> bool:
    return str(one.curves) == str(other.curves) and np.array_equal(
        one.tuned.results().values, other.tuned.results().values
    )


# --- what is kept --------------------------------------------------------------------------------


class Stop(Exception):
    pass


def test_a_call_stopped_in_the_middle_goes_on_to_the_same_bits(
    whole: Whole, data: Path, tmp_path: Path, fits: list[Any]
) -> None:
    def stop(done: float, total: float) -> None:
        if done > 0.7 * total:
            raise Stop

    with pytest.raises(Stop):
        tune(data, tmp_path, progress=stop)
    assert len(fits) == 2, "the second run is the one that was stopped"
    fits.clear()
    assert same(tune(data, tmp_path), whole.made)
    assert len(fits) == 1


def test_what_is_there_is_not_trained_again_and_anything_else_is(
    whole: Whole, data: Path, fits: list[Any], tmp_path: Path
) -> None:
    said: list[str] = []
    again = tune(data, whole.cache, checkpoints=tmp_path / "none", say=said.append)
    assert same(again, whole.made)
    assert (len(fits), (tmp_path / "none").exists()) == (0, False)
    assert "2 runs, 2 of them there already" in "\n".join(said)
    assert "note: what is there already writes no checkpoint" in "\n".join(said)
    for change in ({"limit": 4}, {"train_limit": 9}, {"recipe": replace(RECIPE, seed=8)}, {"micro_batch": 2}):
        tune(data, whole.cache, [], **change)
        assert len(fits) == 1, change
        fits.clear()
    tune(data, whole.cache, [], limit=5, train_limit=10)
    assert fits == []


def test_work_is_announced_and_shown_from_nothing_to_all_of_it(whole: Whole, data: Path) -> None:
    done, totals = zip(*whole.shown, strict=True)
    assert list(done) == sorted(done)
    assert len(set(totals)) == 1
    assert (done[0], done[-1]) == (0, pytest.approx(totals[0]))
    net = network("tiny-llama")
    tokens = sum(len(row["input_ids"]) for row in rows_of(net, data))
    head = net.vocabulary / (12 * net.width)
    assert totals[0] > 3 * tokens * (T + len(SKIP) + 2 * head)
    assert f"10 rows, {tokens:,} tokens, {RECIPE}; 5 documents to score" in whole.said[0]


def test_scores_pair_up_and_say_what_they_are(whole: Whole, data: Path) -> None:
    made = whole.made
    assert made.frozen.entries == made.tuned.entries
    assert [entry.label for entry in made.frozen.entries] == ["full", "0 1 4 5"]
    frozen, tuned = made.frozen.results(), made.tuned.results()
    assert (frozen.ids, frozen.columns, frozen.definition) == (tuned.ids, tuned.columns, tuned.definition)
    assert f"fine-tuned: {RECIPE}" in made.tuned.note
    assert (made.tuned.made_with["mode"], made.tuned.made_with["recipe"]) == (
        "fine-tuned",
        f"{RECIPE}, 4 rows at a time",
    )
    with pytest.raises(ReprlabError, match="sweeps of one network are joined"):
        made.frozen.joined(made.tuned)
    swept = rl.sweep(network("tiny-llama"), [SKIP], ["arc"], data_dir=data, limit=5, cache=whole.cache)
    assert np.array_equal(swept.results().values, frozen.values)


def test_the_table_has_both_scores_and_their_difference(whole: Whole, tmp_path: Path) -> None:
    made = whole.made
    frame = made.to_dataframe()
    assert len(frame) == 2 * len(made.frozen.results().metrics)
    for found in frame.itertuples():
        place = made.frozen.place(found.schedule)
        one, other = (s.results().items(found.metric)[place, :, 0] for s in (made.frozen, made.tuned))
        assert (found.frozen, found.tuned) == (pytest.approx(one.mean()), pytest.approx(other.mean()))
        assert found.difference == pytest.approx((other - one).mean())
        assert found.low <= found.difference <= found.high
    assert made.save(tmp_path / "a.csv") == [tmp_path / "a.csv"]
    for file, scores in zip(made.save(tmp_path / "a.npz"), (made.frozen, made.tuned), strict=True):
        assert np.array_equal(Scores.load(file).results().values, scores.results().values)
    with pytest.raises(ReprlabError, match=r"saved as \.npz or \.csv, not as 'a.txt'"):
        made.save(tmp_path / "a.txt")


# --- the schedules of figure 13 ------------------------------------------------------------------


def nearest(layers: int, share: str) -> int:
    """How many layers the nearest skip leaves out, by looking at all of them."""
    possible = [0, *(layers - 2 * s - 1 for s in range(layers) if layers - 2 * s - 1 > 0)]
    off = [(abs(Fraction(m, layers) - Fraction(share)), m) for m in possible]
    return min(off)[1]


@settings(deadline=None)
@given(st.integers(1, 90), st.lists(st.integers(0, 100).map(lambda n: f"{n / 100}"), min_size=1, max_size=8))
def test_a_share_has_its_nearest_skip(layers: int, shares: list[str]) -> None:
    entries = share_schedules(layers, map(float, shares))
    missing = [layers - len(entry.schedule) for entry in entries]
    assert missing == list(dict.fromkeys(nearest(layers, share) for share in shares))
    for entry, left in zip(entries, missing, strict=True):
        assert left_out(entry.schedule, layers) == left / layers
        assert entry.variant == ("skip" if left else "full")
        if left:
            assert entry.schedule == rl.Schedule.paper("skip", layers=layers, start=entry.start)


def test_ties_go_to_fewer_layers() -> None:
    assert [len(e.schedule) for e in share_schedules(20, [0.2])] == [17]  # 3 and 5 are as near as each other
    assert [len(e.schedule) for e in share_schedules(20, [0.025])] == [20]


@pytest.mark.parametrize(
    ("text", "share"), [("0:6", 0), ("0 5", 2 / 3), ("0:2 2:6", 0), ("5", 5 / 6)], ids=str
)
def test_a_share_is_that_of_the_layers_left_out(text: str, share: float) -> None:
    assert left_out(rl.Schedule.parse(text), T) == pytest.approx(share)


@pytest.mark.parametrize("text", ["1 0 2:6", "0:3 2:6", "0 [1 2] 3:6", "0 1*2 3"])
def test_a_schedule_that_does_more_than_leave_out_has_no_share(text: str) -> None:
    assert math.isnan(left_out(rl.Schedule.parse(text), T))


# --- where tuning stops helping ------------------------------------------------------------------


def naive(shares: list[float], gains: list[float]) -> float:
    for (x, a), (y, b) in zip(zip(shares, gains), list(zip(shares, gains))[1:]):  # noqa: B905
        if a > 0 >= b:
            return x + (y - x) * a / (a - b)
    return math.inf if max(gains) > 0 else -math.inf


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(-3, 3).map(float), min_size=4, max_size=4), min_size=1, max_size=6))
def test_turning_is_the_first_change_of_sign(draw: list[list[float]]) -> None:
    shares = [0.0, 0.25, 0.25, 1.0]
    found = turning(np.array(shares), np.array(draw).T)
    assert found.tolist() == pytest.approx([naive(shares, gains) for gains in draw])


def planted(
    gains: dict[str, Any], documents: int = 40, spread: float = 0.0, units: int | None = None
) -> FineTuned:
    """Frozen scores of 0.5 and tuned ones that differ by a gain, the same up to noise for every document."""
    chance = np.random.default_rng(0)
    entries = tuple(rl.Entry("full" if t == "0:10" else "custom", rl.Schedule.parse(t)) for t in gains)
    frozen = np.full((len(entries), documents, 1), 0.5)
    tuned = (
        frozen + np.array(list(gains.values()))[:, None, None] + spread * chance.standard_normal(frozen.shape)
    )
    names = tuple(map(str, range(documents)))
    cells = tuple(str(n % (units or documents)) for n in range(documents))
    results = Results(
        *("arc", "arc_challenge", "", "multiple_choice", 0, "paper", "", 0.25, 9),
        columns=(Column("u", "mean", 1, True),),
        ids=names,
        units=cells,
        values=frozen,
        nonfinite=np.zeros(len(entries), np.int64),
    )
    scores = Scores("m", "", "float32", 10, entries, {"arc": results}, {})
    return FineTuned(scores, replace(scores, benchmarks={"arc": replace(results, values=tuned)}), ())


def test_a_planted_turn_is_found_in_any_order_of_entries() -> None:
    gains = {"0:10": 0.1, "0:4 9": -0.3, "0:4 6:10": 0.2, "0:4 8:10": -0.2, "1 0 2:10": -0.9}
    crossing = planted(gains).crossing(count=50)
    assert [round(gain.share, 9) for gain in crossing.differences] == [0, 0.2, 0.4, 0.5]
    assert [gain.value for gain in crossing.differences] == pytest.approx([0.1, 0.2, -0.2, -0.3])
    assert crossing.value == pytest.approx(0.3)  # from 0.2 at 20 % to -0.2 at 40 %
    assert (crossing.low, crossing.high) == (pytest.approx(0.3), pytest.approx(0.3))
    assert (crossing.none, crossing.reason) == (0, "")


def test_ends_outside_the_shares_are_said_to_lie_on_their_side() -> None:
    made = planted({"0:4 6:10": 0.002, "0:4 8:10": -0.002}, spread=0.5)
    crossing = replace(made.crossing(count=50), low=-math.inf, high=math.inf)
    assert "(95 %: before 0.20 to beyond 0.40, " in crossing_line(crossing)


def test_the_interval_is_that_of_paired_draws_of_units() -> None:
    made = planted({"0:10": 0.05, "0:4 6:10": 0.02, "0:4 8:10": -0.05}, spread=0.2, units=20)
    crossing = made.crossing(count=400)
    one, other = (s.results().items("u")[..., 0] for s in (made.frozen, made.tuned))
    units = np.array(made.frozen.results().codes)
    found = []
    for times in draws(units, 400):
        weight = times[units].astype(float)
        gains = ((other - one) * weight).sum(1) / weight.sum()
        found.append(naive([0, 0.2, 0.4], gains.tolist()))
    none = np.isinf(found).mean()
    found.sort()
    assert (crossing.low, crossing.high) == (pytest.approx(found[9]), pytest.approx(found[390]))
    assert crossing.none == pytest.approx(none)
    assert crossing.low < crossing.value < crossing.high
    assert 0 < crossing.none < 1
    gain = bootstrap("mean", (other - one)[..., None], units, np.ones((1, 20)))[:, 0]
    assert [one.value for one in crossing.differences] == pytest.approx(gain.tolist())


@pytest.mark.parametrize(
    ("gains", "end", "says"),
    [
        ((0.0, -0.1), -math.inf, "no turn: the difference of u is positive at no share"),
        ((0.1, 0.2), math.inf, "no turn: the difference of u is positive at 0.40, the last share"),
        ((-0.1, 0.2), math.inf, "no turn: the difference of u is positive at 0.40, the last share"),
    ],
    ids=str,
)
def test_without_a_turn_there_is_no_number_and_a_reason(
    gains: tuple[float, ...], end: float, says: str
) -> None:
    crossing = planted(dict(zip(("0:10", "0:4 8:10"), gains, strict=True))).crossing(count=20)
    assert math.isnan(crossing.value)
    assert (crossing.low, crossing.high, crossing.none, crossing.reason) == (end, end, 1, says)


def test_a_turn_to_exactly_nothing_is_there_where_the_gain_is_gone() -> None:
    assert planted({"0:10": 0.1, "0:4 8:10": 0.0}).crossing(count=9).value == pytest.approx(0.4)


def test_an_unknown_metric_is_named() -> None:
    with pytest.raises(ReprlabError, match="unknown metric of benchmark 'arc' 'acc'"):
        planted({"0:10": 0.0}).crossing("acc")


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"limit": 0}, "--limit 0: give 1 or more"),
        ({"train_limit": 0}, "--train-limit 0: give 1 or more"),
        ({"batch_tokens": 0}, "--batch-tokens 0: give 1 or more"),
        ({"schedules": "0:6"}, "one schedule was given, not a list of them: write ['0:6']"),
        ({"schedules": ["0:9"]}, "layer 8 does not exist in a model of 6 layers"),
        ({"schedules": None, "shares": [0, 1.5]}, "--shares 1.5: give numbers from 0 to 1"),
        ({"schedules": None, "shares": [math.nan]}, "--shares nan: give numbers from 0 to 1"),
        ({"task": "lambada"}, "unknown task to train on 'lambada': there are: arc, hellaswag, winogrande"),
        ({"task": "arc_easy"}, "unknown task to train on 'arc_easy'"),
        ({"task": "paper"}, "unknown task to train on 'paper'"),
        ({"preset": "papers"}, "unknown preset 'papers': did you mean 'paper'?"),
        ({"data_dir": "nowhere"}, "--data-dir 'nowhere' is no folder"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_one_line(
    options: dict[str, Any], says: str, data: Path, tmp_path: Path, fits: list[Any]
) -> None:
    with pytest.raises(ReprlabError) as caught:
        tune(data, tmp_path / "cache", **options)
    assert says in str(caught.value)
    assert not (tmp_path / "cache").exists()
    assert fits == []


def test_missing_training_rows_are_named(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / "arc_challenge" / "train.jsonl").unlink()
    with pytest.raises(ReprlabError) as caught:
        tune(folder, tmp_path / "cache")
    assert str(caught.value) == (
        f"benchmark 'arc' needs arc_challenge/train.jsonl in --data-dir '{folder}' to train on: put it there"
    )


@pytest.mark.parametrize(
    ("model", "dtype", "says"),
    [
        ("tiny-bert", "float32", "'tiny-bert' has no causal language head: fine-tuning trains one"),
        ("tiny-llama", "bfloat16", "training runs in float32, 'tiny-llama' is in bfloat16: --dtype float32"),
    ],
)
def test_networks_that_cannot_be_trained_are_named(
    model: str, dtype: str, says: str, data: Path, tmp_path: Path
) -> None:
    with pytest.raises(ReprlabError) as caught:
        tune(data, tmp_path, net=rl.load(model, dtype=dtype))
    assert str(caught.value) == says


def test_a_network_on_several_devices_is_refused(data: Path, tmp_path: Path) -> None:
    net = rl.load("tiny-llama")
    net.module.hf_device_map = {"model.embed_tokens": 0, "model.layers": "cpu"}
    with pytest.raises(ReprlabError, match="training runs on one device, 'tiny-llama' is on 0, cpu"):
        tune(data, tmp_path, net=net)


def test_without_accelerate_it_says_what_to_install(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reprlab.training.trainer.find_spec", lambda _: None)
    with pytest.raises(ReprlabError, match=r"pip install 'reprlab\[train\]'"):
        tune(data, tmp_path)


def test_a_checkpoint_that_cannot_be_written_is_named(data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReprlabError, match=r"cannot write '.*file/0%3A6': .*; give another --checkpoints"):
        tune(data, tmp_path / "cache", [], limit=1, train_limit=1, checkpoints=tmp_path / "file")


# --- the command line ----------------------------------------------------------------------------

Call = Callable[..., str]


@pytest.fixture
def call(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Runs the command on tiny-llama in an empty folder; gives what it printed."""
    from reprlab.cli.terminal import out

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(out, "width", 200)
    app = typer.Typer()
    app.command()(command)

    def run(line: str) -> str:
        capsys.readouterr()
        given = ["--model", "tiny-llama", *line.split()]
        if "--data-dir" not in given:
            given += ["--data-dir", str(data)]
        app(given, standalone_mode=False)
        return capsys.readouterr().out

    return run


SMALL = "--batch 4 --rate 3e-3 --seed 7"


def test_the_command_prints_a_table_and_the_crossing(call: Call, tmp_path: Path, fits: list[Any]) -> None:
    files = "--out a/t.csv --out a/t.npz --curves a/c.csv"
    printed = call(f"{SMALL} --shares 0,.5 --train-limit 4 --limit 2 {files} --checkpoints w")
    assert len(fits) == 2
    lines = printed.splitlines()
    assert "fine-tuned: 1 epoch, batch 4, rate 0.003, seed 7" in lines[0]
    assert any(line.split()[:2] == ["full", "0.00"] for line in lines)
    assert any(line.split()[:3] == ["skip", "s=1", "0.50"] for line in lines)
    assert "the paper: 0.30" in printed
    assert lines[-3:] == ["a/t.csv", "a/t-frozen.npz", "a/t-tuned.npz"]
    head = (tmp_path / "a/t.csv").read_text().splitlines()[0].split(",")
    assert {"schedule", "frozen", "tuned", "low", "high"} <= set(head)
    assert Scores.load(tmp_path / "a/t-tuned.npz").entries[1].start == 1
    assert (tmp_path / "a/c.csv").read_text().startswith("task,schedule,loss")
    assert len(list((tmp_path / "w").glob("*/*.safetensors"))) == 2


def test_the_command_prints_json_and_writes_its_table(call: Call, tmp_path: Path) -> None:
    printed = call(f"{SMALL} --shares 0 --train-limit 4 --limit 2 --json")
    (found,) = json.loads(printed)
    assert found["model"] == "tiny-llama"
    assert {row["schedule"] for row in found["rows"]} == {"0:6"}
    assert set(found["crossing"]) == {"value", "low", "high", "none", "reason", "ends"}
    assert found["crossing"]["reason"] == "no turn: that takes two shares at least"
    assert (tmp_path / "reports/tiny-llama/finetune-arc_challenge-2.csv").is_file()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--limit 0", "--limit 0: give 1 or more"),
        ("--train-limit 0", "--train-limit 0: give 1 or more"),
        ("--batch-tokens 0", "--batch-tokens 0: give 1 or more"),
        ("--batch 0", "--batch 0: give 1 or more"),
        ("--batch 4 --micro-batch 3", "--micro-batch 3: give a divisor of --batch 4"),
        ("--micro-batch 0", "--micro-batch 0: give a divisor of --batch 64"),
        ("--epochs 0", "--epochs 0: give 1 or more"),
        ("--rate 0", "--rate 0.0: give a number above 0"),
        ("--rate 1e300", "--rate 1e+300: give a number above 0, at most 1e+30"),
        ("--out a.csv --curves ./a.csv", "--out and --curves name the same file, 'a.csv': give two"),
        ("--seed -1", "--seed -1: give 0 or more"),
        ("--shares x", "--shares 'x': give numbers from 0 to 1 as in 0,.1,.3"),
        ("--shares 0,2", "--shares 2: give numbers from 0 to 1"),
        ("--shares 0 --schedule 0:6", "--schedule and --shares: give one of them"),
        ("--schedule [", "'[' is never closed"),
        ("--task lambada", "unknown task to train on 'lambada'"),
        ("--preset papers", "unknown preset 'papers'"),
        ("--data-dir nowhere", "--data-dir 'nowhere' is no folder"),
        ("--device gpu", "unknown device 'gpu'"),
        ("--out a.txt", "--out 'a.txt': the ending chooses the format; there are .csv, .npz"),
        ("--out file/a.csv", "--out 'file/a.csv' cannot be made: 'file' is a file"),
        ("--curves c.npz", "--curves 'c.npz': the ending chooses the format; there are .csv"),
        ("--checkpoints file", "--checkpoints 'file' cannot be made: 'file' is a file"),
        ("--model tiny-* --out a.csv", "models: leave --out, --curves, --checkpoints away"),
    ],
    ids=str,
)
def test_a_wrong_command_is_refused_before_anything_is_loaded(
    call: Call, line: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(
        "reprlab.network.loading.open_network", lambda *_, **__: pytest.fail("a model was loaded")
    )
    with pytest.raises(ReprlabError) as caught:
        call(line)
    assert says in str(caught.value)
