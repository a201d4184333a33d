import json
import math

from reprlab.jsonable import plain


def test_what_no_json_holds_is_null() -> None:
    value = {"a": [1.5, math.nan, (math.inf, None)], "b": {"c": -math.inf, "d": "NaN", "e": True}}
    assert plain(value) == {"a": [1.5, None, [None, None]], "b": {"c": None, "d": "NaN", "e": True}}
    json.dumps(plain(value), allow_nan=False)
