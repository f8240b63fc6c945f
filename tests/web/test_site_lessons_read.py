"""Every lesson's page in a browser: no barrier, no other host, nothing wider than the screen."""

import pytest
from barriers import faults

from pactlab.web.build import lesson_files


@pytest.mark.parametrize("name", [path.stem for path in lesson_files()])
def test_a_lesson_has_no_barrier(browser, address, name):
    found = faults(browser, address, [f"lessons/{name}.html"])
    assert not found, "\n".join(found)
