"""The shape of the package: rooms, verbs, owners of heavy libraries, and what importing costs.

Which room may import which is a contract of import-linter's in pyproject.toml; `make check` runs it.
"""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

import reprlab as rl
from reprlab.captures.capture import Capture
from reprlab.network.network import Network
from reprlab.scores.results import Results

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "reprlab"
VERBS = {
    "capturing": {"capture"},
    "comparing": {"compare", "cosine", "cka", "sinks_sweep"},
    "grouping": {"group"},
    "drifting": {"drift"},
    "lensing": {"lens"},
    "sweeping": {"sweep"},
    "gluing": {"glue"},
    "finetuning": {"finetune"},
    "loading": {"load", "fetch"},
    "judging": {"judge"},
    "reporting": {"report"},
}
OWNERS = {
    "nnsight": {"network", "training"},
    "transformers": {"network", "training"},
    "tokenizers": {"network"},
    "h5py": {"captures"},
    "sqlite3": {"sweeps"},
    "matplotlib": {"figures"},
    "sklearn": {"depths"},
    "huggingface_hub": {"models"},
    "lm_eval": {"benchmarks", "sweeps/lm_eval_results.py"},
    "jinja2": {"reports", "benchmarks"},
    "datasets": {"captures/corpora.py", "benchmarks"},
    "typer": {"cli"},
    "rich": {"cli"},
}
NOT_MIRRORED = {
    "test_coverage",
    "test_words",
    "test_writing",
    "test_kills",
    "test_fuzz",
    "test_structure",
    "test_docs",
    "test_real",
    "test_archives",
}
FILES = sorted(f for f in PACKAGE.rglob("*.py") if f != PACKAGE / "__init__.py")
EVERY_FILE = pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))


def room(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(file: Path) -> set[str]:
    """Every dotted name that a file imports, also inside functions and for types only."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def functions(file: Path) -> set[str]:
    """The public functions and classes that a file defines."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {
        node.name
        for node in ast.parse(file.read_text()).body
        if isinstance(node, kinds) and not node.name.startswith("_")
    }


def test_a_file_that_ends_in_ing_holds_its_verb_and_its_shorthands() -> None:
    verbs = {file.stem: functions(file) for file in FILES if file.stem.endswith("ing")}
    assert verbs == VERBS
    assert set().union(*VERBS.values()) <= set(rl.__all__)


def test_no_folder_or_file_of_the_top_level_bears_the_name_of_a_public_function() -> None:
    names = {path.stem for path in PACKAGE.iterdir() if path.suffix in {"", ".py"}}
    assert names & set(rl.__all__) == set()


def test_the_layers_name_every_room() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(c for c in settings["contracts"] if c["type"] == "layers")
    assert layers["exhaustive"]
    named = {name.strip() for line in layers["layers"] for name in line.split("|")}
    assert named == {room(file) for file in FILES}


def type_names(file: Path) -> set[str]:
    """The classes and module-level aliases of types in a file, without a leading underscore."""
    names: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name, value = node.targets[0].id, node.value
            union = isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr)
            if (isinstance(value, ast.Subscript) or union) and re.fullmatch(r"_?[A-Z]\w*[a-z]\w*", name):
                names.add(name)
    return {name.lstrip("_") for name in names}


def test_names_of_types_are_unique_in_the_package() -> None:
    counts = Counter(name for file in FILES for name in type_names(file))
    assert {name for name, count in counts.items() if count > 1} == set()


@EVERY_FILE
def test_a_heavy_library_has_its_owners(file: Path) -> None:
    used = {name.split(".")[0] for name in imports(file)} & set(OWNERS)
    place = {room(file), str(file.relative_to(PACKAGE))}
    assert {library for library in used if not OWNERS[library] & place} == set()


@EVERY_FILE
def test_no_pickle_and_only_the_command_line_prints(file: Path) -> None:
    tree = ast.parse(file.read_text())
    calls = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    assert not {"pickle", "joblib", "dill"} & {name.split(".")[0] for name in imports(file)}
    assert "print" not in calls or room(file) == "cli"


WRITERS = {
    "files.py",
    "captures/shard.py",
    "models/wheel.py",
    "network/from_weights.py",
    "training/trainer.py",
}
_WRITES = {"write_text", "write_bytes", "to_csv", "to_parquet", "savefig", "savez", "savez_compressed"}
_WRITES |= {"save_file", "save_pretrained", "tofile"}


def writes_to_a_path(node: ast.AST) -> bool:
    """Whether a call may write a file that is named: not one that gives text, or writes to memory."""
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
    modes = [*node.args, *(k.value for k in node.keywords if k.arg == "mode")]
    texts = {mode.value for mode in modes if isinstance(mode, ast.Constant) and isinstance(mode.value, str)}
    if name in {"open", "fdopen"}:
        nowhere = bool(node.args) and ast.unparse(node.args[0]) == "os.devnull"
        return not nowhere and any(re.fullmatch(r"[rbt+]*[wax+][rbt+]*", text) for text in texts)
    return name in _WRITES and bool(node.args)


