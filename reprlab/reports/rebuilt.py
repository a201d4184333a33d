"""Rebuilt: the numbers of figures that follow from a report's stored scores, made again from these."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reprlab.errors import ReprlabError
from reprlab.files import write_whole
from reprlab.reports.analyses import Analysis, everything
from reprlab.reports.number_files import FigureNumbers, read, rounded, text
from reprlab.reports.write import RUN, VERDICTS, forget, keep, numbers_of, told, worded
from reprlab.scores.scores import Scores
from reprlab.training.fine_tuned import FineTuned
from reprlab.verdicts.evidence import Evidence
from reprlab.verdicts.judging import judge
from reprlab.verdicts.versions import VERSIONS

STORED = {  # a part of the evidence, and the files that hold all of it
    **{part: (part,) for part in ("scores", "loops", "windows", "precise", "unfrozen")},
    "fine_tuned": ("untuned", "tuned"),
}
OF_STATES = (1,)  # questions that take states, which a report does not store
_SAME = 1e-4  # of a number, relative: what processors and rounding do to it


def rebuilt(folder: Path) -> list[str]:
    """Make the figures' numbers that follow from a report's .npz again; the names of those that were others.

    A figure's JSON and CSV are written where they differ by more than rounding. A figure that the scores do
    not have any more is left out, with the reason, and one that was not there yet is added.
    """
    evidence = stored_evidence(folder)
    if evidence is None:
        return []
    run = read(folder / RUN)
    drawn, left_out = set[str](run["figures"]), dict[str, str](run["left_out"])
    changed: list[str] = []
    for one in followers(evidence):
        before = read(folder / f"{one.name}.json") if one.name in drawn else None
        try:
            numbers = numbers_of(one, evidence)
        except ReprlabError as error:
            if one.name in drawn or left_out.get(one.name) != str(error):
                changed.append(one.name)
            left_out[one.name] = str(error)
            drawn.discard(one.name)
            forget(folder, [one.name])
            continue
        left_out.pop(one.name, None)
        drawn.add(one.name)
        if not alike(numbers, before):
            keep(folder, one.name, numbers)
            changed.append(one.name)
    if changed:
        ordered = [one.name for one in everything() if one.name in drawn]
        write_whole(folder / RUN, text({**run, "figures": ordered, "left_out": left_out}) + "\n")
    return [*changed, *judged(folder, evidence)]


def judged(folder: Path, evidence: Evidence) -> list[str]:
    """Judge a report's stored scores again by the newest rules; "verdicts" where they say something else.

    Verdicts by earlier rules stay as they are. So does the first question, which takes states; where it was
    never judged by the newest rules, it says so.
    """
    stored: Any = read(folder / VERDICTS)
    newest = VERSIONS[0]
    before = [one for one in stored if one.get("version", 1) == newest]
    earlier = [{"version": 1, **one} for one in stored if one.get("version", 1) != newest]
    states = [one for one in before if one["number"] in OF_STATES]
    made = rounded([verdict.to_json() for verdict in judge(evidence, version=newest)])
    kept = {one["number"]: one for one in states}
    verdicts = [*(kept.get(one["number"], one) for one in made), *earlier]
    if alike(verdicts, stored):
        return []
    write_whole(folder / VERDICTS, text(worded(verdicts)) + "\n")
    return ["verdicts"]


def stored_evidence(folder: Path) -> Evidence | None:
    """The evidence that a report's .npz files hold; None where there are none."""
    run, _ = told(folder)
    parts: dict[str, Any] = {}
    for part, files in STORED.items():
        paths = [folder / f"{file}.npz" for file in files]
        if all(path.is_file() for path in paths):
            loaded = [Scores.load(path) for path in paths]
            parts[part] = FineTuned(loaded[0], loaded[1], ()) if part == "fine_tuned" else loaded[0]
    layers = {getattr(part, "frozen", part).layers for part in parts.values()}
    if not layers:
        return None
    return Evidence(run["model"], run["note"], layers.pop(), **parts)


def followers(evidence: Evidence) -> Iterator[Analysis]:
    """The figures whose numbers follow from these scores alone."""
    for one in everything():
        if one.needs and not one.family and {*one.needs, *one.uses} <= {*evidence.parts}:
            yield one


def alike(one: Any, other: FigureNumbers | Any) -> bool:
    """Whether two figures' numbers, as files have them, are equal but for rounding.

    >>> alike({"R": [1.0, None]}, {"R": [1.00001, None]}), alike({"R": 1.0}, {"R": 1.01})
    (True, False)
    """
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float) and isinstance(other, int | float) and not isinstance(other, bool):
        return math.isclose(one, other, rel_tol=_SAME, abs_tol=1e-6)
    return type(one) is type(other) and one == other
