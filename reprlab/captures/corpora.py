"""Texts: registered corpora as data, any .txt or .jsonl file, and `builtin`, which needs no network."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import Any, cast

from reprlab.arguments import integer, maybe_path, optional, refused, string, taking
from reprlab.captures.corpus_table import BENCHMARKS, SOURCES, BenchmarkRow, Source
from reprlab.counts import counted
from reprlab.errors import ReprlabError, unknown
from reprlab.files import json_object
from reprlab.foreign import is_file, is_there, read_text
from reprlab.row_files import revision_of
from reprlab.sampled import SEED, sampled

DEFAULT_DOCUMENTS = 100
_WORDS = 12  # a paragraph of fewer words is a heading or a caption, not a document


@dataclass(frozen=True)
class Corpus:
    """Documents in a fixed order. `ids` name them in files and messages; texts are never written."""

    name: str
    texts: tuple[str, ...]
    ids: tuple[str, ...]
    source: str
    sample: int | None = None  # the seed of their order; None: as they are

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over every document, in order."""
        total = hashlib.sha256()
        for text in self.texts:
            data = text.encode()
            total.update(len(data).to_bytes(8, "little") + data)
        return total.hexdigest()[:32]

    def __len__(self) -> int:
        return len(self.texts)

    def sampled(self, seed: int | None) -> Corpus:
        """With its documents in the order that a seed draws (`reprlab.sampled`); None: as they are."""
        if seed is None:
            return self
        order = sampled(self.ids, seed)
        texts, ids = (tuple(these[place] for place in order) for these in (self.texts, self.ids))
        return replace(self, texts=texts, ids=ids, sample=seed)

    def count(self, asked: int | None) -> int:
        """How many documents to take: those asked for, else 100 or as many as there are."""
        if asked is None:
            return min(DEFAULT_DOCUMENTS, len(self))
        if asked < 1:
            raise ReprlabError(f"--documents {asked}: give 1 or more")
        if asked > len(self):
            raise ReprlabError(
                f"corpus '{self.name}' has {counted(len(self), 'document')}, {asked} were asked for: "
                f"give --documents {len(self)} or fewer"
            )
        return asked


def _name_or_texts(name: str, value: Any) -> str | Path | tuple[str, ...]:
    """A name, a path, or texts."""
    if isinstance(value, str | Path):
        return value
    if not isinstance(value, Iterable) or isinstance(value, bytes | Mapping | type):
        raise refused(name, value, "the name of a corpus, the path of a file, or a list of texts")
    texts = tuple(cast("Iterable[Any]", value))
    for one in texts:
        if not isinstance(one, str):
            raise refused("text", one, "texts, each a str")
    return texts


@taking(name=_name_or_texts, data_dir=maybe_path, field=string, sample=optional(integer))
def corpus(
    name: str | Path | Sequence[str],
    *,
    data_dir: Path | str | None = None,
    field: str = "text",
    sample: int | None = SEED,
) -> Corpus:
    """The corpus of a registered name, of a .txt or .jsonl file, or of a list of texts.

    A .txt file's documents are its paragraphs (between blank lines) of 12 words or more; a .jsonl
    file's are its rows' `field`. The seed `sample` draws their order, so that the first n are a sample, and a
    larger sample holds a smaller one; None leaves the order as it is. A list of texts keeps its order.

    >>> texts = corpus("builtin")
    >>> len(texts) > 100
    True
    """
    if not isinstance(name, str | Path):
        texts = tuple(name)
        return _make("texts", ((str(i), text) for i, text in enumerate(texts)), "given as a list")
    name = str(name)
    return _named(name, data_dir, field).sampled(sample)


def _named(name: str, data_dir: Path | str | None, field: str) -> Corpus:
    if name == "builtin":
        return _builtin()
    if name in SOURCES:
        return _registered(name, Path(data_dir) if data_dir else None)
    path = Path(os.path.expanduser(name))  # noqa: PTH111 - leaves ~nobody as it is
    if path.suffix in {".txt", ".jsonl"} or is_there(path):
        return _from_file(path, field)
    raise unknown("corpus", name, names(), "The path of a .txt or .jsonl file works too")


def names() -> list[str]:
    """Every registered corpus, `benchmarks` (several, to be averaged) included."""
    return ["builtin", *SOURCES, "benchmarks"]


def members(name: str) -> tuple[str, ...]:
    """The corpora that a name stands for: the paper's five for `benchmarks`, else the name itself."""
    return BENCHMARKS if name == "benchmarks" else (name,)


def corpora(
    name: str | Path, *, data_dir: Path | str | None = None, sample: int | None = SEED
) -> list[Corpus]:
    """The corpora of a name: five for `benchmarks`, else one.

    >>> [one.name for one in corpora("builtin")]
    ['builtin']
    """
    return [corpus(one, data_dir=data_dir, sample=sample) for one in members(str(name))]


# --- registered ----------------------------------------------------------------------------------


