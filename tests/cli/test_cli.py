"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import typer
from safetensors.numpy import save_file

import reprlab as rl
from reprlab import cli
from reprlab.errors import ReprlabError
from reprlab.models.registry import MODELS
from reprlab.similarity.comparing import MEASURES

SMALL = ("--documents", "3", "--max-tokens", "24")
NAMES = "`reprlab models` lists the names; a hub id (org/name), a folder or a .gguf file works too"


class Done(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Calls the command line in an empty folder, with a cache and a models folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REPRLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("REPRLAB_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.HfApi.model_info", unreachable)
    monkeypatch.setattr(cli.out, "width", 300)

    def call(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["reprlab", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            cli.main()
        said = capsys.readouterr()
        assert isinstance(stop.value.code, int)
        return Done(stop.value.code, said.out, said.err)

    return call


def unreachable(*_: Any, **__: Any) -> None:
    raise ConnectionError("no network in tests")


def weights_in(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    save_file({"a": np.ones(3, dtype=np.float32)}, folder / "model.safetensors")
    return folder


def shards(cache: Path) -> dict[str, str]:
    return {str(f): hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(cache.glob("**/*.h5"))}


def the_capture(tmp_path: Path, model: str = "tiny-neox") -> Path:
    (folder,) = (tmp_path / "cache" / model / "builtin").iterdir()
    return folder


# --- bad input -----------------------------------------------------------------------------------

HUB_ADVICE = (
    "check the network; or set HF_HOME to a folder that holds its files, or put weights into "
    "<models folder>/{name} (--models-dir or $REPRLAB_MODELS)"
)
PICKLED = (
    "'{at}/pickled' has only pickled weights (pytorch_model.bin), which can run code when they are read. "
    'Where you trust them, convert once: python -c "from transformers import AutoModel as A; '
    "A.from_pretrained('FOLDER').save_pretrained('NEW')\" and copy the tokenizer's files to NEW"
)
BAD: dict[str, str] = {  # command line to the line on stderr
    "capture tiny-lama": f"unknown model 'tiny-lama': did you mean 'tiny-llama'? {NAMES}",
    "similarity --model qqq": f"unknown model 'qqq': {NAMES}",
    "models qqq": f"unknown model 'qqq': {NAMES}",
    "fetch x@": "'x@' is no model name: write NAME or NAME@REVISION",
    "fetch tiny-neox@v1": (
        "'tiny-neox@v1' has no revisions: its weights come in one version; write 'tiny-neox' or "
        "'tiny-neox@init'"
    ),
    "fetch org/my%model": (
        "'org/my%model' is no hub id (org/name of letters, digits, '-', '_' and '.'), and no folder"
    ),
    "fetch ./none": "no model at './none': give a folder with config.json, or a .gguf file",
    "fetch gpt2": (
        f"the hub cannot be reached for 'gpt2' (openai-community/gpt2): {HUB_ADVICE.format(name='gpt2')}"
    ),
    "capture llama2-7b": (
        "the hub cannot be reached for 'llama2-7b' (meta-llama/Llama-2-7b-hf): "
        f"{HUB_ADVICE.format(name='llama2-7b')}, and set HF_TOKEN: it is gated"
    ),
    "capture {at}/empty": (
        "no weights in '{at}/empty': expected config.json with *.safetensors, or one .gguf file"
    ),
    "capture {at}/pickled": PICKLED,
    "similarity --model {at}/pickled": PICKLED,
    "capture tiny-neox --corpus none.txt": "no corpus file at 'none.txt'",
    "capture tiny-neox --corpus empty.txt": (
        "corpus 'empty' (empty.txt) is empty: no paragraph of 12 words or more in it"
    ),
    "capture tiny-neox --corpus latin.jsonl": (
        "corpus file 'latin.jsonl' is not UTF-8 (byte 13): convert it, for instance with iconv -t UTF-8"
    ),
    "capture tiny-neox --corpus rows.jsonl --field body": (
        "'rows.jsonl' line 1 has no field 'body'; it has: text. Name one with --field"
    ),
    "capture tiny-neox --corpus rows.jsonl --documents 9": (
        "corpus 'rows' has 2 documents, 9 were asked for: give --documents 2 or fewer"
    ),
    "similarity --model tiny-neox --corpus rows.jsonl --documents 9": (
        "corpus 'rows' has 2 documents, 9 were asked for: give --documents 2 or fewer"
    ),
    "capture tiny-neox --corpus arc --data-dir {at}": (
        "corpus 'arc' needs arc_challenge/test.jsonl in --data-dir '{at}': put it there"
    ),
    "capture tiny-neox --documents -3": "--documents -3: give 1 or more",
    "capture tiny-neox --documents 0": "--documents 0: give 1 or more",
    "capture tiny-neox --max-tokens -1": "--max-tokens -1: give 1 or more",
    "capture tiny-neox --batch-tokens 0": "--batch-tokens 0: give 1 or more",
    "similarity --model tiny-neox --documents -3": "--documents -3: give 1 or more",
    "similarity --model tiny-neox --max-tokens 0": "--max-tokens 0: give 1 or more",
    "similarity --model tiny-neox --batch-tokens -1": "--batch-tokens -1: give 1 or more",
    "similarity --model tiny-neox --sink-factor 0.5": "sink factor 0.5: give 1 or more",
    "similarity --model tiny-neox --sink-factor nan": "sink factor nan: give 1 or more",
    "capture tiny-neox --dtype float8": (
        "unknown dtype 'float8': did you mean 'float32'? There are: auto, float32, bfloat16, float16"
    ),
    "capture tiny-neox --device gpu": (
        "unknown device 'gpu': did you mean 'cpu'? There are: auto, cpu, cuda, mps"
    ),
    "capture tiny-neox --store int8": (
        "unknown dtype on disk 'int8': there are: auto, float32, bfloat16, float16"
    ),
    "similarity --model tiny-neox --measure cosin": (
        "unknown measure 'cosin': did you mean 'cosine'? There are: cosine, cosine-centred, "
        "cosine-standardised, cosine-components, cosine-sequence, angular, cka, cka-biased, rbf-cka, "
        "procrustes, knn"
    ),
    "similarity --model tiny-neox --control shuffle": (
        "unknown control 'shuffle': did you mean 'shuffled'? There are: shuffled, residual, untrained"
    ),
    "similarity --model tiny-neox --mean 5": (
        "--mean '5': give depths a:b of two or more, half-open, such as 8:25"
    ),
    "similarity --model tiny-neox --positions 3:1": (
        "positions '3:1': give all, first, last, or a range a:b such as 1:16 or 16:"
    ),
    "similarity --model tiny-neox --bins 8,1": (
        "--bins '8,1': give rising places above 0 with commas between, such as 1,8,32"
    ),
    "similarity --model tiny-neox --bins 8 --positions first": (
        "--bins cut all places of a document: leave --positions and --samples away"
    ),
    "similarity --model tiny-neox --against tiny-lama": (
        f"unknown model 'tiny-lama': did you mean 'tiny-llama'? {NAMES}"
    ),
    "similarity --model tiny-neox --memory inf": "--memory inf: give a positive number of GiB",
    "similarity --model tiny-neox --memory 0": "--memory 0: give a positive number of GiB",
    "similarity --activations none.npz": (
        "cannot read activations from 'none.npz': [Errno 2] No such file or directory: 'none.npz'"
    ),
    "similarity --activations rows.jsonl": (
        "'rows.jsonl' is no file of activations: give .npz or .safetensors"
    ),
    "similarity --model tiny-neox@init --control untrained": "'tiny-neox@init' is untrained already",
    "similarity --model tiny-neox --against tiny-llama --control untrained": (
        "control untrained is of one model alone: not of activations, not against another"
    ),
    "similarity --activations none.npz --schedule 0:2": (
        "--activations are states already: leave --schedule and --against-schedule away"
    ),
    "groups --model tiny-neox --count 0": "--count 0: give 1 or more",
    "groups": "Missing option '--model'.",
    "similarity --model tiny-neox --tokens no-sink": (
        "unknown token policy 'no-sink': did you mean 'no-sinks'? There are: all, no-sinks"
    ),
    "similarity --model tiny-neox --out x.gif": (
        "--out 'x.gif': the ending chooses the format; there are .png, .pdf, .svg, .json, .csv"
    ),
    "similarity --model tiny-* --out x.png": (
        "--out names one file, --model stands for 18 models: leave --out away"
    ),
    "capture tiny-neox --cache rows.jsonl/c": (
        "cannot write to the cache 'rows.jsonl/c': Not a directory; set --cache or REPRLAB_CACHE"
    ),
    "fetch minilm-l6 --models-dir rows.jsonl/m": (
        "cannot write to the models folder 'rows.jsonl/m': Not a directory; set --models-dir"
    ),
    "cache remove tiny-neox": "no capture of 'tiny-neox' in the cache '{at}/cache'; there are: none",
    # usage
    "nope": "No such command 'nope'.",
    "models --nope": "No such option: --nope",
    "capture": "Missing argument 'names'.",
    "similarity": "give one of --model NAME and --activations FILE",
    "capture tiny-neox --documents three": (
        "Invalid value for '--documents': Input should be a valid integer, unable to parse string "
        "as an integer"
    ),
}


@pytest.mark.parametrize(("command", "text"), BAD.items(), ids=BAD)
def test_bad_input_is_one_line_on_stderr_and_code_2(
    run: Run, tmp_path: Path, command: str, text: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "pickled").mkdir()
    (tmp_path / "pickled" / "config.json").write_text("{}")
    (tmp_path / "pickled" / "pytorch_model.bin").touch()
    (tmp_path / "empty.txt").touch()
    (tmp_path / "latin.jsonl").write_bytes('{"text": "café"}'.encode("latin-1"))
    (tmp_path / "rows.jsonl").write_text('{"text": "one"}\n{"text": "two"}\n')
    command, text = (part.replace("{at}", str(tmp_path)) for part in (command, text))
    assert run(*command.split()) == Done(2, "", f"reprlab: {text}\n")


def test_a_pattern_or_corpus_that_is_none_lists_what_there_is(run: Run) -> None:
    done = run("models", "zzz-*")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert done.err.startswith("reprlab: unknown model pattern 'zzz-*': there are: pythia-14m, pythia-31m, ")
    assert done.err.endswith("tiny-gpt-oss, tiny-mixtral. Quote patterns: 'pythia-*'\n")
    done = run("capture", "tiny-neox", "--corpus", "lambda")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert done.err.startswith(
        "reprlab: unknown corpus 'lambda': did you mean 'lambada'? There are: builtin, "
    )


@pytest.mark.parametrize("position", [0, 1, 4])
def test_debug_shows_the_traceback_wherever_it_stands(monkeypatch: pytest.MonkeyPatch, position: int) -> None:
    arguments = ["capture", "tiny-neox", "--documents", "-3"]
    arguments.insert(position, "--debug")
    monkeypatch.setattr(sys, "argv", ["reprlab", *arguments])
    with pytest.raises(ReprlabError, match=r"^--documents -3: give 1 or more$"):
        cli.main()


def test_nothing_is_loaded_before_bad_numbers_are_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rl, "load", lambda *_, **__: pytest.fail("loaded"))
    for option in ("--documents", "--max-tokens", "--batch-tokens"):
        assert run("capture", "tiny-neox", option, "-1").code == 2


def test_ctrl_c_is_one_line_and_code_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rl, "load", stop)
    done = run("capture", "tiny-neox", *SMALL)
    assert done == Done(130, "", "reprlab: stopped; the same command goes on where it was\n")


# --- help ----------------------------------------------------------------------------------------


def commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    command = command or typer.main.get_command(cli.app)
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


COMMANDS = dict(commands())


def test_there_are_the_promised_commands() -> None:
    assert set(map(" ".join, COMMANDS)) == {
        *("", "models", "fetch", "capture", "similarity", "groups", "drift", "lens"),
        *("schedule", "generate", "sweep", "glue", "finetune", "report", "figures"),
        *("cache", "cache list", "cache verify", "cache remove"),
    }


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: " ".join(path) or "reprlab")
def test_every_command_and_every_option_has_help(run: Run, path: tuple[str, ...]) -> None:
    done = run(*path, "--help")
    assert (done.code, done.err) == (0, "")
    assert COMMANDS[path].help.split()[0] in done.out
    assert run(*path, "-h").out == done.out
    assert [param.name for param in COMMANDS[path].params if not param.help] == []


@pytest.mark.parametrize("path", [(), ("cache",)], ids=str)
def test_a_group_alone_shows_its_commands_and_no_error(run: Run, path: tuple[str, ...]) -> None:
    done = run(*path)
    assert "Commands" in done.out + done.err
    assert "reprlab:" not in done.err


def test_the_command_line_starts_without_torch() -> None:
    code = (
        "import reprlab.cli, sys; print([m for m in ('torch', 'transformers', 'h5py') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# --- models and fetch ----------------------------------------------------------------------------


def test_models_lists_a_family(run: Run) -> None:
    done = run("models", "pythia-*")
    assert (done.code, done.err) == (0, "")
    listed = [line.split()[:3] for line in done.out.splitlines()[1:]]
    assert len(listed) == 10
    assert listed[0] == ["pythia-14m", "6", "128"]
    assert listed[-1] == ["pythia-12b", "36", "5120"]


def test_models_as_json_says_which_are_here(run: Run, tmp_path: Path) -> None:
    weights_in(tmp_path / "models" / "pythia-14m")
    rows = json.loads(run("models", "pythia-*", "llama2-7b", "tiny-neox@init", "--json").out)
    assert [row["model"] for row in rows if row["here"]] == ["pythia-14m", "tiny-neox@init"]
    assert [row["model"] for row in rows if row["gated"]] == ["llama2-7b"]
    assert rows[0] == {
        "model": "pythia-14m",
        "layers": 6,
        "width": 128,
        "parameters_millions": 14,
        "here": True,
        "weights": "from a local folder",
        "gated": False,
    }


def test_models_lists_tiny_ones_as_here(run: Run) -> None:
    lines = run("models", "tiny-*").out.splitlines()[1:]
    assert len(lines) == 18
    assert all(" yes " in line and "random weights" in line for line in lines)


def test_a_models_folder_given_is_listed_with_its_own_names(run: Run, tmp_path: Path) -> None:
    weights_in(tmp_path / "D" / "mine")
    names = [row["model"] for row in json.loads(run("models", "--models-dir", tmp_path / "D", "--json").out)]
    assert names[-1] == "mine"
    assert len(names) == len(MODELS) + 1


def test_one_unusable_folder_hides_no_other_model(run: Run, tmp_path: Path) -> None:
    (tmp_path / "models" / "bad").mkdir(parents=True)
    (tmp_path / "models" / "bad" / "config.json").write_text("{}")
    done = run("models", "--json")
    rows = {row["model"]: row for row in json.loads(done.out)}
    assert (done.code, len(rows)) == (0, len(MODELS) + 1)
    assert rows["bad"]["here"] is False
    assert rows["bad"]["weights"] == (
        f"no weights in '{tmp_path}/models/bad': config.json is there, *.safetensors are not"
    )


def test_signs_of_markup_are_printed_as_they_are(run: Run, tmp_path: Path) -> None:
    folder = weights_in(tmp_path / "models" / "[bold]x[")
    assert run("models", "*x[[]").out.splitlines()[1].split()[:2] == ["[bold]x[", "yes"]
    assert run("fetch", "[bold]x[").out == f"[bold]x[: {folder} (from a local folder)\n"
    assert run("fetch", "[bold]none").err.startswith("reprlab: unknown model pattern '[bold]none': ")


def test_fetch_says_where_the_weights_are(run: Run, tmp_path: Path) -> None:
    folder = weights_in(tmp_path / "models" / "gpt2")
    done = run("fetch", "gpt2", "tiny-neox")
    assert done == Done(
        0,
        f"gpt2: {folder} (from a local folder)\ntiny-neox: made from a seed when it is loaded "
        "(random weights, gpt_neox architecture, byte tokenizer)\n",
        "",
    )


# --- capture -------------------------------------------------------------------------------------


def test_what_can_be_had_is_captured_and_the_rest_is_named_at_the_end(run: Run) -> None:
    done = run("capture", "tiny-neox", "qqq", "tiny-bert", *SMALL)
    assert done.code == 1
    assert [line.split()[0] for line in done.out.splitlines()[::2]] == ["tiny-neox", "tiny-bert"]
    assert done.err.splitlines()[-2:] == [
        f"reprlab: qqq: unknown model 'qqq': {NAMES}",
        "reprlab: 1 of 3 failed: qqq",
    ]


def test_capture_says_what_it_made_and_where(run: Run, tmp_path: Path) -> None:
    done = run("capture", "tiny-neox", *SMALL)
    assert done.out == (
        "tiny-neox on builtin: 3 documents, 72 tokens, 7 depths x 32, float32 "
        f"(random weights, gpt_neox architecture, byte tokenizer)\n  {the_capture(tmp_path)}\n"
    )


def test_capture_as_json_prints_json_alone_even_if_one_fails(run: Run, tmp_path: Path) -> None:
    done = run("capture", "tiny-neox", "qqq", *SMALL, "--json")
    (row,) = json.loads(done.out)
    assert done.code == 1
    assert {key: row[key] for key in ("model", "corpus", "documents", "tokens", "dtype", "states")} == {
        **{"model": "tiny-neox", "corpus": "builtin", "documents": 3, "tokens": 72},
        **{"dtype": "float32", "states": True},
    }
    assert row["folder"] == str(the_capture(tmp_path))


def test_options_reach_the_capture(run: Run) -> None:
    done = run("capture", "tiny-neox@init", *SMALL, "--dtype", "bfloat16", "--no-states", "--json")
    (row,) = json.loads(done.out)
    assert (row["model"], row["dtype"], row["stored"]) == ("tiny-neox@init", "bfloat16", "bfloat16")
    assert (row["states"], row["max_tokens"]) == (False, 24)


def test_a_cache_given_is_used_and_no_other(run: Run, tmp_path: Path) -> None:
    run("capture", "tiny-neox", *SMALL, "--cache", tmp_path / "other")
    assert (tmp_path / "other" / "tiny-neox").is_dir()
    assert not (tmp_path / "cache").exists()


# --- similarity ----------------------------------------------------------------------------------


def test_similarity_captures_first_and_then_never_loads_again(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run("similarity", "--model", "tiny-neox", *SMALL)
    picture, numbers, reading = first.out.splitlines()
    assert first.code == 0
    assert (picture, numbers) == (
        "reports/tiny-neox/cosine-builtin-3.png",
        "reports/tiny-neox/cosine-builtin-3.json",
    )
    assert reading.startswith(f"tiny-neox: {MEASURES['cosine'].words}: depths 2 to 4 are at 0.")
    assert Path(picture).read_bytes().startswith(b"\x89PNG")
    assert rl.Similarity.load(numbers).values.shape == (7, 7)

    monkeypatch.setattr(rl, "load", lambda *_, **__: pytest.fail("loaded though the capture is there"))
    again = run("similarity", "--model", "tiny-neox", *SMALL)
    said = "95 % intervals from 1,000 bootstraps over documents; n = 72, d = 32, n/d = 2.25\n"
    assert (again.code, again.out) == (0, first.out)
    assert again.err.endswith(said)
    fewer = run("similarity", "--model", "tiny-neox", "--documents", "2", "--max-tokens", "24", "--json")
    assert fewer.code == 0
    assert rl.Similarity.load(json.loads(fewer.out)[0]["files"][1]).documents == 2


@pytest.mark.parametrize(
    "change",
    [("--documents", "4"), ("--max-tokens", "25"), ("--dtype", "bfloat16"), ("--corpus", "rows.jsonl")],
    ids=str,
)
def test_a_capture_of_something_else_is_not_taken_for_it(
    run: Run, tmp_path: Path, change: tuple[str, str]
) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "one"}\n{"text": "two"}\n{"text": "three"}\n')
    run("similarity", "--model", "tiny-neox", *SMALL)
    before = shards(tmp_path / "cache")
    assert run("similarity", "--model", "tiny-neox", *SMALL, *change).code == 0
    after = shards(tmp_path / "cache")
    assert len(after) == len(before) + 1
    assert before.items() <= after.items()


def test_bad_numbers_are_refused_though_a_capture_is_there(run: Run) -> None:
    run("similarity", "--model", "tiny-neox", "--documents", "2")
    for option in ("--documents", "--max-tokens", "--batch-tokens"):
        done = run("similarity", "--model", "tiny-neox", "--documents", "2", option, "0")
        assert (done.code, done.err) == (2, f"reprlab: {option} 0: give 1 or more\n")


STARTS = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml", ".json": b"{", ".csv": b"depth,other_depth"}


def test_out_writes_every_format_by_its_ending(run: Run, tmp_path: Path) -> None:
    files = [tmp_path / "new" / f"x{ending}" for ending in STARTS]
    options = [part for file in files for part in ("--out", file)]
    done = run("similarity", "--model", "tiny-neox", *SMALL, "--measure", "cka", *options)
    assert done.out.splitlines()[:-1] == list(map(str, files))
    assert [file.read_bytes()[: len(s)] for file, s in zip(files, STARTS.values(), strict=True)] == [
        *STARTS.values()
    ]


def test_a_picture_alone_brings_its_numbers_beside_it(run: Run, tmp_path: Path) -> None:
    done = run("similarity", "--model", "tiny-neox", *SMALL, "--out", "x.pdf", "--json")
    (data,) = json.loads(done.out)
    assert data["files"] == ["x.pdf", "x.json"]
    assert data["reading"].startswith(f"{MEASURES['cosine'].words}: depths ")
    assert rl.Similarity.load("x.json").measure == "cosine"


def test_an_output_that_cannot_be_written_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run("capture", "tiny-neox", *SMALL)
    done = run("similarity", "--model", "tiny-neox", *SMALL, "--out", "file/new/x.png")
    assert (done.code, done.err) == (2, "reprlab: --out 'file/new/x.png' cannot be made: 'file' is a file\n")


def test_a_glob_draws_one_picture_a_model(run: Run, tmp_path: Path) -> None:
    done = run("similarity", "--model", "tiny-[ln]*", *SMALL, "--tokens", "no-sinks")
    assert done.code == 0
    names = {str(f.relative_to(tmp_path)) for f in tmp_path.glob("reports/*/*.png")}
    assert names == {f"reports/{name}/cosine-no-sinks-builtin-3.png" for name in ("tiny-llama", "tiny-neox")}


def test_benchmarks_are_averaged_over_their_five_corpora(run: Run, tmp_path: Path) -> None:
    from test_corpora import MADE_UP

    from reprlab.captures.corpus_table import BENCHMARKS, SOURCES

    for name in BENCHMARKS:
        file = tmp_path / "data" / SOURCES[name].file
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(MADE_UP[name][0]) + "\n")
    done = run(
        *("similarity", "--model", "tiny-neox", "--corpus", "benchmarks", "--data-dir", "data"),
        *("--out", "x.json"),
    )
    assert done.code == 0
    made = rl.Similarity.load("x.json")
    assert made.corpus == "benchmarks (mean of lambada, arc, hellaswag, winogrande, gsm8k)"
    assert made.documents == 5


# --- cache ---------------------------------------------------------------------------------------


@pytest.fixture
def captured(run: Run, tmp_path: Path) -> Path:
    """The folder of a capture of tiny-neox on three documents."""
    assert run("capture", "tiny-neox", *SMALL).code == 0
    return the_capture(tmp_path)


def test_the_cache_is_listed(run: Run, captured: Path) -> None:
    assert run("cache", "list").out.splitlines()[1].split() == [
        *("tiny-neox", "builtin", "0:6", "3", "72", "24", "float32", "0", "MB", captured.name),
    ]
    (row,) = json.loads(run("cache", "list", "--json").out)
    assert (row["model"], row["folder"]) == ("tiny-neox", str(captured))


def test_an_empty_cache_is_said_to_be_empty(run: Run, tmp_path: Path) -> None:
    assert run("cache", "list") == Done(0, f"no captures in {tmp_path}/cache\n", "")
    assert run("cache", "list", "--json").out == "[]\n"
    assert run("cache", "verify") == Done(0, "0 shards, all good\n", "")


def flip(shard: Path) -> None:
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)


@pytest.mark.parametrize(("harm", "why"), [(flip, "checksum differs"), (Path.unlink, "missing")])
def test_a_damaged_shard_is_named_and_made_again_to_the_same_bytes(
    run: Run, captured: Path, tmp_path: Path, harm: Callable[[Path], None], why: str
) -> None:
    before = shards(tmp_path / "cache")
    assert run("cache", "verify") == Done(0, "1 shards, all good\n", "")
    shard = captured / "shards" / "00000000.h5"
    harm(shard)
    assert run("cache", "verify") == Done(
        1, f"{shard}: {why}\n1 shards, 1 damaged: mend with --drop-damaged\n", ""
    )
    assert run("cache", "verify", "--drop-damaged") == Done(
        0, f"{shard}: {why}\n1 shards, 1 damaged: dropped; capture again to make them\n", ""
    )
    assert run("capture", "tiny-neox", *SMALL).code == 0
    assert shards(tmp_path / "cache") == before
    assert run("cache", "verify").code == 0


def test_nothing_is_removed_without_yes(run: Run, captured: Path) -> None:
    done = run("cache", "remove", "tiny-neox")
    assert done == Done(2, "", "reprlab: 1 captures (0 MB) were not removed: add --yes\n")
    assert captured.is_dir()


@pytest.mark.parametrize("by", ["model", "digest"])
def test_a_capture_is_removed_by_model_or_digest_and_no_other(
    run: Run, captured: Path, tmp_path: Path, by: str
) -> None:
    run("capture", "tiny-bert", *SMALL)
    done = run("cache", "remove", "tiny-neox" if by == "model" else captured.name, "--yes")
    assert done == Done(0, f"removed {captured}\n", "")
    assert [f.name for f in (tmp_path / "cache").iterdir()] == ["tiny-bert"]


def test_only_the_corpus_given_is_removed(run: Run, captured: Path) -> None:
    done = run("cache", "remove", "tiny-neox", "--corpus", "arc", "--yes")
    assert done.code == 2
    assert done.err.endswith("there are: tiny-neox\n")
    assert captured.is_dir()
    assert run("cache", "remove", "tiny-neox", "--corpus", "builtin", "-y").code == 0
    assert not captured.exists()


@pytest.mark.parametrize("level", [0, 1, 2], ids=["capture", "corpus", "model"])
def test_a_link_out_of_the_cache_is_never_followed(
    run: Run, captured: Path, tmp_path: Path, level: int
) -> None:
    linked = (captured, *captured.parents)[level]
    outside = tmp_path / "outside" / linked.name
    outside.parent.mkdir()
    shutil.move(linked, outside)
    linked.symlink_to(outside)
    done = run("cache", "remove", "tiny-neox", "--yes")
    assert (done.code, done.err) == (
        2,
        f"reprlab: '{captured}' leads out of the cache '{tmp_path}/cache': not removed\n",
    )
    assert len(shards(outside)) == 1


def test_a_link_inside_a_capture_is_cut_not_followed(run: Run, captured: Path, tmp_path: Path) -> None:
    shutil.move(captured / "shards", tmp_path / "outside")
    (captured / "shards").symlink_to(tmp_path / "outside")
    assert run("cache", "remove", "tiny-neox", "--yes").code == 0
    assert not captured.exists()
    assert len(shards(tmp_path / "outside")) == 1


@pytest.mark.parametrize(
    "command",
    [("cache", "list"), ("cache", "verify"), ("similarity", "--model", "tiny-neox", *SMALL)],
    ids=str,
)
def test_a_manifest_that_does_not_match_its_folder_is_named(
    run: Run, captured: Path, command: tuple[str, ...]
) -> None:
    moved = captured.rename(captured.with_name("0" * 16))
    done = run(*command)
    assert (done.code, done.err) == (
        2,
        f"reprlab: '{moved}/manifest.json' does not match its folder: digest is '{captured.name}', expected "
        f"'{'0' * 16}'; move it back or `reprlab cache remove {'0' * 16}`\n",
    )


def test_a_manifest_of_another_model_is_named(run: Run, captured: Path, tmp_path: Path) -> None:
    (tmp_path / "cache" / "tiny-neox").rename(tmp_path / "cache" / "gpt2")
    assert run("cache", "list").err == (
        f"reprlab: '{tmp_path}/cache/gpt2/builtin/{captured.name}/manifest.json' does not match its folder: "
        f"model is 'tiny-neox', expected 'gpt2'; move it back or `reprlab cache remove {captured.name}`\n"
    )


# --- schedule ------------------------------------------------------------------------------------

SKIPPED = """\
0:14 19:32
   ┌────────┐   ┌─────────┐
──▶│ 0 … 13 │┄┄▶│ 19 … 31 │──▶
   └────────┘   └─────────┘
27 layer calls, longest path 27
"""


def test_a_schedule_is_drawn_and_counted(run: Run) -> None:
    assert run("schedule", "(0:14) 19:32") == Done(0, SKIPPED, "")
    assert run("schedule", "--paper", "skip", "--layers", 32, "--start", 13) == Done(0, SKIPPED, "")


def test_a_narrow_or_plain_terminal_gets_what_it_can_show(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.out, "width", 16)
    monkeypatch.setattr(type(cli.out), "encoding", "ascii")
    assert run("schedule", "0:3").out == (
        "0:3\n"
        "   +---+\n-->| 0 |-->\n   +---+\n"
        "   +---+\n-->| 1 |-->\n   +---+\n"
        "   +---+\n-->| 2 |-->\n   +---+\n"
        "3 layer calls, longest path 3\n"
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("random --start 13 --seed 0", "0:14 17:14 18 17 19:32"),
        ("looped_parallel --start 13 --times 3", "0:14 [14:19]*3 19:32"),
        ("switch --layer 5", "0:5 6 5 7:32"),
    ],
)
def test_an_intervention_of_the_paper_prints_its_text(run: Run, arguments: str, text: str) -> None:
    done = run("schedule", "--layers", 32, "--paper", *arguments.split())
    assert (done.code, done.out.splitlines()[0]) == (0, text)


