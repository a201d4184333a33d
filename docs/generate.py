"""Writes the parts of the documentation that follow from the code: python docs/generate.py

Such a part stands between `<!-- begin: NAME -->` and `<!-- end: NAME -->`; `PARTS` says how each is made.
tests/test_docs.py compares.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import os
import re
import shlex
import sys
import tempfile
import textwrap
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PART = re.compile(r"(<!-- begin: ([^\n]+) -->\n).*?(<!-- end: \2 -->)", re.DOTALL)


def pages() -> list[Path]:
    """README.md and every page of docs/, in order."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def filled(text: str) -> str:
    """A page with its generated parts made anew."""
    return PART.sub(lambda part: f"{part[1]}\n{made(part[2])}\n\n{part[3]}", text)


def made(name: str) -> str:
    """A generated part; `error COMMAND` is that command and what it says."""
    return refusal(name.removeprefix("error ")) if name.startswith("error ") else PARTS[name]()


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell(value) for value in line) + " |" for line in lines)


def cell(value: object) -> str:
    """A value as one cell of a Markdown table."""
    return " ".join(str(value).split()).replace("|", "\\|")


def code(text: object) -> str:
    """A text in the type of code; nothing for nothing."""
    return f"`{text}`" if text not in (None, "") else ""


# The command line -----------------------------------------------------------------------------------


def commands() -> list[tuple[str, Any]]:
    """Every command of the app by the words that call it."""
    import typer.main

    from reprlab.cli import app

    def below(path: str, command: Any) -> Iterator[tuple[str, Any]]:
        children = getattr(command, "commands", {})
        if not children:
            yield path, command
        for name, child in children.items():
            yield from below(f"{path} {name}", child)

    return list(below("reprlab", typer.main.get_command(app)))


def command_line() -> str:
    """A section a command."""
    return "\n\n".join(command_section(words, command) for words, command in commands())


def command_section(words: str, command: Any) -> str:
    """What a command does, how it is called, its arguments and options, its examples."""
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    usage = " ".join([words, *(["[OPTIONS]"] if options else []), *map(argument_word, arguments)])
    parts = [f"## {words}", plain_help(command.help), f"```text\n{usage}\n```"]
    if arguments:
        rows = [(code(argument_word(one)), one.help or "") for one in arguments]
        parts.append(table(("argument", "meaning"), rows))
    for panel in dict.fromkeys(one.rich_help_panel or "Options" for one in options):
        own = [one for one in options if (one.rich_help_panel or "Options") == panel and not one.hidden]
        rows = [(option_words(one), meaning(one)) for one in own]
        parts += [f"**{panel}**", table(("option", "meaning"), rows)]
    if command.epilog:
        parts += ["**Examples**", f"```text\n{examples(command.epilog)}\n```"]
    return "\n\n".join(parts)


def plain_help(text: str) -> str:
    """Help without the marks of its markup."""
    return re.sub(r"\[/?(bold|dim|cyan|code|italic)\]", "", text.replace("\b", "")).strip()


def examples(epilog: str) -> str:
    """The commands of an epilog, a line each."""
    lines = [line.strip() for line in plain_help(epilog).splitlines()]
    return "\n".join(line for line in lines if line.startswith("reprlab"))


def argument_word(argument: Any) -> str:
    """An argument as usage shows it."""
    word = argument.name.upper() + ("..." if argument.nargs == -1 else "")
    return word if argument.required else f"[{word}]"


def option_words(option: Any) -> str:
    """An option's names and what kind of value it takes."""
    names = ", ".join(code(name) for name in [*option.opts, *option.secondary_opts])
    if option.is_flag:
        return names
    kind = str(option.type_descriptor.annotation)
    words = {"Path": "PATH", "int": "N", "float": "X", "str": "TEXT"}
    word = next((shown for name, shown in words.items() if name in kind), "TEXT")
    return f"{names} {word}{', repeatable' if option.multiple else ''}"


def meaning(option: Any) -> str:
    """An option's help and, where the help does not say it, its default."""
    text, default = option.help or "", default_of(option)
    return f"{text} Default: {default}." if default and "Default:" not in text else text


