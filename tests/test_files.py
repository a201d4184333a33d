import json
import math
from pathlib import Path

import pandas as pd

from reprlab.files import plain, write_result


def test_what_no_json_holds_is_null() -> None:
    value = {"a": [1.5, math.nan, (math.inf, None)], "b": {"c": -math.inf, "d": "NaN", "e": True}}
    assert plain(value) == {"a": [1.5, None, [None, None]], "b": {"c": None, "d": "NaN", "e": True}}
    json.dumps(plain(value), allow_nan=False)


def test_a_files_ending_chooses_fields_or_table(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": [1.5]})
    for name in ("x.json", "x.csv"):
        write_result(tmp_path / name, {"a": (1.5, math.nan)}, lambda: table)
    assert json.loads((tmp_path / "x.json").read_text()) == {"a": [1.5, None]}
    assert (tmp_path / "x.csv").read_text() == "a\n1.5\n"