def test_a_schedule_as_json_tells_sums_from_means(run: Run) -> None:
    assert json.loads(run("schedule", "0 [1 2] [1 2]+", "--json").out) == {
        "text": "0 [1 2] [1 2]+",
        "steps": [0, [1, 2], {"summed": [1, 2]}],
        "layer_calls": 5,
        "longest_path": 3,
    }


def test_a_schedule_is_drawn_to_every_file_asked_for(run: Run, tmp_path: Path) -> None:
    done = run("schedule", "0:3 [3 4] 5", "--out", "new/a.png", "--out", "a.pdf", "--out", "a.svg")
    assert (done.code, done.out.splitlines()[-3:]) == (0, ["new/a.png", "a.pdf", "a.svg"])
    starts = [(tmp_path / name).read_bytes()[:5] for name in ("new/a.png", "a.pdf", "a.svg")]
    assert starts == [b"\x89PNG\r", b"%PDF-", b"<?xml"]


NEITHER = (
    "give a schedule, as in '0:14 [14:19]*3 19:32', or --paper NAME (full, skip_one, switch, skip, "
    "middle_repeat, reverse, random, parallel, looped_parallel, internal_loop)"
)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), NEITHER),
        (("0:3", "--paper", "full", "--layers", 3), NEITHER),
        (("0:3", "--seed", 1), "--seed goes with --paper, not with a schedule's text"),
        (("--paper", "full"), "--paper full needs --layers, the number of the model's layers"),
        (("--paper", "skip", "--layers", 6), "skip takes layers, start; given: layers"),
        (
            ("0", "--out", "a.json"),
            "--out 'a.json': the ending chooses the format; there are .png, .pdf, .svg",
        ),
        (
            ("0:3 5", "--layers", 4),
            "layer 5 does not exist in a model of 4 layers\n  0:3 5\n      ^\n"
            "its layers are 0..3, its depths 0..4",
        ),
    ],
    ids=str,
)
def test_a_bad_schedule_is_shown_with_its_mark(run: Run, arguments: tuple[Any, ...], error: str) -> None:
    assert run("schedule", *arguments) == Done(2, "", f"reprlab: {error}\n")