def default_of(option: Any) -> str:
    """An option's default; nothing where there is none, or where it is off."""
    value = option.default
    if callable(value):
        value = value()
    if value is None or value is False or value == () or value == []:
        return ""
    return code(", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value)


# Python ---------------------------------------------------------------------------------------------


def python() -> str:
    """A section a room: its sentence, its public names, and a directive for mkdocstrings for each."""
    import reprlab as rl

    rooms: dict[str, list[str]] = {}
    for name in rl.__all__:
        module = getattr(rl, name).__module__
        rooms.setdefault(module.split(".")[1], []).append(name)
    order = [room for floor in reversed(layers()) for room in floor]
    return "\n\n".join(python_room(room, sorted(rooms[room])) for room in order if room in rooms)


def python_room(room: str, names: Sequence[str]) -> str:
    """A room's section."""
    import reprlab as rl

    rows = [(code(f"rl.{name}"), first_sentence(getattr(rl, name))) for name in names]
    directives = [f"::: reprlab.{name}" for name in names]
    return "\n\n".join([f"## {room}", room_sentence(room), table(("name", "what it is"), rows), *directives])


def room_sentence(room: str) -> str:
    """What a room holds: the first line of its docstring."""
    return first_sentence(import_module(f"reprlab.{room}"))


def first_sentence(thing: object) -> str:
    """The first paragraph of a docstring."""
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())


# Registries -----------------------------------------------------------------------------------------


def models() -> str:
    """Registered models, tiny ones apart."""
    from reprlab.models.registry import MODELS, Hub, Tiny

    rows = [
        (
            code(name),
            model.layers,
            model.width,
            f"{model.millions:,.0f} M",
            model.note + (", gated" if isinstance(model.provider, Hub) and model.provider.gated else ""),
        )
        for name, model in MODELS.items()
        if not isinstance(model.provider, Tiny)
    ]
    return table(("name", "layers", "width", "parameters", "weights"), rows)


def tiny_models() -> str:
    """Models with random weights, an architecture each."""
    from reprlab.models.registry import MODELS, Tiny

    rows = [
        (code(name), code(model.provider.model_type))
        for name, model in MODELS.items()
        if isinstance(model.provider, Tiny)
    ]
    return table(("name", "transformers' model type"), rows)


_CHECKS = {
    "schedules": ("full", "rewritten", "traced", "tree"),
    "scored": ("tail", "head"),
    "generate": ("cached",),
}


def architectures() -> str:
    """What holds for each model type that transformers knows, from bench/architectures.py."""
    made = json.loads((ROOT / "reprlab" / "network" / "architectures.json").read_text(encoding="utf-8"))
    rows = [architecture(row) for row in made["architectures"]]
    note = f"Made with transformers {made['transformers']} and torch {made['torch']}.\n\n"
    return note + table(("model type", "", "schedules", "sweeps", "generation", "packed rows", "note"), rows)


def architecture(row: Mapping[str, str]) -> list[str]:
    """A model type's row: Y, no, or a dash where nothing was tried; and the first reason."""
    tried, causal = row["verdict"] in ("proven", "part", "refused"), row["kind"] == "causal"
    refused = row["verdict"] == "refused"

    def mark(checks: Sequence[str], applies: bool) -> str:
        return "-" if not (tried and applies) else "no" if refused or any(row.get(c) for c in checks) else "Y"

    marks = [mark(checks, causal or name == "schedules") for name, checks in _CHECKS.items()]
    reasons = [row[key] for key in ("why", "full", "tree", "tail", "cached") if row.get(key)]
    packed = ("Y" if row.get("packed") else "no") if tried and causal and not refused else "-"
    return [code(row["model_type"]), row["kind"], *marks, packed, reason(row, *reasons[:1])]


def reason(row: Mapping[str, str], text: str = "") -> str:
    """A reason without the model's name, in a line."""
    name = row["model_type"]
    short = text.removeprefix(f"'{name}' (model type '{name}') ").partition(": add the path")[0]
    lead = {"not taken": "not taken: ", "not tried": "not tried: "}.get(row["verdict"], "")
    return cell(lead + short).replace("<", "&lt;").replace("[", "&#91;")


def benchmarks() -> str:
    """Registered benchmarks: lm-eval's task, class, shots, files."""
    from reprlab.benchmarks.table import BENCHMARKS

    rows = [
        (
            code(name),
            "written for reprlab" if one.builtin else code(one.task),
            one.kind or "none",
            " / ".join(str(one.shots.get(preset, 0)) for preset in ("paper", "leaderboard")),
            ", ".join(map(code, one.files.values())) if not one.builtin else "in the package",
        )
        for name, one in BENCHMARKS.items()
    ]
    return table(("name", "lm-eval's task", "class", "shots, paper / leaderboard", "below --data-dir"), rows)


