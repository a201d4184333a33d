import base64
import hashlib
import io
import itertools
import math
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from browser import DESK, PHONE, browser, check, needs_chromium, printed, shot
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reprlab.errors import ReprlabError
from reprlab.reports.pages.content import ANSWERS, ComparedModel, EarlierVersion, Page, Picture, Table
from reprlab.reports.pages.formats import DASH, MINUS, number
from reprlab.reports.pages.html import comparison_page, report_page

VOID = {"meta", "link", "img", "wbr", "br", "hr", "input"}
EVERY = list(ANSWERS)
HOSTILE = "<script>alert(1)</script>{{7*7}}{% endblock %}\"'&amp;`<b>`"


def png(width: int = 1400, height: int = 600, dpi: float | None = 200) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (width, height), (200, 60, 20)).save(made, "PNG", **({"dpi": (dpi, dpi)} if dpi else {}))
    return made.getvalue()


def verdict(number: int, answer: str, **more: Any) -> dict[str, Any]:
    finding = {"key": "h", "claim": "The headline holds.", "measured": "It retains 0.20 [0.10, 0.30] more."}
    other = {"key": "b", "claim": "A `part` holds.", "measured": "", "answer": None}
    return {
        "number": number,
        "question": f"Question {number}, is it so?",
        "paper": "Yes.",
        "claim": f"Claim {number} is so.",
        "answer": answer,
        "why": "It needs more.",
        "findings": [
            finding
            | {"answer": answer, "why": "About 2,500 documents would decide it."}
            | {"starts": [7, 8], "benchmarks": ["arc"], "documents": 64, "smallest": 0.084},
            other | {"why": "", "smallest": None},
        ],
        "sensitivity": [["margin 0.02", answer], ["margin 0.10", "not decidable"], ["accuracy", None]],
        "fragile": number % 2 == 0,
        "figure": "fig04" if number % 2 else "fig13",
        **more,
    }


def picture(name: str, **more: Any) -> Picture:
    words = {"title": f"Fig. {name[3:]}. Skip", "caption": "What is `drawn`.", "claim": "It falls."}
    files = tuple(f"{name}.{ending}" for ending in ("png", "pdf", "json", "csv"))
    return Picture(
        **({"name": name, **words, "reading": f"It fell in {name}.", "png": png(), "files": files} | more)
    )


def page(**more: Any) -> Page:
    columns = ("variant", "schedule", *(f"benchmark number {n}, acc" for n in range(9)))
    rows = [
        (f"{v} s={s}", f"0:{s} 9:12", *["0.51 ± 0.02"] * 8, "")
        for v in ("skip", "reverse")
        for s in range(20)
    ]
    given: dict[str, Any] = {
        "model": "some-model-1b",
        "note": "a model, some layers",
        "identity": (("weights", "some"), ("digest", "0123456789abcdef" * 4)),
        "verdicts": tuple(verdict(n, answer) for n, answer in enumerate([*EVERY, "supported"], 1)),
        "rules": {n: f"The rule of {n}." for n in range(1, 7)},
        "common": "Common.\n\n- an item that\n  goes on\n- another",
        "scores": Table(columns, (("full", "0:12", *["1.00"] * 9), *rows), "A note."),
        "pictures": (picture("fig04"), picture("fig10", png=png(670, 600))),
        "left_out": (("fig13", "no fine-tuning"),),
        "made": "`reprlab report`",
    }
    return Page(**(given | more))


def member(name: str, **more: Any) -> ComparedModel:
    given = {
        "href": f"{name}/index.html",
        "note": "",
        "verdicts": page().verdicts,
        "identity": page().identity,
    }
    return ComparedModel(name, **(given | more))


def comparison() -> str:
    few = member("model-b", verdicts=page().verdicts[:3], identity=(("layers", "12"),))
    models = (member("some-model-1b"), few, member("a-model-with-a-rather-long-name-70b-instruct"))
    return comparison_page(models, pictures=(picture("fig12"),), left_out=(("fig14", "one size only"),))