def test_a_result_of_other_settings_is_not_replaced_silently(run: Run) -> None:
    run("similarity", "--model", "tiny-neox", *SMALL, "--out", "x.png")
    again = run("similarity", "--model", "tiny-neox", *SMALL, "--tokens", "no-sinks", "--out", "x.png")
    assert again.err.startswith("note: x.json is replaced; it was: tiny-neox (random weights")


def test_cka_without_states_is_refused_before_any_work(run: Run) -> None:
    assert run("similarity", "--model", "tiny-neox", "--measure", "cka", "--no-states") == Done(
        2, "", "reprlab: --no-states keeps no states and cka needs them: leave one of both away\n"
    )


def test_documents_that_are_cut_are_counted(run: Run) -> None:
    assert (
        "note: 3 of 3 documents reach 24 tokens; what is longer is cut"
        in run("capture", "tiny-neox", *SMALL).err
    )


@pytest.mark.parametrize("option", ["--data-dir", "--models-dir"])
def test_a_folder_that_is_none_is_refused(run: Run, option: str) -> None:
    assert run("capture", "tiny-neox", option, "nowhere") == Done(
        2, "", f"reprlab: {option} 'nowhere' is no folder\n"
    )


def test_a_schedule_has_its_own_capture_and_its_own_depths(run: Run) -> None:
    parallel = ("--schedule", "0:2 [4 2 3]*2 5")
    done = run("similarity", "--model", "tiny-neox", *SMALL, *parallel, "--out", "x.json")
    found = rl.Similarity.load("x.json")
    assert done.code == 0
    assert (found.schedule, found.values.shape, found.full) == ("0 1 [2:5]*2 5", (6, 6), False)
    assert "schedule 0 1 [2:5]*2 5." in found.caption
    run("similarity", "--model", "tiny-neox", *SMALL, "--out", "y.json")
    assert rl.Similarity.load("y.json").full
    assert {row["schedule"] for row in json.loads(run("cache", "list", "--json").out)} == {
        *("0:6", "0 1 [2:5]*2 5")
    }


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


