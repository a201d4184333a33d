"""Rows of benchmark data on disk: what each must hold, and the line that says which row does not."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reprlab.errors import ReprlabError
from reprlab.files import JsonObject, jsonl_rows

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


def read_rows(path: Path, shape: type[Shape] = Shape) -> list[JsonObject]:
    """The rows of a JSONL file; raises `ReprlabError` that names the row and the field that is wrong."""
    return [_valid(where, row, shape) for where, row in jsonl_rows(path)]


def _valid(where: str, row: JsonObject, shape: type[Shape]) -> JsonObject:
    try:
        shape.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        named = f"field {field}: " if field else ""
        advice = f"a row needs {', '.join(shape.model_fields)}"
        raise ReprlabError(
            f"{where}: {named}{first['msg'].removeprefix('Value error, ')}; {advice}"
        ) from error
    return row
