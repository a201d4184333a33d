"""Models of single tokens against naive ones."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from reprlab.benchmarks.requests import Document
from reprlab.benchmarks.word_baselines import WORD_BASELINES, answers, mixture
from reprlab.network.batches import Request

VOCABULARY = 12


def documents(seed: int, count: int, vocabulary: int = VOCABULARY) -> list[Document]:
    """Rows of 8 to 14 tokens whose last two are scored; the last is often a token from before."""
    rng = np.random.default_rng(seed)
    rows = [list(map(int, rng.integers(vocabulary // 2, size=rng.integers(8, 15)))) for _ in range(count)]
    rows = [[*row[:-1], row[2] if rng.uniform() < 0.5 else int(rng.integers(vocabulary))] for row in rows]
    requests = [Request(tuple(row), (len(row) - 2, len(row) - 1)) for row in rows]
    return [Document(n, str(n), str(n), (request,), (), 0) for n, request in enumerate(requests)]


def chances(request: Request, place: int, others: list[Document], left: Document | None) -> list[float]:
    """A token's probability by its own context, other rows and all tokens, written out."""
    token = request.tokens[place]
    rows = [token for other in others if other is not left for token in other.requests[0].tokens]
    return [request.tokens[:place].count(token) / place, rows.count(token) / len(rows), 1 / VOCABULARY]


def test_answers_are_those_of_a_mixture_fitted_on_the_other_rows() -> None:
    scored, others = documents(0, 9), documents(1, 30)
    found = answers(scored, others, VOCABULARY)
    assert list(found) == list(WORD_BASELINES)
    table = np.array([chances(o.requests[0], p, others, o) for o in others for p in o.requests[0].scored])
    for name, taken in WORD_BASELINES.items():
        weights = mixture(table, taken)
        for document, ((likely, _),) in zip(scored, found[name], strict=True):
            request = document.requests[0]
            parts = [np.dot(chances(request, p, others, None), weights) for p in request.scored]
            assert likely == pytest.approx(sum(map(math.log, parts)))
    assert found["uniform"][0][0] == (pytest.approx(-2 * math.log(VOCABULARY)), False)


def test_greedy_is_whether_every_token_is_the_likeliest_of_all() -> None:
    scored, others = documents(2, 200), documents(3, 40)
    name = "unigram and words of the context"
    table = np.array([chances(o.requests[0], p, others, o) for o in others for p in o.requests[0].scored])
    weights = mixture(table, WORD_BASELINES[name])
    hits = 0
    for document, ((_, greedy),) in zip(scored, answers(scored, others, VOCABULARY)[name], strict=True):
        expected = True
        for place in document.requests[0].scored:
            tokens = document.requests[0].tokens
            asked = [Request((*tokens[:place], token), (place,)) for token in range(VOCABULARY)]
            levels = [np.dot(chances(one, place, others, None), weights) for one in asked]
            expected &= levels[tokens[place]] == max(levels) and levels.count(max(levels)) == 1
        assert greedy == expected
        hits += greedy
    assert 0 < hits < 200


def test_a_mixture_is_the_likeliest() -> None:
    rng = np.random.default_rng(4)
    sources = rng.dirichlet([0.3] * 3, size=400)
    fitted = mixture(sources, (True, True, True))

    def loss(free: np.ndarray) -> float:
        shares = np.exp([*free, 0.0])
        return -float(np.log(sources @ (shares / shares.sum())).sum())

    best = minimize(loss, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9})
    assert fitted.sum() == pytest.approx(1)
    assert -np.log(sources @ fitted).sum() == pytest.approx(best.fun, abs=1e-4)


def test_a_source_that_is_not_taken_has_no_weight_and_without_rows_all_is_uniform() -> None:
    sources = np.random.default_rng(5).uniform(0.1, 1, size=(50, 3))
    assert mixture(sources, (False, True, True))[0] == 0
    (found,) = answers(documents(0, 1), [], VOCABULARY)["unigram and words of the context"]
    assert found[0] == (pytest.approx(-2 * math.log(VOCABULARY)), False)