# --- sweep ---------------------------------------------------------------------------------------

SWEEP = "sweep --model tiny-llama --benchmarks builtin_pronoun,builtin_cloze --limit 4"


def test_a_sweep_prints_counts_then_a_table_and_writes_the_numbers(run: Run, tmp_path: Path) -> None:
    done = run(*SWEEP.split(), "--grid", "fig11", "--starts", "1", "--seeds", "2", "--kl")
    assert done.code == 0
    assert "8 schedules, 8 distinct" in done.err
    assert "builtin_pronoun: 4 documents" in done.err
    lines = done.out.splitlines()
    assert any("skip s=1" in line for line in lines)
    assert "random s=1 (2 orders)" in done.out
    assert "±" in done.out
    table = tmp_path / "reports" / "tiny-llama" / "sweep-fig11-builtin_pronoun+builtin_cloze-4.csv"
    assert str(table.relative_to(tmp_path)) in done.out
    head = table.read_text().splitlines()[0]
    assert {"schedule", "benchmark", "metric", "value", "stderr", "normalised"} <= set(head.split(","))
    assert ",kl," in table.read_text()


def test_a_sweep_as_json_and_as_npz(run: Run, tmp_path: Path) -> None:
    done = run(*SWEEP.split(), "--schedule", "0:2 3:6", "--json", "--out", "a.npz", "--out", "a.csv")
    rows = json.loads(done.out)
    assert {row["schedule"] for row in rows} == {"0:6", "0 1 3:6"}
    scores = rl.Scores.load(tmp_path / "a.npz")
    assert scores.place("0:2 3:6") == 1
    assert (tmp_path / "a.csv").exists()


