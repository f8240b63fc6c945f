"""Looks over pages as a reader would who sees little, hears them, or uses no mouse."""

from collections.abc import Iterable
from typing import Any

WIDTHS = (1280, 360)
SCHEMES = ("light", "dark")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ALL = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"], "preload": False}
COLOURS = {"runOnly": ["color-contrast"], "resultTypes": ["violations"], "preload": False}
"""In the dark scheme only colours differ: the same page has just passed all rules in the light one."""
# Colours of code are held by test_site_built.py, for every kind of word; here their many pieces would take most of the
# time, folded or not.
OPEN = """() => {
    document.querySelectorAll('details').forEach(one => one.open = true);
    document.querySelectorAll('.highlight pre').forEach(one => one.textContent = one.textContent);
}"""


def faults(browser: Any, address: str, pages: Iterable[str]) -> list[str]:
    """Return a line for each fault: axe's violations, sideways scroll, requests elsewhere, messages on the console."""
    from axe_playwright_python.sync_playwright import Axe

    script, found = Axe().axe_script, []
    context = browser.new_context(reduced_motion="reduce")
    shown = context.new_page()
    shown.on("console", lambda said: found.append(f"console: {said.text}") if said.type == "error" else None)
    shown.on("pageerror", lambda error: found.append(f"script: {error}"))
    shown.on("request", lambda asked: None if asked.url.startswith(address) else found.append(f"asks {asked.url}"))
    for page in pages:
        shown.set_viewport_size({"width": WIDTHS[0], "height": 800})
        shown.emulate_media(color_scheme="light")
        shown.goto(address + page)
        shown.evaluate(OPEN)
        shown.evaluate(script)
        for width in WIDTHS:
            shown.set_viewport_size({"width": width, "height": 800})
            for scheme in SCHEMES:
                shown.emulate_media(color_scheme=scheme)
                said = shown.evaluate("options => axe.run(document, options)", ALL if scheme == "light" else COLOURS)
                for rule in said["violations"]:
                    where = [node["html"][:120] for node in rule["nodes"]]
                    found.append(f"{page} at {width}, {scheme}: {rule['id']}, {len(where)} times, such as {where[0]}")
            if shown.evaluate("document.documentElement.scrollWidth") > width:
                found.append(f"{page} at {width}: wider than the screen")
    context.close()
    return found