@pytest.mark.parametrize(
    ("call", "writes"),
    [
        *(("open(path, 'w')", True), ("path.open(mode='ab')", True), ("os.fdopen(handle, 'r+b')", True)),
        *(("open(path)", False), ("os.fdopen(handle, 'rb')", False), ("open(os.devnull, 'w')", False)),
        *(("path.write_text(text)", True), ("table.to_csv()", False)),
    ],
)
def test_a_call_that_writes_is_known_by_its_name_and_mode(call: str, writes: bool) -> None:
    assert writes_to_a_path(ast.parse(call, mode="eval").body) is writes


def test_only_the_owners_of_writing_write_files() -> None:
    """Every other file goes through `write_whole`, `write_result` or `whole_folder`: whole or not at all."""
    found = {
        (str(file.relative_to(PACKAGE)), node.lineno)
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text()))
        if writes_to_a_path(node)
    }
    memory = {"arrays.py", "figures/images.py"}  # to a BytesIO
    locks = {"captures/locks.py"}  # who holds a lock
    assert {(name, line) for name, line in found if name not in WRITERS | memory | locks} == set()


@pytest.mark.parametrize(
    "package", sorted(f.parent for f in PACKAGE.rglob("*/__init__.py")), ids=lambda p: p.name
)
def test_a_rooms_init_is_its_sentence(package: Path) -> None:
    """Names are imported from their own file; analyses take two rooms' names from the room."""
    tree = ast.parse((package / "__init__.py").read_text())
    assert (ast.get_docstring(tree) or "").split("\n")[0].endswith(".")
    own = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module]
    hands_on = {"figures", "verdicts/curves", "cli"}
    assert not own or str(package.relative_to(PACKAGE)) in hands_on


def loaded(commands: Sequence[str], folder: Path) -> dict[str, tuple[int, set[str]]]:
    """The exit code of each command, and the heavy libraries that are there after it; in one process."""
    code = (
        "import json, shlex, sys\nfrom reprlab.cli import main\nfound = {}\n"
        f"for text in {list(commands)!r}:\n"
        "    sys.argv, code = ['reprlab', *shlex.split(text)], 0\n"
        "    try: main()\n    except SystemExit as end: code = end.code or 0\n"
        f"    found[text] = code, sorted({HEAVY!r} & set(sys.modules))\n"
        "json.dump(found, open('found.json', 'w'))"
    )
    path = {"PYTHONPATH": str(ROOT), "REPRLAB_CACHE": str(folder / "cache")}
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, check=False, cwd=folder, env=os.environ | path)
    assert done.returncode == 0, done.stderr
    found = json.loads((folder / "found.json").read_text())
    return {text: (code, set(libraries)) for text, (code, libraries) in found.items()}


HEAVY = {"torch", "transformers", "nnsight", "lm_eval", "datasets"}
HELP = [
    "--help",
    *(
        f"{name} --help"
        for name in ["models", "capture", "similarity", "sweep", "report", "figures", "cache"]
    ),
]
LISTS = [
    *("models", "models 'tiny-*' --json", "schedule '0:2 3:6'", "cache list", "cache remove tiny-neox --yes"),
    *("figures list", "report --from-numbers --out none", "cache verify"),
]
REFUSED = [
    *("capture nosuch", "capture 'nosuch*'", "capture tiny-neox --corpus lambda", "fetch nosuch"),
    *(
        "capture tiny-neox --schedule 0:99",
        "capture tiny-neox --schedule '0:'",
        "capture --dtype x tiny-neox",
    ),
    *("capture tiny-neox --device-map nonsense", "capture tiny-neox --device x", "capture --nonsense"),
    *("similarity tiny-neox --measure x", "similarity tiny-neox --mean 8:25", "similarity nosuch"),
    *("similarity tiny-neox --control x", "similarity tiny-neox --against nosuch"),
    *("similarity tiny-neox --against-schedule 0:44", "similarity tiny-neox --tokens x"),
    *("groups tiny-neox --measure x", "groups tiny-neox --count 77", "drift tiny-neox --start 5"),
    *("lens tiny-neox --show x", "lens tiny-neox --tokens x", "generate --model nosuch x"),
    *("generate --model tiny-neox --schedule 0:9 x", "sweep nosuch --schedule 0:3"),
    *("sweep tiny-neox --schedule 0:9", "sweep tiny-neox --schedule 0:3 --benchmarks lambda"),
    *("sweep tiny-neox --schedule 0:3 --benchmarks arc_chalenge", "sweep tiny-neox --grid fig11 --starts 9"),
    *("sweep tiny-neox --schedule 0:3 --preset x", "sweep tiny-neox --grid x", "glue nosuch --schedule 0:3"),
    *("glue tiny-bert --tasks x --schedule 0:3", "finetune nosuch", "finetune tiny-neox --task x"),
    *("finetune tiny-neox --shares 3", "finetune tiny-neox --schedule 0:9", "report nosuch"),
    *("finetune tiny-neox --epochs 0", "finetune tiny-neox --micro-batch 7", "finetune tiny-neox --rate nan"),
    *("glue tiny-bert --tasks rte --schedule 0:4 --batch 0", "finetune tiny-neox --seed -1"),
    "similarity tiny-neox --measure cosine-components --components 32",
    *("report tiny-neox --benchmarks lambda", "report tiny-neox --starts 50", "report tiny-neox --example x"),
    *("figures nosuch tiny-neox", "figures nosuch.py tiny-neox", "report tiny-neox --precise-on x"),
    *("report --again none.json", "report --again none.json --limit 4", "report --again ''"),
    *("report tiny-neox --scores found.json", "cache list --cache ''", "similarity tiny-neox --seed -1"),
]


