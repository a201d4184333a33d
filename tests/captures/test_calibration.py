"""Mean updates: over which tokens they are taken, and which captures are none."""

import os
from pathlib import Path

import pytest
import torch
from examples import massive, network, texts

import reprlab as rl
from reprlab.captures.calibration import calibrations, means_of
from reprlab.captures.inventory import captures
from reprlab.captures.sums import sinks
from reprlab.errors import ReprlabError
from reprlab.network.network import Network


def root() -> Path:
    return Path(os.environ["REPRLAB_CACHE"])


def scheduled(name: str) -> rl.Schedule:
    return rl.Schedule.parse(f"0:2 (2:5)={name} 5")


@pytest.mark.parametrize("states", [True, False])
def test_the_mean_is_over_the_tokens_that_are_no_sinks(
    tiny: Network, monkeypatch: pytest.MonkeyPatch, *, states: bool
) -> None:
    massive(monkeypatch)
    whole = rl.capture(tiny, texts(9))
    named = rl.capture(tiny, texts(9), states=states)
    kept = ~sinks(whole.norms)
    assert 0 < int((~kept).sum()) < len(kept)
    found = means_of(calibrations([scheduled(named.calibration)], tiny, root()))
    torch.testing.assert_close(found[named.calibration], whole.states().double()[:, kept].mean(1))


def test_every_token_gets_the_mean_update_and_no_layer_runs(tiny: Network) -> None:
    calibration = rl.capture(tiny, texts(5))
    states = calibration.states().double()
    wanted = (states[5] - states[2])[~sinks(calibration.norms)].mean(0)
    schedule = scheduled(calibration.calibration)
    made = rl.capture(tiny, ["some other words", "and more"], schedule=schedule).states().double()
    assert schedule.layer_calls == 3
    assert made.shape[0] == 5
    torch.testing.assert_close(made[3] - made[2], wanted.expand_as(made[2]), rtol=1e-4, atol=1e-5)


def test_a_calibration_is_of_as_many_documents_as_its_name_says(tiny: Network) -> None:
    few = rl.capture(tiny, texts(7), documents=3)
    found = means_of(calibrations([scheduled(few.calibration)], tiny, root()))
    more = rl.capture(tiny, texts(7))
    assert more.folder == few.folder
    assert more.calibration != few.calibration == more.first(3).calibration
    again = means_of(calibrations([scheduled(few.calibration)], tiny, root()))
    assert torch.equal(again[few.calibration], found[few.calibration])
    other = means_of(calibrations([scheduled(more.calibration)], tiny, root()))
    assert not torch.equal(other[more.calibration], found[few.calibration])


def test_its_texts_are_those_that_were_captured(tiny: Network) -> None:
    made = rl.capture(tiny, texts(7), shard_bytes=40_000)
    (found,) = calibrations([scheduled(made.calibration)], tiny, root()).values()
    assert list(found.texts()) == list(zip(texts(7).ids, tiny.tokenize(texts(7).texts), strict=True))


def refusal(name: str, net: Network) -> str:
    with pytest.raises(ReprlabError) as error:
        calibrations([scheduled(name)], net, root())
    assert "\n" not in str(error.value)
    return str(error.value)


def test_what_is_no_calibration_is_refused_in_a_line(tiny: Network) -> None:
    assert "has the calibration ffffffffffffffff: make it" in refusal("f" * 16, tiny)
    made = rl.capture(tiny, texts(3))
    assert f"calibration of its 3 documents is {made.calibration}" in refusal(made.identity.digest, tiny)
    assert "whose weights are others" in refusal(made.calibration, network("tiny-mistral"))
    skipped = rl.capture(tiny, texts(3), schedule="0:2 3:6")
    assert "ran under the schedule 0 1 3:6: a calibration runs 0:6" in refusal(skipped.calibration, tiny)
    assert [one.is_full for one in captures(root())].count(False) == 1


def test_a_calibration_with_nan_is_refused(tiny: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Network.hidden_states

    def broken(self: Network, *given: object) -> list[torch.Tensor]:
        states = [state.clone() for state in real(self, *given)]  # pyright: ignore[reportArgumentType]
        states[3][0, 1, 5] = torch.nan
        return states

    monkeypatch.setattr(Network, "hidden_states", broken)
    made = rl.capture(tiny, texts(2))
    assert "some of its values are NaN or infinite" in refusal(made.calibration, tiny)


def test_a_capture_needs_its_calibration_before_it_computes(
    tiny: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Network, "hidden_states", lambda *_: pytest.fail("computed"))
    with pytest.raises(ReprlabError, match="has the calibration ffffffffffffffff"):
        rl.capture(tiny, texts(2), schedule=scheduled("f" * 16))
