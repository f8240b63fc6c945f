"""PDF for everybody: tagged, with language, title and alternative texts, by WeasyPrint."""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
from collections.abc import Iterable
from functools import cache
from typing import Any

from pactlab.errors import KitError

PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
"""What WeasyPrint needs of the system, by Debian's names."""
VARIANT = "pdf/ua-1"


@cache
def missing() -> str:
    """Return what is not there to make PDFs and how to install it, in one line; empty when all is there."""
    try:
        # Where a library is missing, WeasyPrint prints six lines; one is enough, and it is ours.
        with contextlib.redirect_stdout(io.StringIO()):
            import weasyprint  # noqa: F401
    except ModuleNotFoundError as problem:
        if (problem.name or "").split(".")[0] != "weasyprint":
            return f"the package {problem.name} is missing; install with: pip install 'pactlab[web]'"
        return "WeasyPrint is missing; install with: pip install 'pactlab[web]'"
    except OSError:
        return f"the system's pango is missing; on Debian install with: apt install {PACKAGES}"
    return ""


def pdf(page: str) -> bytes:
    """Return a page of HTML as PDF/UA-1, the same bytes for the same page.

    page: HTML whose pictures are `data:` addresses; nothing else is fetched. Raises KitError when it asks for more.
    """
    return _written(_laid_out(page), page)


def on_one_sheet(pages: Iterable[str]) -> tuple[str, bytes] | None:
    """Return the first of several pages of HTML that takes one sheet, and that sheet as PDF; None if none does."""
    for page in pages:
        document = _laid_out(page)
        if len(document.pages) == 1:
            return page, _written(document, page)
    return None


def sheets(page: str) -> int:
    """Return how many sheets a page of HTML takes."""
    return len(_laid_out(page).pages)


def _written(document: Any, page: str) -> bytes:
    return document.write_pdf(pdf_variant=VARIANT, pdf_identifier=hashlib.sha256(page.encode()).digest()[:16])


def _laid_out(page: str) -> Any:
    from weasyprint import HTML
    from weasyprint.urls import FatalURLFetchingError, URLFetcher

    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    fetcher = URLFetcher(allowed_protocols=("data",), fail_on_errors=True)
    try:
        return HTML(string=page, url_fetcher=fetcher).render(pdf_variant=VARIANT)
    except FatalURLFetchingError as problem:
        raise KitError(f"a page to be printed asks for something outside it: {problem}") from problem
