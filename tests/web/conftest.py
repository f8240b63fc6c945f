"""The site, built once for each worker; a server of it; a browser."""

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from pactlab.web.build import build
from pactlab.web.serving import server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site built from the lessons as they are."""
    return build(tmp_path_factory.mktemp("web") / "site").folder


@pytest.fixture(scope="session")
def pages(site: Path) -> list[str]:
    """Paths of all pages on the site."""
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Where the site is served."""
    with server(site, 0) as shown:
        threading.Thread(target=shown.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{shown.server_port}/"
        shown.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[SimpleNamespace]:
    """The system's Chromium; never one that is downloaded."""
    missing = "" if CHROMIUM else "Chromium is not here"
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing = "the package playwright is not installed"
    if missing and os.environ.get("PACTLAB_REQUIRE_ALL"):
        pytest.fail(f"PACTLAB_REQUIRE_ALL is set, and {missing}")
    if missing:
        pytest.skip(missing)
    with sync_playwright() as program:
        # In a container the only user is often root, for whom Chromium has no sandbox; the pages are our own.
        opened = program.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()
