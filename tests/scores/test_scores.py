"""Scores: labelled numbers, paired comparisons, normalised scores and files, on small made-up arrays."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_rel

from reprlab.errors import ReprlabError
from reprlab.schedules.grids import Entry
from reprlab.schedules.schedule import Schedule
from reprlab.scores.baselines import Baselines
from reprlab.scores.results import Column, Results
from reprlab.scores.scores import Scores
from reprlab.statistics.floors import SPLITS

LAYERS, DOCUMENTS = 6, 40
FULL, SKIP = Schedule.full(LAYERS), Schedule.skip(LAYERS, 2, 4)
ONE, OTHER = Schedule.parse("0 1 3 2 4 5"), Schedule.parse("0 2 1 3 4 5")
ENTRIES = (
    Entry("full", FULL),
    Entry("skip", SKIP, start=1),
    Entry("random", ONE, start=1, seed=0),
    Entry("random", OTHER, start=1, seed=1),
    Entry("random", OTHER, start=1, seed=2),
    Entry("random", FULL, start=1, seed=3),
    Entry("looped_parallel", Schedule.parse("0 [1:4]*3 4:6"), start=0, times=3, window=(1, 4)),
)
ACC, U = Column("acc", "mean", 1, True), Column("u", "mean", 1, True)
PERPLEXITY = Column("perplexity", "perplexity", 1, False)
RIGHT = (0.95, 0.5, 0.7, 0.4, 0.4, 0.95, 0.3)  # how often each entry is right


def numbers(columns: Sequence[Column], seed: int) -> Any:
    """Made-up numbers that float32 holds exactly: (schedule, document, column)."""
    chance = np.random.default_rng(seed)
    right = chance.permuted(
        [np.arange(DOCUMENTS) < round(DOCUMENTS * share) for share in RIGHT], axis=1
    ).astype(float)
    right[5], right[4] = right[0], right[3]
    likely = -np.round(64 * (2 - right + chance.random(right.shape))) / 64
    parts = {"acc": right, "u": np.round(64 * (0.2 + 0.7 * right)) / 64, "perplexity": likely}
    return np.stack([parts[column.name] for column in columns], axis=-1)


def made(name: str, columns: Sequence[Column], **changes: Any) -> Results:
    given: dict[str, Any] = {
        "name": name,
        "task": f"{name}_task",
        "kind": "semantic",
        "output": "multiple_choice",
        "shots": 0,
        "preset": "paper",
        "definition": "abc",
        "floor": 0.25,
        "vocabulary": 1000,
        "columns": tuple(columns),
        "ids": tuple(f"{name}-{n}" for n in range(DOCUMENTS)),
        "units": tuple(str(n) for n in range(DOCUMENTS)),
        "values": changes["values"] if "values" in changes else numbers(columns, seed=len(name)),
        "nonfinite": np.array([0, 1, 2, 3, 4, 5, 6]),
        **changes,
    }
    return Results(**given)


def together(*results: Results) -> Scores:
    found = {one.name: one for one in results}
    return Scores("tiny", "a note", "float32", LAYERS, ENTRIES, found, {"torch": "2.6"})


@pytest.fixture
def scores() -> Scores:
    return together(made("choice", [ACC, U]), made("cloze", [PERPLEXITY, ACC, U], floor=0.0))


# --- the table -----------------------------------------------------------------------------------


def test_the_table_has_a_row_for_each_entry_benchmark_and_metric(scores: Scores) -> None:
    table = scores.to_dataframe()
    keys = list(zip(table["benchmark"], table["metric"], table["schedule"], strict=True))
    wanted = [("choice", "acc"), ("choice", "u"), ("cloze", "perplexity"), ("cloze", "acc"), ("cloze", "u")]
    assert keys == [(*pair, str(entry.schedule)) for pair in wanted for entry in ENTRIES]


def test_the_tables_columns() -> None:
    labels = ["schedule", "variant", "start", "layer", "window", "times", "seed", "benchmark", "class"]
    labels += ["preset", "shots"]
    counts = [
        "metric",
        "value",
        "stderr",
        "low",
        "high",
        "floor",
        "baseline",
        "normalised",
        "normalised_stderr",
        "documents",
        "units",
    ]
    rest = ["nonfinite", "reason", "model", "dtype"]
    assert list(together(made("choice", [ACC])).to_dataframe()) == [*labels, *counts, *rest]


def test_the_tables_values(scores: Scores) -> None:
    table, values = scores.to_dataframe(), scores.benchmarks["cloze"].values
    one = table[(table["benchmark"] == "cloze") & (table["metric"] == "perplexity")]
    likely = values[..., 0]
    spread = likely.std(axis=1, ddof=1) / math.sqrt(DOCUMENTS)
    np.testing.assert_allclose(one["value"], np.exp(-likely.mean(axis=1)))
    np.testing.assert_allclose(one["stderr"], np.exp(-likely.mean(axis=1)) * spread)
    assert list(one["nonfinite"]) == [0, 1, 2, 3, 4, 5, 6]
    assert set(one["documents"]) == set(one["units"]) == {DOCUMENTS}
    looped = one.iloc[-1]
    assert (looped["variant"], looped["start"], looped["times"], looped["window"]) == (
        "looped_parallel",
        0,
        3,
        "1:4",
    )


def test_documents_of_one_unit_count_as_one_in_the_error() -> None:
    pairs = tuple(str(n // 2) for n in range(DOCUMENTS))
    values = np.repeat(numbers([ACC], 1)[:, ::2], 2, axis=1)
    table = together(made("choice", [ACC], values=values, units=pairs)).to_dataframe()
    spread = values[:, ::2, 0].std(axis=1, ddof=1) / math.sqrt(DOCUMENTS // 2)
    np.testing.assert_allclose(table["stderr"], spread)
    assert set(table["units"]) == {DOCUMENTS // 2}


def test_divergence_is_two_more_metrics() -> None:
    apart = np.stack([np.full((7, DOCUMENTS), 0.5), np.full((7, DOCUMENTS), 0.25)], axis=-1)
    results = made("choice", [ACC, U], divergence=apart)
    table = together(results).pooled().groupby("metric")["value"].mean()
    assert results.metrics == ("acc", "u", "kl", "agreement")
    assert (table["kl"], table["agreement"]) == (0.5, 0.25)
    assert not results.column("kl").higher_is_better
    assert results.column("agreement").higher_is_better


def test_a_metric_of_two_numbers_keeps_those_behind_it_in_place() -> None:
    bits = Column("bits_per_byte", "bits_per_byte", 2, False)
    values = np.concatenate([np.full((7, DOCUMENTS, 2), [-8.0, 4.0]), numbers([ACC], 0)], axis=-1)
    results = made("text", [bits, ACC], values=values)
    table = together(results).to_dataframe().set_index("metric")["value"]
    np.testing.assert_allclose(table["bits_per_byte"], 2 / math.log(2))
    np.testing.assert_allclose(table["acc"], values[..., 2].mean(axis=1))


# --- rows that belong together -------------------------------------------------------------------


def test_seeds_are_one_row_equal_orders_once_and_the_full_order_left_out(scores: Scores) -> None:
    assert scores.rows == ((0,), (1,), (2, 3), (6,))


def test_an_order_that_is_the_full_models_stays_where_it_is_alone() -> None:
    entries = (ENTRIES[0], ENTRIES[5], replace(ENTRIES[1], schedule=FULL))
    values = made("choice", [ACC]).values[[0, 5, 0]]
    lone = replace(together(made("choice", [ACC], values=values)), entries=entries)
    assert lone.rows == ((0,), (1,), (2,))


def test_seeds_of_other_starts_and_variants_stay_apart() -> None:
    other = (ENTRIES[0], ENTRIES[2], replace(ENTRIES[3], start=0), replace(ENTRIES[3], variant="custom"))
    assert replace(together(made("choice", [ACC])), entries=other).rows == ((0,), (1,), (2,), (3,))


def test_pooled_rows_keep_the_seeds_spread_apart_from_the_documents(scores: Scores) -> None:
    table = scores.pooled()
    one = table[(table["benchmark"] == "choice") & (table["metric"] == "u")].set_index("row").loc[2]
    drawn = scores.benchmarks["choice"].values[[2, 3], :, 1]
    assert one["value"] == pytest.approx(drawn.mean())
    assert one["seed_sd"] == pytest.approx(drawn.mean(axis=1).std(ddof=1))
    assert one["stderr"] == pytest.approx(drawn.mean(axis=0).std(ddof=1) / math.sqrt(DOCUMENTS))
    assert (one["seeds"], one["schedule"], one["nonfinite"]) == (2, "2 orders", 5)
    assert one["seed"] is None or math.isnan(one["seed"])


def test_a_schedule_by_itself_has_no_spread_of_seeds(scores: Scores) -> None:
    alone = scores.pooled().set_index("row").loc[[0, 1, 3]]
    assert alone["seed_sd"].isna().all()
    assert set(alone["seeds"]) == {1}


# --- comparisons ---------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ["acc", "u"])
def test_a_comparison_is_scipys_paired_interval(scores: Scores, metric: str) -> None:
    found = scores.compare(SKIP, FULL, benchmark="choice", metric=metric)
    a, b = (scores.benchmarks["choice"].items(metric)[place, :, 0] for place in (1, 0))
    low, high = ttest_rel(a, b).confidence_interval()
    assert (found.value, found.low, found.high) == pytest.approx((a.mean() - b.mean(), low, high))
    assert (found.documents, found.units) == (DOCUMENTS, DOCUMENTS)


@pytest.mark.parametrize("metric", ["acc", "u", "perplexity"])
def test_a_comparison_turned_around_is_its_mirror_image(scores: Scores, metric: str) -> None:
    one = scores.compare(SKIP, ONE, benchmark="cloze", metric=metric)
    other = scores.compare(str(ONE), str(SKIP), benchmark="cloze", metric=metric)
    assert (one.value, one.stderr, one.low, one.high) == pytest.approx(
        (-other.value, other.stderr, -other.high, -other.low), nan_ok=True
    )
    turned = (other.ratio_high, other.ratio_low)
    assert (one.ratio_low * turned[0], one.ratio_high * turned[1]) == pytest.approx(
        (1, 1) if metric == "perplexity" else (math.nan, math.nan), nan_ok=True
    )


def test_a_schedule_against_itself_is_exactly_no_difference(scores: Scores) -> None:
    found = scores.compare("0:6", FULL, benchmark="cloze")
    assert (found.value, found.stderr) == (0, 0)


def test_the_only_benchmark_needs_no_name() -> None:
    lone = together(made("choice", [U]))
    assert lone.compare(SKIP, FULL) == lone.compare(SKIP, FULL, benchmark="choice", metric="u")


# --- normalised scores ---------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ["acc", "u", "perplexity"])
def test_the_full_model_is_exactly_one(scores: Scores, metric: str) -> None:
    full = scores.normalised(metric).iloc[0]
    assert full["cloze"] == 1
    assert all(full[name] == 1 for name in str(full["of"]).split(", "))


def test_a_normalised_score_is_its_share_of_the_way_from_guessing_to_the_full_model(scores: Scores) -> None:
    values = scores.benchmarks["choice"].values[..., 0].mean(axis=1)
    table = scores.normalised("acc")
    assert table["choice"][1] == pytest.approx((values[1] - 0.25) / (values[0] - 0.25))
    assert table["choice"][2] == pytest.approx((values[[2, 3]].mean() - 0.25) / (values[0] - 0.25))
    np.testing.assert_allclose(table["median"], np.median(table[["choice", "cloze"]], axis=1))
    assert set(table["of"]) == {"choice, cloze"}
    assert list(table["row"]) == [0, 1, 2, 3]


def test_perplexity_is_normalised_as_log_likelihood_with_the_vocabulary_as_guessing(scores: Scores) -> None:
    likely = scores.benchmarks["cloze"].values[..., 0].mean(axis=1)
    share = (likely[1] + math.log(1000)) / (likely[0] + math.log(1000))
    assert scores.normalised("perplexity")["cloze"][1] == pytest.approx(share)


def test_near_the_floor_there_is_no_normalised_score_but_a_reason() -> None:
    low = together(made("choice", [ACC], floor=0.9), made("cloze", [ACC], floor=0.0))
    table, reason = low.normalised("acc"), low.undecided("acc")["choice"]
    assert table["choice"].isna().all()
    assert set(table["of"]) == {"cloze"}
    assert reason.startswith("the full model scores 0.950 +- 0.03")
    assert reason.endswith("standard errors above chance (0.900); 5 are needed")
    assert list(low.undecided("acc")) == ["choice"]
    own = low.to_dataframe().set_index("benchmark").loc["choice"]
    assert set(own["reason"]) == {reason}


def test_a_median_needs_two_benchmarks() -> None:
    lone = together(made("choice", [ACC, U]))
    assert lone.normalised("acc")["median"].isna().all()
    assert set(lone.normalised("acc")["of"]) == {"choice"}
    two = together(made("choice", [ACC]), made("cloze", [PERPLEXITY, U]))
    assert "cloze" not in two.normalised("acc")


@pytest.mark.parametrize("name", ["nll_all", "brier"])
def test_a_metric_whose_guessing_is_unknown_says_so(name: str) -> None:
    odd = Column(name, "mean", 1, higher_is_better=False)
    found = together(made("choice", [odd], values=numbers([ACC], 0)))
    assert found.undecided(name) == {"choice": f"the chance level of {name} is not known"}
    assert found.normalised(name)["choice"].isna().all()


# --- files ---------------------------------------------------------------------------------------


def equal(one: Scores, other: Scores) -> None:
    for name in ("model", "note", "dtype", "layers", "entries", "made_with"):
        assert getattr(one, name) == getattr(other, name), name
    assert list(one.benchmarks) == list(other.benchmarks)
    for mine, theirs in zip(one.benchmarks.values(), other.benchmarks.values(), strict=True):
        arrays = ("values", "nonfinite", "divergence")
        for name in Results.__annotations__:
            a, b = getattr(mine, name), getattr(theirs, name)
            same = np.array_equal(a, b, equal_nan=True) if name in arrays and a is not None else a == b
            assert same, name


def test_scores_come_back_as_they_were_saved(scores: Scores, tmp_path: Path) -> None:
    values = scores.benchmarks["choice"].values.copy()
    values[0, 0, 0], values[1, 0, 0], values[2, 0, 0] = math.nan, -math.inf, math.inf
    odd = made("odd", [ACC, U], values=values, divergence=values, floor=math.inf)
    whole = replace(scores, benchmarks={**scores.benchmarks, "odd": odd})
    _ = odd.unit_codes, whole.rows  # what is worked out on the way is no part of the file
    whole.save(tmp_path / "scores.npz")
    equal(Scores.load(tmp_path / "scores.npz"), whole)


def with_floors(name: str = "choice") -> Results:
    """A benchmark whose best baseline by accuracy, of two, is right in 3 of 10 documents."""
    table = np.zeros((SPLITS, 2, DOCUMENTS, 2))
    table[:, 0] = 0.25
    table[:, 1, : round(0.3 * DOCUMENTS), 0] = 1.0
    ids = tuple(f"{name}-{n}" for n in range(DOCUMENTS))
    given = {"uniform": table[:, 0], "shortest ending": table[:, 1]}
    return made(name, [ACC, U], measured=Baselines.of(given, given, ids))


def test_baselines_and_floors_come_back_as_they_were_saved(tmp_path: Path) -> None:
    whole = together(with_floors(), made("cloze", [PERPLEXITY, ACC, U]))
    whole.save(tmp_path / "scores.npz")
    read = Scores.load(tmp_path / "scores.npz")
    one, other = read.results("choice"), whole.results("choice")
    assert one.measured is not None
    assert other.measured is not None
    assert one.measured.names == other.measured.names
    for part in ("values", "floor", "chosen"):
        np.testing.assert_array_equal(getattr(one.measured, part), getattr(other.measured, part))
    assert one.guess("acc") == other.guess("acc")
    assert read.results("cloze").measured is None


def test_the_table_names_the_floor_and_its_baseline() -> None:
    table = together(with_floors(), made("cloze", [PERPLEXITY, ACC])).to_dataframe()
    rows = table[table.variant == "full"].set_index(["benchmark", "metric"])
    results = with_floors()
    assert rows.floor["choice", "acc"] == results.guess("acc")
    assert rows.baseline["choice", "acc"] == results.floor_baseline("acc")
    assert (rows.floor["cloze", "acc"], rows.baseline["cloze", "acc"]) == (0.25, "")
    assert (rows.floor["choice", "u"], rows.baseline["choice", "u"]) == (pytest.approx(0.25), "uniform")


def test_the_rule_of_5_standard_errors_is_about_the_measured_floor() -> None:
    high = np.full((SPLITS, DOCUMENTS, 2), 0.9)
    ids = tuple(map(str, range(DOCUMENTS)))
    results = made("choice", [ACC, U], measured=Baselines.of({"good": high}, {"good": high}, ids))
    assert "chance (0.900)" in together(results).undecided("acc")["choice"]
    assert together(made("choice", [ACC, U])).undecided("acc") == {}


def test_fewer_documents_keep_their_baselines() -> None:
    whole = together(with_floors())
    part = whole.subset("choice", whole.entries[:1], 10)
    assert part is not None
    assert part.floor_items("acc").tolist() == whole.results().floor_items("acc")[:10].tolist()


def test_scores_on_two_scales_are_not_joined() -> None:
    new, old = together(made("choice", [ACC, U])), together(made("choice", [ACC, U], scoring=1))
    with pytest.raises(ReprlabError, match="u of 'choice' is on two, sweep the older one again"):
        new.joined(old)


def test_a_file_of_a_later_format_is_refused(scores: Scores, tmp_path: Path) -> None:
    scores.save(tmp_path / "scores.npz")
    with np.load(tmp_path / "scores.npz") as data:
        arrays = dict(data)
    about = json.loads(arrays["about"].tobytes()) | {"format": 3}
    np.savez(tmp_path / "later.npz", **{**arrays, "about": text(about)})
    with pytest.raises(ReprlabError, match="its format 3 is not known"):
        Scores.load(tmp_path / "later.npz")


def test_a_saved_file_holds_no_pickles_and_is_small(scores: Scores, tmp_path: Path) -> None:
    scores.save(tmp_path / "scores.npz")
    with np.load(tmp_path / "scores.npz", allow_pickle=False) as data:
        kinds = {name: data[name].dtype for name in data.files}
        about = json.loads(data["about"].tobytes())
    assert set(kinds) == {"about", "values0", "nonfinite0", "values1", "nonfinite1"}
    assert not any(kind.hasobject for kind in kinds.values())
    assert [head["name"] for head in about["benchmarks"]] == ["choice", "cloze"]


def test_a_table_comes_back_from_csv(scores: Scores, tmp_path: Path) -> None:
    scores.save(tmp_path / "scores.csv")
    read = pd.read_csv(tmp_path / "scores.csv")
    np.testing.assert_allclose(read["value"], scores.to_dataframe()["value"])
    assert list(read["schedule"]) == list(scores.to_dataframe()["schedule"])


def test_other_endings_are_refused(scores: Scores, tmp_path: Path) -> None:
    with pytest.raises(ReprlabError, match=r"saved as \.csv or \.npz, not as 'scores\.json'"):
        scores.save(tmp_path / "scores.json")


def test_a_folder_that_is_not_there_is_made(scores: Scores, tmp_path: Path) -> None:
    for name in ("scores.npz", "scores.csv"):
        scores.save(tmp_path / "none" / name)
        assert (tmp_path / "none" / name).stat().st_size


def text(about: Any) -> Any:
    return np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)


FOREIGN = {
    "no such part": {"numbers": np.arange(3)},
    "not JSON": {"about": np.arange(3, dtype=np.uint8)},
    "pickled": {"about": np.array([{}], dtype=object)},
    "a list": {"about": text([1])},
    "a number": {"about": text(1)},
    "other labels": {"about": text({"benchmarks": [], "entries": [], "name": "x"})},
    "a schedule that is none": {
        "about": text({"benchmarks": [], "entries": [{"schedule": "x", "window": None}]})
    },
}


@pytest.mark.parametrize("arrays", FOREIGN.values(), ids=list(FOREIGN))
def test_a_file_of_other_things_is_refused(arrays: dict[str, Any], tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", **arrays)
    with pytest.raises(ReprlabError):
        Scores.load(tmp_path / "other.npz")


@pytest.mark.parametrize("harm", ["missing", "empty", "text", "short", "a byte", "an array"])
def test_a_damaged_file_is_refused_by_name(harm: str, scores: Scores, tmp_path: Path) -> None:
    path = tmp_path / "scores.npz"
    scores.save(path)
    good = path.read_bytes()
    middle = len(good) // 2
    changed = {
        "empty": b"",
        "text": b"schedule,value\n",
        "short": good[:middle],
        "a byte": good[:middle] + bytes([good[middle] ^ 255]) + good[middle + 1 :],
    }
    path.unlink()
    if harm == "an array":
        with path.open("wb") as file:
            np.save(file, np.arange(3))
    elif harm != "missing":
        path.write_bytes(changed[harm])
    with pytest.raises(ReprlabError, match=r"scores\.npz' holds no scores that reprlab wrote"):
        Scores.load(path)


# --- errors --------------------------------------------------------------------------------------


def test_unknown_names_say_what_there_is(scores: Scores) -> None:
    with pytest.raises(ReprlabError, match="unknown benchmark 'choise': did you mean 'choice'"):
        scores.results("choise")
    with pytest.raises(
        ReprlabError, match="unknown metric of benchmark 'choice' 'perplexity': there are: acc"
    ):
        scores.compare(FULL, SKIP, benchmark="choice", metric="perplexity")


@pytest.mark.parametrize("use", [Scores.normalised, Scores.undecided])
def test_a_metric_that_no_benchmark_has_is_unknown(use: Any, scores: Scores) -> None:
    with pytest.raises(ReprlabError, match="unknown metric 'perplexty': did you mean 'perplexity'"):
        use(scores, "perplexty")


def test_a_schedule_that_was_not_swept_is_named(scores: Scores) -> None:
    with pytest.raises(ReprlabError, match="schedule '0:5' is not among the 7 swept"):
        scores.compare("0:5", FULL, benchmark="choice")


def test_several_benchmarks_want_a_name(scores: Scores) -> None:
    with pytest.raises(ReprlabError, match="choice, cloze"):
        scores.compare(SKIP, FULL)