def test_the_cache_lists_checks_and_removes_answers(run: Run, tmp_path: Path) -> None:
    run(*SWEEP.split(), "--schedule", "0:2 3:6")
    listed = run("cache", "list")
    assert "answers" in listed.out
    assert "builtin_cloze" in listed.out
    rows = json.loads(run("cache", "list", "--json").out)
    assert [(row["benchmark"], row["documents"], row["schedules"]) for row in rows] == [
        ("builtin_cloze", 4, 2),
        ("builtin_pronoun", 4, 2),
    ]
    assert "2 files of answers, all good" in run("cache", "verify").out
    Path(rows[0]["file"]).write_bytes(b"no database at all, but long enough to be read as one")
    broken = run("cache", "verify")
    assert broken.code == 1
    assert "is damaged" in broken.out
    done = run("cache", "remove", "tiny-llama", "--corpus", "builtin_pronoun", "--yes")
    assert done.code == 0
    assert [path.parent.name for path in (tmp_path / "cache").rglob("*.sqlite")] == ["builtin_cloze"]


BAD_SWEEPS: dict[str, str] = {
    "": "give --grid NAME (fig02",
    "--grid fig3": "unknown grid 'fig3': did you mean 'fig",
    "--grid fig04 --limit 0": "--limit 0: give 1 or more",
    "--grid fig04 --starts x": "--starts 'x': give whole numbers as in 5,7,9, or a half-open range as in",
    "--grid fig04 --starts 3:3": "--starts '3:3' is an empty range",
    "--grid fig04 --starts 9": "start 9 leaves no middle in 6 layers: allowed are 0..2",
    "--grid fig04 --seeds 0": "--seeds 0: give 1 or more",
    "--grid fig04 --dtype fp8": "unknown dtype 'fp8'",
    "--grid fig04 --device gpu": "unknown device 'gpu'",
    "--grid fig04 --preset papers": "unknown preset 'papers': did you mean 'paper'?",
    "--grid fig04 --out a.txt": "--out 'a.txt': the ending chooses the format; there are .csv, .npz",
    "--grid fig04 --batch-tokens 0": "--batch-tokens 0: give 1 or more",
    "--schedule 0:9": "layer 8 does not exist in a model of 6 layers",
    "--schedule [": "'[' is never closed",
    "--grid fig04 --benchmarks lambda": "unknown benchmark 'lambda': did you mean 'lambada'?",
    "--grid fig04 --benchmarks lambada --data-dir .": (
        "benchmark 'lambada' needs lambada_openai/test.jsonl in --data-dir '.' for its rows: put it there"
    ),
    "--grid fig04 --metric bogus": "unknown metric 'bogus': there are: acc, u",
    "--schedule 0:6 --starts 2": "--starts goes with --grid",
    "--grid fig04 --out folder.csv": "--out 'folder.csv' is a folder: name a file in it",
    "--grid fig04 --out file/a.csv": "--out 'file/a.csv' cannot be made: 'file' is a file",
    "--grid fig04 --lm-eval-json file": "--lm-eval-json 'file' cannot be made: 'file' is a file",
    "--grid fig04 --cache file": "cannot make 'file/tiny-llama/builtin_pronoun': a file is in the way",
    "--grid fig04 --benchmarks none.yaml": "no task file at 'none.yaml'",
    "--grid fig04 --data-dir nowhere": "--data-dir 'nowhere' is no folder",
}


