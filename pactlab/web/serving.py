"""Shows the site on this machine."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Quiet(SimpleHTTPRequestHandler):
    """Serves files; says nothing, and lets the browser keep nothing, so that a site built anew shows at once."""

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""

    def end_headers(self) -> None:
        """Forbid the browser to keep the page."""
        self.send_header("Cache-Control", "no-store")
        super().end_headers()


class Server(ThreadingHTTPServer):
    """Serves each reader in a thread of its own."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that hung up, as it does when a reader leaves a page early; report the rest."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def server(folder: Path, port: int) -> Server:
    """Return a server of a folder on 127.0.0.1; port 0 takes a free one."""
    return Server(("127.0.0.1", port), functools.partial(Quiet, directory=str(folder)))


def serve(folder: Path, *, port: int, say: Callable[[str], None]) -> None:
    """Serve a site on 127.0.0.1 until it is stopped.

    folder: the site. port: a free one. say: prints one line.
    """
    with server(folder, port) as shown:
        say(f"The site is at http://127.0.0.1:{shown.server_port}/")
        say("Stop it with Ctrl+C.")
        try:
            shown.serve_forever()
        except KeyboardInterrupt:
            return
