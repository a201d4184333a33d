"""`reprlab lens`: the lens is drawn with its numbers and read out, or refused in one line."""

import json
from pathlib import Path

import pytest
from cli_runs import Run

import reprlab as rl


def test_a_lens_is_drawn_with_its_numbers_and_read_out(run: Run, tmp_path: Path) -> None:
    options = ("--documents", "3", "--max-tokens", "24")
    done = run("lens", "--model", "tiny-llama", "--schedule", "0:2 3:6", *options)
    assert done.code == 0, done.err
    (numbers,) = (tmp_path / "reports" / "tiny-llama").glob("lens-builtin-3-*.json")
    found = rl.Lens.load(numbers)
    assert numbers.with_suffix(".png").exists()
    assert f"tiny-llama: {found.summary}" in done.out
    again = run("lens", "--model", "tiny-llama", "--schedule", "0:2 3:6", *options, "--json")
    assert json.loads(again.out)[0]["settled"] == found.settled


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("tiny-bert", "'tiny-bert' has no causal language head, so the lens has nothing to read"),
        ("tiny-llama --show nat", "unknown picture 'nat': did you mean 'nats'?"),
        ("tiny-llama --tokens no-sink", "unknown token policy 'no-sink': did you mean 'no-sinks'?"),
        ("tiny-llama --sink-factor 0.5", "sink factor 0.5: give 1 or more"),
        ("tiny-llama --documents 0", "--documents 0: give 1 or more"),
        ("tiny-llama --schedule 0:9", "does not exist in a model of 6 layers"),
    ],
)
def test_a_wrong_lens_is_one_line(run: Run, options: str, message: str) -> None:
    done = run("lens", "--model", *options.split())
    assert (done.code, done.out) == (2, "")
    assert message in done.err
