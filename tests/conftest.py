"""What tests of several files use."""

import time
from collections.abc import Callable

import pytest


@pytest.fixture
def wait_for() -> Callable[..., None]:
    """Wait until a condition holds; fail when it still does not after some seconds."""

    def wait(condition: Callable[[], bool], seconds: float = 20) -> None:
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, f"waited {seconds} seconds in vain"
            time.sleep(0.02)

    return wait
