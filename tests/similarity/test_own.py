"""A measure of one's own: what is built in, written as a function, gives the numbers that are built in."""

import hashlib
import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from examples import massive, texts
from torch import Tensor

import reprlab as rl
from reprlab.captures.activations import Activations, activations
from reprlab.captures.capture import Capture
from reprlab.errors import ReprlabError
from reprlab.network.network import Network
from reprlab.similarity.matrix import average

Options = dict[str, Any]


def my_cka(x: Tensor, y: Tensor) -> Tensor:
    """Linear CKA, biased, from features."""
    x, y = (part.double() - part.double().mean(0) for part in (x, y))
    return (x.T @ y).square().sum() / ((x.T @ x).norm() * (y.T @ y).norm())


def my_cosine(x: Tensor, y: Tensor) -> float:
    return float(torch.nn.functional.cosine_similarity(x, y, dim=1).double().mean())


def numpy_gap(x: Tensor, y: Tensor) -> float:
    return np.linalg.norm(np.asarray(x).mean(0) - np.asarray(y).mean(0))  # pyright: ignore


def one_way(x: Tensor, y: Tensor) -> Tensor:
    return x.norm() / y.norm()


@pytest.fixture
def acts(tiny: Network, monkeypatch: pytest.MonkeyPatch) -> Capture:
    massive(monkeypatch)
    return rl.capture(tiny, texts(30), shard_bytes=40_000)


def made(seed: int = 0, documents: int = 20, depths: int = 3) -> Activations:
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(1, documents * 10, 4))
    states = common + rng.normal(size=(depths, documents * 10, 4))
    return activations(states, offsets=range(0, documents * 10 + 1, 10))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"tokens": "no-sinks", "sink_factor": 1.5},
        {"samples": "documents"},
        {"samples": "last"},
        {"positions": "1:4"},
        {"control": "shuffled", "seed": 3},
    ],
    ids=str,
)
@pytest.mark.parametrize(("own", "built_in"), [(my_cka, "cka-biased"), (my_cosine, "cosine")])
def test_it_gives_the_built_in_numbers(
    acts: Capture, own: Callable[..., Any], built_in: str, options: Options
) -> None:
    mine, theirs = rl.compare(acts, own, **options), rl.compare(acts, built_in, **options)
    np.testing.assert_allclose(mine.values, theirs.values, atol=2e-5)
    assert (mine.documents, mine.tokens) == (theirs.documents, theirs.tokens)
    assert mine.provenance.excluded == theirs.provenance.excluded
    about = theirs.caption.removesuffix(theirs.remark).split(" Values are")[0].rstrip()
    assert mine.caption.startswith(about)


def test_its_intervals_are_those_of_the_built_in_jackknife(acts: Capture) -> None:
    mine, theirs = rl.compare(acts, my_cka), rl.compare(acts, "cka-biased")
    assert mine.intervals.how == theirs.intervals.how != ""
    assert mine.intervals.low is not None
    np.testing.assert_allclose(mine.intervals.low, theirs.intervals.low, atol=2e-4)  # pyright: ignore
    np.testing.assert_allclose(mine.averages[0].low, theirs.averages[0].low, atol=2e-4)


def test_its_intervals_cover() -> None:
    """In about 95 of 100 worlds the interval holds the cosine of endlessly many documents."""
    truth, _ = rl.compare(made(1000, documents=4000), "cosine").values[0, 1:]
    inside = 0
    for seed in range(100):
        result = rl.compare(made(seed), my_cosine)
        assert result.intervals.low is not None
        assert result.intervals.high is not None
        inside += result.intervals.low[0, 1] <= truth <= result.intervals.high[0, 1]
    assert 88 <= inside <= 100


def test_more_than_50_documents_are_left_out_in_groups() -> None:
    assert rl.compare(made(documents=120, depths=2), my_cosine).intervals.how.endswith(
        "over 50 groups of documents"
    )


def test_between_two_captures_every_pair_is_in_its_order(acts: Capture, tiny: Network) -> None:
    skip = rl.capture(tiny, texts(30), schedule="0:3 4:6")
    mine, theirs = rl.compare(acts, my_cosine, against=skip), rl.compare(acts, "cosine", against=skip)
    assert mine.values.shape == (7, 6)
    np.testing.assert_allclose(mine.values, theirs.values, atol=1e-5)
    assert mine.intervals.low is not None
    assert mine.intervals.low.shape == (7, 6)
    itself = rl.compare(acts, one_way, against=acts)
    np.testing.assert_allclose(itself.values * itself.values.T, 1, atol=1e-4)


