"""Drift of real captures: the full model against schedules, over the same tokens."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from examples import network, texts

import reprlab as rl
from reprlab.captures.capture import Capture
from reprlab.captures.sums import sinks
from reprlab.depths.drift import Drift
from reprlab.depths.drifting import drift
from reprlab.errors import ReprlabError

START = 1
SCHEDULES = {
    "skip": rl.Schedule.paper("skip", layers=6, start=START),
    "middle repeat": rl.Schedule.paper("middle_repeat", layers=6, start=START),
}


def captured(schedule: rl.Schedule | None, folder: Path, documents: int = 12) -> Capture:
    return rl.capture(network("tiny-llama"), texts(20), documents=documents, cache=folder, schedule=schedule)


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Capture]:
    folder = tmp_path_factory.mktemp("cache")
    return {"full": captured(None, folder), **{name: captured(s, folder) for name, s in SCHEDULES.items()}}


@pytest.fixture(scope="module")
def found(captures: dict[str, Capture]) -> Drift:
    full, *rest = captures.items()
    return drift(full[1], dict(rest), start=START)


def test_every_curve_is_that_of_the_states(found: Drift, captures: dict[str, Capture]) -> None:
    for name, curve in found.curves.items():
        for depth in range(len(curve.at)):
            x = captures[name].states(depth).double().numpy()
            assert found.values[name][depth] == pytest.approx(x.var(0).mean(), rel=1e-6)
            assert curve.variance_flat[depth] == pytest.approx(x.var(), rel=1e-6)
            assert curve.mean[depth] == pytest.approx(x.mean(), abs=1e-6)
            assert curve.norm[depth] == pytest.approx(np.linalg.norm(x, axis=1).mean(), rel=1e-5)
            assert curve.largest[depth] == pytest.approx(np.abs(x).max(), rel=1e-6)
            assert curve.low[depth] <= curve.variance[depth] * 1.0001
            assert curve.high[depth] >= curve.variance[depth] * 0.9999


def test_before_the_middle_all_curves_are_the_full_models(found: Drift) -> None:
    for curve in found.curves.values():
        for depth in range(START + 2):
            assert curve.cosine[depth] == pytest.approx(1, abs=1e-6)
            assert curve.variance[depth] == pytest.approx(found.curves["full"].variance[depth], rel=1e-5)
    assert found.curves["middle repeat"].cosine[-1] < 0.99


def test_the_full_model_is_no_way_apart_from_itself(captures: dict[str, Capture]) -> None:
    same = drift(captures["full"], {"again": captures["full"]}, start=START)
    assert same.apart == {"again": (0.0, 0.0, 0.0)}
    assert same.further is None
    assert same.summary


@pytest.mark.parametrize(
    ("further", "words"),
    [
        ((0.5, 0.4, 0.6), "middle repeat is further away than skip, by 0.50 [0.40, 0.60] in ln"),
        (
            (-0.5, -0.6, -0.4),
            "skip is further away than middle repeat, unlike in the paper, by 0.50 [0.40, 0.60]",
        ),
        ((0.5, -0.1, 0.9), "neither is clearly further away"),
        ((0.01, 0.009, 0.011), "neither is clearly further away"),
    ],
)
def test_the_reading_says_which_is_further(
    found: Drift, further: tuple[float, float, float], words: str
) -> None:
    assert found.further is not None
    value, low, high = found.further
    assert low <= value <= high
    assert words in replace(found, further=further).summary


def test_sinks_are_the_full_models_for_every_curve(captures: dict[str, Capture]) -> None:
    full = captures["full"]
    dropped = sinks(full.norms, 1.3)
    assert 0 < dropped.sum() < len(dropped)
    found = drift(full, {"skip": captures["skip"]}, start=START, tokens="no-sinks", sink_factor=1.3)
    source = found.provenance
    assert (source.tokens, source.excluded) == (int((~dropped).sum()), int(dropped.sum()))
    for name, curve in found.curves.items():
        x = captures[name].states(len(curve.at) - 1)[~dropped].double().numpy()
        assert curve.variance[-1] == pytest.approx(x.var(0).mean(), rel=1e-5)


def test_a_drift_comes_back_as_it_was_saved(found: Drift, tmp_path: Path) -> None:
    found.save(tmp_path / "drift.json")
    assert Drift.load(tmp_path / "drift.json") == found
    found.save(tmp_path / "drift.csv")
    assert len((tmp_path / "drift.csv").read_text().splitlines()) == len(found.to_dataframe()) + 1
    (tmp_path / "other.json").write_text("[]")
    with pytest.raises(ReprlabError, match="holds no drift that reprlab wrote"):
        Drift.load(tmp_path / "other.json")


def test_a_picture_has_a_line_a_schedule(found: Drift) -> None:
    ax = found.plot()
    assert [line.get_label() for line in ax.get_lines()] == ["full", "skip", "middle repeat"]
    assert ax.get_yscale() == "log"


def test_captures_of_other_texts_are_refused(captures: dict[str, Capture], tmp_path: Path) -> None:
    with pytest.raises(ReprlabError, match="'skip' has 12 documents, the full model 5"):
        drift(captured(None, tmp_path, documents=5), {"skip": captures["skip"]}, start=START)
    other = rl.capture(network("tiny-neox"), texts(20), documents=12, cache=tmp_path)
    with pytest.raises(ReprlabError, match="model of 'skip' is tiny-llama, not tiny-neox"):
        drift(other, {"skip": captures["skip"]}, start=START)
    with pytest.raises(ReprlabError, match="unknown token policy 'no-sink'"):
        drift(captures["full"], {}, start=START, tokens="no-sink")


def test_states_that_do_not_vary_have_no_ratio_and_no_traceback(tmp_path: Path) -> None:
    net = rl.load("tiny-llama")
    with torch.no_grad():
        for weight in net.module.parameters():
            weight.zero_()
    net = rl.load(net.module, tokenizer=net.tokenizer)
    made = {
        name: rl.capture(net, texts(3), cache=tmp_path, schedule=schedule)
        for name, schedule in ({"full": None} | SCHEDULES).items()
    }
    found = drift(made.pop("full"), made, start=START)
    assert all(math.isnan(ratio) for pair in found.last_two.values() for ratio in pair)
