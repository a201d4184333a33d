"""Every command: bad input, exit codes, help, and what the start of the command line costs."""

import ast
import json
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer
from cli_runs import NAMES, SMALL, Done, Run

import reprlab as rl
from reprlab import cli
from reprlab.cli.options.command import PANELS
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
        "cannot read activations from 'none.npz': cannot read 'none.npz': No such file or directory"
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
        "--out names one file, and there are 21 results: leave --out away"
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
    "capture tiny-neox --documents three": "Invalid value for '--documents': 'three' is no whole number",
    "similarity tiny-neox --memory lots": "Invalid value for '--memory': 'lots' is no number",
    "schedule --paper nope": "unknown --paper 'nope': there are: full, skip_one, switch, skip, "
    "middle_repeat, reverse, random, parallel, looped_parallel, internal_loop, layer_loop",
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
        *("cache", "cache list", "cache verify", "cache remove", "cache adopt"),
    }


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: " ".join(path) or "reprlab")
def test_every_command_and_every_option_has_help(run: Run, path: tuple[str, ...]) -> None:
    done = run(*path, "--help")
    assert (done.code, done.err) == (0, "")
    assert COMMANDS[path].help.split()[0] in done.out
    assert run(*path, "-h").out == done.out
    assert [param.name for param in COMMANDS[path].params if not param.help] == []


LEAVES = {path: command for path, command in COMMANDS.items() if not getattr(command, "commands", {})}
EVERY_LEAF = pytest.mark.parametrize("path", LEAVES, ids=" ".join)


def panels(command: Any) -> dict[str, list[str]]:
    """The panels of a command's --help in their order, and the options in each."""
    shown: dict[str, list[str]] = {}
    for param in command.get_params(typer.Context(command)):
        if param.param_type_name == "option":
            shown.setdefault(param.rich_help_panel, []).append(param.opts[0])
    return shown


@EVERY_LEAF
def test_options_stand_in_panels_and_the_first_is_short(path: tuple[str, ...]) -> None:
    shown = panels(LEAVES[path])
    assert list(shown) == [name for name in PANELS if name in shown]
    assert len(next(iter(shown.values()))) <= 10
    assert shown["Output"][-1] in {"-h", "--help"}


@EVERY_LEAF
def test_help_is_plain_english(path: tuple[str, ...]) -> None:
    for param in LEAVES[path].params:
        assert param.help.endswith("."), param.help
        assert not param.help.startswith(("Of ", "of ", "The same")), param.help
        words = " ".join(param.help.split())
        assert not any(bad in words for bad in (" behind ", " beside ", " less ", "so many", "have no say"))
        assert all(len(sentence.split()) <= 25 for sentence in words.split(". ")), param.help


def examples(path: tuple[str, ...]) -> list[str]:
    head, *lines = COMMANDS[path].epilog.splitlines()
    assert head == "Examples:"
    return lines


@pytest.mark.parametrize("path", [(), *LEAVES], ids=lambda path: " ".join(path) or "reprlab")
def test_three_examples_stand_at_the_end_of_help_and_parse(run: Run, path: tuple[str, ...]) -> None:
    lines = examples(path)
    assert (len(lines), max(map(len, lines)) <= 78) == (3, True)  # 80 columns
    shown = [line.strip() for line in run(*path, "--help").out.strip().splitlines()]
    assert shown[-3:] == lines
    for line in lines:
        name, *words = shlex.split(line)
        own = path or tuple(words[:1])
        assert (name, tuple(words[: len(own)])) == ("reprlab", own)
        LEAVES[own].make_context(own[-1], words[len(own) :])


QUICK = [
    line
    for path in LEAVES
    for line in examples(path)
    if {"models", "schedule", "list"} & set(line.split()[1:3]) and "mine" not in line
]


@pytest.mark.parametrize("line", QUICK)
def test_examples_that_take_no_model_run(run: Run, line: str) -> None:
    done = run(*shlex.split(line)[1:])
    assert (done.code, done.err) == (0, "")


# --- models --------------------------------------------------------------------------------------

TAKE_MODELS = {path for path, command in LEAVES.items() if "model" in {p.name for p in command.params}}
BY_OPTION_ONLY = {("generate",)}  # its arguments are prompts


def test_the_commands_that_take_models() -> None:
    assert {" ".join(path) for path in TAKE_MODELS} == {
        *("models", "fetch", "capture", "similarity", "groups", "drift", "lens", "generate"),
        *("sweep", "glue", "finetune", "report", "figures", "cache remove"),
    }