@pytest.mark.parametrize("options", BAD_SWEEPS)
def test_a_wrong_sweep_is_one_line(run: Run, options: str, tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "file").touch()
    done = run("sweep", "--model", "tiny-llama", "--benchmarks", "builtin_pronoun", *options.split())
    assert done.code == 2
    assert done.err.startswith("reprlab: ")
    assert BAD_SWEEPS[options] in done.err
    assert "Traceback" not in done.err


def test_a_generated_benchmark_alone_has_a_table_too(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "gsm8k"
    folder.mkdir()
    for split in ("train", "test"):
        (folder / f"{split}.jsonl").write_text('{"question": "How many?", "answer": "Two. #### 4"}\n' * 6)
    options = ["--grid", "fig04", "--starts", "1", "--limit", "2", "--max-new-tokens", "3", "--data-dir"]
    done = run("sweep", "--model", "tiny-llama", "--benchmarks", "gsm8k", *options, tmp_path)
    assert done.code == 0
    assert "exact_match" in done.out
    assert "gsm8k: 2 of 2 documents are longer" not in done.err


def test_an_encoder_is_refused(run: Run) -> None:
    done = run("sweep", "--model", "tiny-bert", "--benchmarks", "builtin_pronoun", "--grid", "fig04")
    assert done.code == 2
    assert "'tiny-bert' has no causal language head" in done.err


# --- controls, pairs, files, groups, lens ---------------------------------------------------------


def test_controls_and_a_sweep_over_sinks_stand_beside_the_measure(run: Run, tmp_path: Path) -> None:
    command = ("similarity", "--model", "tiny-neox", *SMALL, "--measure", "cka", "--mean", "2:5")
    controls = ("--control", "shuffled", "--control", "residual", "--control", "untrained")
    done = run(*command, *controls, "--sinks-sweep")
    assert done.code == 0
    for label in ("as they are", "shuffled", "residual", "untrained", "sinks above 4", "all tokens"):
        assert label in done.out
    assert "depths 2 to 4 to each other" in done.out
    files = {file.stem for file in tmp_path.glob("reports/tiny-neox/*.json")}
    assert files == {"cka-builtin-3", *(f"cka-builtin-3-{n}" for n in controls[1::2])}
    (row,) = json.loads(run(*command, *controls, "--sinks-sweep", "--json").out)
    (mean,) = row["means"].values()
    assert mean[1] < mean[0] < mean[2]
    assert set(row["controls"]) == {"shuffled", "residual", "untrained"}
    assert abs(row["controls"]["shuffled"]["means"]["depths 2 to 4 to each other"][0]) < 0.3
    assert [part["policy"] for part in row["sinks_sweep"]] == [*["no-sinks"] * 8, "all"]


def test_bins_show_the_result_by_place_in_the_document(run: Run) -> None:
    command = ("similarity", "--model", "tiny-neox", *SMALL, "--bins", "1,8")
    assert "positions 8:" in run(*command).out
    (row,) = json.loads(run(*command, "--json").out)
    assert {place: part["tokens"] for place, part in row["bins"].items()} == {"0:1": 3, "1:8": 21, "8:": 48}


def test_two_models_two_schedules_and_files_are_set_against_each_other(run: Run, tmp_path: Path) -> None:
    base = ("similarity", "--model", "tiny-neox", *SMALL)
    assert run(*base, "--against", "tiny-llama", "--measure", "cka", "--out", "a.json").code == 0
    assert rl.Similarity.load("a.json").other == "tiny-llama"
    assert run(*base, "--against-schedule", "0:3 4:6", "--out", "b.json").code == 0
    found = rl.Similarity.load("b.json")
    assert (found.other, found.values.shape) == ("tiny-neox under 0:3 4 5", (7, 6))
    states = np.random.default_rng(0).normal(size=(4, 30, 8))
    np.savez(tmp_path / "acts.npz", states=states, offsets=[0, 10, 20, 30])
    done = run("similarity", "--activations", "acts.npz", "--measure", "knn", "--out", "c.json")
    assert done.code == 0
    assert rl.Similarity.load("c.json").values.shape == (4, 4)
    wrong = run(*base, "--against", "acts.npz", "--measure", "cka")
    assert (wrong.code, wrong.err) == (
        2,
        "reprlab: the two have different tokens: compare samples 'documents', 'last' or 'cls' instead of "
        "tokens\n",
    )
    good = run(*base, "--against", "acts.npz", "--measure", "cka", "--samples", "documents")
    assert good.code == 0, good.err


def test_block_influence_comes_with_the_cosine(run: Run) -> None:
    (row,) = json.loads(run("similarity", "--model", "tiny-neox", *SMALL, "--json").out)
    values = rl.Similarity.load(row["files"][1]).values
    assert row["block_influence"] == pytest.approx([1 - values[i, i + 1] for i in range(6)])


def test_groups_are_drawn_listed_and_read_out(run: Run, tmp_path: Path) -> None:
    done = run("groups", "--model", "tiny-llama", *SMALL, "--count", "2")
    assert done.code == 0
    (numbers,) = (tmp_path / "reports" / "tiny-llama").glob("groups-*.json")
    found = rl.Groups.load(numbers)
    assert len(found.starts) == 2
    assert numbers.with_suffix(".png").exists()
    assert found.reading in done.out
    many = run("groups", "--model", "tiny-llama", *SMALL, "--count", "7")
    assert many.code == 2
    assert many.err.endswith("reprlab: 7 groups of 6 depths: give 1..6\n")


def test_groups_of_several_models_are_a_family(run: Run, tmp_path: Path) -> None:
    done = run("groups", "--model", "tiny-[ln]*", *SMALL)
    assert done.code == 0
    assert "not decidable" in done.out
    assert list(tmp_path.glob("reports/*/group-shares-*.png"))


def test_a_lens_is_drawn_with_its_numbers_and_read_out(run: Run, tmp_path: Path) -> None:
    options = ("--documents", "3", "--max-tokens", "24")
    done = run("lens", "--model", "tiny-llama", "--schedule", "0:2 3:6", *options)
    assert done.code == 0, done.err
    (numbers,) = (tmp_path / "reports" / "tiny-llama").glob("lens-builtin-3-*.json")
    found = rl.Lens.load(numbers)
    assert numbers.with_suffix(".png").exists()
    assert f"tiny-llama: {found.reading}" in done.out
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


# --- drift ---------------------------------------------------------------------------------------


def test_a_drift_is_drawn_with_its_numbers_and_read_out(run: Run, tmp_path: Path) -> None:
    done = run("drift", "--model", "tiny-llama", "--start", "1", *SMALL)
    assert done.code == 0
    picture = tmp_path / "reports" / "tiny-llama" / "drift-s1-builtin.png"
    assert picture.exists()
    found = rl.Drift.load(picture.with_suffix(".json"))
    assert set(found.curves) == {"full", "skip", "middle repeat"}
    assert f"tiny-llama: {found.reading}" in done.out
    again = run("drift", "--model", "tiny-llama", "--start", "1", *SMALL, "--json")
    assert json.loads(again.out)[0]["reading"] == found.reading


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            "--start 2",
            "start 2 of 6 layers leaves one in the middle, and repeating it is the full model: give 0..1",
        ),
        ("--start 3", "start 3 leaves no middle in 6 layers: allowed are 0..2"),
        ("--tokens no-sink", "unknown token policy 'no-sink': did you mean 'no-sinks'?"),
        ("--sink-factor 0.5", "sink factor 0.5: give 1 or more"),
        ("--out a.txt", "--out 'a.txt': the ending chooses the format"),
        ("--corpus none.txt", "no corpus file at 'none.txt'"),
        ("--documents 0", "--documents 0: give 1 or more"),
    ],
)
def test_a_wrong_drift_is_one_line(run: Run, options: str, message: str) -> None:
    done = run("drift", "--model", "tiny-llama", *options.split())
    assert (done.code, done.out) == (2, "")
    assert message in done.err