def benchmark_groups() -> str:
    """Names that stand for several benchmarks."""
    from reprlab.benchmarks.table import GROUPS

    rows = [(code(name), ", ".join(map(code, members))) for name, members in GROUPS.items()]
    return table(("name", "stands for"), rows)


def glue_tasks() -> str:
    """GLUE's tasks: texts, labels, metrics."""
    from reprlab.benchmarks.glue.table import TASKS

    rows = [
        (
            code(name),
            task.title,
            ", ".join(map(code, task.fields)),
            ", ".join(task.labels) or "a number from 0 to 5",
            ", ".join(map(code, task.metrics)),
        )
        for name, task in TASKS.items()
    ]
    return table(("name", "title", "columns of text", "labels, by number", "metrics"), rows)


def corpora() -> str:
    """Registered corpora and where their rows lie."""
    from reprlab.row_files import ROW_FILES

    rows = [
        (
            code(name),
            code(one.first),
            code(" ".join(filter(None, (one.repository, one.configuration, one.splits[0])))),
        )
        for name, one in ROW_FILES.items()
    ]
    return table(("name", "below --data-dir", "on the hub: repository, configuration, split"), rows)


def measures() -> str:
    """The measures in short: what the code says of each."""
    from reprlab.similarity.measure import MEASURES

    rows = [
        (
            code(name),
            one.words,
            "distance" if one.distance else "similarity",
            "yes" if one.states else "no",
            "one" if one.alike else "any",
        )
        for name, one in MEASURES.items()
    ]
    return table(("name", "in words", "kind", "reads states", "widths"), rows)


def variants() -> str:
    """The paper's interventions in 32 layers from start 13."""
    from reprlab.schedules.schedule import PAPER, Schedule

    values = {"start": 13, "layer": 5, "seed": 0, "times": 3}
    rows: list[tuple[str, str, str]] = []
    for name, intervention in PAPER.items():
        given = {need: values[need] for need in intervention.needs}
        schedule = Schedule.paper(name, layers=32, **given)
        rows.append((code(name), ", ".join(f"{k} = {v}" for k, v in given.items()), code(schedule)))
    return table(("name", "arguments", "schedule of 32 layers"), rows)


def grids() -> str:
    """The paper's grids on 32 layers: schedules and layer calls."""
    from reprlab.schedules.grids import GRIDS, paper_grid
    from reprlab.schedules.plan import Plan

    rows: list[tuple[object, ...]] = []
    for name in GRIDS:
        plan = Plan(entry.schedule for entry in paper_grid(name, layers=32))
        counts = (len(plan.schedules), len(plan.distinct), plan.layer_calls, plan.layer_calls_alone)
        rows.append((code(name), *(f"{n:,}" for n in counts), f"{counts[3] / counts[2]:.1f}"))
    return table(("grid", "schedules", "distinct", "layer calls, shared", "one by one", "times fewer"), rows)


# Errors ---------------------------------------------------------------------------------------------


def refusal(line: str) -> str:
    """A command that is refused, and the error that it prints."""
    return f"```sh fails\n{line}\n```\n\n```text\n{said(line)}\n```"


def said(line: str) -> str:
    """What a command that is refused prints, run in a folder of its own."""
    from reprlab.cli import main

    shown, before = io.StringIO(), os.environ.get("REPRLAB_CACHE")
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        spoiled(Path(folder))
        os.environ["REPRLAB_CACHE"] = f"{folder}/cache"
        given, sys.argv = sys.argv, shlex.split(line)
        try:
            with contextlib.redirect_stderr(shown), contextlib.redirect_stdout(io.StringIO()):
                main()
        except SystemExit as end:
            if end.code != 2:
                raise RuntimeError(f"'{line}' was to be refused, it ended with {end.code}") from end
        finally:
            sys.argv = given
            os.environ.pop("REPRLAB_CACHE")
            os.environ |= {} if before is None else {"REPRLAB_CACHE": before}
    message = "reprlab: " + shown.getvalue().split("reprlab: ", 1)[1].rstrip()
    return "\n".join(textwrap.fill(line, 96) if len(line) > 96 else line for line in message.splitlines())


def spoiled(folder: Path) -> None:
    """The files that refused commands name: a text of one paragraph, no rows, pickled weights."""
    (folder / "one.txt").write_text(f"{' '.join(['word'] * 20)}\n")
    (folder / "rows").mkdir()
    (folder / "old-model").mkdir()
    (folder / "old-model" / "config.json").write_text('{"model_type": "llama"}')
    (folder / "old-model" / "pytorch_model.bin").touch()


