"""The shape of the package: owners of heavy libraries, and what importing costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OWNERS = {
    "nnsight": {"network"},
    "transformers": {"network"},
    "tokenizers": {"network"},
    "h5py": {"cache"},
    "sqlite3": {"cache"},
    "matplotlib": {"figures"},
    "sklearn": {"groups"},
    "huggingface_hub": {"models"},
    "lm_eval": {"benchmarks"},
    "jinja2": {"pages", "benchmarks"},
    "datasets": {"corpora", "benchmarks", "glue_tasks"},
    "typer": {"cli"},
    "rich": {"cli"},
}
FILES = sorted(f for f in (ROOT / "reprlab").rglob("*.py") if f != ROOT / "reprlab" / "__init__.py")


def module(file: Path) -> str:
    return file.relative_to(ROOT / "reprlab").parts[0].removesuffix(".py")


def imports(file: Path) -> set[str]:
    """Every dotted name that a file imports, also inside functions and for types only."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_a_heavy_library_has_one_owner(file: Path) -> None:
    used = {name.split(".")[0] for name in imports(file)}
    assert {library for library in used if module(file) not in OWNERS.get(library, {module(file)})} == set()


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_no_pickle_and_only_the_command_line_prints(file: Path) -> None:
    tree = ast.parse(file.read_text())
    calls = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    assert not {"pickle", "joblib", "dill"} & {name.split(".")[0] for name in imports(file)}
    assert "print" not in calls or module(file) == "cli"


@pytest.mark.parametrize("arguments", [["--help"], ["models", "tiny-*"], ["cache", "--help"]])
def test_these_commands_load_no_torch(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom reprlab.cli import main\n"
        f"sys.argv = ['reprlab', *{arguments}]\n"
        "try: main()\nexcept SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'torch', 'transformers', 'nnsight', 'h5py', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_public_names_are_there_and_an_unknown_one_says_so() -> None:
    import reprlab as rl

    assert all(getattr(rl, name) for name in rl.__all__)
    with pytest.raises(AttributeError, match="reprlab has no 'cosin'"):
        rl.cosin  # noqa: B018