class Tree(HTMLParser):
    """Elements in order, each (tag, attributes, text), and tags that do not close as they open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.open: list[int] = []
        self.wrong: list[str] = []
        self.feed(html)
        self.close()
        self.wrong += [f"<{self.found[at][0]}> is not closed" for at in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len(dict(attrs)) < len(attrs):
            self.wrong.append(f"<{tag}> has an attribute twice")
        self.found.append((tag, dict(attrs), []))
        if tag not in VOID:
            self.open.append(len(self.found) - 1)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.found[self.open[-1]][0] != tag:
            self.wrong.append(f"</{tag}> closes nothing")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        for at in self.open:
            self.found[at][2].append(data)

    def all(self, *tags: str) -> list[tuple[str, dict[str, str | None], str]]:
        return [(tag, attrs, "".join(text)) for tag, attrs, text in self.found if tag in tags]

    def values(self, name: str) -> list[str]:
        return [attrs[name] or "" for _, attrs, _ in self.found if name in attrs]


def flaws(html: str) -> list[str]:
    """What is wrong with a page as a document."""
    tree = Tree(html)
    ids = tree.values("id")
    levels = [int(tag[1]) for tag, _, _ in tree.all("h1", "h2", "h3", "h4", "h5", "h6")]
    inside = [href[1:] for href in tree.values("href") if href.startswith("#")]
    pointed = [name for name in ("aria-labelledby", "aria-describedby") for name in tree.values(name)]
    return [
        *tree.wrong,
        *(f"id {name} {count} times" for name, count in Counter(ids).items() if count > 1),
        *(f"{name} leads nowhere" for name in inside + pointed if name not in ids),
        *(["not one h1 that is first"] if levels.count(1) != 1 or levels[0] != 1 else []),
        *(f"h{b} after h{a}" for a, b in itertools.pairwise(levels) if b > a + 1),
        *(f"no words for {attrs.get('id')}" for _, attrs, _ in tree.all("img") if not attrs.get("alt")),
        *(f"no size of {attrs.get('id')}" for _, attrs, _ in tree.all("img") if not attrs.get("width")),
        *(
            f"a heading or link without words: {a}"
            for _, a, text in tree.all("h2", "h3", "a")
            if not text.strip()
        ),
    ]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A report and a comparison beside it, in folders of awkward names."""
    folder = tmp_path / "a folder #1" / "some-model-1b"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text(report_page(page()), encoding="utf-8")
    (folder.parent / "index.html").write_text(comparison(), encoding="utf-8")
    return folder.parent


@pytest.mark.parametrize("html", [report_page(page()), comparison()], ids=["report", "comparison"])
def test_a_page_is_well_formed(html: str) -> None:
    assert flaws(html) == []
    assert html.startswith('<!doctype html>\n<html lang="en">')


@pytest.mark.parametrize(
    ("old", "new", "flaw"),
    [
        ("</section>", "", "closes nothing"),
        ('id="q2"', 'id="q1"', "id q1 2 times"),
        ('href="#q3"', 'href="#q33"', "q33 leads nowhere"),
        (' alt="It fell in fig04."', "", "no words"),
        ("<h3 ", "<h5 ", "h5 after h2"),
    ],
)
def test_the_check_of_a_page_sees_what_is_wrong(old: str, new: str, flaw: str) -> None:
    assert any(flaw in found for found in flaws(report_page(page()).replace(old, new, 1)))


def hostile(value: Any) -> Any:
    """The same page with hostile words wherever there are words of others."""
    if isinstance(value, str):
        return value if value in EVERY or value.startswith("fig") else HOSTILE
    if isinstance(value, dict):
        return {key: part if key == "key" else hostile(part) for key, part in value.items()}
    return type(value)(hostile(part) for part in value) if isinstance(value, list | tuple) else value


