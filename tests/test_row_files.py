"""Row files: every registered data set lies in a file of its own for each split."""

from collections import Counter

from reprlab.benchmarks.glue.table import TASKS
from reprlab.benchmarks.table import BENCHMARKS
from reprlab.captures.corpus_table import SOURCES
from reprlab.row_files import GLUE_PREFIX, ROW_FILES, revision_of


def test_no_two_data_sets_share_a_file() -> None:
    counts = Counter(file for rows in ROW_FILES.values() for file in rows.files.values())
    assert set(counts.values()) == {1}


class Kept:
    """Rows that the package datasets keeps in a folder named by the commit."""

    cache_files = ({"filename": f"/home/me/datasets/some___rows/default/0.0.0/{'0a' * 20}/rows.arrow"},)


def test_the_hubs_commit_is_read_off_the_folder_of_kept_rows() -> None:
    assert revision_of(Kept()) == "0a" * 20
    assert revision_of([{"text": "rows that were given"}]) == ""


def test_corpora_benchmarks_and_glue_read_the_one_table() -> None:
    assert {name: source.rows for name, source in SOURCES.items()} == dict(ROW_FILES)
    for name in ("lambada", "arc", "hellaswag", "winogrande", "gsm8k"):
        assert BENCHMARKS[name].files == ROW_FILES[name].files
    assert {f"{GLUE_PREFIX}{name}" for name in TASKS} == {n for n in ROW_FILES if n.startswith(GLUE_PREFIX)}
