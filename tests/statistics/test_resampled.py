"""Intervals of matrices by resampling documents."""

import numpy as np
import pytest
import torch

from reprlab.similarity.cka.cka import align
from reprlab.similarity.states import Held
from reprlab.statistics.bootstraps import draws
from reprlab.statistics.resampled import Resampled, bootstrapped, grouped

rng = np.random.default_rng


def test_a_jackknife_of_a_mean_is_its_standard_error() -> None:
    values = rng(0).normal(size=20)
    left = np.array([np.delete(values, i).mean() for i in range(20)])[:, None, None]
    found = Resampled("jackknife", left, np.full(20, 1 / 20))
    low, high = found.interval(values.mean()[None, None])
    error = values.std(ddof=1) / np.sqrt(20)
    assert (high - low)[0, 0] / 2 == pytest.approx(2.093024 * error, rel=1e-5)  # t of 19 at 97.5 %
    spread = found.draws(values.mean()[None, None], 4000).std()
    assert spread == pytest.approx(error, rel=0.05)


def test_a_bootstrap_of_a_ratio_has_the_spread_of_documents() -> None:
    counts = rng(0).integers(15, 50, 40).astype(float)
    sums = (counts * rng(1).normal(1, 0.2, 40))[:, None, None]
    found = bootstrapped(sums, counts)
    assert found is not None
    ratio = sums.sum() / counts.sum()
    residual = sums[:, 0, 0] - ratio * counts
    error = np.sqrt((residual**2).sum() * 40 / 39) / counts.sum()
    low, high = found.interval(np.array([[ratio]]))
    assert low[0, 0] < ratio < high[0, 0]
    assert (high - low)[0, 0] / 2 == pytest.approx(1.96 * error, rel=0.1)


def test_jackknifed_cka_moves_as_it_does_over_new_documents() -> None:
    """The spread over 40 corpora of 24 documents is the one that a single corpus announces."""
    maps = [torch.from_numpy(rng(9 + i).normal(size=(6, 12))) for i in range(2)]
    values: list[float] = []
    errors: list[float] = []
    for seed in range(40):
        chance = rng(seed)
        documents = [chance.normal(size=(n, 6)) + chance.normal(size=6) for n in chance.integers(5, 40, 24)]
        offsets = np.cumsum([0, *map(len, documents)]).tolist()
        x = torch.from_numpy(np.concatenate(documents))
        noise = torch.from_numpy(chance.normal(size=(2, len(x), 12)))
        found = align(Held([x @ maps[0] + noise[0], x @ maps[1] + noise[1]]), bounds=grouped(offsets))
        resampled = Resampled("jackknife", found.without().numpy(), np.diff(offsets) / len(x))
        low, high = resampled.interval(found.cka().numpy())
        values.append(float(found.cka()[0, 1]))
        errors.append(float((high - low)[0, 1]) / 2 / 2.0687)
    assert np.mean(errors) == pytest.approx(np.std(values, ddof=1), rel=0.35)


def test_an_interval_of_a_mean_is_that_of_the_mean_of_matrices() -> None:
    matrices = rng(0).normal(size=(1000, 3, 3))
    found = Resampled("bootstrap", matrices)
    low, high = found.interval(np.zeros((3, 3)), lambda m: m[..., 0, 1:].mean(-1))
    expected = np.quantile(matrices[:, 0, 1:].mean(1), [0.025, 0.975])
    np.testing.assert_allclose([low, high], expected)


def test_the_interval_is_percentile_t_with_the_jackknife_s_error() -> None:
    counts = rng(0).integers(20, 50, 14).astype(float)
    sums = counts * rng(1).normal(1, 0.2, 14)
    found = bootstrapped(sums[:, None, None], counts)
    assert found is not None
    ratio = sums.sum() / counts.sum()
    moved = []
    for times in draws(np.arange(14), 1000):
        value = (times @ sums) / (times @ counts)
        squares = (times * (sums - value * counts) ** 2).sum()
        moved.append((value - ratio) / (np.sqrt(squares * 14 / 13) / (times @ counts)))
    left = np.array([np.delete(sums, i).sum() / np.delete(counts, i).sum() for i in range(14)])
    error = np.sqrt(13 / 14 * ((left - left.mean()) ** 2).sum())
    low, high = np.quantile(moved, [0.025, 0.975])
    ends = [float(end[0, 0]) for end in found.interval(np.array([[ratio]]))]
    assert ends == pytest.approx([ratio - high * error, ratio - low * error])


def test_too_few_documents_have_draws_and_no_interval() -> None:
    few = bootstrapped(np.arange(11.0)[:, None, None], np.full(11, 5.0))
    assert few is not None
    assert few.few == "too few documents: 12 are needed"
    assert np.isnan(few.interval(np.ones((1, 1)))).all()
    assert np.isfinite(few.draws(np.ones((1, 1)))).all()
    lengths = np.exp(rng(0).normal(4, 1, 199))
    unequal = bootstrapped(lengths[:, None, None], lengths)
    assert unequal is not None
    assert unequal.few == "too few documents: 200 are needed where lengths differ this much"
    assert np.isnan(unequal.interval(np.ones((1, 1)))).all()


def test_groups_of_a_jackknife_are_enough_or_too_few() -> None:
    def few(shares: np.ndarray) -> str:
        return Resampled("jackknife", np.ones((len(shares), 1, 1)), shares / shares.sum()).few

    assert few(np.ones(11)) == "too few documents: 12 are needed"
    assert few(np.ones(12)) == few(np.ones(50)) == ""
    assert few(np.exp(rng(0).normal(0, 1, 40))) == "too few documents where lengths differ this much"


def test_one_document_has_no_bootstrap() -> None:
    assert bootstrapped(np.ones((1, 2, 2)), np.ones(1)) is None
    assert bootstrapped(np.ones((3, 2, 2)), np.array([0.0, 4, 0])) is None


def test_groups_are_at_most_so_many_and_about_even() -> None:
    offsets = np.cumsum([0, *rng(0).integers(0, 90, 500)]).tolist()
    bounds = grouped(offsets)
    sizes = np.diff(bounds)
    assert len(sizes) == 50
    assert set(bounds) <= set(offsets)
    assert bounds[0] == 0
    assert bounds[-1] == offsets[-1]
    assert sizes.min() > 0.7 * sizes.mean()
    assert sizes.max() < 1.3 * sizes.mean()
