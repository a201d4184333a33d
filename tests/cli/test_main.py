"""Every command: bad input, exit codes, help, and what the start of the command line costs."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from cli_runs import NAMES, SMALL, Done, Run

import reprlab as rl
from reprlab import cli
from reprlab.errors import ReprlabError

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
NO_MODEL = "give a model, as in --model tiny-neox; `reprlab models` lists the names"
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
    "groups": NO_MODEL,
    "similarity --model tiny-neox --tokens no-sink": (
        "unknown token policy 'no-sink': did you mean 'no-sinks'? There are: all, no-sinks"
    ),
    "similarity --model tiny-neox --out x.gif": (
        "--out 'x.gif': the ending chooses the format; there are .png, .pdf, .svg, .json, .csv"
    ),
    "similarity --model tiny-* --out x.png": (
        "--out names one file, and there are 18 results: leave --out away"
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
    "models --nope": "No such option: --nope (Possible options: --model)",
    "capture": NO_MODEL,
    "similarity": "give models, as in --model tiny-neox, or --activations FILE, and not both",
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
