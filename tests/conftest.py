"""What tests of several files use."""

import time
from collections.abc import Callable

import pytest


@pytest.fixture
def wait_for() -> Callable[..., None]:
    """Wait until a function returns true; fail when it still does not after some seconds."""

    def wait(condition: Callable[[], object], seconds: float = 20, *, what: str = "a condition") -> None:
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, f"waited {seconds} seconds in vain for {what}"
            time.sleep(0.02)

    return wait
