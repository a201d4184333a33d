"""Packing: a request sees its own tokens and is read once; no other cut into batches is cheaper."""

from collections import Counter
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprlab.network.batches import FIXED, PackedRow, Request, TokenIds, pack, packed_batches

ALWAYS = 10_000  # a width at which attention is nothing beside the products: packing always saves
widths = st.sampled_from([1, 4, 64, ALWAYS])
few = st.lists(st.integers(0, 3), max_size=6)
sizes = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 120)), max_size=7)


@st.composite
def requests(draw: st.DrawFn) -> list[Request]:
    """Requests of one document: they share beginnings, some begin others, some are equal."""
    begin = draw(few)
    made: list[Request] = []
    for _ in range(draw(st.integers(1, 5))):
        before = draw(st.sampled_from([begin, *(list(r.tokens) for r in made)]))
        tokens = [*before, *draw(few)]
        tokens += [7] * max(0, 2 - len(tokens))
        places = draw(st.sets(st.integers(1, len(tokens) - 1), min_size=1))
        made.append(Request(tuple(tokens), tuple(sorted(places))))
    return made


def behind(first: int, request: Request) -> Request:
    return Request((first, *request.tokens), tuple(place + 1 for place in request.scored))


def visible(row: PackedRow, place: int) -> list[int]:
    """The places that a token sees, itself among them."""
    return [at for at in range(place + 1) if row.branches[at] in {0, row.branches[place]}]


def alone(asked: list[Request]) -> int:
    """Tokens of a row each, but for inputs that another one begins with."""
    inputs = {request.inputs for request in asked}
    return sum(len(i) for i in inputs if not any(o != i and o[: len(i)] == i for o in inputs))


@given(requests(), widths, st.integers(0, 30))
def test_every_read_sees_its_requests_tokens_and_no_others(
    asked: list[Request], width: int, longest: int
) -> None:
    for row in pack(asked, width=width, longest=longest):
        for place, target, number in row.reads:
            seen, tokens = visible(row, place), asked[number].tokens
            assert tuple(row.tokens[at] for at in seen) == tokens[: len(seen)]
            assert [row.positions[at] for at in seen] == list(range(len(seen)))
            assert len(seen) in asked[number].scored
            assert target == tokens[len(seen)]


@given(requests(), widths, st.integers(0, 30))
def test_every_scored_token_is_read_exactly_once(asked: list[Request], width: int, longest: int) -> None:
    rows = pack(asked, width=width, longest=longest)
    found = Counter((read.request, len(visible(row, read.place))) for row in rows for read in row.reads)
    assert found == Counter((n, place) for n, request in enumerate(asked) for place in request.scored)


@given(requests(), widths, st.integers(0, 30))
def test_rows_never_hold_more_tokens_than_rows_one_by_one(
    asked: list[Request], width: int, longest: int
) -> None:
    rows = pack(asked, width=width, longest=longest)
    assert sum(map(len, rows)) <= alone(asked) <= sum(len(request.inputs) for request in asked)


@given(requests(), widths)
def test_with_nothing_to_pack_into_rows_are_the_inputs_themselves(asked: list[Request], width: int) -> None:
    rows = pack(asked, width=width, longest=0)
    assert not any(row.branched for row in rows)
    assert all(row.positions == tuple(range(len(row))) for row in rows)
    assert sum(map(len, rows)) == alone(asked)


@given(requests(), widths, st.integers(0, 30))
def test_what_is_packed_fits(asked: list[Request], width: int, longest: int) -> None:
    for row in pack(asked, width=width, longest=longest):
        assert not row.branched or max(row.positions) < longest


@given(requests())
def test_what_shares_a_beginning_and_fits_is_one_row(asked: list[Request]) -> None:
    assert len(pack([behind(8, request) for request in asked], width=ALWAYS, longest=99)) == 1


@given(requests())
def test_what_shares_nothing_is_not_packed(asked: list[Request]) -> None:
    rows = pack([behind(n, request) for n, request in enumerate(asked)], width=ALWAYS, longest=99)
    assert len(rows) == len(asked)
    assert not any(row.branched for row in rows)


def test_packing_stops_where_attention_costs_more_than_the_products_save() -> None:
    long = [Request((*[9] * 50, *[n] * 150), (199,)) for n in range(8)]
    assert [len(pack(long, width=width, longest=999)) for width in (1, ALWAYS)] == [8, 1]


def test_equal_requests_are_computed_once_and_each_is_read() -> None:
    (row,) = pack([Request((1, 2, 3), (2,))] * 3, width=64, longest=0)
    assert row.tokens == (1, 2)
    assert [tuple(read) for read in row.reads] == [(1, 3, 0), (1, 3, 1), (1, 3, 2)]


def test_an_input_that_begins_another_rides_on_it() -> None:
    (row,) = pack([Request((1, 2, 9), (2,)), Request((1, 2, 3, 4), (3,))], width=64, longest=0)
    assert row.tokens == (1, 2, 3)
    assert [tuple(read) for read in row.reads] == [(1, 9, 0), (2, 4, 1)]


# --- batches -------------------------------------------------------------------------------------


def cost(documents: list[tuple[int, int]]) -> int:
    return sum(rows for rows, _ in documents) * max(longest for _, longest in documents) + FIXED


def cuts(documents: list[tuple[int, int]]) -> list[list[list[tuple[int, int]]]]:
    """Every way to cut a list into consecutive parts."""
    inside = range(1, len(documents))
    chosen = [c for count in range(len(documents)) for c in combinations(inside, count)]
    return [[documents[a:b] for a, b in pairwise([0, *cut, len(documents)])] for cut in chosen]


@given(sizes, st.integers(1, 600))
def test_batches_hold_every_document_once_by_falling_length(
    given: list[tuple[int, int]], tokens: int
) -> None:
    found = [i for batch in packed_batches(given, tokens) for i in batch]
    assert sorted(found) == list(range(len(given)))
    assert [given[i][1] for i in found] == sorted((longest for _, longest in given), reverse=True)


@given(sizes, st.integers(1, 600))
def test_only_a_document_by_itself_is_wider_than_a_batch_may_be(
    given: list[tuple[int, int]], tokens: int
) -> None:
    for batch in packed_batches(given, tokens):
        assert len(batch) == 1 or cost([given[i] for i in batch]) - FIXED <= tokens


@given(sizes.filter(bool), st.integers(1, 600))
def test_no_other_cut_runs_fewer_tokens(given: list[tuple[int, int]], tokens: int) -> None:
    found = packed_batches(given, tokens)
    allowed = (
        sum(map(cost, cut))
        for cut in cuts([given[i] for batch in found for i in batch])
        if all(len(part) == 1 or cost(part) - FIXED <= tokens for part in cut)
    )
    assert sum(cost([given[i] for i in batch]) for batch in found) == min(allowed)


@given(sizes, st.integers(1, 600))
def test_batches_are_always_the_same(given: list[tuple[int, int]], tokens: int) -> None:
    assert packed_batches(given, tokens) == packed_batches(list(given), tokens)


@pytest.mark.parametrize("count", [0, 1])
def test_few_documents_make_as_few_batches(count: int) -> None:
    assert packed_batches([(2, 5)] * count, 1) == [[0]] * count


def test_inputs_end_before_the_last_scored_token() -> None:
    tokens: TokenIds = (1, 2, 3, 4, 5)
    assert Request(tokens, (1, 3)).inputs == (1, 2, 3)