# Verdicts -------------------------------------------------------------------------------------------


def common_rules() -> str:
    """The rules that all eight verdicts share."""
    return common_rules_of(2)


def common_rules_of(version: int) -> str:
    """The common rules of one version."""
    from reprlab.verdicts.version_2 import COMMON_BY_VERSION

    return "\n".join(f"{number}. {rule}" for number, rule in enumerate(COMMON_BY_VERSION[version], 1))


def question_rules() -> str:
    """A section a question: the question as reports print it, the paper's answer, and the rule."""
    from reprlab.verdicts.questions import QUESTIONS
    from reprlab.verdicts.version_2 import RULES_BY_VERSION

    return "\n\n".join(
        f"### {number}. {one.question}\n\nThe paper: {one.paper}\n\n{RULES_BY_VERSION[2][number]}"
        for number, one in QUESTIONS.items()
    )


def first_question_rules() -> str:
    """The rule of each question by version 1."""
    from reprlab.verdicts.questions import RULES

    return "\n\n".join(f"{number}. {rule}" for number, rule in RULES.items())


def rule_changes() -> str:
    """What version 2 of the rules does otherwise than version 1, and why."""
    from reprlab.verdicts.version_2 import CHANGES_OF_RULES

    rows = [(one.what, one.why, ", ".join(map(str, one.questions))) for one in CHANGES_OF_RULES]
    return table(("change", "reason", "questions"), rows)


def verdict_reasons() -> str:
    """Every reason that a verdict can have."""
    from reprlab.verdicts.values import REASONS

    return table(("reason", "meaning"), REASONS.items())


def verdict_answers() -> str:
    """The answers of the committed reports, side by side."""
    names = ("smollm2-135m", "minilm-l6")
    verdicts = [leading(f"{name}/verdicts.json") for name in names]
    rows = [
        (one["number"], one["question"], one["paper"], one["answer"], other["answer"])
        for one, other in zip(*verdicts, strict=True)
    ]
    return table(("", "question", "the paper's answer", "SmolLM2-135M", "MiniLM-L6"), rows)


def verdict_sentences() -> str:
    """What the committed report of SmolLM2 says on each claim."""
    return "\n".join(
        f"{one['number']}. *{claim}* {one['sentence'].removeprefix(claim).strip()}"
        for one in leading("smollm2-135m/verdicts.json")
        for claim in [one.get("claim", one["question"])]
    )


def leading(path: str) -> list[Any]:
    """The verdicts of a committed report by the last version of the rules that it has."""
    verdicts = numbers(path)
    last = max(one.get("version", 1) for one in verdicts)
    return [one for one in verdicts if one.get("version", 1) == last]


# Results --------------------------------------------------------------------------------------------


def numbers(path: str) -> Any:
    """A committed file of numbers, by its path below reports/."""
    return json.loads((ROOT / "reports" / path).read_text())


def bracketed(value: float, low: float | None, high: float | None, digits: int = 2) -> str:
    """A value and its interval, if there are enough units for one."""
    if low is None or low != low:
        return f"{value:.{digits}f} (too few for an interval)"
    return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def ranking() -> str:
    """A of each variant on SmolLM2-135M, highest first."""
    rows = [
        (one["variant"].replace("_", " "), bracketed(one["A"], one["low"], one["high"]))
        for one in numbers("smollm2-135m/fig11.json")["ranking"]
    ]
    return table(("variant", "A: mean of R over 3 <= M <= T/2, median over benchmarks"), rows)


def floors() -> str:
    """u of the full model on each benchmark of SmolLM2's report, and of the best baseline without a model."""
    import reprlab as rl

    scores = rl.Scores.load(ROOT / "reports" / "smollm2-135m" / "scores.npz")
    out = numbers("smollm2-135m/fig11.json")["undecided"]["u"]
    frame = scores.to_dataframe()
    full = frame[(frame["schedule"] == "0:30") & (frame["metric"] == "u")].drop_duplicates("benchmark")
    rows = [
        (
            row.benchmark,
            f"{row.documents:,}",
            bracketed(row.value, row.low, row.high, 3),
            f"{row.floor:.3f} ({row.baseline})",
            "no" if row.benchmark in out else "yes",
        )
        for row in full.itertuples()
    ]
    head = ("benchmark", "documents", "u of the full model", "floor of u, and its baseline", "decides")
    return table(head, rows)