# --- report and figures --------------------------------------------------------------------------

REPORT = (
    "report --model tiny-llama --benchmarks builtin_pronoun --limit 4 --documents 3 --starts 1 --seeds 2 "
    "--loops 1,2 --loop-limit 4"
)


def test_a_report_prints_the_answers_and_its_page_and_is_drawn_again_from_numbers(
    run: Run, tmp_path: Path
) -> None:
    done = run(*REPORT.split())
    assert done.code == 0, done.err
    assert "reports/tiny-llama/index.html" in done.out
    assert "not decidable" in done.out
    assert "note: windows is left out: windows of layers were not run" in done.err
    page = tmp_path / "reports/tiny-llama/index.html"
    before = page.read_bytes()
    page.unlink()
    shutil.rmtree(tmp_path / "cache")
    again = run("report", "--from-numbers")
    assert (again.code, again.err) == (0, "")
    assert page.read_bytes() == before
    alone = run("figures", "fig15", "--model", "tiny-llama", "--from-numbers")
    assert alone.out.splitlines()[:2] == ["reports/tiny-llama/fig15.png", "reports/tiny-llama/fig15.pdf"]
    assert not (tmp_path / "cache").exists()


def test_one_figure_alone_runs_only_what_it_needs(run: Run, tmp_path: Path) -> None:
    done = run("figures", "massive_activations", "--model", "tiny-llama", "--documents", "3")
    assert done.code == 0, done.err
    assert (tmp_path / "reports/tiny-llama/massive_activations.png").exists()
    assert [folder.name for folder in (tmp_path / "cache/tiny-llama").iterdir()] == ["builtin"]
    assert not list((tmp_path / "cache").rglob("*.sqlite"))


def test_figures_are_listed(run: Run) -> None:
    done = run("figures", "list")
    assert (done.code, done.err) == (0, "")
    assert {line.split()[0] for line in done.out.splitlines()[1:]} >= {"fig02", "fig17", "frontier"}
    assert run("figures").out == done.out


BAD_REPORTS: dict[str, str] = {
    "report": "give --model NAME, as in `reprlab report --model smollm2-135m --quick`",
    "report --model tiny-lama": "unknown model 'tiny-lama': did you mean 'tiny-llama'?",
    "report --model tiny-llama --quick --full": "--quick and --full: give one of them, or neither",
    "report --model tiny-llama --limit 0": "--limit 0: give 1 or more",
    "report --model tiny-llama --documents 0": "--documents 0: give 1 or more",
    "report --model tiny-llama --seeds 0": "--seeds 0: give 1 or more",
    "report --model tiny-llama --seeds 1001": "--seeds 1001: give 1000 at most",
    "report --model tiny-llama --benchmarks ,": "--benchmarks '' names none: write them with commas between",
    "report --model tiny-llama --example mine": "unknown example 'mine'",
    "report --model tiny-llama --glue rt": "unknown GLUE task 'rt': did you mean 'rte'?",
    "report --model tiny-bert --trained-starts 1": "--trained-starts goes with --glue: give both, or neither",
    "report --model tiny-bert --glue rte --trained-variants skip": "--trained-variants goes with --tra",
    "report --model tiny-bert --glue=": "--glue '' names none: write them with commas between",
    "report --model tiny-bert --glue rte --trained-starts 1 --trained-variants ,": "--trained-variants '' na",
    "report --model tiny-bert --benchmarks builtin --corpus builtin --data-dir . --glue rte": "GLUE task",
    "report --model tiny-llama --benchmarks builtin --corpus builtin --data-dir . --fine-tune 4": "'arc'",
    "report --model tiny-bert --glue rte --glue-limit 0": "--glue-limit 0: give 1 or more",
    "report --model tiny-llama --scores none.npz": "--scores 'none.npz': there is no such file",
    "report --model tiny-llama --fine-tune -1": "--fine-tune -1: give a number of documents",
    "report --model tiny-llama --out /proc/reprlab": "--out '/proc/reprlab' cannot be written",
    "report --from-numbers --limit 5 --windows 3": "draws what is there: leave --limit, --windows away",
    "report --model tiny-llama --starts x": "--starts 'x': give whole numbers as in 5,7,9",
    "report --model tiny-llama --starts 9": "--starts: none of those given leaves a middle in 6 layers",
    "report --model tiny-llama --loops 0": "--loops 0: give counts of 1 or more",
    "report --model tiny-llama --windows -1": "--windows -1: give a number of documents, 0 to leave it out",
    "report --model tiny-llama --benchmarks lambda": "unknown benchmark 'lambda': did you mean 'lambada'?",
    "report --model tiny-llama --corpus none.txt": "no corpus file at 'none.txt'",
    "report --model tiny-llama --dtype fp8": "unknown dtype 'fp8'",
    "report --model tiny-llama --device gpu": "unknown device 'gpu'",
    "report --model tiny-llama --batch-tokens 0": "--batch-tokens 0: give 1 or more",
    "report --model tiny-llama --preset papers": "unknown preset 'papers': did you mean 'paper'?",
    "report --model tiny-llama --precise-on x": "unknown benchmark of --precise-on 'x'",
    "report --model tiny-llama --single-on x": "unknown benchmark of --single-on 'x'",
    "report --model tiny-llama --out file": "--out 'file' cannot be made: 'file' is a file",
    "report --model tiny-llama --data-dir nowhere": "--data-dir 'nowhere' is no folder",
    "report --model tiny-llama --models-dir nowhere": "--models-dir 'nowhere' is no folder",
    "report --model tiny-llama --corpus benchmarks": "a report takes one corpus, 'benchmarks' stands",
    "report --model tiny-llama --data-dir .": "needs lambada_openai/test.jsonl in --data-dir '.'",
    "report --from-numbers": "--from-numbers: there is no report in 'reports'; `reprlab report --model",
    "report --from-numbers --model tiny-llama": "--from-numbers: there is no report in 'reports/tiny-llama'",
    "figures fig99": "unknown figure 'fig99'",
    "figures fig11": "give --model NAME",
    "figures fig11 --model tiny-llama --from-numbers": "cannot read 'reports/tiny-llama/fig11.json'",
    "figures fig12": "there is no report in 'reports'",
    "figures fig11 --model tiny-bert --documents 3": "the model has no causal language head",
}


