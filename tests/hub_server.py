"""A server on this machine that speaks the hub's protocol, as far as a download of a repository needs it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def blob(name: str, data: bytes) -> str:
    """The name that the hub gives to a file's bytes: SHA-256 of large files, git's name of others."""
    if name.endswith(".safetensors"):
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


class Hub:
    """What is served: one repository's files at one commit; `broken` names a file whose bytes end early."""

    def __init__(self, repo: str, files: Mapping[str, bytes]) -> None:
        self.repo, self.files = repo, dict(files)
        self.broken: str | None = None
        self.asked: list[str] = []

    def described(self) -> dict[str, Any]:
        rows = [
            {"rfilename": name, "size": len(data), "blobId": blob(name, data)}
            for name, data in self.files.items()
        ]
        return {"id": self.repo, "modelId": self.repo, "sha": COMMIT, "siblings": rows, "private": False}

    def tree(self) -> list[dict[str, Any]]:
        return [
            {"type": "file", "path": name, "size": len(data), "oid": blob(name, data)}
            for name, data in self.files.items()
        ]


@contextmanager
def served(hub: Hub) -> Generator[str]:
    """The address of a server that holds a hub."""

    class Handler(_Handler):
        state = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    state: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on standard error."""

    def _answer(self, *, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.state.asked.append(f"{self.command} {path}")
        api, files = f"/api/models/{self.state.repo}", f"/{self.state.repo}/resolve/"
        if path.startswith(f"{api}/tree/"):
            self._send(200, json.dumps(self.state.tree()).encode(), body, {})
        elif path == api or path.startswith(f"{api}/revision/"):
            known = path.rpartition("/")[2] in {"main", COMMIT} or path == api
            data = self.state.described() if known else {"error": "Invalid rev id"}
            extra = {} if known else {"X-Error-Code": "RevisionNotFound"}
            self._send(200 if known else 404, json.dumps(data).encode(), body, extra)
        elif path.startswith(files) and (name := path.split("/", 5)[-1]) in self.state.files:
            self._file(name, body)
        else:
            code = "EntryNotFound" if path.startswith(files) else "RepoNotFound"
            self._send(404, b'{"error": "not found"}', body, {"X-Error-Code": code})

    def _file(self, name: str, body: bool) -> None:
        data = self.state.files[name]
        size = {"ETag": f'"{blob(name, data)}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        if "Range" in self.headers:
            size["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        status = 206 if "Range" in self.headers else 200
        self._send(status, data[start:], body, size, cut=self.state.broken == name)

    def _send(
        self, status: int, data: bytes, body: bool, headers: Mapping[str, str], *, cut: bool = False
    ) -> None:
        self.send_response(status)
        for key, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body:
            self.wfile.write(data[: len(data) // 2] if cut else data)
        if cut:
            self.close_connection = True


def asked_of(address: str, home: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Python run in a process of its own, whose hub is the server; nothing else is known to it."""
    here = {"HF_ENDPOINT": address, "HF_HOME": str(home / "hub"), "REPRLAB_MODELS": str(home / "models")}
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "REPRLAB_"))}
    run = [sys.executable, "-c", code]
    return subprocess.run(run, capture_output=True, text=True, check=False, env=kept | here, cwd=home)
