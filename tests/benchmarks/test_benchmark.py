"""What guessing gives on a benchmark, over all its rows, and a limit that leaves none."""

from pathlib import Path

import pytest
from made_benchmarks import OFFICIAL, Own, items, opened, ready, write

from reprlab.errors import ReprlabError


def test_the_floor_is_the_better_of_uniform_and_majority_guessing(folder: Path) -> None:
    golds = [0, 1, 2, 0]
    uniform = (1 / 3 + 1 / 4 + 1 / 3 + 1 / 4) / 4
    assert [document.gold[0] for document in ready(opened("arc", folder)).documents] == golds
    floors = {name: ready(opened(name, folder)).floor for name in [*OFFICIAL, "gsm8k_nll"]}
    assert floors["arc"] == max(uniform, 2 / 4)
    assert floors["hellaswag"] == 1 / 4
    assert floors["winogrande"] == 3 / 4
    assert [floors[name] for name in ("lambada", "gsm8k", "gsm8k_nll")] == [0, 0, 0]


def test_the_floor_is_that_of_all_rows_whatever_the_limit(folder: Path) -> None:
    assert ready(opened("arc", folder), 1).floor == ready(opened("arc", folder)).floor


def test_several_right_choices_raise_the_floor(own: Own, tmp_path: Path) -> None:
    file = write(tmp_path / "several.jsonl", [{"q": f"{n}?", "right": [n, (n + 1) % 4]} for n in range(4)])
    path = own(
        dataset_kwargs={"data_files": {"test": str(file)}},
        output_type="multiple_choice",
        doc_to_choice=["a", "b", "c", "d"],
        doc_to_target="right",
    )
    benchmark = ready(opened(path))
    values = benchmark.score([0], [[(-1.0, False)] * 4])
    assert items(benchmark, values, "u")[0, 0] == 0.5
    assert benchmark.floor == 0.5


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(limit: int) -> None:
    with pytest.raises(ReprlabError, match=f"--limit {limit}: give 1 or more"):
        ready(opened("builtin_cloze"), limit)
