"""GSM8K's reference solutions: which characters and which tokens are results, and which set them up."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_benchmarks import adding_bos, gsm8k, opened, plain, ready

from reprlab.benchmarks.solution import spans


@pytest.mark.parametrize(
    ("text", "results", "words"),
    [
        ("She has 4 + 2 = <<4+2=6>>6 eggs.\n#### 6", ["6"], "She has eggs"),
        ("So 3*4=<<3*4=12>>12 and 12/2=<<12/2=6>>6.\n#### 6", ["12", "6"], "So and"),
        ("It costs 2 * $40 = $<<2*40=80>>80.\n#### 80", ["80"], "It costs"),
        ("In all <<900+200=1,100>>1,100 or 1100.\n#### 1,100", ["1,100"], "In all or"),
        ("Half is <<7/2=3.5>>3.5 km.\n#### 3.5", ["3.5"], "Half is km"),
        ("Without a tool 7 + 8 = 15 boys\n#### 15", ["15"], "Without a tool boys"),
        ("He just says so.\n#### 72", ["72"], "He just says so"),
        ("He owes $5 then.\n#### $5", ["5"], "He owes then"),
        ("Zoë's café sold <<2+2=4>>4 tartes\n#### 4", ["4"], "Zoë s café sold tartes"),
        ("Then 2 - 7 = <<2-7=-5>>-5 degrees\n#### -5", ["-5"], "Then degrees"),
        ("It is too cold.\n#### -5", ["-5"], "It is too cold"),
        ("A pen is 1/4 = <<1/4=.25>>.25 dollars", [".25"], "A pen is dollars"),
        ("We get 3 + 3 = 6. Then 6 * 2 = 12, or so.", ["6", "12"], "We get Then or so"),
        ("no number", [], "no number"),
        ("", [], ""),
    ],
)
def test_results_stand_behind_equals_signs_and_words_outside_annotations(
    text: str, results: list[str], words: str
) -> None:
    found = spans(text)
    assert [text[a:b] for a, b in found["result"]] == results
    assert [text[a:b] for a, b in found["setup"]] == words.split()


@pytest.mark.parametrize("tokenizer", [plain, adding_bos])
def test_the_tokens_of_a_class_are_its_characters(tokenizer: Callable[[], Any], folder: Path) -> None:
    given = tokenizer()
    for document in ready(opened("gsm8k_nll", folder), tokenizer=given).documents:
        whole, result, setup = document.requests
        text = gsm8k(document.place)["answer"]
        said = [given.decode([whole.tokens[at] for at in part.scored]) for part in (whole, result, setup)]
        assert said[0].strip() == text
        assert said[1] == "".join(text[a:b] for a, b in spans(text)["result"])
        assert said[2] == "".join(text[a:b] for a, b in spans(text)["setup"])
        assert whole.tokens == result.tokens == setup.tokens
