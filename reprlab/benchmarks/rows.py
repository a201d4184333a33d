"""Rows of benchmark data on disk: what each must hold, and the line that says which row does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reprlab.errors import ReprlabError

Row = dict[str, Any]
Text = Field(min_length=1)


class Shape(BaseModel):
    """The fields that a row must have; it may have more."""

    model_config = ConfigDict(extra="allow", strict=True)


class Lambada(Shape):
    text: str = Field(pattern=r" [^ ]+$")


class _Choices(Shape):
    text: list[str] = Field(min_length=2)
    label: list[str]


class Arc(Shape):
    question: str = Text
    choices: _Choices
    answerKey: str

    @model_validator(mode="after")
    def _answered(self) -> Self:
        if len(self.choices.text) != len(self.choices.label):
            raise ValueError("choices.text and choices.label differ in length")
        if self.answerKey not in self.choices.label:
            raise ValueError(f"answerKey '{self.answerKey}' is none of choices.label {self.choices.label}")
        return self


class Hellaswag(Shape):
    activity_label: str
    ctx_a: str
    ctx_b: str
    endings: list[str] = Field(min_length=2)
    label: str

    @model_validator(mode="after")
    def _answered(self) -> Self:
        if not self.label.isdigit() or int(self.label) >= len(self.endings):
            raise ValueError(
                f"label '{self.label}' is none of the {len(self.endings)} endings, '0' the first"
            )
        return self


class Winogrande(Shape):
    sentence: str = Field(pattern="_")
    option1: str = Text
    option2: str = Text
    answer: Literal["1", "2"]


class Gsm8k(Shape):
    question: str = Text
    answer: str = Field(pattern=r"#### ")


def read_rows(path: Path, shape: type[Shape] = Shape) -> list[Row]:
    """The rows of a JSONL file; raises `ReprlabError` that names the row and the field that is wrong."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise ReprlabError(f"'{path}' is not UTF-8 (byte {error.start}): convert it") from error
    except OSError as error:
        raise ReprlabError(f"cannot read '{path}': {error.strerror}") from error
    rows = [_row(path, number, line, shape) for number, line in enumerate(lines, 1) if line.strip()]
    if not rows:
        raise ReprlabError(f"'{path}' holds no rows")
    return rows


def _row(path: Path, number: int, line: str, shape: type[Shape]) -> Row:
    where = f"'{path}' line {number}"
    try:
        row = json.loads(line)
        shape.model_validate(row)
    except json.JSONDecodeError as error:
        raise ReprlabError(f"{where} is not JSON: {error.msg}") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        named = f"field {field}: " if field else ""
        fields = ", ".join(name for name in shape.model_fields) or "an object with fields"
        advice = f"a row needs {fields}"
        raise ReprlabError(
            f"{where}: {named}{first['msg'].removeprefix('Value error, ')}; {advice}"
        ) from error
    return row
