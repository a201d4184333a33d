"""Benchmarks by name: what is refused before anything is opened, and real rows at both presets."""

from pathlib import Path

import pytest
from examples import network
from made_benchmarks import EXAMPLES, OFFICIAL, PRESETS, opened

from reprlab.benchmarks.by_name import open_benchmarks, open_splits, prepare
from reprlab.errors import ReprlabError


def test_nothing_and_an_unknown_preset_are_refused() -> None:
    with pytest.raises(ReprlabError, match="no benchmark was given: there are lambada, arc"):
        open_benchmarks([])
    with pytest.raises(ReprlabError, match="unknown preset 'papr': did you mean 'paper'"):
        open_benchmarks(["builtin_cloze"], preset="papr")


def test_a_data_dir_that_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ReprlabError, match=r"--data-dir '.*nowhere' is no folder"):
        open_benchmarks(["arc"], data_dir=tmp_path / "nowhere")


@pytest.mark.parametrize("name", [*OFFICIAL, "gsm8k_nll"])
def test_the_real_rows_are_read_at_both_presets(name: str, shared_data: Path) -> None:
    net = network("tiny-llama")
    for preset in PRESETS:
        sizes = {"max_length": 4096, "vocabulary": net.vocabulary, "max_new_tokens": 256}
        benchmark = prepare(opened(name, shared_data, preset), net.tokenizer, limit=20, **sizes)
        assert len(benchmark.documents) == 20


@pytest.mark.parametrize("name", ["lambada", "gsm8k", "builtin_cloze", "paper", "nothing"])
def test_a_task_without_choices_or_training_rows_is_refused(name: str, folder: Path) -> None:
    with pytest.raises(ReprlabError) as caught:
        open_splits(name, data_dir=folder)
    assert str(caught.value).startswith(
        f"unknown task to train on '{name}': there are: arc, hellaswag, winogr"
    )


def test_lm_evals_name_is_ours_here_too(folder: Path) -> None:
    found = open_splits("arc_challenge", data_dir=folder)
    assert (found.scored.name, found.training.name) == ("arc", "arc train")
    assert (len(found.scored.docs), len(found.training.docs)) == (4, EXAMPLES)