def worded(words: Any) -> str:
    one = page()
    table = replace(
        one.scores, columns=words(one.scores.columns), rows=words(one.scores.rows), note=words("n")
    )
    pictures = tuple(
        replace(p, title=words("t"), caption=words("c"), claim=words("c"), reading=words("r"))
        for p in one.pictures
    )
    more = {name: words(getattr(one, name)) for name in ("identity", "verdicts", "rules", "left_out")}
    short = {name: words("x") for name in ("model", "note", "common", "made")}
    return report_page(page(scores=table, pictures=pictures, **more, **short))


def test_words_of_others_stay_words() -> None:
    calm, html = Tree(worded(lambda x: x)), worded(hostile)
    tree = Tree(html)
    wanted = {"script", "b", "html", "body", "h1", "h2", "h3", "a", "img", "section", "article", "details"}
    counted = [Counter(tag for tag, _, _ in t.found if tag in wanted) for t in (calm, tree)]
    assert counted[0] == counted[1]
    assert tree.wrong == []
    assert "49" not in tree.all("h1")[0][2]
    assert tree.all("h1")[0][2] == HOSTILE
    assert tree.all("title")[0][2].startswith(HOSTILE)
    assert {attrs["alt"] for _, attrs, _ in tree.all("img")} == {HOSTILE}
    assert "<script" not in html
    assert "{{7*7}}" in html


@pytest.mark.parametrize("name", ['a "b" <c>.png', "it's 100%.csv", "ä#?&=.json", "javascript:alert(1)"])
def test_a_file_is_linked_whatever_its_name(name: str) -> None:
    tree = Tree(report_page(page(pictures=(picture("fig04", files=(name,)),))))
    (href,) = [attrs["href"] for _, attrs, text in tree.all("a") if text == name]
    parts = urlsplit(href)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
    assert unquote(parts.path) == name


@pytest.mark.parametrize("name", ["/etc/passwd", "//host/a.png", "", "\\\\host\\a"])
def test_a_file_that_is_not_beside_the_page_is_an_error(name: str) -> None:
    with pytest.raises(ReprlabError, match="is no file in the page's folder"):
        report_page(page(pictures=(picture("fig04", files=(name,)),)))


@pytest.mark.parametrize("html", [report_page(page()), comparison()], ids=["report", "comparison"])
def test_the_policy_allows_this_style_and_nothing_else(html: str) -> None:
    tree = Tree(html)
    (policy,) = [
        a["content"] for _, a, _ in tree.all("meta") if a.get("http-equiv") == "Content-Security-Policy"
    ]
    ((_, _, style),) = tree.all("style")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules.pop("default-src") == "'none'"
    assert rules.pop("style-src") == f"'sha256-{digest}'"
    assert rules.pop("img-src") == "data:"
    assert set(rules.values()) == {"'none'"}
    assert not {"script", "iframe", "object", "embed", "form", "base"} & {tag for tag, _, _ in tree.found}
    names = {name for _, attrs, _ in tree.found for name in attrs}
    assert not {name for name in names if name.startswith("on")} | ({"style", "srcset"} & names)
    assert all(src.startswith("data:image/png;base64,") for src in tree.values("src"))
    assert all(attrs["href"].startswith("data:") for _, attrs, _ in tree.all("link"))
    assert not re.search(r"url\(|@import|https?:", style)


