"""States: similarities over several corpora, all else of the first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from made_benchmarks import made_rows

import reprlab as rl
from reprlab.captures.corpora import corpora
from reprlab.network.loading import load
from reprlab.reports.analyses import analysis
from reprlab.reports.gather import gather
from reprlab.reports.made_from import identity
from reprlab.reports.settings import ReportSettings
from reprlab.reports.sheet import RunLog
from reprlab.reports.write import numbers_of
from reprlab.similarity.comparing import compare
from reprlab.verdicts.evidence import SIMILARITIES


def test_similarities_are_means_over_the_five_corpora_and_all_else_is_of_the_first(tmp_path: Path) -> None:
    rows, net, log = made_rows(tmp_path / "rows"), load("tiny-llama"), RunLog()
    texts = corpora("benchmarks", data_dir=rows)
    settings = ReportSettings(("lambada",), "benchmarks", 3, 4, starts=(1,), controls=False)
    place = rl.Workspace(cache=tmp_path / "cache", data_dir=rows)
    found = gather(net, texts, settings, place, parts={"similarities", "drift", "capture"}, log=log)
    assert found.capture is not None
    assert found.capture.identity.corpus == "lambada"
    alone = [rl.capture(net, one, documents=3, cache=tmp_path / "cache") for one in texts]
    for name, how in SIMILARITIES.items():
        each = [compare(one, how[0], tokens=how[1], control=how[2]).values for one in alone]
        np.testing.assert_allclose(found.similarities[name].values, np.mean(each, axis=0), atol=1e-12)
    first = compare(alone[0], "cosine", tokens="no-sinks").values
    np.testing.assert_array_equal(found.similarities["cosine full"].values, first)
    drawn = numbers_of(analysis("fig15"), found)["matrices"]["full"]
    np.testing.assert_allclose(drawn, first, atol=1e-6)
    corpus = found.similarities["cosine no-sinks"].provenance.corpus
    assert corpus == f"benchmarks (mean of {', '.join(one.name for one in texts)})"
    assert {one.name: set(one.used) for one in log.sources.values()} == {
        one.name: {"full"} | ({"skip", "middle repeat"} if one is texts[0] else set()) for one in texts
    }
    facts = identity(found, settings, 1.0)
    assert facts["hidden states"].startswith("3 documents of lambada (")
    assert facts["similarities"].startswith("15 documents, ")
    assert facts["similarities"].endswith(corpus)
