"""The figure in analyses/README.md is one: its numbers become JSON, its words are plain, it is drawn."""

import json
import re
from pathlib import Path
from types import ModuleType

from examples import network, texts

import reprlab as rl
from reprlab import figures
from reprlab.reports.analyses import words

PAGE = Path(__file__).parents[2] / "analyses/README.md"


def test_the_figure_of_the_page_is_complete(tmp_path: Path) -> None:
    (source,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    module = ModuleType("norms")
    exec(source, module.__dict__)
    assert words("norms", module.__doc__ or "")[0] == "Norms: the median norm of the hidden states"
    capture = rl.capture(network("tiny-llama"), texts(3), cache=tmp_path)
    evidence = rl.Evidence("tiny-llama", "", 6, capture=capture)
    assert set(module.NEEDS) <= set(evidence.parts)
    numbers = json.loads(json.dumps(module.numbers(evidence)))
    assert [row["depth"] for row in numbers["rows"]] == list(range(7))
    assert module.reading(numbers).startswith("The median norm of tiny-llama is ")
    assert len(figures.image(module.draw(numbers), "png")) > 1000
