import re
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import LAYERS, depth, layer, step, steps, steps_with_blocks

from reprlab.errors import ReprlabError
from reprlab.schedules.notation import ALLOWED, read, write
from reprlab.schedules.steps import LIMIT, Step, side_by_side


@given(steps)
def test_reading_undoes_writing(found: tuple[Step, ...]) -> None:
    assert read(write(found), LAYERS) == found


@given(steps_with_blocks)
def test_reading_undoes_writing_with_blocks(found: tuple[Step, ...]) -> None:
    assert read(write(found), LAYERS) == found
    assert write(read(write(found))) == write(found)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0 1 2 ( 16 16 16*3 )~14 : 19", "0:3 (16*5)~14:19"),
        ("((14:17) 17 18)?007*1", "(14:19)?7"),
        ("(14)=0123456789abcdef *2", "(14)=0123456789abcdef*2"),
        ("(5)~5:6 (5)~5:6", "(5)~5:6*2"),
        ("((5)~5:6 3)*2", "(5)~5:6 3 (5)~5:6 3"),
        ("([3 1:3]+ [4])?0", "([1:4]+ 4)?0"),
        ("(0:3) ((4))", "0:3 4"),
    ],
)
def test_blocks_have_one_canonical_text(text: str, canonical: str) -> None:
    assert write(read(text)) == canonical
    assert write(read(canonical)) == canonical


@pytest.mark.parametrize(
    ("text", "what", "mark"),
    [
        ("0 ((1)~1:2 3)?5", "a block cannot hold another block", (2, 15)),
        ("0 5~1:2", "'~' does not follow a group", (3, 4)),
        ("(1)~1:2?3", "'?' does not follow a group", (7, 8)),
        ("[1 2]=0123456789abcdef", "'=' does not follow a group", (5, 6)),
        ("(1)~2:1", "the range 2:1 is empty or goes down", (4, 7)),
        ("(1)~2:2", "the range 2:2 is empty or goes down", (4, 7)),
        ("(1)~2 3", "a range of depths a:b is missing after '~'", (6, 7)),
        ("(1)~", "a number is missing", (4, 5)),
        ("(1)~0:7", "layer 6 does not exist in a model of 6 layers", (4, 7)),
        ("(1 7)~0:2", "layer 7 does not exist in a model of 6 layers", (3, 4)),
        ("(1)?", "a number is missing", (4, 5)),
        ("(1)?100001", "the number is too large", (4, 10)),
        ("(1)=abc 2", "a calibration capture's digest is missing", (4, 7)),
        ("(1)=0123456789ABCDEF", "a calibration capture's digest is missing", (4, 20)),
        ("(1 3)=0123456789abcdef", "a mean update stands for one range of layers a:b", (0, 22)),
        ("(2:0)=0123456789abcdef", "a mean update stands for one range of layers a:b", (0, 22)),
        ("(1)=0123456789abcdef*100000*9", "the schedule runs more than 100,000 layers", (0, 29)),
    ],
)
def test_a_bad_block_is_marked(text: str, what: str, mark: tuple[int, int]) -> None:
    with pytest.raises(ReprlabError) as error:
        read(text, 6)
    said, shown, carets, *advice = str(error.value).splitlines()
    assert said.startswith(what)
    assert shown == f"  {text}"
    assert carets == "  " + " " * mark[0] + "^" * (mark[1] - mark[0])
    assert len(advice) == 1


@given(st.lists(st.integers(0, LIMIT - 1), min_size=1))
def test_reading_undoes_writing_for_large_layers(found: list[int]) -> None:
    assert list(read(write(found))) == found


@given(steps)
def test_canonical_text_is_flat_and_leaves_no_run_or_repeat_spelled_out(
    found: tuple[Step, ...],
) -> None:
    text = write(found)
    assert not set("()") & set(text)
    terms = re.findall(r"\[[^]]*\]\S*|\S+", text)
    for one, two in pairwise(terms):
        assert one != two or re.fullmatch(r"\d+:\d+", one)
    for three in zip(terms, terms[1:], terms[2:], strict=False):
        if all(term.isdigit() for term in three):
            one, two, last = map(int, three)
            assert (two - one, last - two) not in [(1, 1), (-1, -1)]


def _walk(start: int, stop: int) -> tuple[Step, ...]:
    return tuple(range(start, stop) if start < stop else range(start - 1, stop - 1, -1))


Spelled = tuple[str, tuple[Step, ...]]


def _spell_set(found: tuple[int, ...], order: list[int], sign: str) -> Spelled:
    ordered = [found[i % len(found)] for i in order] + list(found)
    text = " ".join(str(one) for one in dict.fromkeys(ordered))
    return f"[{text}]{sign}", (side_by_side(found, summed=bool(sign)),)


