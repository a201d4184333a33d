"""The hub: its cache, its errors, and downloads from a server that speaks its protocol."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
from hub_server import COMMIT as SERVED
from hub_server import Hub, asked_of, served
from huggingface_hub import errors
from made_weights import COMMIT, message, weights_in

import reprlab as rl
from reprlab.models.hub import ASK_ABOVE
from reprlab.models.locations import locate, obtain
from reprlab.models.weights import Weights, pickle_advice


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
    assert found.digest.startswith(f"hub:{COMMIT}:")
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


# --- against a server on this machine ------------------------------------------------------------

REPO = "some-org/some-model"
FETCHES = """
import json, sys
import reprlab as rl, reprlab.progress
reprlab.progress.EVERY = 0.0
said = []
try:
    weights = rl.fetch("some-org/some-model", say=said.append)
    net = rl.load("some-org/some-model")
    found = [weights.commit, net.digest, net.generate(["ab"], max_new_tokens=3)]
except rl.ReprlabError as error:
    found = str(error)
print(json.dumps([found, said]))
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder, net = tmp_path_factory.mktemp("made"), rl.load("tiny-llama")
    net.module.save_pretrained(folder)
    net.tokenizer.save_pretrained(folder)
    return {f.name: f.read_bytes() for f in folder.iterdir()} | {"pytorch_model.bin": b"\0" * 64}


def test_a_model_is_downloaded_and_loaded_from_a_hub_and_then_found_here(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    hub = Hub(REPO, files)
    with served(hub) as address:
        done = asked_of(address, tmp_path, FETCHES)
    assert done.returncode == 0, done.stderr
    found, said = json.loads(done.stdout)
    assert found[0] == SERVED, found
    assert said[0].startswith(f"{REPO}: downloading")
    assert said[-1].startswith(f"{REPO}: download: 100 % done")
    assert "it/s" not in done.stderr
    assert not [path for path in hub.asked if "pytorch_model.bin" in path]
    again = asked_of("http://127.0.0.1:9", tmp_path, FETCHES)  # nobody is there any more
    assert json.loads(again.stdout) == [found, []]


def test_a_download_that_breaks_off_is_a_line_and_goes_on_later(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    hub = Hub(REPO, files)
    hub.broken = "model.safetensors"
    with served(hub) as address:
        found, _ = json.loads(asked_of(address, tmp_path, FETCHES).stdout)
        assert found.startswith(f"the hub cannot be reached for '{REPO}'")
        hub.broken = None
        assert json.loads(asked_of(address, tmp_path, FETCHES).stdout)[0][0] == SERVED


def test_what_the_hub_does_not_have_is_a_line(files: dict[str, bytes], tmp_path: Path) -> None:
    with served(Hub("another/model", files)) as address:
        found, _ = json.loads(asked_of(address, tmp_path, FETCHES).stdout)
    assert found.startswith(f"the hub has no model '{REPO}'")
    code = FETCHES.replace("some-model", "some-model@step5")
    with served(Hub(REPO, files)) as address:
        found, _ = json.loads(asked_of(address, tmp_path, code).stdout)
    assert found == f"'{REPO}' has no revision 'step5'"
