import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from examples import network, texts
from hypothesis import given
from hypothesis import strategies as st

import reprlab as rl
from reprlab import files
from reprlab.captures import shard
from reprlab.captures.capture import Capture, open_capture
from reprlab.captures.document import document_statistics
from reprlab.captures.inventory import captures, damaged
from reprlab.captures.shard import ShardWriter
from reprlab.captures.sums import merge, sums
from reprlab.errors import ReprlabError
from reprlab.network.batches import padded_batches
from reprlab.network.network import Network

SHARD = 40_000  # bytes: many shards from a small corpus


def contents(capture: Capture) -> dict[str, bytes]:
    """Every shard, byte by byte, with the ledger's rows."""
    shards = sorted((capture.folder / "shards").iterdir())
    return {s.name: s.read_bytes() for s in shards} | {"rows": repr(sorted(map(repr, capture.rows))).encode()}


@pytest.mark.parametrize("name", ["tiny-llama", "tiny-neox", "tiny-bert"])
def test_a_capture_holds_the_networks_states_without_padding(name: str) -> None:
    net, corpus = network(name), texts(12)
    acts = rl.capture(net, corpus, shard_bytes=SHARD)
    ids = net.tokenize(corpus.texts)
    alone = [torch.stack(net.hidden_states(net.batch([row])))[:, 0] for row in ids]
    assert acts.tokens == sum(map(len, ids))
    torch.testing.assert_close(acts.states(), torch.cat(alone, 1), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(acts.norms, acts.states().norm(dim=-1))


def test_on_the_same_batch_a_capture_equals_the_trace_bit_for_bit(tiny: Network) -> None:
    corpus = texts(1)
    acts = rl.capture(tiny, corpus)
    states = torch.stack(tiny.hidden_states(tiny.batch(tiny.tokenize(corpus.texts))))[:, 0]
    assert torch.equal(acts.states(), states)


def test_stored_sums_are_those_of_the_stored_states(tiny: Network) -> None:
    acts = rl.capture(tiny, texts(10), shard_bytes=SHARD)
    for block in acts.blocks:
        states = block.states()
        suspect = torch.zeros(block.tokens, dtype=torch.bool)
        suspect[block.suspects] = True
        assert torch.equal(block.suspect_states, states[:, block.suspects])
        for i, ordinary in enumerate(block.documents):
            inside = slice(int(block.offsets[i]), int(block.offsets[i + 1]))
            mine = states[:, inside][:, ~suspect[inside]].double()
            assert ordinary.count == mine.shape[1]
            if ordinary.count:
                torch.testing.assert_close(ordinary.mean, mine.mean(1))
                expected = (mine - mine.mean(1, keepdim=True)).square().sum(1)
                torch.testing.assert_close(ordinary.m2, expected, rtol=1e-6, atol=1e-6)
                gram = torch.einsum("atw,btw->ab", mine, mine)
                torch.testing.assert_close(ordinary.inner, gram, rtol=1e-4, atol=1e-4)


def test_the_largest_entries_are_found(tiny: Network) -> None:
    acts = rl.capture(tiny, texts(10))
    states = acts.states().flatten(1)
    with h5py.File(acts.blocks[0].file) as file:
        value, token, channel = (file[f"largest/{n}"][:] for n in ("value", "token", "channel"))
    top = states.abs().topk(8, dim=1).values.numpy()
    assert np.array_equal(np.abs(value), top)
    for depth in range(acts.depths):
        place = token[depth] * acts.width + channel[depth]
        assert np.array_equal(states[depth][place].numpy(), value[depth])


def test_more_documents_only_add_shards(tiny: Network, tmp_path: Path) -> None:
    corpus = texts(40)
    first = rl.capture(tiny, corpus, documents=15, shard_bytes=SHARD)
    before = {s.name: (s.read_bytes(), s.stat().st_mtime_ns) for s in (first.folder / "shards").iterdir()}
    second = rl.capture(tiny, corpus, documents=40, shard_bytes=SHARD)
    after = {s.name: (s.read_bytes(), s.stat().st_mtime_ns) for s in (first.folder / "shards").iterdir()}
    assert second.folder == first.folder
    assert len(after) > len(before)
    assert before.items() <= after.items()
    assert torch.equal(second.first(15).states(), first.states())


def test_a_complete_capture_is_not_computed_again(tiny: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    rl.capture(tiny, texts(5))
    monkeypatch.setattr(Network, "hidden_states", lambda *_: pytest.fail("computed again"))
    assert rl.capture(tiny, texts(5), documents=3).documents == 3


def test_without_states_the_cosines_are_the_same_and_cka_says_what_is_missing(tiny: Network) -> None:
    whole = rl.capture(tiny, texts(10))
    small = rl.capture(tiny, texts(10), states=False)
    assert small.folder != whole.folder
    assert np.array_equal(rl.cosine(small).values, rl.cosine(whole).values)
    with pytest.raises(ReprlabError, match="cka of a capture that holds no states: capture again without"):
        rl.cka(small)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_states_keep_the_dtype_they_were_computed_in(dtype: str) -> None:
    acts = rl.capture(rl.load("tiny-llama", dtype=dtype), texts(4))
    assert str(acts.states().dtype) == f"torch.{dtype}"
    assert acts.identity.dtype == acts.identity.stored == dtype


def test_a_narrower_dtype_on_disk_is_a_choice_and_close(tiny: Network) -> None:
    wide, narrow = rl.capture(tiny, texts(6)), rl.capture(tiny, texts(6), stored="bfloat16")
    torch.testing.assert_close(narrow.states().float(), wide.states(), rtol=1e-2, atol=1e-2)


@pytest.fixture
def spoiled(tiny: Network, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Make depth 3 of the first document's second token hold a value."""

    def spoil(value: float) -> None:
        real = Network.hidden_states

        def broken(self: Network, batch: dict[str, torch.Tensor], *_: object) -> list[torch.Tensor]:
            states = [s.clone() for s in real(self, batch)]
            states[3][-1, 1, 5] = value
            return states

        monkeypatch.setattr(Network, "hidden_states", broken)

    return spoil


def test_a_value_that_the_stored_dtype_cannot_hold_is_named(
    tiny: Network, spoiled: Callable[[float], None]
) -> None:
    spoiled(1e6)
    text = "float16 cannot hold 1e\\+06 at depth 3, document 'piece:0', token 1: store float32 or bfloat16"
    with pytest.raises(ReprlabError, match=text):
        rl.capture(tiny, texts(1), stored="float16")
    assert not list((Path(os.environ["REPRLAB_CACHE"])).rglob("*.h5"))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_and_inf_are_counted_and_located(
    tiny: Network, spoiled: Callable[[float], None], value: float
) -> None:
    spoiled(value)
    said: list[str] = []
    acts = rl.capture(tiny, texts(1), say=said.append)
    rl.capture(tiny, texts(1), say=said.append)  # from the cache
    assert [line.partition(" in ")[0] for line in said] == ["warning: NaN or infinite: 1 value"] * 2
    assert acts.nonfinite == 1
    assert acts.rows[0].first_nonfinite == (3, "piece:0", 1)
    result = rl.cosine(acts)
    assert np.isnan(result.values[3]).all()
    assert "depth 3, document 'piece:0', token 1" in result.remark


def test_a_document_without_tokens_is_named(tiny: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Network, "tokenize", lambda *_: [[1], []])
    with pytest.raises(ReprlabError, match="document 'piece:1' has no tokens"):
        rl.capture(tiny, texts(2))


@pytest.mark.parametrize("option", ["max_tokens", "batch_tokens"])
def test_negative_sizes_are_refused(tiny: Network, option: str) -> None:
    flag = "--" + option.replace("_", "-")
    with pytest.raises(ReprlabError, match=f"{flag} -1: give 1 or more"):
        rl.capture(tiny, texts(2), **{option: -1})


@given(st.lists(st.integers(1, 400), min_size=1, max_size=80), st.integers(1, 3000))
def test_batches_hold_every_document_once_with_little_padding(lengths: list[int], size: int) -> None:
    made = padded_batches(lengths, size)
    assert sorted(i for batch in made for i in batch) == list(range(len(lengths)))
    for batch in made:
        width = max(lengths[i] for i in batch)
        assert len(batch) == 1 or width * len(batch) <= size
        assert sum(lengths[i] for i in batch) >= 0.92 * width * len(batch)


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 2**31))
def test_statistics_do_not_depend_on_what_is_a_suspect(low: int, high: int, seed: int) -> None:
    states = torch.randn(3, 12, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    kept = document_statistics(states, torch.full((3,), 1.0 + (low + high) / 4))
    whole = merge(kept.ordinary, sums(kept.suspect_states.double()))
    expected = sums(states)
    assert whole.count == expected.count
    for name in ("mean", "m2", "cosine", "inner"):
        torch.testing.assert_close(getattr(whole, name), getattr(expected, name), rtol=1e-5, atol=1e-5)


# --- killed at any moment ------------------------------------------------------------------------

_CHILD = """
import sys
import reprlab as rl
from examples import texts
rl.capture(rl.load("tiny-llama"), texts(60), cache=sys.argv[1], shard_bytes=40_000,
           progress=lambda done, total: print(done, flush=True))
"""


def child(folder: Path) -> subprocess.Popen[str]:
    script = folder.parent / "child.py"
    script.write_text(_CHILD)
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.Popen(
        [sys.executable, str(script), str(folder)], stdout=subprocess.PIPE, text=True, env=env
    )


_NURSERY = """
import os, random, signal, sys, time
import torch
import reprlab as rl
from examples import texts
torch.set_num_threads(1)  # no thread pool before a fork
net, corpus, moments = rl.load("tiny-llama"), texts(60), random.Random(0)

def run(folder):
    child = os.fork()
    if child == 0:
        rl.capture(net, corpus, cache=folder, shard_bytes=40_000)
        os._exit(0)
    return child

start = time.monotonic()
assert os.waitpid(run(sys.argv[1] + "/whole"), 0)[1] == 0
whole, kills = time.monotonic() - start, 0
for _ in range(40):
    child = run(sys.argv[1] + "/killed")
    time.sleep(moments.random() * whole / 10)
    os.kill(child, signal.SIGKILL)
    kills += os.waitpid(child, 0)[1] == signal.SIGKILL
assert os.waitpid(run(sys.argv[1] + "/killed"), 0)[1] == 0
print(kills)
"""


def test_killed_at_random_moments_and_resumed_is_the_capture_never_killed(tmp_path: Path) -> None:
    script = tmp_path / "nursery.py"
    script.write_text(_NURSERY)
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, str(script), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 10
    whole, killed = (next(captures(tmp_path / name)) for name in ("whole", "killed"))
    assert len(whole.rows) > 10
    assert contents(killed) == contents(whole)


@pytest.mark.parametrize("cut", range(12))
def test_a_kill_between_any_two_disk_operations_loses_nothing(
    tiny: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    """Stop at the n-th durable step, whatever it is, without any cleaning up; then run again."""
    corpus = texts(20)
    whole = rl.capture(tiny, corpus, cache=tmp_path / "whole", shard_bytes=SHARD)
    steps = iter(range(1000))

    class Killed(BaseException):
        pass

    def dying(step: Callable[..., None]) -> Callable[..., None]:
        def run(*args: object) -> None:
            if next(steps) >= cut:
                raise Killed
            step(*args)

        return run

    with monkeypatch.context() as patch:
        fsync, append_line = dying(files.fsync), dying(files.append_line)
        patch.setattr(files, "fsync", fsync)
        patch.setattr(shard, "fsync", fsync)
        patch.setattr(shard, "append_line", append_line)
        patch.setattr(ShardWriter, "abandon", lambda self: None)
        with pytest.raises(Killed):
            rl.capture(tiny, corpus, cache=tmp_path / "cut", shard_bytes=SHARD)
    again = rl.capture(tiny, corpus, cache=tmp_path / "cut", shard_bytes=SHARD)
    assert contents(again) == contents(whole)


def test_a_ledger_line_that_was_cut_off_does_not_count(tiny: Network) -> None:
    corpus = texts(20)
    acts = rl.capture(tiny, corpus, shard_bytes=SHARD)
    whole, ledger = contents(acts), acts.folder / "ledger.jsonl"
    ledger.write_text(ledger.read_text()[:-20])
    assert len(open_capture(acts.folder).rows) == len(acts.rows) - 1
    assert contents(rl.capture(tiny, corpus, shard_bytes=SHARD)) == whole


def test_two_processes_on_one_capture_the_second_waits(tmp_path: Path) -> None:
    folder = tmp_path / "both"
    running = [child(folder), child(folder)]
    assert [process.wait(120) for process in running] == [0, 0]
    acts = rl.capture(network("tiny-llama"), texts(60), cache=folder, shard_bytes=SHARD)
    assert [row.start for row in acts.rows] == sorted({row.start for row in acts.rows})
    assert damaged(acts) == []


def test_who_holds_a_capture_is_said(tiny: Network) -> None:
    acts = rl.capture(tiny, texts(2), documents=1)
    said: list[str] = []
    code = (
        "import sys, time, pathlib\nfrom filelock import FileLock\nfolder = pathlib.Path(sys.argv[1])\n"
        "with FileLock(folder / 'lock'):\n"
        "    (folder / 'holder').write_text('process 7 on moon')\n"
        "    print('held', flush=True)\n    time.sleep(1)"
    )
    command = [sys.executable, "-c", code, str(acts.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        rl.capture(tiny, texts(2), say=said.append)
    assert said == [f"waiting: process 7 on moon is writing this capture ({acts.folder})"]


# --- disks that fill, versions that differ -------------------------------------------------------


def test_a_disk_that_refuses_is_one_clear_error_and_what_was_complete_stays(
    tiny: Network, tmp_path: Path
) -> None:
    """A real write error half-way: the file size limit of the process."""
    code = (
        "import resource, signal, sys\nimport reprlab as rl\nfrom examples import texts\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "net = rl.load('tiny-llama')\n"
        "rl.capture(net, texts(10), cache=sys.argv[1], shard_bytes=40_000)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "try:\n    rl.capture(net, texts(60), documents=60, cache=sys.argv[1], shard_bytes=40_000)\n"
        "except rl.ReprlabError as error:\n    print(error)\n"
    )
    script = tmp_path / "full.py"
    script.write_text(code.replace("texts(10)", "texts(60), documents=10"))
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "full")], capture_output=True, text=True, env=env
    )
    assert done.stderr == ""
    assert "complete files stay good; make room and run the same command again" in done.stdout
    assert done.stdout.startswith(f"cannot write '{tmp_path}/full/tiny-llama/pieces/")
    acts = rl.capture(tiny, texts(60), cache=tmp_path / "full", shard_bytes=SHARD)
    assert damaged(acts) == []
    assert acts.documents == 60


def test_going_on_under_other_versions_needs_force(tiny: Network) -> None:
    acts = rl.capture(tiny, texts(10), documents=5)
    path = acts.folder / "manifest.json"
    here = acts.manifest.made_with["torch"]
    path.write_text(
        path.read_text()
        .replace(f'"torch":"{here}"', '"torch":"1.0"')
        .replace(f'"torch": "{here}"', '"torch": "1.0"')
    )
    text = f"was begun with torch 1.0, here is {here}: go on with --force, or remove it"
    with pytest.raises(ReprlabError) as caught:
        rl.capture(tiny, texts(10), documents=10)
    assert text in str(caught.value)
    assert rl.capture(tiny, texts(10), documents=10, force=True).documents == 10


def test_memory_does_not_grow_with_the_corpus(tmp_path: Path) -> None:
    code = (
        "import resource, sys\nimport reprlab as rl\nfrom reprlab.captures.corpora import Corpus\n"
        "net = rl.load('tiny-llama')\n"
        "def run(n):\n"
        "    c = Corpus('x', tuple('word ' * 90 for _ in range(n)), tuple(map(str, range(n))), 'x')\n"
        "    rl.capture(net, c, documents=n, cache=f'{sys.argv[1]}/{n}', shard_bytes=1 << 20)\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "small = run(60); large = run(500)\n"
        "print((large - small) // 1024)\n"
    )
    script = tmp_path / "memory.py"
    script.write_text(code)
    done = subprocess.run([sys.executable, str(script), str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    states = sum(f.stat().st_size for f in (tmp_path / "500").rglob("*.h5")) >> 20
    assert states > 170  # MiB on disk
    assert int(done.stdout) < 60  # MiB more in memory
    shutil.rmtree(tmp_path / "500")


def test_under_a_schedule_the_depths_are_its_own(tiny: Network) -> None:
    corpus, schedule = texts(6), rl.Schedule.parse("0:2 [2:4]*2 5")
    acts = rl.capture(tiny, corpus, schedule=schedule)
    assert (acts.depths, acts.identity.schedule, acts.manifest.layers) == (6, "0 1 [2 3]*2 5", 6)
    ids = tiny.tokenize(corpus.texts)
    alone = [torch.stack(tiny.record(tiny.batch([row])).run(schedule))[:, 0] for row in ids]
    torch.testing.assert_close(acts.states(), torch.cat(alone, 1), rtol=1e-4, atol=1e-4)
    full = rl.capture(tiny, corpus)
    assert full.folder != acts.folder
    assert torch.equal(acts.states(1), full.states(1))


def test_names_and_lists_are_taken_where_objects_are(tiny: Network) -> None:
    by_name = rl.capture(tiny, "builtin", documents=2)
    assert by_name.identity.corpus == "builtin"
    assert rl.capture(tiny, rl.corpus(["one text", "another"])).documents == 2
    assert rl.capture("tiny-llama", ["one text"]).documents == 1
    with pytest.raises(ReprlabError, match=r"depth 7: this capture has the depths 0\.\.6"):
        by_name.states(7)