def test_depths_of_different_widths_reach_the_function() -> None:
    rng = np.random.default_rng(0)
    mixed = activations([rng.normal(size=(30, width)) for width in (3, 5)], offsets=[0, 10, 20, 30])
    assert rl.compare(mixed, my_cka).values[0, 1] > 0


def test_float64_states_stay_float64_and_others_are_float32() -> None:
    seen: set[torch.dtype] = set()

    def note_dtype(x: Tensor, y: Tensor) -> float:
        seen.update((x.dtype, y.dtype))
        return 1.0

    rl.compare(made(), note_dtype)
    assert seen == {torch.float64}
    rl.compare(activations(torch.ones(2, 9, 3).bfloat16()), note_dtype)
    assert seen == {torch.float64, torch.float32}


def test_a_function_that_writes_into_its_arguments_changes_nothing() -> None:
    def in_place(x: Tensor, y: Tensor) -> Tensor:
        x -= x.mean(0)
        y -= y.mean(0)
        return (x * y).sum()

    def aside(x: Tensor, y: Tensor) -> Tensor:
        return ((x - x.mean(0)) * (y - y.mean(0))).sum()

    np.testing.assert_allclose(rl.compare(made(), in_place).values, rl.compare(made(), aside).values)


def test_name_and_digest_are_kept_and_a_file_is_read_without_the_function(tmp_path: Path) -> None:
    result = rl.compare(made(), my_cka)
    digest = hashlib.sha256(inspect.getsource(my_cka).encode()).hexdigest()[:12]
    own = result.provenance.own_measure
    assert own is not None
    assert (own.name, own.digest, str(own)) == ("my_cka", digest, f"my_cka@{digest}")
    result.save(tmp_path / "a.json")
    saved = json.loads((tmp_path / "a.json").read_text())
    assert list(saved)[-1] == "own_measure"
    assert saved["own_measure"] == {"name": "my_cka", "digest": digest, "words": "my_cka", "distance": False}
    again = rl.Similarity.load(tmp_path / "a.json")
    assert (again.provenance, again.measure, again.label) == (result.provenance, "my_cka", "my_cka")
    assert again.summary == result.summary
    again.save(tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    result.save(tmp_path / "a.csv")
    assert set(pd.read_csv(tmp_path / "a.csv")["own_measure"]) == {str(own)}
    assert again.plot().get_title() == "activations, all tokens"


def test_a_built_in_measures_file_has_no_such_key(tmp_path: Path) -> None:
    rl.compare(made(), "cosine").save(tmp_path / "a.json")
    assert list(json.loads((tmp_path / "a.json").read_text()))[-1] == "by_document"
    (tmp_path / "b.json").write_text((tmp_path / "a.json").read_text().replace('"cosine"', '"my_cka"'))
    with pytest.raises(ReprlabError, match="holds no similarity that reprlab wrote"):
        rl.Similarity.load(tmp_path / "b.json")


def test_groups_and_means_over_corpora_keep_the_measure(tmp_path: Path) -> None:
    parts = [rl.compare(made(seed, depths=6), rl.Measure.of(numpy_gap, distance=True)) for seed in (0, 1)]
    mean = average(parts, "both")
    groups = rl.group(mean, count=2)
    assert groups.compared.distance
    assert groups.provenance.own_measure == mean.provenance.own_measure != None  # noqa: E711
    groups.save(tmp_path / "a.json")
    assert rl.Groups.load(tmp_path / "a.json") == groups
    family = rl.family([groups])
    family.save(tmp_path / "f.json")
    assert rl.Family.load(tmp_path / "f.json") == family


def test_a_distance_and_words_are_said(tmp_path: Path) -> None:
    measure = rl.Measure.of(numpy_gap, words="distance of means", distance=True)
    result = rl.compare(made(), measure)
    assert (result.distance, result.label) == (True, "distance of means")
    np.testing.assert_array_equal(np.diag(result.values), 0)
    result.save(tmp_path / "a.json")
    again = rl.Similarity.load(tmp_path / "a.json")
    assert (again.distance, again.label) == (True, "distance of means")
    assert again.plot().images[0].get_cmap().name == "viridis_r"


def test_values_above_one_are_inside_the_colours() -> None:
    def sizes(x: Tensor, y: Tensor) -> Tensor:
        return x.norm() * y.norm()

    result = rl.compare(made(), sizes)
    assert result.plot().images[0].get_clim() == (0, result.values.max())


def test_undefined_values_are_nan_with_a_reason() -> None:
    rng = np.random.default_rng(0)
    states = rng.normal(size=(4, 30, 6))
    states[2, 3, 1] = np.nan
    result = rl.compare(activations(states, offsets=[0, 10, 30]), my_cka)
    assert np.isnan(result.values[2]).all()
    assert result.remark.startswith(
        "NaN at depths 2: the states there do not vary, or are zero or not finite."
    )

    def sometimes(x: Tensor, y: Tensor) -> float:
        return float("inf") if torch.equal(x, y) else 1.0

    result = rl.compare(made(), sometimes)
    assert (
        "NaN: sometimes gives no finite number for 3 of 9 values, the first of depths 0 and 0."
        in result.remark
    )
    assert np.isfinite(result.values[0, 1])
    only = rl.compare(activations(states[:2]), my_cka)
    assert only.remark == "No intervals: fewer than two documents."
    assert not only.intervals


def raising(x: Tensor, y: Tensor) -> float:
    raise ZeroDivisionError("no\nsuch thing")


def two_numbers(x: Tensor, y: Tensor) -> Tensor:
    return x[0, :2]


def nothing(x: Tensor, y: Tensor) -> None:
    return


def cosine(x: Tensor, y: Tensor) -> float:
    return 1.0


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            raising,
            "raising failed at depths 0 and 0, shapes (200, 4) and (200, 4): ZeroDivisionError: no such",
        ),
        (two_numbers, "two_numbers returned no number at depths 0 and 0, but Tensor of shape (2,)"),
        (nothing, "nothing returned no number at depths 0 and 0, but NoneType"),
        (one_way, "one_way is not symmetric: depths 0 and 2 give "),
        (lambda x, y: 1.0, "a measure of your own is a function with a name: write it with def"),
        (3, "a measure of your own is a function with a name: write it with def"),
        (cosine, "a measure 'cosine' is built in: give your function another name"),
        (torch.dist, "Python cannot find the source of 'dist', and a result keeps its digest"),
    ],
)
def test_what_goes_wrong_is_said_in_a_line(function: Any, message: str) -> None:
    with pytest.raises(ReprlabError, match=f"^{re.escape(message)}") as error:
        rl.compare(made(), function)
    assert "\n" not in str(error.value)


