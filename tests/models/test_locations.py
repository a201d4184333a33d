"""Names lead to folders, files and stand-ins on this disk; what can be no model is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from made_weights import ARRAYS, PICKLED, message, weights_in
from safetensors.numpy import save_file

from reprlab.files import slug
from reprlab.models.copies import copy_folder
from reprlab.models.locations import dequantised_folder, known, locate, models_folder, obtain
from reprlab.models.weights import Weights


def test_a_models_folder_is_the_given_one_then_the_variable_then_the_users_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert models_folder(tmp_path / "given") == tmp_path / "given"
    assert models_folder() == tmp_path / "models"
    monkeypatch.delenv("REPRLAB_MODELS")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert models_folder() == tmp_path / "xdg" / "reprlab" / "models"


def test_a_local_folder_is_a_model_named_after_it(tmp_path: Path) -> None:
    folder = weights_in(tmp_path / "mine")
    assert locate(str(folder)) == Weights("mine", "from a local folder", folder=folder)
    assert locate(f"{folder}@init") == Weights(
        "mine@init", "from a local folder, untrained", folder=folder, untrained=True
    )


def test_a_relative_folder_is_a_model_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights_in(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    assert [found and found.name for found in map(locate, ("mine", "./mine"))] == ["mine", "mine"]


@pytest.mark.parametrize(
    "name", ["llama2-13b", "pythia-70m@step1000", "org/model", "org/model@rev", "my own"]
)
def test_a_folder_of_the_models_folder_answers_to_its_name(tmp_path: Path, name: str) -> None:
    folder = weights_in(tmp_path / "D" / slug(name))
    assert locate(name, tmp_path / "D") == Weights(name, "from a local folder", folder=folder)
    assert name in known(tmp_path / "D")
    assert obtain(name, tmp_path / "D").folder == folder


@pytest.mark.parametrize("name", ["my own", "[x]", "a#b@v1"])
def test_a_folder_named_by_hand_answers_to_its_name_too(tmp_path: Path, name: str) -> None:
    folder = weights_in(tmp_path / "models" / name)
    assert locate(name) == Weights(name, "from a local folder", folder=folder)
    assert name in known()


def test_untrained_weights_need_no_weights(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "llama2-7b"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    found = locate("llama2-7b@init")
    assert found == Weights("llama2-7b@init", "from a local folder, untrained", folder=folder, untrained=True)


def test_a_gguf_file_is_named_by_its_stem_until_and_after_it_is_dequantised(tmp_path: Path) -> None:
    file = tmp_path / "Small.Q4_1.gguf"
    file.write_bytes(b"GGUF")
    assert locate(str(file)) == Weights("Small.Q4_1", "Small.Q4_1, GGUF dequantised", gguf=file)
    folder = weights_in(copy_folder(file, models_folder()))
    (folder / "copy.json").write_text('{"files": {}}')
    assert locate(str(file)) == Weights("Small.Q4_1", "Small.Q4_1, GGUF dequantised", folder=folder)
    file.write_bytes(b"GGUF, another one")
    assert dequantised_folder(file) is None


def test_a_registered_gguf_keeps_its_name_and_says_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "models" / "smollm2-135m" / "any.gguf"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"GGUF")
    note = "SmolLM2-135M-Instruct, Q4_1 dequantised, no chat template"
    assert locate("smollm2-135m") == Weights("smollm2-135m", note, gguf=file)
    assert (
        message(lambda: Weights("x", "", gguf=file).digest)
        == "'x' is a GGUF file that is not dequantised yet"
    )


def test_a_tiny_model_is_always_here(tmp_path: Path) -> None:
    found = locate("tiny-neox")
    assert found
    assert found.tiny
    assert found.note == "random weights, gpt_neox architecture, byte tokenizer"
    assert found == obtain("tiny-neox")
    assert len({w.digest for n in known() if n.startswith("tiny-") and (w := locate(n))}) == 21


def bare(folder: Path, *files: str) -> Path:
    folder.mkdir(parents=True)
    for file in files:
        (folder / file).write_text("{}")
    return folder


UNUSABLE = {
    "empty": ((), "no weights in '{at}': expected config.json with *.safetensors, or one .gguf file"),
    "two ggufs": (
        ("a.gguf", "b.gguf"),
        "no weights in '{at}': expected config.json with *.safetensors, or one .gguf file",
    ),
    "config alone": (("config.json",), "no weights in '{at}': config.json is there, *.safetensors are not"),
    "pickle": (
        ("config.json", "pytorch_model.bin"),
        PICKLED.format(where="'{at}'", file="pytorch_model.bin"),
    ),
    "damaged index": (
        ("config.json", "model.safetensors.index.json"),
        "'{at}/model.safetensors.index.json' is damaged: fetch it again",
    ),
}


@pytest.mark.parametrize(("files", "text"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_folder_without_usable_weights_says_what_it_lacks(
    tmp_path: Path, files: tuple[str, ...], text: str
) -> None:
    folder = bare(tmp_path / "m", *files)
    assert message(locate, str(folder)) == text.format(at=folder)


def test_a_sharded_model_with_a_missing_file_names_it(tmp_path: Path) -> None:
    folder = bare(tmp_path / "m", "config.json", "one.safetensors")
    index = {"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert message(locate, str(folder)) == (
        f"'{folder}' lacks two.safetensors, which model.safetensors.index.json names: fetch it again"
    )
    for file, tensor in (("one", "a"), ("two", "b")):
        save_file({tensor: ARRAYS[tensor]}, folder / f"{file}.safetensors")
    assert locate(str(folder))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("./nowhere", "no model at './nowhere': give a folder with config.json, or a .gguf file"),
        ("/no/where", "no model at '/no/where': give a folder with config.json, or a .gguf file"),
        ("gone.gguf", "no model at 'gone.gguf': give a folder with config.json, or a .gguf file"),
        ("a/b/c", "no model at 'a/b/c': give a folder with config.json, or a .gguf file"),
        (__file__, f"'{__file__}' is no model: give a folder with config.json, or a .gguf file"),
        (
            "tiny-lama",
            "unknown model 'tiny-lama': did you mean 'tiny-llama'? `reprlab models` lists the names; a hub "
            "id (org/name), a folder or a .gguf file works too",
        ),
        (
            "qqq",
            "unknown model 'qqq': `reprlab models` lists the names; a hub id (org/name), a folder or a .gguf "
            "file works too",
        ),
        ("a b/c", "'a b/c' is no hub id (org/name of letters, digits, '-', '_' and '.'), and no folder"),
        (
            "minilm-l6@v2",
            "'minilm-l6@v2' has no revisions: its weights come in one version; write 'minilm-l6' or "
            "'minilm-l6@init'",
        ),
        (
            "tiny-neox@step3",
            "'tiny-neox@step3' has no revisions: its weights come in one version; write 'tiny-neox' or "
            "'tiny-neox@init'",
        ),
    ],
)
@pytest.mark.parametrize("call", [locate, obtain])
def test_a_name_that_can_be_no_model_is_refused(call: Callable[[str], object], name: str, text: str) -> None:
    assert message(call, name) == text


def test_a_models_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert message(obtain, "minilm-l6", tmp_path / "file" / "m") == (
        f"cannot write to the models folder '{tmp_path}/file/m': Not a directory; set --models-dir"
    )
