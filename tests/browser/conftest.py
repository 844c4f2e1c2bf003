"""A person's browser before ``plumbline demo``: Debian's chromium, driven headless.

Without chromium and chromedriver these tests are skipped; ``.ci/run`` installs both. Screenshots go
to the directory that ``PLUMBLINE_SCREENSHOTS`` names, else to a temporary one.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from PIL import Image
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

HERE = Path(__file__).parent
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
DESKTOP = (1280, 900)
PHONE = (390, 844)
LARGEST = 150_000
"""Bytes of a screenshot; they are part of the repository."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here takes long, and happens in one process, in the order in which it is written."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.xdist_group("browser"))


@dataclass
class Demo:
    """A running ``plumbline demo``."""

    process: subprocess.Popen[bytes]
    log: Path
    temporary: Path
    address: str = ""

    def text(self) -> str:
        return self.log.read_text()


@pytest.fixture(scope="module")
def chromium() -> tuple[str, str]:
    """Browser and driver."""
    found = shutil.which("chromium"), shutil.which("chromedriver")
    if not all(found):
        pytest.skip("chromium and chromium-driver are not installed; .ci/run installs them")
    return str(found[0]), str(found[1])


@pytest.fixture(scope="module")
def demo(chromium: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo that shows its address; at its end nothing of it may be left."""
    temporary = tmp_path_factory.mktemp("demo")
    log = temporary / "log"
    inner = temporary / "tmp"
    inner.mkdir()
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "bot.entry.cli", "demo", "--no-browser", "--seed", "7"],
            env=os.environ | {"TMPDIR": str(inner), "COLUMNS": "100"},
            stdout=sink,
            stderr=sink,
        )
    running = Demo(process, log, inner)
    try:
        deadline = time.monotonic() + 200
        while "Open  " not in running.text():
            assert process.poll() is None, running.text()
            assert time.monotonic() < deadline, running.text()
            time.sleep(0.2)
        running.address = running.text().split("Open  ")[1].split()[0].rstrip("/")
        yield running
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, running.text()
        _, alive = psutil.wait_procs(children, timeout=10)
        assert alive == []
        assert list(inner.iterdir()) == []
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)


def answers(port: int) -> bool:
    """Somebody listens at this port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.fixture
def set_up(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Address and code of the set-up of a Plumbline that is registered nowhere."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = str(free.getsockname()[1])
    log = tmp_path / "log"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PLUMBLINE_")}
    given = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PORT": port, "PLUMBLINE_METRICS_PORT": "0"}
    with log.open("wb") as sink:
        command = [sys.executable, "-P", "-m", "bot.entry.cli", "up"]
        process = subprocess.Popen(command, env=kept | given, stdout=sink, stderr=sink)
    try:
        deadline = time.monotonic() + 60
        while not answers(int(port)) or "this code:" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/setup", log.read_text().split("this code:")[1].split()[0]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


@dataclass
class Browser:
    """What a person sees and does."""

    driver: webdriver.Chrome
    home: str
    pictures: Path
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to a page by its address."""
        self.driver.get(path if path.startswith("http") else self.home + path)

    def find(self, css: str) -> WebElement:
        """The first element."""
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def all(self, css: str) -> list[WebElement]:
        """All elements."""
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def text(self, css: str = "main") -> str:
        """What can be read there."""
        return self.find(css).text

    def sees(self, *words: str, inside: str = "main", within_s: float = 10) -> None:
        """All these words are to be read there, at once or soon; nothing is reloaded."""
        self.until(
            lambda: all(w in self.text(inside) for w in words), f"{words} to be read", within_s=within_s
        )

    def click(self, words: str, *, inside: str = "body") -> None:
        """Press the link or button that says this, once it is there."""
        css = ", ".join(f"{inside} {element}" for element in ("a", "button", "summary"))

        def press() -> bool:
            for element in self.all(css):
                if words in element.text and element.is_displayed():
                    element.click()
                    return True
            return False

        self.until(press, f"something to press that says {words!r}", within_s=5)

    def write(self, css: str, text: str) -> None:
        """Put a text into a field."""
        element = self.find(css)
        element.clear()
        element.send_keys(text)

    def become(self, login: str) -> None:
        """Act as somebody else."""
        self.find(".top details.menu summary").click()
        self.find(f'.top button[name="who"][value="{login}"]').click()
        self.sees(f"You are {login} now.")

    def until(self, condition: Callable[[], object], what: str, *, within_s: float = 100) -> None:
        """Wait for something to show up by itself: nothing is reloaded."""
        deadline = time.monotonic() + within_s
        while True:
            try:
                if condition():
                    return
            except WebDriverException:
                pass  # The page is just being brought up to date.
            assert time.monotonic() < deadline, (
                f"{what}: not on {self.driver.current_url}: {self.text('body')}"
            )
            time.sleep(0.2)

    def shape(self, size: tuple[int, int], *, dark: bool = False) -> None:
        """Take another screen: its size, and whether the person likes it dark."""
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def picture(self, name: str) -> None:
        """Keep what is to be seen."""
        self.driver.execute_script("document.activeElement.blur(); scrollTo(0, 0)")
        path = self.pictures / f"{name}.png"
        with Image.open(io.BytesIO(self.driver.get_screenshot_as_png())) as seen:
            # Flat colours need no more than a palette; nobody sees the difference.
            few = seen.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
            few.save(path, optimize=True)
        assert path.stat().st_size < LARGEST

    def fits(self) -> bool:
        """Nothing sticks out at the side."""
        script = "const e = document.documentElement; return e.scrollWidth <= e.clientWidth"
        return bool(self.driver.execute_script(script))

    def listen(self) -> list[str]:
        """What the console said since the last time."""
        return [str(entry["message"]) for entry in self.driver.get_log("browser")]


@pytest.fixture(scope="module")
def _browser(
    chromium: tuple[str, str], demo: Demo, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    options = Options()
    options.binary_location = chromium[0]
    for flag in FLAGS:
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('chromium')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    named = os.environ.get("PLUMBLINE_SCREENSHOTS")
    pictures = Path(named) if named else tmp_path_factory.mktemp("screenshots")
    pictures.mkdir(parents=True, exist_ok=True)
    driver = webdriver.Chrome(options=options, service=Service(chromium[1]))
    try:
        browser = Browser(driver, demo.address, pictures)
        browser.shape(DESKTOP)
        yield browser
    finally:
        driver.quit()


@pytest.fixture
def browser(_browser: Browser) -> Iterator[Browser]:
    """The one browser; after each test its console must have been silent, and all of it local."""
    yield _browser
    assert _browser.listen() == []
    script = "return performance.getEntriesByType('resource').map(e => new URL(e.name).hostname)"
    assert set(_browser.driver.execute_script(script)) <= {"127.0.0.1"}
