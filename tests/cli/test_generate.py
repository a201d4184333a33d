"""`reprlab generate`: texts of the full model beside those under a schedule."""

import json

import pytest
from cli_runs import Run

import reprlab as rl


def test_generate_shows_the_full_model_beside_a_schedule(run: Run) -> None:
    command = ("generate", "--model", "tiny-llama", "--schedule", "0:2 [2:4] 4:6", "--max-new-tokens", "4")
    done = run(*command, "Hello", "Good [bold]day")
    assert done.code == 0
    for part in ("0:6 (full)", "0 1 [2 3] 4 5", "Hello", "Good [bold]day", "tiny-llama (random weights"):
        assert part in done.out
    data = json.loads(run(*command, "Hello", "--json").out)
    assert [row["schedule"] for row in data["schedules"]] == ["0:6", "0 1 [2 3] 4 5"]
    net = rl.load("tiny-llama")
    assert data["schedules"][0]["continuations"] == net.generate(["Hello"], max_new_tokens=4)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--max-new-tokens", "0", "x"), "--max-new-tokens 0: give 1 or more"),
        (("--kv", "papr", "x"), "unknown kv 'papr': did you mean 'paper'? There are: exact, paper"),
        (("",), "a prompt is empty: give some text to go on from"),
        (
            ("--schedule", "0:9", "x"),
            "layer 8 does not exist in a model of 6 layers\n  0:9\n  ^^^\n"
            "its layers are 0..5, its depths 0..6",
        ),
    ],
)
def test_generate_refuses_what_it_cannot_do(run: Run, options: tuple[str, ...], text: str) -> None:
    done = run("generate", "--model", "tiny-llama", *options)
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith(f"reprlab: {text}\n")


def test_an_encoder_cannot_generate(run: Run) -> None:
    done = run("generate", "--model", "tiny-bert", "x")
    assert (done.code, done.err.splitlines()[-1]) == (
        2,
        "reprlab: 'tiny-bert' has no language head, so it cannot generate",
    )


def test_several_models_are_a_list_of_what_one_is(run: Run) -> None:
    words = ("--model", "tiny-llama,tiny-neox", "--max-new-tokens", "2", "Hello", "--json")
    data = json.loads(run("generate", *words).out)
    assert [one["model"] for one in data] == ["tiny-llama", "tiny-neox"]
    alone = json.loads(run("generate", *words[:1], "tiny-llama", *words[2:]).out)
    assert alone == data[0]