def _times(term: Spelled, times: int) -> Spelled:
    return f"{term[0]}*{times}", term[1] * times


def _group(terms: list[Spelled], gap: str) -> Spelled:
    return f"({gap.join(text for text, _ in terms)})", tuple(s for _, t in terms for s in t)


numbers: st.SearchStrategy[Spelled] = layer.map(lambda one: (str(one), (one,)))
ranges: st.SearchStrategy[Spelled] = (
    st.tuples(depth, depth)
    .filter(lambda ends: ends[0] != ends[1])
    .map(lambda ends: (f"{ends[0]}:{ends[1]}", _walk(*ends)))
)
sets: st.SearchStrategy[Spelled] = st.builds(
    _spell_set,
    st.sets(layer, min_size=1).map(lambda found: tuple(found)),
    st.lists(st.integers(0, LAYERS)),
    st.sampled_from(["", "+"]),
)
gaps = st.sampled_from([" ", "  ", "\n", " \t "])


def _terms(inner: st.SearchStrategy[Spelled]) -> st.SearchStrategy[Spelled]:
    groups = st.builds(_group, st.lists(inner, min_size=1, max_size=3), gaps)
    return groups | st.builds(_times, inner, st.integers(1, 3))


spelled = st.recursive(numbers | ranges | sets, _terms, max_leaves=6)


@given(st.lists(spelled, min_size=1, max_size=4), gaps)
def test_any_spelling_reads_as_what_it_spells(terms: list[Spelled], gap: str) -> None:
    text, meant = gap.join(text for text, _ in terms), tuple(s for _, t in terms for s in t)
    assert read(text, LAYERS) == meant
    assert write(read(text)) == write(meant)
    loose = re.sub(r"([\[\]():*+])", r" \1 ", text)
    assert read(loose) == meant


@given(step, st.integers(1, 5))
def test_one_spelling_of_a_repeat(one: Step, times: int) -> None:
    text = write([one])
    assert read(f"{text}*{times}") == read(f"({text})*{times}") == read(f"{text} " * times)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0:14 14:19 14:19 19:32", "0:19 14:32"),
        ("0:14[14:19]*3 19:32", "0:14 [14:19]*3 19:32"),
        ("0 1 2", "0:3"),
        ("0:2", "0 1"),
        ("2:0", "1 0"),
        ("3:0", "3:0"),
        ("2 1 0", "3:0"),
        ("5 5", "5*2"),
        ("5*2*3", "5*6"),
        ("14*2 15*2", "14*2 15*2"),
        ("0:4 3:7", "0:3 3*2 4:7"),
        ("0:3 1 0", "0:3 1 0"),
        ("1 0 1 2", "1 0:3"),
        ("2 0 1 2", "2 0:3"),
        ("(0:5)*2", "0:5 0:5"),
        ("0:5*2", "0:5 0:5"),
        ("((0 1)*2 2)*2", "0 1 0:3 0 1 0:3"),
        ("[5]", "5"),
        ("[5]+", "5"),
        ("[16:17]*3", "16*3"),
        ("[5:2 9 8]", "[2:5 8 9]"),
        ("[2 1]", "[1 2]"),
        ("[6 1 3:6]+*2", "[1 3:7]+*2"),
        ("[1 2] [2 1] [1 2]+", "[1 2]*2 [1 2]+"),
        ("007", "7"),
    ],
)
def test_canonical_texts(text: str, canonical: str) -> None:
    assert write(read(text)) == canonical
    assert write(read(canonical)) == canonical


SET, GROUP = "a set holds layers and ranges only: [1 4:7]", "a group holds terms: (0:5 [7 9])"
RANGE = "a:b walks layers a..b-1, and b:a walks them down; a layer alone is a number"
REPEAT = "write *1 or more, or drop the term"
OF_32 = "its layers are 0..31, its depths 0..32"
MOST = "100,000 layer executions are the most"


