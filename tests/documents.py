"""The pages of the documentation, their fenced blocks and their links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def name_of(page: Path) -> str:
    """A page's path below the repository: its test id."""
    return str(page.relative_to(ROOT))


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BESIDE = ("cache", "reports", "analyses", "tests/archives", "reprlab/benchmarks/builtin")
LINKING = [
    *PAGES,
    *(ROOT / folder / "README.md" for folder in BESIDE),
    *(ROOT / name for name in ("CHANGELOG.md", "CONTRIBUTING.md") if (ROOT / name).exists()),
]


@dataclass(frozen=True)
class Fence:
    """A fenced block: its language, the words after it, and its text."""

    language: str
    info: str
    text: str

    @property
    def runs(self) -> bool:
        """Whether it is a shell block whose lines are to succeed."""
        return self.language == "sh" and not self.info

    @property
    def file(self) -> str:
        """The file that it shows; empty where it is none."""
        return self.info.removeprefix("file: ") if self.info.startswith("file: ") else ""

    @property
    def lines(self) -> list[str]:
        """The commands of a shell block, without comments; a line that ends in a backslash goes on."""
        whole = self.text.replace("\\\n", " ").splitlines()
        commands = [re.split(r"\s#\s", line)[0].strip() for line in whole if not line.startswith("#")]
        return [line for line in commands if line]


def fences(page: Path) -> list[Fence]:
    """Every fenced block of a page, in order."""
    found = [(*info.strip().partition(" "), text) for info, text in FENCE.findall(page.read_text())]
    return [Fence(language, words, text) for language, _, words, text in found]


def without_fences(page: Path) -> str:
    """A page's prose."""
    return FENCE.sub("", page.read_text())


def links(page: Path) -> list[tuple[str, str]]:
    """The file and the anchor of every link that stays in the repository."""
    given = [
        link for link in LINK.findall(without_fences(page)) if "://" not in link and "mailto:" not in link
    ]
    return [(link.partition("#")[0], link.partition("#")[2]) for link in given]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", without_fences(page), re.MULTILINE)
    words = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {one.strip().replace(" ", "-") for one in words}
