"""For every test, doctests too: a cache of its own, and `tmp`, a folder that examples may write to.

`glue_rows` is a --data-dir with made-up rows of one GLUE task, RTE, `arc_rows` one with rows of ARC.
"""

import json
from pathlib import Path

import pytest

collect_ignore_glob = ["docs/*.py"]  # they need the extra docs, and hold no examples


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRLAB_CACHE", str(tmp_path / "cache"))


@pytest.fixture(autouse=True)
def _examples_folder(doctest_namespace: dict[str, object], tmp_path: Path) -> None:
    doctest_namespace["tmp"] = tmp_path


@pytest.fixture
def glue_rows(tmp_path: Path) -> Path:
    folder = tmp_path / "rows" / "glue" / "rte"
    folder.mkdir(parents=True)
    for split, count in (("train", 40), ("validation", 20)):
        pairs = [(n % 7, (n * 3) % 5) for n in range(count)]
        rows = [
            {"sentence1": f"{a} apples", "sentence2": f"{b} apples", "label": int(a < b)} for a, b in pairs
        ]
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path / "rows"


@pytest.fixture
def arc_rows(tmp_path: Path) -> Path:
    folder = tmp_path / "rows" / "arc_challenge"
    folder.mkdir(parents=True)
    for split, count in (("train", 8), ("test", 6)):
        rows = [
            {
                "question": f"What is {n} and {n % 3}?",
                "choices": {"text": [str(n + k) for k in range(3)], "label": list("ABC")},
                "answerKey": "ABC"[n % 3],
            }
            for n in range(count)
        ]
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path / "rows"


@pytest.fixture(autouse=True)
def _examples_rows(doctest_namespace: dict[str, object], request: pytest.FixtureRequest) -> None:
    if isinstance(request.node, pytest.DoctestItem):
        doctest_namespace |= {name: request.getfixturevalue(name) for name in ("glue_rows", "arc_rows")}