@pytest.mark.parametrize("line", BAD_REPORTS)
def test_a_wrong_report_is_one_line(run: Run, line: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run(*line.split())
    assert done.code == 2, done
    assert BAD_REPORTS[line] in done.err
    assert "Traceback" not in done.err
    assert done.err.splitlines()[-1].startswith("reprlab: ")


BAD_GLUE: dict[str, str] = {
    "": "give --grid NAME (fig02",
    "--grid fig3": "unknown grid 'fig3': did you mean 'fig",
    "--grid fig04 --tasks rt": "unknown GLUE task 'rt': did you mean 'rte'?",
    "--grid fig04 --tasks ,": "no GLUE task was given: there are cola",
    "--grid fig04 --tasks wnli": "GLUE task 'wnli' needs glue/wnli/train.jsonl and glue/wnli/",
    "--grid fig04 --limit 0": "--limit 0: give 1 or more",
    "--grid fig04 --epochs 0": "--epochs 0: give 1 or more",
    "--grid fig04 --batch 0": "--batch 0: give 1 or more",
    "--grid fig04 --rate 0": "--rate 0.0: give a number above 0",
    "--grid fig04 --seed -1": "--seed -1: give 0 or more",
    "--grid fig04 --seed 4294967296": "--seed 4294967296: give 0 or more, below 2^32",
    "--grid fig04 --seeds 0": "--seeds 0: give 1 or more",
    "--grid fig04 --starts 9": "start 9 leaves no middle in 6 layers",
    "--schedule 0:3 --starts 1": "--starts goes with --grid",
    "--schedule 0:9": "layer 8 does not exist in a model of 6 layers",
    "--grid fig04 --authors-dropout": "--authors-dropout goes with --frozen",
    "--grid fig04 --frozen --checkpoints kept": "--checkpoints goes with unfrozen encoders",
    "--grid fig04 --device gpu": "unknown device 'gpu'",
    "--grid fig04 --out a.txt": "--out 'a.txt': the ending chooses the format; there are .csv, .npz",
    "--grid fig04 --out /proc/a.csv": "--out '/proc/a.csv' cannot be written: No such file",
    "--grid fig04 --checkpoints /proc/kept": "--checkpoints '/proc/kept' cannot be written: No such file",
    "--grid fig04 --out a.csv --out a.csv": "--out and --out name the same file, 'a.csv': give two",
    "--grid fig04 --curves a.txt": "--curves 'a.txt': the ending chooses the format; there are .csv",
    "--grid fig04 --batch-tokens 0": "--batch-tokens 0: give 1 or more",
    "--grid fig04 --model tiny-llama": "'tiny-llama' has no trained pooler to put a classifier on",
}


@pytest.mark.parametrize("options", BAD_GLUE)
def test_a_wrong_glue_is_one_line(run: Run, options: str, glue_rows: Path) -> None:
    model = () if "--model" in options else ("--model", "tiny-bert")
    done = run("glue", *model, "--tasks", "rte", "--data-dir", glue_rows, *options.split())
    assert done.code == 2, done
    assert BAD_GLUE[options] in done.err
    assert "Traceback" not in done.err
    assert done.err.splitlines().count("") == 0
    assert sum(line.startswith("reprlab: ") for line in done.err.splitlines()) == 1


def test_a_report_trains_an_encoder_at_the_starts_that_it_has(run: Run, glue_rows: Path) -> None:
    small = "--corpus builtin --benchmarks builtin_pronoun --documents 3 --starts 1,7 --seeds 1"
    trained = "--glue rte --trained-starts 1,9 --trained-variants skip"
    done = run("report", "--model", "tiny-bert", "--data-dir", glue_rows, *small.split(), *trained.split())
    assert done.code == 0, done
    assert "note: --starts: 7 leave no middle in 6 layers, and are left out" in done.err
    assert "note: --trained-starts: 9 leave no middle in 6 layers, and are left out" in done.err
    kept = rl.Scores.load("reports/tiny-bert/unfrozen.npz")
    assert [str(entry.schedule) for entry in kept.entries] == ["0:6", "0 1 5"]


def test_glue_prints_a_table_and_keeps_numbers_and_curves(run: Run, glue_rows: Path, tmp_path: Path) -> None:
    options = ["--model", "tiny-bert", "--tasks", "rte,rte", "--data-dir", glue_rows, "--frozen"]
    files = ["--out", tmp_path / "a.csv", "--out", tmp_path / "a.npz", "--curves", tmp_path / "c.csv"]
    done = run("glue", *options, "--grid", "fig11", "--starts", "1", "--seeds", "2", *files)
    assert done.code == 0, done
    for words in ("skip s=1", "looped parallel s=1 x=3", "always the largest class", "less full"):
        assert words in done.out
    assert "rte (glue/rte of --data-dir): 40 rows to train on, 20 held out, frozen" in done.err
    table = (tmp_path / "a.csv").read_text().splitlines()
    assert table[0].startswith("schedule,variant,start")
    curves = (tmp_path / "c.csv").read_text().splitlines()
    kept = {str(entry.schedule) for entry in rl.Scores.load(tmp_path / "a.npz").entries}
    assert {line.split(",")[1] for line in curves[1:]} == kept
    huge = ("--batch", "100000000000", "--limit", "99999999999999999999")
    assert run("glue", *options, "--schedule", "0:2 4:6", *huge).code == 0
    again = run("glue", *options, "--grid", "fig11", "--starts", "1", "--seeds", "2", "--json")
    assert "runs there already: 8" in again.err
    assert json.loads(again.out)[0]["benchmark"] == "rte"
    assert Path("reports/tiny-bert/glue-fig11-rte-frozen.csv").is_file()
