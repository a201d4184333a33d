"""Inputs: a pipe, a folder, a bomb and a wrong kind are refused in a line; what is printed steers nothing."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.lib import format as npy

from reprlab.cli.terminal import _SafeConsole
from reprlab.errors import ReprlabError
from reprlab.foreign import opened_npz, printable, read_bytes, read_json, read_text


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "loop", "long", "nul"])
def test_what_is_no_file_is_refused_and_does_not_hang(tmp_path: Path, kind: str) -> None:
    path = {"device": "/dev/zero", "long": "a" * 300, "nul": "a\0b"}.get(kind, str(tmp_path / "x"))
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        (tmp_path / "x").mkdir()
    elif kind == "loop":
        (tmp_path / "x").symlink_to(tmp_path / "x")
    with pytest.raises(ReprlabError, match="cannot read"):
        read_text(path)


def test_a_file_above_the_most_and_json_of_any_depth_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"[" * 100_000)
    with pytest.raises(ReprlabError, match="at most 10 are read"):
        read_bytes(tmp_path / "a", 10)
    with pytest.raises(ReprlabError, match="is not JSON"):
        read_json(tmp_path / "a")


def test_an_array_that_says_more_than_its_bytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    head = io.BytesIO()
    npy.write_array_header_1_0(head, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", head.getvalue() + b"\0" * 64)
    with pytest.raises(ReprlabError, match="are not that many"), opened_npz(tmp_path / "a.npz"):
        pass


def test_arrays_come_in_this_machines_order_of_bytes_and_can_be_written_to(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.arange(6, dtype=">f4").reshape(2, 3), y=np.asfortranarray(np.eye(3)))
    with opened_npz(tmp_path / "a.npz") as arrays:
        x, y = arrays["x"].read(), arrays["y"].read()
    assert x.dtype == np.float32
    assert x.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert y.tolist() == np.eye(3).tolist()
    y[0, 0] = 2


@pytest.mark.parametrize("text", ["a\x1b[31mb", "\x9b31m", "\x07\r\x7f", "\u202eevil", "\udc80"])
def test_signs_that_steer_a_terminal_are_written_out(text: str) -> None:
    file = io.StringIO()
    _SafeConsole(file=file).print(text, markup=False)
    for shown in (printable(text), file.getvalue()):
        assert not set(shown) & set("\x1b\x9b\x07\r\x7f\u202e\udc80")
        shown.encode()
    assert printable("line\n\ttab") == "line\n\ttab"