def _registered(name: str, data_dir: Path | None) -> Corpus:
    source = SOURCES[name]
    if data_dir is None:
        return _from_hub(name, source)
    file = source.rows.first
    path = data_dir / file
    if not is_file(path):
        raise ReprlabError(f"corpus '{name}' needs {file} in --data-dir '{data_dir}': put it there")
    if path.suffix == ".txt":
        return _make(name, _paragraphs(read_text(path, "corpus file ")), file)
    return _make(name, _rows_to_texts(path, source.text), file)


def _from_hub(name: str, source: Source) -> Corpus:
    try:
        import datasets
    except ImportError as error:
        raise ReprlabError(
            f"corpus '{name}' comes from the hub through the package datasets: "
            "pip install 'reprlab[eval]', or give --data-dir"
        ) from error
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # its retries are no news
    place = source.rows
    repo = place.repository
    try:
        rows = datasets.load_dataset(repo, place.configuration, split=place.splits[0])
    except (OSError, ValueError, RuntimeError) as error:
        raise ReprlabError(
            f"corpus '{name}' cannot be had from the hub ({repo}): check the network and HF_HOME, or "
            f"give --data-dir DIR with DIR/{place.first}"
        ) from error
    texts = (source.text(cast(BenchmarkRow, row)) for row in rows)
    repo = f"{repo}@{commit}" if (commit := revision_of(rows)) else repo
    if place.first.endswith(".txt"):
        return _make(name, _paragraphs("\n".join(text.removesuffix("\n") for text in texts)), repo)
    return _make(name, ((str(i), text) for i, text in enumerate(texts)), repo)


# --- files ---------------------------------------------------------------------------------------


def _from_file(path: Path, field: str) -> Corpus:
    if not is_file(path):
        raise ReprlabError(f"no corpus file at '{path}'")
    if path.suffix == ".jsonl":
        return _make(path.stem, _rows_to_texts(path, lambda row: row[field]), path.name)
    if path.suffix == ".txt":
        return _make(path.stem, _paragraphs(read_text(path, "corpus file ")), path.name)
    raise ReprlabError(f"corpus file '{path}': give a .txt file or a .jsonl file")


def _rows_to_texts(path: Path, text: Callable[[BenchmarkRow], Any]) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(read_text(path, "corpus file ").split("\n"), start=1):
        if not line.strip():
            continue
        where = f"'{path}' line {number}"
        row = cast(BenchmarkRow, json_object(where, line))
        try:
            document = text(row)
        except KeyError as error:
            fields = ", ".join(row) or "none"
            raise ReprlabError(
                f"{where} has no field {error}; it has: {fields}. Name one with --field"
            ) from error
        except (TypeError, ValueError, AttributeError, IndexError) as error:
            raise ReprlabError(f"{where} has not the expected form: {error}") from error
        if not isinstance(document, str):
            raise ReprlabError(f"{where}: the field holds a {type(document).__name__}, not text")
        try:
            document.encode()
        except UnicodeEncodeError as error:
            raise ReprlabError(
                f"{where}: the text is not Unicode: half a surrogate pair at character {error.start}"
            ) from error
        yield str(number - 1), document


def _paragraphs(text: str) -> Iterator[tuple[str, str]]:
    for number, paragraph in enumerate(re.split(r"\n\s*\n", text)):
        words = paragraph.split()
        if len(words) >= _WORDS:
            yield str(number), " ".join(words)


def _make(name: str, documents: Iterator[tuple[str, str]], source: str) -> Corpus:
    kept = [(key, text) for key, text in documents if text.strip()]
    if not kept:
        short = (
            f"no paragraph of {_WORDS} words or more" if source.endswith(".txt") else "no document with text"
        )
        raise ReprlabError(f"corpus '{name}' ({source}) is empty: {short} in it")
    ids, texts = zip(*kept, strict=True)
    return Corpus(name, texts, ids, source)


# --- builtin -------------------------------------------------------------------------------------

_CODE = re.compile(r"::=|>>>|^ {3,}|^[*=~^\-#+|]{3,}|^\.\. ", re.MULTILINE)


def _builtin() -> Corpus:
    """Prose of Python's own documentation, which every CPython carries, a passage of each topic in turn."""
    import platform
    from pydoc_data.topics import topics

    passages = [[(key, p) for p in _passages(topics[key])] for key in sorted(topics)]
    turns = (passage for turn in zip_longest(*passages) for passage in turn if passage)
    first: dict[str, str] = {}  # a text to the topic that has it first: some topics repeat others
    for key, text in turns:
        first.setdefault(text, key)
    documents = ((f"{key}:{number}", text) for number, (text, key) in enumerate(first.items()))
    return _make("builtin", documents, f"pydoc_data.topics, Python {platform.python_version()}")


def _passages(topic: str) -> Iterator[str]:
    """Runs of prose paragraphs, 60 words or more each; code, grammars and headings are left out."""
    words: list[str] = []
    for paragraph in re.split(r"\n\s*\n", topic):
        if _CODE.search(paragraph):
            continue
        words += paragraph.split()
        if len(words) >= 60:
            yield " ".join(words)
            words = []