def given_models(path: tuple[str, ...], *words: str) -> tuple[list[str], list[str]]:
    """What a command takes for models, by argument and by option."""
    params = LEAVES[path].make_context(path[-1], list(words)).params
    return list(params.get("models") or []), list(params["model"] or [])


@pytest.mark.parametrize("path", sorted(TAKE_MODELS - {("cache", "remove")}), ids=" ".join)
def test_models_are_given_by_argument_and_by_option_or_both(path: tuple[str, ...]) -> None:
    first = {"figures": ("fig11",), "generate": ("a prompt",)}.get(path[0], ())
    options = ("--model", "tiny-neox, tiny-bert", "--model", "pythia-*")
    assert given_models(path, *first, *options) == ([], ["tiny-neox", "tiny-bert", "pythia-*"])
    if path not in BY_OPTION_ONLY:
        words = (*first, "tiny-llama", "a,b", *options)  # a folder's name may hold a comma
        assert given_models(path, *words)[0] == ["tiny-llama", "a,b"]


NEWLINE = "a\nb"
NEED_MODELS = sorted(TAKE_MODELS - {("cache", "remove"), ("models",), ("similarity",)})


@pytest.mark.parametrize("path", NEED_MODELS, ids=" ".join)
def test_no_model_at_all_is_one_line(run: Run, path: tuple[str, ...]) -> None:
    more = {
        "figures": ["fig11"],
        "generate": ["x"],
        "sweep": ["--schedule", "0:6"],
        "glue": ["--schedule", "0:6"],
    }
    assert run(*path, *more.get(path[0], [])) == Done(2, "", f"reprlab: {NO_MODEL}\n")


def test_both_forms_name_the_same_models(run: Run) -> None:
    done = run("models", "tiny-neox", "--model", "tiny-bert,tiny-neox", "--json")
    assert [row["model"] for row in json.loads(done.out)] == ["tiny-neox", "tiny-bert"]


@pytest.mark.parametrize(
    "words",
    [
        *(("capture", NEWLINE), ("fetch", NEWLINE), ("similarity", "tiny-neox", "--out", NEWLINE)),
        *(
            ("capture", f"{NEWLINE}.gguf"),
            ("cache", "remove", NEWLINE),
            ("generate", "--model", NEWLINE, "x"),
        ),
        *(("finetune", "tiny-neox", "--shares", NEWLINE), ("sweep", "tiny-neox", "--grid", NEWLINE)),
        ("models", NEWLINE, "tiny-neox", f"b{NEWLINE}"),
    ],
    ids=str,
)
def test_a_name_with_a_line_end_is_refused_in_one_line_each(run: Run, words: tuple[str, ...]) -> None:
    lines = run(*words).err.splitlines()
    assert lines
    assert all(line.startswith("reprlab: ") for line in lines)


def test_a_wrong_schedule_is_shown_below_its_error(run: Run) -> None:
    lines = run("capture", "tiny-neox", "--schedule", "0:2 x").err.splitlines()
    assert lines[:3] == ["reprlab: unknown character 'x'", "  0:2 x", "      ^"]


# --- versions and completion ---------------------------------------------------------------------


def test_versions_are_printed_a_line_each_without_torch() -> None:
    code = (
        "import sys; from reprlab.cli import main\nsys.argv = ['reprlab', '--version']\n"
        "try: main()\nexcept SystemExit as end: assert not end.code\n"
        "assert not {'torch', 'transformers', 'nnsight'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = ("torch", "transformers", "nnsight")
    assert done.stdout.splitlines() == [
        f"reprlab {rl.__version__}",
        f"python {platform.python_version()}",
        *(f"{name} {version(name)}" for name in names),
    ]


def test_shells_complete_commands_without_torch() -> None:
    code = (
        "import os, sys; from reprlab.cli import main\nsys.argv = ['reprlab']\n"
        "os.environ |= {'_REPRLAB_COMPLETE': 'complete_bash'}\n"
        "os.environ |= {'COMP_WORDS': 'reprlab sw', 'COMP_CWORD': '1'}\n"
        "try: main()\nexcept SystemExit as end: assert not end.code\n"
        "assert not {'torch', 'transformers', 'nnsight'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["sweep"]


# --- the code ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "file", sorted(Path(cli.__file__).parent.rglob("*.py")), ids=lambda f: f"{f.parent.name}-{f.stem}"
)
def test_no_function_of_the_command_line_is_long(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name


# --- groups of commands --------------------------------------------------------------------------


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


def test_python_runs_the_package_as_the_command_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reprlab", "--version"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("reprlab ")