def test_what_only_lists_and_what_is_refused_at_once_loads_no_torch(tmp_path: Path) -> None:
    """In one process: libraries once loaded stay, so the first command that is named has loaded them."""
    found = loaded([*HELP, *REFUSED, *LISTS], tmp_path)
    assert {text: libraries for text, (_, libraries) in found.items() if libraries} == {}
    assert {text for text in REFUSED if found[text][0] != 2} == set()
    assert {text for text in HELP if found[text][0] != 0} == set()


def test_the_public_names_are_there_and_an_unknown_one_says_so() -> None:
    assert all(getattr(rl, name) for name in rl.__all__)
    with pytest.raises(AttributeError, match="reprlab has no 'cosin'"):
        rl.cosin  # noqa: B018


def test_no_result_has_more_than_14_fields() -> None:
    """What is more is a value inside it, as a provenance is; settings are no result."""
    kinds = {name: getattr(rl, name) for name in set(rl.__all__) - {"ReportSettings"}}
    counts = {name: len(fields(kind)) for name, kind in kinds.items() if is_dataclass(kind)}
    assert {"Similarity", "Groups", "Lens", "Drift", "Family"} <= counts.keys()
    assert {name: count for name, count in counts.items() if count > 14} == {}


def test_a_result_is_shown_by_its_name_and_counts() -> None:
    """Never by its arrays: errors and prompts show it. The other public values are small, and shown whole."""
    small = {"Entry", "Example", "Finding", "Measure", "Recipe", "ReportSettings", "Verdict", "Workspace"}
    small |= {"Block", "Matched", "MeanUpdate", "RandomDirection"}
    kinds = {name: getattr(rl, name) for name in set(rl.__all__) - small} | {"Network": Network}
    kinds |= {kind.__name__: kind for kind in (Capture, Results)}
    made = {
        name for name, kind in kinds.items() if is_dataclass(kind) and hasattr(kind.__repr__, "__wrapped__")
    }
    assert {"Similarity", "Groups", "Drift", "Lens", "Scores", "Activations"} <= kinds.keys()
    assert made == set(), "dataclass wrote these"


@EVERY_FILE
def test_no_function_is_over_sixty_lines(file: Path) -> None:
    functions = [n for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.FunctionDef)]
    assert {f.name for f in functions if (f.end_lineno or 0) - f.lineno + 1 > 60} == set()


def test_type_checkers_see_the_public_names_where_they_are() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {a.name: n.module for n in block.body if isinstance(n, ast.ImportFrom) for a in n.names}
    assert seen == {name: sys.modules[getattr(rl, name).__module__].__name__ for name in rl.__all__}


def test_files_named_in_strings_and_documents_are_there() -> None:
    texts = [*FILES, *(ROOT / "analyses").glob("*.py"), *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    texts += [ROOT / "cache" / "README.md", ROOT / "analyses" / "README.md", *PACKAGE.rglob("*.md")]
    named = {
        (path.name, name)
        for path in texts
        for name in re.findall(
            r"\b(?:reprlab|tests|analyses|bench)/[a-z_0-9/]+\.(?:py|md)\b", path.read_text()
        )
    }
    assert {(where, name) for where, name in named if not (ROOT / name).is_file()} == set()


TESTS = sorted((ROOT / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("file", TESTS, ids=lambda f: str(f.relative_to(ROOT)))
def test_a_test_file_is_short(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 600


def test_every_room_is_tested_in_a_folder_of_its_name_and_every_test_file_mirrors_a_file() -> None:
    rooms = {room(file) for file in FILES if file.parent != PACKAGE}
    folders = {file.relative_to(ROOT / "tests").parts[0] for file in TESTS if file.parent != ROOT / "tests"}
    assert folders - {"analyses"} == rooms
    for file in TESTS:
        where, name = file.relative_to(ROOT / "tests").parent, file.stem.removeprefix("test_")
        if where == Path("analyses") or file.stem in NOT_MIRRORED:
            continue
        mirrored = PACKAGE / where / name
        wide = {("network", "executors"), ("network", "inputs"), ("figures", "figures"), ("cli", "main")}
        assert mirrored.with_suffix(".py").is_file() or mirrored.is_dir() or (str(where), name) in wide, file