def controls() -> str:
    """Nats that a document of SmolLM2's report loses under each change and its control, by M."""
    found = {
        (row["variant"], row["middle"]): bracketed(row["value"], row["low"], row["high"])
        for row in numbers("smollm2-135m/controls.json")["rows"]
        if row["score"] == "nats"
    }
    middles = sorted({middle for _, middle in found})
    names = dict.fromkeys(variant for variant, _ in found)
    rows = [
        (name.replace("_", " "), *(found.get((name, middle), "") for middle in middles)) for name in names
    ]
    return table(("change", *(f"M = {middle}" for middle in middles)), rows)


def made_from(model: str) -> Callable[[], str]:
    """What a committed report was made from."""
    return lambda: table(("", ""), numbers(f"{model}/run.json")["identity"].items())


def glue_means() -> str:
    """MiniLM's mean over GLUE's tasks, and its gain over the full model, by schedule and mode."""
    rows = [
        (
            row["mode"],
            row["variant"].replace("_", " "),
            code(row["schedule"]),
            bracketed(row["score"], row["low"], row["high"], 3),
            bracketed(row["gain"], row["gain_low"], row["gain_high"], 3),
        )
        for row in numbers("minilm-l6/glue.json")["rows"]
        if row["benchmark"] == "mean"
    ]
    return table(("encoder", "variant", "schedule", "mean over tasks", "gain over the full model"), rows)


# The house ------------------------------------------------------------------------------------------


def layers() -> list[list[str]]:
    """The rooms by layer, highest first, as import-linter's contract in pyproject.toml has them."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts: list[Mapping[str, Any]] = config["tool"]["importlinter"]["contracts"]
    contract = next(one for one in contracts if one["type"] == "layers")
    return [[room.strip() for room in layer.split("|")] for layer in contract["layers"]]


def house() -> str:
    """The drawing of the rooms: a line a layer."""
    return "```text\n" + "\n".join(drawn(layers())) + "\n```"


def rooms() -> str:
    """What each room holds, from the command line down."""
    rows = [(code(room), room_sentence(room)) for floor in layers() for room in floor]
    return table(("room", "what it holds"), rows)


def drawn(floors: list[list[str]], width: int = 47) -> Iterator[str]:
    """A box a layer, its rooms side by side; layers of two rooms are the two wings."""
    wings = ["WEST: STATES", "EAST: ANSWERS"]
    for at, floor in enumerate(floors):
        edges = cuts(floor, width) | (cuts(floors[at - 1], width) if at else set())
        yield "".join("+" if place in edges else "-" for place in range(width + 1))
        if len(floor) == 2 and len(floors[at - 1]) == 1:
            yield row(wings, width)
        yield row(floor, width)
    edges = cuts(floors[-1], width)
    yield "".join("+" if place in edges else "-" for place in range(width + 1))


def cuts(floor: Sequence[str], width: int) -> set[int]:
    """Where the walls of a layer stand."""
    return {round(at * width / len(floor)) for at in range(len(floor) + 1)}


def row(words: Sequence[str], width: int) -> str:
    """Words between walls."""
    walls = sorted(cuts(words, width))
    cells = [word.center(b - a - 1) for word, a, b in zip(words, walls, walls[1:], strict=False)]
    return "|" + "|".join(cells) + "|"


PARTS: Mapping[str, Callable[[], str]] = {
    "cli": command_line,
    "python": python,
    "rooms": rooms,
    "models": models,
    "tiny models": tiny_models,
    "architectures": architectures,
    "benchmarks": benchmarks,
    "benchmark groups": benchmark_groups,
    "glue tasks": glue_tasks,
    "corpora": corpora,
    "measures": measures,
    "variants": variants,
    "grids": grids,
    "common rules": common_rules,
    "question rules": question_rules,
    "rule changes": rule_changes,
    "common rules of version 1": lambda: common_rules_of(1),
    "question rules of version 1": first_question_rules,
    "verdict reasons": verdict_reasons,
    "verdict answers": verdict_answers,
    "verdict sentences": verdict_sentences,
    "ranking": ranking,
    "floors": floors,
    "controls": controls,
    "glue means": glue_means,
    "made from smollm2-135m": made_from("smollm2-135m"),
    "made from minilm-l6": made_from("minilm-l6"),
    "house": house,
}


def main() -> None:
    """Fill every page."""
    for page in pages():
        text = page.read_text()
        if (now := filled(text)) != text:
            page.write_text(now)
            print(f"written: {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
