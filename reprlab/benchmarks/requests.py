"""From lm-eval's task to documents of tokens, tokenised as its own Hugging Face model does it."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from lm_eval.api.model import TemplateLM
from lm_eval.models.utils import normalize_gen_kwargs

from reprlab.benchmarks.opened import Opened, said_by
from reprlab.benchmarks.solution import CLASSES, spans, within
from reprlab.counts import counted
from reprlab.errors import ReprlabError
from reprlab.network.batches import Request, TokenIds

FEWSHOT_SEED = 1234  # lm-eval's default


@dataclass(frozen=True)
class Prompt:
    """What an answer is generated from, and where it ends."""

    tokens: TokenIds
    until: tuple[str, ...]
    max_new_tokens: int
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Document:
    """One row of a benchmark, ready to run: log-likelihood requests, or a prompt to go on from.

    `unit` stands for the template, fact or pair that it comes from. `gold` are the right choices, of
    `choices` many (0: nothing to choose from). `lengths` are the choices' characters where the task defines
    acc_norm, else there are none.
    """

    place: int
    id: str
    unit: str
    requests: tuple[Request, ...]
    gold: tuple[int, ...]
    choices: int
    prompt: Prompt | None = None
    lengths: tuple[int, ...] = ()
    cut: bool = False  # longer than the model takes, so that its beginning is left out


class Encoder(TemplateLM):
    """lm-eval's own way from text to tokens; it answers nothing.

    `bos`: None for what the tokenizer does by default, False for never a first token of its own.
    """

    def __init__(self, tokenizer: Any, max_length: int, bos: bool | None) -> None:
        super().__init__()
        self.tokenizer, self.max_length, self.bos = tokenizer, max_length, bos
        self.pairs: list[tuple[list[int], list[int]]] = []

    @property
    def eot_token_id(self) -> Any:  # None where the tokenizer has none
        return self.tokenizer.eos_token_id

    @property
    def prefix_token_id(self) -> int:
        first = self.tokenizer.bos_token_id
        first = self.eot_token_id if first is None else first
        if first is None:
            raise ReprlabError(
                "this tokenizer has neither a first token (bos) nor a last one (eos), and a request without "
                "a context starts with one: name one in tokenizer_config.json"
            )
        return first

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **_: Any) -> list[int]:
        special = self.bos if add_special_tokens is None else add_special_tokens
        if add_special_tokens is None and self._starts_by_itself(string):
            special = False
        return self.tokenizer.encode(string, **({} if special is None else {"add_special_tokens": special}))

    def _starts_by_itself(self, string: str) -> bool:
        named = (self.tokenizer.bos_token_id, self.eot_token_id)
        first = next((one for one in named if one is not None), None)
        return first is not None and string.startswith(self.tokenizer.decode(first))

    def encode(self, instances: Sequence[Any]) -> list[tuple[list[int], list[int]]]:
        """Context and continuation of each request as token ids."""
        self.pairs = []
        self.loglikelihood(instances, disable_tqdm=True)  # pyright: ignore[reportArgumentType]
        return self.pairs

    def _loglikelihood_tokens(self, requests: Any, **_: Any) -> list[tuple[float, bool]]:
        self.pairs = [(context, continuation) for _, context, continuation in requests]
        return [(0.0, False)] * len(self.pairs)

    def loglikelihood_rolling(self, *_: Any, **__: Any) -> list[float]:
        raise NotImplementedError

    def generate_until(self, *_: Any, **__: Any) -> list[str]:
        raise NotImplementedError


def freeze(opened: Opened, encoder: Encoder, limit: int, cap: int) -> tuple[list[Document], list[list[Any]]]:
    """The first `limit` documents of the sample, and lm-eval's own requests for each, built once.

    `cap` is the most tokens an answer may have where the task does not say.
    """
    task = opened.task
    task.set_fewshot_seed(FEWSHOT_SEED)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            task.build_all_requests(limit=limit)
    except Exception as error:  # a foreign task's templates, and lm-eval's code on its rows
        raise _unbuilt(opened, limit, error) from error
    grouped = [list(g) for _, g in groupby(task.instances, key=lambda instance: instance.doc_id)]
    return list(_built(opened, encoder, grouped, cap)), grouped


def _built(opened: Opened, encoder: Encoder, groups: list[list[Any]], cap: int) -> Iterator[Document]:
    build = {"solution": _solutions, "generate_until": _prompts}.get(opened.output, _choices)
    return build(opened, encoder, groups, cap)


def without_examples(opened: Opened, encoder: Encoder, places: Iterable[int]) -> Iterator[Document]:
    """Documents at some places, each without examples before it; those that cannot be built are left out."""
    task = opened.task
    for place in places:
        with contextlib.suppress(Exception):  # a foreign task's templates, on rows that nobody asked for
            doc = opened.docs[place]
            names = {"metadata": (opened.name, place, 1)}
            made = task.construct_requests(doc=doc, ctx=task.doc_to_text(doc), **names)
            yield from _built(opened, encoder, [made if isinstance(made, list) else [made]], 1)


def _choices(opened: Opened, encoder: Encoder, groups: list[list[Any]], _: int) -> Iterator[Document]:
    for group in groups:
        for number, instance in enumerate(group):
            if not instance.args[1].strip():
                raise _bad(opened, instance.doc_id, f"ending {number} is empty")
    pairs = iter(encoder.encode([instance for group in groups for instance in group]))
    for group in groups:
        own = [next(pairs) for _ in group]
        requests = tuple(_request(opened, encoder, group[0].doc_id, *pair) for pair in own)
        cut = any(len(context) + len(rest) > encoder.max_length + 1 for context, rest in own)
        place = group[0].doc_id
        right, lengths = gold(opened, place), _lengths(opened, place)
        yield _document(opened, group[0], requests, *right, lengths=lengths, cut=cut)


def _lengths(opened: Opened, place: int) -> tuple[int, ...]:
    """The characters of each choice, as acc_norm divides by them; none where the task has no acc_norm."""
    if opened.output != "multiple_choice" or "acc_norm" not in opened.metrics:
        return ()
    return tuple(map(len, opened.task.doc_to_choice(opened.docs[place])))


def _request(opened: Opened, encoder: Encoder, place: int, context: list[int], rest: list[int]) -> Request:
    """A request cut as lm-eval cuts it: from the left, to one token more than the model takes."""
    if not rest or not context:
        what = "continuation" if not rest else "context"
        raise _bad(opened, place, f"a {what} has no tokens in this tokenizer")
    if len(rest) > encoder.max_length:
        raise _bad(
            opened,
            place,
            f"a continuation has {counted(len(rest), 'token')}, the model takes {encoder.max_length}",
        )
    tokens = tuple((context + rest)[-(encoder.max_length + 1) :])
    return Request(tokens, tuple(range(len(tokens) - len(rest), len(tokens))))


def gold(opened: Opened, place: int) -> tuple[tuple[int, ...], int]:
    """The right choices of a document, and how many there are to choose from."""
    task, doc = opened.task, opened.docs[place]
    if opened.output != "multiple_choice":
        return (), 0
    choices = task.doc_to_choice(doc)
    right = task.doc_to_text(doc) if task.multiple_input else task.doc_to_target(doc)
    places: list[Any] = [choices.index(g) if g in choices else g for g in _listed(right)]
    if not places or not all(isinstance(g, int) and 0 <= g < len(choices) for g in places):
        raise _bad(opened, place, f"the right choice is {right!r}, there are {len(choices)} choices")
    return tuple(places), len(choices)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _solutions(opened: Opened, encoder: Encoder, groups: list[list[Any]], _: int) -> Iterator[Document]:
    """The reference solution after the prompt: all of it, its results, its set-up words."""
    for group in groups:
        context = group[0].args[0]
        delimiter, answer = opened.task.config.target_delimiter, opened.task.doc_to_target(group[0].doc)
        whole = encoder.tokenizer(
            context + delimiter + answer,
            add_special_tokens=encoder.bos is not False,
            return_offsets_mapping=True,
        )
        start = len(context) + len(delimiter)
        behind = [n for n, (_, stop) in enumerate(whole["offset_mapping"]) if stop > len(context)]
        ids = whole["input_ids"][: behind[-1] + 1]  # what a tokenizer puts at the end is no solution
        base = _request(opened, encoder, group[0].doc_id, ids[: behind[0]], ids[behind[0] :])
        cut = len(ids) - len(base.tokens)
        classes, at = spans(answer), dict(enumerate(whole["offset_mapping"]))
        parts = [
            Request(
                base.tokens,
                tuple(p for p in base.scored if within(_shift(at[p + cut], start), classes[name])),
            )
            for name in CLASSES
        ]
        if not all(part.scored for part in parts):
            raise _bad(opened, group[0].doc_id, "its solution has no result or no words")
        yield _document(opened, group[0], (base, *parts), (), 0, cut=cut > 0)


def _shift(span: tuple[int, int], start: int) -> tuple[int, int]:
    return span[0] - start, span[1] - start


def _prompts(opened: Opened, encoder: Encoder, groups: list[list[Any]], cap: int) -> Iterator[Document]:
    for group in groups:
        context, given = group[0].args
        options: dict[str, Any] = dict(normalize_gen_kwargs(dict(given), cap))
        until = options.pop("until", None) or []
        most = int(options.pop("max_gen_toks"))
        room = encoder.max_length - most
        if room < 1:
            raise ReprlabError(
                f"benchmark '{opened.name}' writes up to {counted(most, 'token')}, the model takes "
                f"{encoder.max_length}: give --max-new-tokens"
            )
        last = [] if encoder.eot_token_id is None else [encoder.tokenizer.decode(encoder.eot_token_id)]
        ends = tuple(dict.fromkeys([*_listed(until), *last]))
        ids = encoder.tok_encode(context)
        prompt = Prompt(tuple(ids[-room:]), ends, most, options)
        yield _document(opened, group[0], (), (), 0, prompt=prompt, cut=len(ids) > room)


def _document(
    opened: Opened,
    instance: Any,
    requests: tuple[Request, ...],
    gold: tuple[int, ...],
    choices: int,
    *,
    prompt: Prompt | None = None,
    lengths: tuple[int, ...] = (),
    cut: bool,
) -> Document:
    row, place = opened.docs[instance.doc_id], instance.doc_id
    key = row.get("id")
    unit = opened.unit(row)
    return Document(
        place,
        str(opened.number(place) if key is None else key),
        str(opened.number(place))
        if unit is None
        else hashlib.sha256(str(unit).encode()).hexdigest()[:12],  # keeps no text
        requests,
        gold,
        choices,
        prompt,
        lengths,
        cut,
    )


def _unbuilt(opened: Opened, limit: int, error: Exception) -> ReprlabError:
    """The error for the first document whose prompt, choices or target cannot be made."""
    task, reason = opened.task, said_by(error)
    for place, doc in enumerate(opened.docs[:limit]):
        try:
            task.doc_to_text(doc)
            task.doc_to_target(doc)
            _ = task.doc_to_choice(doc) if task.config.doc_to_choice is not None else None
        except Exception:
            return _bad(opened, place, f"its template cannot be filled in: {reason}")
    return ReprlabError(f"benchmark '{opened.name}': its prompts cannot be made: {reason}")


def _bad(opened: Opened, place: int, what: str) -> ReprlabError:
    key = opened.docs[place].get("id")
    named = f" ('{key}')" if key is not None else ""
    return ReprlabError(f"benchmark '{opened.name}', document {opened.number(place)}{named}: {what}")