@pytest.mark.parametrize(
    ("text", "mark", "what", "advice"),
    [
        ("", "^", "the schedule is empty", ALLOWED),
        ("  ", "  ^", "the schedule is empty", ALLOWED),
        ("0:14 x 19", "     ^", "unknown character 'x'", ALLOWED),
        ("0 -1", "  ^", "unknown character '-'", ALLOWED),
        ("1,2", " ^", "unknown character ','", ALLOWED),
        ("0 \u00b2", "  ^", "unknown character '\u00b2'", ALLOWED),
        ("0:2 [3:6", "    ^", "'[' is never closed", "write ']' after the last member of the set"),
        ("0 (1 2", "  ^", "'(' is never closed", "write ')' after the last term of the group"),
        ("0:2]", "   ^", "']' closes nothing", ALLOWED),
        ("0:2 )", "    ^", "')' closes nothing", ALLOWED),
        ("(0 1]", "    ^", "']' cannot stand in a group", GROUP),
        ("0 [1 [2 3]]", "     ^", "'[' cannot stand in a set", SET),
        ("0 [1 (2 3)]", "     ^", "'(' cannot stand in a set", SET),
        ("0 [1 2*3]", "      ^", "'*' cannot stand in a set", SET),
        ("0 [1 2)", "      ^", "')' cannot stand in a set", SET),
        ("[]", "^^", "the set is empty", "a set holds layers and ranges: [1 4:7]"),
        ("0 ()*2", "  ^^", "the group is empty", ALLOWED),
        ("0 5*0 6", "   ^^", "'*0' repeats nothing", REPEAT),
        ("(0 1)*00", "     ^^^", "'*0' repeats nothing", REPEAT),
        ("0 5:5 6", "  ^^^", "the range 5:5 is empty", RANGE),
        ("0 [1 3:6 4]", "         ^", "layer 4 is in the set twice", "name it once"),
        ("[4 3:6]", "   ^^^", "layer 4 is in the set twice", "name it once"),
        ("5:", "  ^", "a number is missing", ALLOWED),
        ("5*", "  ^", "a number is missing", ALLOWED),
        ("5 6:*2", "    ^", "a number is missing", ALLOWED),
        ("*3", "^", "a term cannot begin with '*'", ALLOWED),
        ("0:5:9", "   ^", "a term cannot begin with ':'", ALLOWED),
        ("3+", " ^", "a term cannot begin with '+'", ALLOWED),
        ("0:14 32", "     ^^", "layer 32 does not exist in a model of 32 layers", OF_32),
        ("0:33", "^^^^", "layer 32 does not exist in a model of 32 layers", OF_32),
        ("0 40:30", "  ^^^^^", "layer 39 does not exist in a model of 32 layers", OF_32),
        ("0 [1 32]*2", "     ^^", "layer 32 does not exist in a model of 32 layers", OF_32),
        ("0*999999999", "  ^^^^^^^^^", "the number is too large", "at most 100,000"),
        ("0*" + "9" * 5000, "  " + "^" * 5000, "the number is too large", "at most 100,000"),
        ("0 (0:9)*20000", "  ^^^^^^^^^^^", "the schedule runs more than 100,000 layers", MOST),
        ("1*60000 2*60000", " " * 8 + "^" * 7, "the schedule runs more than 100,000 layers", MOST),
        ("(" * 99 + "0", " " * 50 + "^", "too many groups inside one another", "at most 50"),
    ],
)
def test_errors_mark_the_bad_term(text: str, mark: str, what: str, advice: str) -> None:
    with pytest.raises(ReprlabError) as caught:
        read(text, layers=32)
    assert str(caught.value) == f"{what}\n  {text}\n  {mark}\n{advice}"


def test_control_characters_are_not_echoed() -> None:
    with pytest.raises(ReprlabError) as caught:
        read("0\n1\t\x1b[31m")
    assert str(caught.value).splitlines()[:3] == [
        "unknown character '\\x1b'",
        "  0 1  [31m",
        "      ^",
    ]


def test_a_model_has_layers() -> None:
    with pytest.raises(ReprlabError, match=r"^layers is 0: a model has at least one layer$"):
        read("0", layers=0)


def test_the_longest_schedule_reads_and_writes() -> None:
    for text in (f"0:{LIMIT}", f"0*{LIMIT}", f"[0:{LIMIT}]"):
        assert write(read(text)) == text


def test_fifty_groups_are_allowed() -> None:
    assert read("(" * 50 + "0" + ")" * 50) == (0,)


@pytest.mark.parametrize(
    "bomb",
    ["(" * 100_000, "(0*9999)*9999*9999", "[0:100000]*100000", "0:100000 " * 2000],
)
def test_bombs_are_refused_at_once(bomb: str) -> None:
    begin = time.monotonic()
    with pytest.raises(ReprlabError):
        read(bomb)
    assert time.monotonic() - begin < 5


@given(st.text(alphabet="0123456789:[]()*+ x\n", max_size=20))
def test_any_text_is_a_schedule_or_a_marked_error(text: str) -> None:
    try:
        found = read(text)
    except ReprlabError as error:
        _, shown, carets, *_ = str(error).splitlines()
        assert shown == "  " + text.replace("\n", " ")
        assert re.fullmatch(r" *\^+", carets)
        assert carets.index("^") <= len(shown)
    else:
        assert read(write(found)) == found