def test_between_two_the_depth_of_the_other_is_named() -> None:
    with pytest.raises(ReprlabError, match="raising failed at depth 0 and the other's depth 0, shapes"):
        rl.compare(made(), raising, against=made())


def test_a_function_without_source_says_so() -> None:
    namespace: dict[str, Any] = {}
    exec("def typed(x, y): return 1.0", namespace)
    with pytest.raises(ReprlabError, match="Python cannot find the source of 'typed'"):
        rl.compare(made(), namespace["typed"])


def test_a_capture_without_states_is_refused(tiny: Network) -> None:
    bare = rl.capture(tiny, texts(3), states=False)
    with pytest.raises(ReprlabError, match="my_cosine of a capture that holds no states"):
        rl.compare(bare, my_cosine)


def test_what_it_costs_is_said_first_and_progress_comes_to_its_end() -> None:
    lines: list[str] = []
    steps: list[tuple[int, int]] = []
    rl.compare(made(), my_cosine, say=lines.append, progress=lambda done, total: steps.append((done, total)))
    assert lines == ["my_cosine: 126 calls, 6 pairs of depths over 21 sets of documents"]
    assert steps == [(done, 21) for done in range(1, 22)]


def test_a_sweep_over_sinks_takes_it_too(acts: Capture) -> None:
    swept = rl.sinks_sweep(acts, my_cosine, (1.5, 4))
    np.testing.assert_allclose(swept[-1].values, rl.cosine(acts).values, atol=1e-5)


def test_a_measure_that_is_nowhere_defined_says_so_and_not_that_tokens_are_few() -> None:
    def nothing(x: Tensor, y: Tensor) -> float:
        return float("nan")

    similarity = rl.compare(made(), nothing)
    assert np.isnan(similarity.values).all()
    assert similarity.remark.startswith("NaN: nothing gives no finite number for 9 of 9 values")


def test_a_measure_undefined_without_some_documents_has_no_intervals_and_says_why() -> None:
    acts = made()

    def whole_only(x: Tensor, y: Tensor) -> float:
        return 1.0 if len(x) == 200 else float("nan")

    similarity = rl.compare(acts, whole_only)
    assert (similarity.values == 1).all()
    assert not similarity.intervals
    assert similarity.remark == "No intervals: the values are undefined without some of the documents."


@pytest.mark.parametrize("answer", ["0.5", True])
def test_text_and_truth_values_are_no_numbers(answer: object) -> None:
    def odd(x: Tensor, y: Tensor) -> Any:
        return answer

    with pytest.raises(ReprlabError, match="odd returned no number at depths 0 and 0"):
        rl.compare(made(), odd)