def test_the_same_content_gives_the_same_bytes() -> None:
    assert report_page(page()) == report_page(page())
    code = (
        "import hashlib, sys; sys.path[:0] = sys.argv[1:]; import test_pages as t\n"
        "print(hashlib.sha256((t.report_page(t.page()) + t.comparison()).encode()).hexdigest())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code, *map(str, Path(__file__).parents[:2])],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    ]
    assert runs[0] == runs[1]


@pytest.mark.parametrize("answer", EVERY)
def test_every_answer_has_a_word_and_a_sign(answer: str) -> None:
    html = report_page(page(verdicts=(verdict(3, answer),)))
    badges = [
        (a["class"], text) for _, a, text in Tree(html).all("span") if "badge" in (a.get("class") or "")
    ]
    assert ("badge " + answer.replace(" ", "-"), ANSWERS[answer] + answer) in badges
    assert len(set(ANSWERS.values())) == len(ANSWERS)
    assert "." + answer.replace(" ", "-") + " {" in html


def both_versions() -> Page:
    old = tuple(
        verdict(n, "contradicted", claim=f"Old claim {n} is so.", fragile=n == 2) for n in range(1, 4)
    )
    earlier = EarlierVersion(
        old, {n: f"The old rule of {n}." for n in range(1, 9)}, "Old common.", (("a", "b"),)
    )
    return page(verdicts=tuple(verdict(n, "supported", fragile=False) for n in range(1, 5)), earlier=earlier)


def test_both_versions_answers_stand_side_by_side_and_the_later_leads() -> None:
    html = report_page(both_versions())
    glance = [" ".join(text.split()) for tag, _, text in Tree(html).all("li") if "Claim 1 is so." in text]
    assert "1. Claim 1 is so. ✓supported version 1: ✕contradicted" in glance
    card = text_of(html, "q2")
    assert "The claim Claim 2 is so. ✓ supported version 1: ✕ contradicted Headline" in card
    old = "Version 1 of the rules: ✕ contradicted △ fragile"
    assert card.index("Rule of question 2") < card.index(old)
    assert "The claim Old claim 2 is so." in card
    assert "version 1" not in text_of(html, "q4").lower()  # it has no verdict on it
    assert text_of(html, "rule-1-3") == "The old rule of 3."
    assert text_of(html, "rule-3") == "The rule of 3."
    assert text_of(html, "rule-1-common") == "Old common."
    assert text_of(html, "changes") == "What changed since version 1, and why a b"
    alone = report_page(page())
    assert "ersion 1" not in alone
    assert "The rules were fixed before the first run." in " ".join(alone.split())


def test_versions_stand_side_by_side_where_models_are_compared() -> None:
    old = (verdict(1, "contradicted"),)
    html = comparison_page((member("m", verdicts=(verdict(1, "supported", fragile=False),), earlier=old),))
    rows = [" ".join(text.split()) for tag, _, text in Tree(html).all("tr") if "Claim 1 is so." in text]
    assert rows == ["1. Claim 1 is so. Claim 1, m: ✓supported version 1: ✕contradicted"]


def test_how_benchmarks_agree_is_shown_under_a_finding() -> None:
    one = verdict(1, "supported")
    one["findings"][0]["by_benchmark"] = "On arc 0.10 more. Cochran's Q is 1.0."
    assert "On arc 0.10 more. Cochran" in text_of(report_page(page(verdicts=(one,))), "q1")


def test_an_answer_that_there_is_not_is_an_error() -> None:
    with pytest.raises(ReprlabError, match=r"answer of question 3 'suported': did you mean 'supported'\?"):
        page(verdicts=(verdict(3, "suported"),))
    with pytest.raises(ReprlabError, match="unknown answer of question 3 'perhaps'"):
        page(verdicts=(verdict(3, "supported", sensitivity=[["margin 0.02", "perhaps"]]),))
    with pytest.raises(ReprlabError, match="lacks question, paper, claim"):
        page(verdicts=({"number": 1, "answer": "supported"},))
    with pytest.raises(ReprlabError, match=r"finding of question 3 .* lacks claim"):
        page(verdicts=(verdict(3, "supported", findings=[{"key": "h"}]),))
    with pytest.raises(ReprlabError, match="question '3' is there more than once"):
        page(verdicts=(verdict(3, "supported"), verdict(3, "in part")))


def text_of(html: str, name: str) -> str:
    """The words of the element with this id, blanks made one."""
    return next(
        " ".join(" ".join(text).split()) for _, attrs, text in Tree(html).found if attrs.get("id") == name
    )


def test_a_verdict_says_all_that_it_stands_on() -> None:
    html = report_page(page())
    card = text_of(html, "q2")
    for words in (
        "2. Question 2, is it so?",
        "The paper\N{RIGHT SINGLE QUOTATION MARK}s answer Yes. The claim Claim 2 is so. ◐ in part △ fragile",
        "Headline The headline holds. ◐ in part It retains 0.20 [0.10, 0.30] more.",
        "About 2,500 documents would decide it. arc 64 documents a difference of 0.08 would have been seen",
        f"Part b A part holds. {DASH}",
        "margin 0.02: in part margin 0.10: ? not decidable accuracy: " + DASH,
        "Fig. 13 (left out)",
        "Rule of question 2",
    ):
        assert words in card
    assert "fragile" not in text_of(html, "q1")
    assert "2,500" not in text_of(html, "q1")  # supported
    bare = text_of(report_page(page(verdicts=(verdict(2, "in part", findings=[]),))), "q2")
    assert "Claim 2 is so. ◐ in part △ fragile It needs more." in bare
    assert "Fig. 4 Rule of question 1" in text_of(html, "q1")
    assert "Fig." not in text_of(report_page(page(left_out=())), "q2")  # neither drawn nor left out
    assert text_of(html, "left-out") == "Left out Fig. 13 no fine-tuning"
    assert text_of(html, "rule-6") == "The rule of 6."
    assert "Common. an item that goes on another" in text_of(html, "rule-common")


@pytest.mark.parametrize("answer", EVERY)
def test_a_badge_is_beside_a_claim_and_never_beside_a_question(answer: str) -> None:
    """Wherever a page shows how something was judged, the words before it are the claim."""
    one = verdict(3, answer, fragile=False, sensitivity=[])
    badge = f"{ANSWERS[answer]} {answer}"
    for html in (report_page(page(verdicts=(one,))), comparison_page((member("m", verdicts=(one,)),))):
        rows = [" ".join(text.split()) for tag, _, text in Tree(html).all("li", "tr", "p") if answer in text]
        judged = [row for row in rows if "Claim 3 is so." in row or "The headline holds." in row]
        assert len(judged) >= 1
        for row in judged:
            claim = "Claim 3 is so." if "Claim 3" in row else "The headline holds."
            after = row.partition(claim)[2].replace("Claim 3, m: ", "").replace(" ", "")
            assert after.startswith(badge.replace(" ", "")), row
            assert "?" not in row.partition(claim)[0]
    card = text_of(report_page(page(verdicts=(one,))), "q3")
    question, paper, claim = (card.index(words) for words in ("is it so?", "Yes.", "Claim 3 is so."))
    assert question < paper < claim < card.index(badge)


def test_what_is_not_there_leaves_no_gap() -> None:
    bare = {
        key: verdict(1, "not decidable")[key] for key in ("number", "question", "paper", "claim", "answer")
    }
    nothing = {"findings": None, "sensitivity": None, "figure": None}
    for one in (bare, bare | nothing | {"fragile": None, "why": None}):
        html = report_page(
            Page("m", "", (), (one,), {}, "", Table((), (), ""), (), (), "")  # nothing else either
        )
        assert flaws(html) == []
        assert "None" not in html
        assert text_of(html, "q1") == (
            "1. Question 1, is it so? The paper\N{RIGHT SINGLE QUOTATION MARK}s answer Yes. "
            "The claim Claim 1 is so. ? not decidable"
        )
        assert "scores" not in Tree(html).values("id")
        assert "Fig." not in text_of(report_page(page(left_out=())), "q2")  # neither drawn nor left out
    assert text_of(html, "left-out") == "Left out Nothing was left out."
    plain = report_page(page(pictures=(picture("fig04", caption="", claim="", reading="", files=()),)))
    assert Tree(plain).all("img")[0][1]["alt"] == "Fig. 04. Skip"
    assert flaws(plain) == []


@given(st.floats(-1e6, 1e6))
def test_a_number_is_within_half_a_last_digit_and_no_nought_is_negative(value: float) -> None:
    text = str(number(value))
    read = float(text.replace(MINUS, "-").replace(",", ""))
    assert abs(read - value) <= 0.5 * 10 ** -len(text.split(".")[1]) * 1.0001 + 1e-12 * abs(value)
    assert text.startswith(MINUS) == (read < 0)
    assert "-" not in text


@pytest.mark.parametrize("missing", [None, math.nan, math.inf])
def test_no_number_is_a_dash_that_says_so(missing: float | None) -> None:
    dash = f'<abbr class="none" title="no number">{DASH}</abbr>'
    assert str(number(missing)) == dash


@pytest.mark.parametrize(
    ("size", "dpi", "shown"),
    [
        ((1400, 600), 200, (840, 360)),  # 7 inches
        ((1005, 900), 300, (402, 360)),  # a column
        ((1400, 600), None, (840, 360)),
        ((1, 1), 300, (1, 1)),
    ],
)
def test_a_picture_is_as_large_as_its_inches(
    size: tuple[int, int], dpi: float | None, shown: tuple[int, int]
) -> None:
    assert picture("fig04", png=png(*size, dpi)).size == shown


def test_pictures_are_whole_and_in_their_order() -> None:
    tree = Tree(report_page(page()))
    images = [attrs for _, attrs, _ in tree.all("img")]
    found = [base64.b64decode(attrs["src"].partition(",")[2]) for attrs in images]
    assert found == [p.png for p in page().pictures]
    assert [attrs["alt"] for attrs in images] == ["It fell in fig04.", "It fell in fig10."]


@pytest.mark.parametrize("name", ["fig 4", "", "q3", "scores", "rule-1", "4fig", 'a"b', "x-title"])
def test_a_picture_needs_a_name_that_is_an_address(name: str) -> None:
    with pytest.raises(ReprlabError, match="a name is a-z"):
        picture(name)


def test_a_picture_is_a_png_and_there_once() -> None:
    with pytest.raises(ReprlabError, match="picture 'fig04' is no PNG"):
        picture("fig04", png=b"GIF89a" + bytes(40))
    with pytest.raises(ReprlabError, match="picture 'fig04' is there more than once"):
        page(pictures=(picture("fig04"), picture("fig04")))


def test_scores_stand_by_variant_and_numbers_under_each_other() -> None:
    tree = Tree(report_page(page()))
    assert len(tree.all("tbody")) == 3  # full, skip, reverse
    assert len(tree.all("tr")) == 1 + 41
    assert len([a for _, a, _ in tree.all("th") if a.get("scope") == "row"]) == 41
    numbers = [text for _, a, text in tree.all("th") if a.get("scope") == "col" and a.get("class") == "n"]
    assert numbers == [f"benchmark number {n}, acc" for n in range(9)]
    with pytest.raises(ReprlabError, match="row 1 of a table has 1 cells for 2 columns"):
        Table(("a", "b"), (("x", "y"), ("z",)), "")


def test_verdicts_side_by_side_lead_to_each_models_own() -> None:
    tree = Tree(comparison())
    links = [a["href"] for _, a, _ in tree.all("a") if (a.get("class") or "") == "to"]
    own = Tree(report_page(page())).values("id")
    assert len(links) == 2 * (len(EVERY) + 1) + 3
    assert links[0] == "some-model-1b/index.html#q1"
    assert all(link.partition("#")[2] in own for link in links)
    assert "Claim 3, model-b: ≲short of the margin" in [
        " ".join(text.split()) for _, a, text in tree.all("a") if a["href"] == "model-b/index.html#q3"
    ]
    rows = [
        [" ".join(cell.split()) for cell in row.splitlines() if cell.strip()] for _, _, row in tree.all("tr")
    ]
    assert [row[0] for row in rows[1:7]] == [f"{n}. Claim {n} is so." for n in range(1, 7)]
    assert rows[4][2] == DASH  # model-b has no fourth verdict
    assert ["layers", DASH, "12", DASH] in rows


def test_models_are_some_and_each_is_there_once() -> None:
    with pytest.raises(ReprlabError, match="no models to compare"):
        comparison_page(())
    with pytest.raises(ReprlabError, match=r"model 'a/index\.html' is there more than once"):
        comparison_page((member("a"), member("a")))


@needs_chromium
@pytest.mark.parametrize("name", ["some-model-1b/index.html", "index.html"], ids=["report", "comparison"])
def test_a_browser_finds_nothing_wrong(written: Path, name: str) -> None:
    assert check(written / name) == []


PLANTED = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" 
 content="default-src 'none'; style-src 'unsafe-inline'; img-src data: http:">
<style>.pale { color: #999 } .bare:focus { outline: none }
@media (prefers-color-scheme: dark) { body { background: #222; color: #ccc } .night { color: #333 } }</style>
</head><body><h1>Planted</h1><script>alert(1)</script><img src="http://127.0.0.1:9/x.png" alt="">
<p class="pale">pale</p><p class="night">dark</p><div style="width: 400px">wide</div>
<p style="display: grid; width: 90px">
<span style="white-space: nowrap">words too long for their box</span></p>
<a href="#a" class="bare">one</a> <a href="#b" tabindex="2">two</a></body></html>"""


@needs_chromium
def test_a_browser_finds_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "planted.html").write_text(PLANTED, encoding="utf-8")
    found = check(tmp_path / "planted.html")
    for words in (
        "light, 1280 px: request: http://127.0.0.1:9/x.png",
        "light, 1280 px: console: .*inline script",
        "light, 1280 px: image .* is not there",
        "light, 1280 px: image .* has no words",
        "light, 360 px: the page is 4.. px wide",
        "light, 360 px: text runs out of its box: <p style",
        "light, 1280 px: contrast 2.85: P.pale",
        "dark, 1280 px: contrast 1.* P.night",
        "light, 1280 px: a 0 one: focus is not shown",
        "light, 1280 px: Tab: place 0 is",
    ):
        assert any(re.match(words, line) for line in found), (words, found)
    assert not any(re.match(r"light.*night|.*1280 px: the page is", line) for line in found)


@needs_chromium
def test_a_link_to_a_rule_opens_it_and_the_dark_page_is_dark(written: Path) -> None:
    with browser() as tab:
        tab.look(DESK, dark=True)
        tab.open(written / "some-model-1b" / "index.html")
        assert not tab.run("document.getElementById('rule-3').closest('details').open")
        tab.run("document.querySelector('#q3 .whence a[href=\"#rule-3\"]').click()")
        tab.run("new Promise(done => setTimeout(done, 200, 1))")
        assert tab.run("document.getElementById('rule-3').closest('details').open")
        assert tab.run("getComputedStyle(document.body).backgroundColor") == "rgb(21, 23, 26)"
        assert (
            tab.run("getComputedStyle(document.querySelector('.frame')).backgroundColor")
            == "rgb(255, 255, 255)"
        )
        tab.press("Home", 36)
        tab.look(DESK, dark=False)
        assert tab.run("getComputedStyle(document.body).backgroundColor") == "rgb(251, 250, 247)"


@needs_chromium
def test_shots_and_prints_are_of_the_page(written: Path, tmp_path: Path) -> None:
    shot(written / "index.html", tmp_path / "a.png", PHONE, True)
    with Image.open(tmp_path / "a.png") as image:
        assert image.width == PHONE
        assert image.height > 1000
        assert image.convert("RGB").getpixel((2, 2)) == (21, 23, 26)
    printed(written / "index.html", tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
