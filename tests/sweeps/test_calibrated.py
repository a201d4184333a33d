"""Sweeps with mean updates: looked up in the cache, and never taken over what is scored."""

from pathlib import Path

import pytest
from examples import network, texts
from made_benchmarks import made_rows, opened

import reprlab as rl
from reprlab.benchmarks.by_name import open_benchmarks, prepare
from reprlab.errors import ReprlabError
from reprlab.network.network import Network
from reprlab.sweeps import sweeping
from reprlab.sweeps.calibrated import RUN, Overlap

NAME = "builtin_commonsense"


def scored_text(place: int) -> str:
    net, (one,) = network("tiny-llama"), open_benchmarks([NAME], sample=0)
    ready = prepare(
        one, net.tokenizer, limit=9, max_length=net.positions, vocabulary=net.vocabulary, max_new_tokens=1
    )
    return net.tokenizer.decode(ready.documents[place].requests[0].tokens, skip_special_tokens=True)


def sweep(net: Network, calibration: str, folder: Path, limit: int) -> rl.Scores:
    return rl.sweep(net, [f"0:2 (2:5)={calibration} 5"], [NAME], limit=limit, cache=folder)


def test_a_sweep_looks_its_calibration_up(tmp_path: Path) -> None:
    net = network("tiny-llama")
    made = rl.capture(net, texts(4), cache=tmp_path)
    scores = sweep(net, made.calibration, tmp_path, 5)
    values = scores.results(NAME).values
    assert not (values[0] == values[1]).all()
    with pytest.raises(ReprlabError, match=f"has the calibration {made.calibration}: make it"):
        sweep(net, made.calibration, tmp_path / "elsewhere", 5)


def test_a_calibration_that_includes_a_scored_document_is_refused_by_name(tmp_path: Path) -> None:
    net, text = network("tiny-llama"), scored_text(3)
    assert len(text.split()) >= 3
    made = rl.capture(net, ["Something else altogether.", f"Before. {text.upper()} After."], cache=tmp_path)
    with pytest.raises(ReprlabError) as error:
        sweep(net, made.calibration, tmp_path, 5)
    said = str(error.value)
    assert said.startswith(f"calibration {made.calibration} includes scored text: its document '1' shares")
    assert said.count(f"'{NAME}'") == 1
    assert "\n" not in said
    assert sweep(net, made.calibration, tmp_path, 3).results(NAME).values.shape[0] == 2  # not scored


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (range(13), "a"),
        (range(5, 18), "a"),
        (range(6, 19), None),
        (range(12), "a"),
        ((1, 3), None),
        ((), None),
    ],
)
def test_texts_overlap_by_runs_of_words(words: range | tuple[int, ...], found: str | None) -> None:
    assert RUN == 13
    texts_ = [("a", tuple(map(str, range(18)))), ("b", ("x", "y"))]
    assert Overlap(texts_).document(tuple(map(str, words))) == found


def test_blocks_are_refused_where_answers_are_generated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "ready", lambda *_: pytest.fail("prepared"))
    says = r"benchmark 'gsm8k' generates its answers: the block \(3\*2\)~2:4 cannot run"
    net, schedules = network("tiny-llama"), ["0:2 (3*2)~2:4 4:6"]
    with pytest.raises(ReprlabError, match=says):
        rl.sweep(net, schedules, [opened("gsm8k", made_rows(tmp_path))], limit=2, cache=tmp_path)
