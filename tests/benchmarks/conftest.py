"""Fixtures of the tests of benchmarks: made-up rows, lm-eval's own tasks on them, and task files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from made_benchmarks import Own, lm_evals_tasks, made_rows, write


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_rows(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def reference(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], Any]:
    return lm_evals_tasks(folder, tmp_path_factory.mktemp("tasks"))


RUNS = "from pathlib import Path\nPath(__file__).with_name('ran').touch()\ndef text(doc): return doc['q']\n"


@pytest.fixture
def own(tmp_path: Path) -> Own:
    """Writes a task file; its keys can be changed, and text put under them as it is."""
    rows = [{"q": "Is it late?", "a": "yes", "id": "one"}, {"q": "Is it far?", "a": "no", "id": "two"}]
    file = write(tmp_path / "rows.jsonl", rows)
    (tmp_path / "code.py").write_text(RUNS)
    count = iter(range(99))

    def make(raw: str = "", **changes: Any) -> str:
        config = {
            "task": "own",
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": str(file)}, "cache_dir": str(tmp_path / "cache")},
            "test_split": "test",
            "output_type": "loglikelihood",
            "doc_to_text": "{{q}}",
            "doc_to_target": "{{a}}",
            "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
            **changes,
        }
        kept = {key: value for key, value in config.items() if value is not None}
        path = tmp_path / f"own{next(count)}.yaml"
        path.write_text(yaml.safe_dump(kept) + raw)
        return str(path)

    return make
