"""A page in headless Chromium, by the DevTools protocol over a pipe: `check` it, take a `shot` of it."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium: apt-get install -y --no-install-recommends chromium"
)
PHONE, DESK = 360, 1280
PATIENCE = 120  # seconds for one answer: a busy machine is slow
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-pipe",
)
_SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


@dataclass
class Browser:
    """One tab; `events` is what it told since the page was opened."""

    inward: int
    outward: int
    events: list[dict[str, Any]] = field(default_factory=list)
    session: str = ""
    _count: int = 0
    _rest: bytes = b""

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """A command's answer."""
        self._count += 1
        message: dict[str, Any] = {"id": self._count, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        _put(self.inward, json.dumps(message).encode() + b"\0")
        while True:
            found = self._next()
            if found.get("id") == self._count:
                if "error" in found:
                    raise RuntimeError(f"{method}: {found['error']}")
                return found["result"]
            self.events.append(found)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            if not select.select([self.outward], [], [], PATIENCE)[0]:
                raise TimeoutError(f"Chromium has been silent for {PATIENCE} s")
            read = os.read(self.outward, 1 << 20)
            if not read:
                raise RuntimeError("Chromium has ended")
            self._rest += read
        whole, _, self._rest = self._rest.partition(b"\0")
        return json.loads(whole)

    def run(self, script: str) -> Any:
        """The value of an expression on the page; its policy does not bind the protocol."""
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description", script))
        return answer["result"].get("value")

    def call(self, name: str) -> Any:
        """What a function of browser.js says of the page."""
        return self.run(f"(() => {{ {_SCRIPT}\nreturn {name}(); }})()")

    def press(self, key: str, code: int) -> None:
        """A key, down and up."""
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown" if text else "rawKeyDown", "keyUp"):
            self.ask(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text
            )

    def look(self, width: int, *, dark: bool, height: int = 800) -> None:
        """The size of the window and whether its user prefers a dark one."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, path: Path) -> None:
        """A file, when everything that it asks for has come or failed."""
        self.events.clear()
        self.ask("Page.navigate", url=path.resolve().as_uri())
        end = time.monotonic() + PATIENCE
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            if time.monotonic() > end:
                raise TimeoutError(f"{path} does not load")
            self.events.append(self._next())
        self.run("Promise.allSettled([...document.images].map(image => image.decode())).then(() => 1)")


def _put(pipe: int, data: bytes) -> None:
    while data:
        data = data[os.write(pipe, data) :]


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser with a profile of its own; it and the profile are gone afterwards."""
    assert CHROMIUM is not None, "no chromium: `needs_chromium` skips a test without it"
    (theirs_in, inward), (outward, theirs_out) = os.pipe(), os.pipe()

    def pipes() -> None:  # the protocol's: it reads commands from 3 and writes to 4
        held = os.dup(theirs_in), os.dup(theirs_out)  # one may be 3 or 4 itself
        for own, given in zip(held, (3, 4), strict=True):
            os.dup2(own, given)

    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        command = [CHROMIUM, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, close_fds=False, preexec_fn=pipes, **quiet)
        os.close(theirs_in)
        os.close(theirs_out)
        tab = Browser(inward, outward)
        try:
            _attach(tab)
            yield tab
        finally:
            tab.session = ""
            with suppress(OSError, RuntimeError, TimeoutError):
                tab.ask("Browser.close")
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            os.close(inward)
            os.close(outward)


def _attach(tab: Browser) -> None:
    target = tab.ask("Target.createTarget", url="about:blank")["targetId"]
    tab.session = tab.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
        tab.ask(f"{domain}.enable")


def check(path: Path) -> list[str]:
    """What is wrong with a page, a line each; none where nothing is.

    Told on the console, asked of a network, an image that is not there or has no words or no size, anything
    wider than a phone, text that is hard to read in light or dark, a place the keyboard does not reach in
    order or does not show.
    """
    with browser() as tab:
        return [
            f"{'dark' if dark else 'light'}, {width} px: {problem}"
            for width, dark in ((DESK, False), (DESK, True), (PHONE, False), (PHONE, True))
            for problem in _problems(tab, path, width, dark)
        ]


def _problems(tab: Browser, path: Path, width: int, dark: bool) -> Iterator[str]:
    tab.look(width, dark=dark)
    tab.open(path)
    yield from _told(tab.events, path)
    yield from tab.call("images")
    yield from tab.call("width")
    yield from _by_keyboard(tab)
    yield from tab.call("contrast")


def _told(events: list[dict[str, Any]], path: Path) -> Iterator[str]:
    """Errors, warnings, and everything that was asked for beside the page itself."""
    for event in events:
        told = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            yield f"exception: {told['exceptionDetails']['text']}"
        elif event.get("method") == "Runtime.consoleAPICalled":
            yield f"console: {[one.get('value') for one in told['args']]}"
        elif event.get("method") == "Log.entryAdded":
            yield f"console: {told['entry']['text']}"
        elif event.get("method") == "Audits.issueAdded":
            yield f"issue: {json.dumps(told['issue'])[:300]}"
        elif event.get("method") == "Network.requestWillBeSent":
            url = told["request"]["url"]
            if not url.startswith("data:") and url.split("#")[0] != path.resolve().as_uri():
                yield f"request: {url}"


def _by_keyboard(tab: Browser) -> Iterator[str]:
    """Tab leads to every place once, in the order of the text, and each shows that it is there."""
    wanted = tab.call("places")
    reached: list[str] = []
    for _ in range(len(wanted) + 60):  # boxes that scroll are reached, too
        tab.press("Tab", 9)
        at = tab.call("focus")
        if at is None:
            break
        if at["name"] in wanted:
            reached.append(at["name"])
        yield from at["problems"]
        if at["summary"]:
            yield from _summary(tab, at["name"])
    if reached != wanted:
        first = next(
            (i for i, (a, b) in enumerate(zip(reached, wanted, strict=False)) if a != b), len(reached)
        )
        yield f"Tab: place {first} is {reached[first : first + 1]} and not {wanted[first : first + 1]}"


def _summary(tab: Browser, name: str) -> Iterator[str]:
    states = []
    for _ in range(2):
        states.append(tab.run("document.activeElement.parentElement.open"))
        tab.press("Enter", 13)
    if states[0] == states[1]:
        yield f"{name}: Enter does not open it"


def shot(path: Path, out_png: Path, width: int, dark: bool, *, at: str = "", height: int = 0) -> None:
    """A picture of a page: whole, or with `height` that much of it, from its top or from the place `at`."""
    with browser() as tab:
        tab.look(width, dark=dark)
        tab.ask("Emulation.setScrollbarsHidden", hidden=True)
        tab.open(path)
        whole = tab.ask("Page.getLayoutMetrics")["cssContentSize"]["height"]
        top = tab.run(f"document.getElementById({json.dumps(at)}).getBoundingClientRect().y") if at else 0
        clip = {"x": 0, "y": top, "width": width, "height": height or whole - top, "scale": 1}
        taken = tab.ask("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        out_png.write_bytes(base64.b64decode(taken["data"]))


def printed(path: Path, out_pdf: Path) -> None:
    """A page as it prints, on A4."""
    with browser() as tab:
        tab.open(path)
        taken = tab.ask("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, preferCSSPageSize=True)
        out_pdf.write_bytes(base64.b64decode(taken["data"]))
