"""A verdict comes back the same from JSON, and its sentence has statistic, interval and answer."""

from __future__ import annotations

import json

from judged import DRAWS, evidence, paper_world, part, ruled

from reprlab.verdicts.judging import judge
from reprlab.verdicts.values import Verdict


def test_json_gives_the_same_value_back() -> None:
    for one in (*judge(paper_world(), count=DRAWS), *judge(evidence(), count=DRAWS)):
        text = json.dumps(one.to_json(), allow_nan=False)
        assert Verdict.of(json.loads(text)) == one
        assert json.loads(text)["sentence"] == one.sentence
        assert {"question", "paper", "figure", "fragile"} <= set(json.loads(text))


def test_a_sentence_has_the_statistic_its_interval_and_the_answer() -> None:
    found = ruled(paper_world())[3]
    low, high = part({3: found}, 3).low, part({3: found}, 3).high
    value = part({3: found}, 3).value
    statistic = f"skip less middle repeat {value:.2f} [{low:.2f}, {high:.2f}] (4 starts, 4 benchmarks)"
    assert found.sentence == f"{statistic}: supported"
