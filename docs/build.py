"""Builds the site and the tutorial's notebook: python docs/build.py

Pages are plain Markdown that reads on a forge. For the site they are staged in `.site-pages`: fences lose the
words that only tests read, links that leave docs/ follow their files, an included page is put in its place.
"""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DOCS, STAGE, SITE = ROOT / "docs", ROOT / ".site-pages", ROOT / "site"
ELSEWHERE = "repository"  # the folder of the stage that holds files from outside docs/
INCLUDE = re.compile(r"<!-- include: (\S+) -->")
FENCE = re.compile(r"^```(\w*) ?([^\n`]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(\]\()([^)\s#]+)((?:#[^)\s]*)?\))")
STYLE = """\
/* Pages of tables and plain drawings: wide, and scrolling inside themselves on a phone. */
.md-grid { max-width: 72rem; }
.md-typeset table:not([class]) { font-size: 0.7rem; }
.md-typeset table:not([class]) :is(td, th) { padding: 0.4em 0.8em; }
.md-typeset pre > code { line-height: 1.25; }
@media (min-width: 45em) { .md-typeset table:not([class]) td:first-child code { white-space: nowrap; } }
@media (max-width: 30em) { .md-typeset pre > code { font-size: 0.58rem; } }
"""


def main() -> None:
    """Build the site, then make the notebook."""
    build_site()
    notebook(DOCS / "tutorial.md", SITE / "tutorial.ipynb")


def build_site() -> None:
    """Stage the pages and build them; every link is checked, and nothing comes from the network."""
    shutil.rmtree(STAGE, ignore_errors=True)
    shutil.rmtree(SITE, ignore_errors=True)
    stage(sorted(DOCS.rglob("*.md")))
    (STAGE / "assets").mkdir()
    (STAGE / "assets" / "site.css").write_text(STYLE)
    subprocess.run([beside_python("zensical"), "build", "--clean", "--strict"], check=True, cwd=ROOT)
    foreign = [url for page in SITE.rglob("*.html") for url in fetched(page.read_text())]
    if foreign:
        sys.exit(f"the site would fetch from the network: {', '.join(sorted(set(foreign)))}")
    print(f"the site: {SITE / 'index.html'}")


def beside_python(program: str) -> str:
    """A program of this environment."""
    return str(Path(sys.executable).parent / program)


def fetched(html: str) -> Iterator[str]:
    """Addresses from which a page would load something by itself."""
    for tag in re.findall(r"<(?:script|img|iframe|link)\b[^>]*>", html):
        for url in re.findall(r"""(?:src|href)=["']?(https?:[^"'\s>]+)""", tag):
            if 'rel="canonical"' not in tag and "rel=canonical" not in tag:
                yield url


# Staging --------------------------------------------------------------------------------------------


def stage(pages: list[Path]) -> None:
    """Write pages, and what they link to outside docs/, into the stage."""
    waiting, done = list(pages), set[Path]()
    while waiting:
        file = waiting.pop()
        if file in done:
            continue
        done.add(file)
        target = staged(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".md":
            target.write_text(page_for_site(file, waiting))
        else:
            shutil.copy(file, target)


def staged(file: Path) -> Path:
    """Where a file of the repository lies in the stage."""
    if file.is_relative_to(DOCS):
        return STAGE / file.relative_to(DOCS)
    return STAGE / ELSEWHERE / file.relative_to(ROOT)


def page_for_site(file: Path, waiting: list[Path]) -> str:
    """A page as the site shows it; the files that it links to are put among those that wait."""
    text = INCLUDE.sub(lambda mark: included((file.parent / mark[1]).resolve()), file.read_text())
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL)
    text = FENCE.sub(lambda block: f"```{block[1]}{title(block[2])}\n{block[3]}```", text)

    def follow(link: re.Match[str]) -> str:
        if "://" in link[2] or link[2].startswith("mailto:"):
            return link[0]
        target = (file.parent / link[2]).resolve()
        if target.is_dir():
            target = target / "README.md"
        waiting.append(target)
        return f"{link[1]}{os.path.relpath(staged(target), staged(file).parent)}{link[3]}"

    return LINK.sub(follow, text)


def included(file: Path) -> str:
    """Another page in place of its mark, its headings one level lower."""
    return re.sub(r"^#", "##", file.read_text(), flags=re.MULTILINE)


def title(info: str) -> str:
    """The words of a fence that the site can use: the name of a file."""
    return f' title="{info.removeprefix("file: ")}"' if info.startswith("file: ") else ""


# The notebook ---------------------------------------------------------------------------------------

FIRST = """\
import os
import tempfile
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell

InteractiveShell.ast_node_interactivity = "all"  # a cell shows each of its values
os.environ.pop("FORCE_COLOR", None)  # commands print plain text
tmp = Path(tempfile.mkdtemp())  # examples write here"""


def notebook(page: Path, target: Path) -> None:
    """The page as a notebook, run from the first cell to the last in an empty folder."""
    import jupytext
    import nbformat
    from nbclient import NotebookClient

    book: Any = jupytext.reads(as_cells(page.read_text()), fmt="md")
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["REPRLAB_CACHE"] = f"{folder}/cache"
        NotebookClient(book, timeout=600, resources={"metadata": {"path": folder}}).execute()
    for part in book.cells:
        if part.cell_type == "code":  # progress goes to stderr
            part.outputs = [one for one in part.outputs if one.get("name") != "stderr"]
    nbformat.write(book, target)
    print(f"the notebook: {target}")


def as_cells(text: str) -> str:
    """A page whose blocks are cells: doctests without prompts and output, commands in bash, all else text."""
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL)
    head, gap, rest = text.partition("\n\n")
    return f"{head}{gap}```python\n{FIRST}\n```\n\n{FENCE.sub(cell, rest)}"


def cell(block: re.Match[str]) -> str:
    """A fenced block as a cell, or as indented text where it does not run."""
    language, info, text = block.groups()
    if language == "python" and not info:
        sources = [example.source for example in doctest.DocTestParser().get_examples(text)]
        return "```python\n" + "".join(sources) + "```"
    if language == "sh" and not info:
        return f"```python\n%%script bash -e\n{text}```"  # -e: a command that fails ends the notebook
    return "\n".join(f"    {line}" for line in text.splitlines())


if __name__ == "__main__":
    main()
