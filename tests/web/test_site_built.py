"""What holds for the built site, seen without a browser."""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from pactlab import data, show
from pactlab.explore.control import MOST_PANES
from pactlab.web.build import DARK, LIGHT, build, lesson_files, stale
from pactlab.web.mending import said_options

KIT = data.root().parent
MOST_PAGE = 400_000
MOST_SITE = 10_000_000
LESSONS = [path.stem for path in lesson_files()]
PAPER = {LIGHT: "#fcfbf8", DARK: "#15191e"}


def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def test_every_lesson_and_table_has_a_page(pages):
    assert {f"lessons/{name}.html" for name in LESSONS} <= set(pages)
    assert {f"data/{name}.html" for name in data.tables()} <= set(pages)


def test_every_link_and_anchor_resolves(site, pages):
    parsed = {page: soup(site / page) for page in pages}
    ids = {page: {tag["id"] for tag in parsed[page].select("[id]")} for page in pages}
    gone = []
    for page in pages:
        for tag in parsed[page].select("[href], [src], form[action]"):
            address = tag.get("href") or tag.get("src") or tag.get("action")
            if re.match(r"https?:", address):
                continue
            path, _, fragment = address.partition("#")
            target = (site / page).parent / path if path else site / page
            name = target.resolve().relative_to(site.resolve()).as_posix()
            if not target.is_file() or (fragment and name in ids and fragment not in ids[name]):
                gone.append(f"{page}: {address}")
    assert not gone, gone


def test_ids_are_unique(site, pages):
    for page in pages:
        found = [tag["id"] for tag in soup(site / page).select("[id]")]
        twice = {one for one in found if found.count(one) > 1}
        assert not twice, f"{page} has two places called {twice}"


def test_headings_go_down_one_step_at_a_time(site, pages):
    for page in pages:
        levels = [int(tag.name[1]) for tag in soup(site / page)(re.compile("^h[1-6]$"))]
        assert levels[0] == 1, f"{page} begins with h{levels[0]}"
        assert levels.count(1) == 1, f"{page} has several first headings"
        assert all(b - a <= 1 for a, b in pairwise(levels)), f"{page}: {levels}"


def test_no_page_loads_from_another_host_or_carries_style_or_script(site, pages):
    for page in pages:
        text = (site / page).read_text(encoding="utf-8")
        assert not re.search(r'(?:src|action)="(?:https?:)?//|url\(|@import', text), page
        assert not re.search(r'<link[^>]+href="(?:https?:)?//', text), page
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|<script(?! src=)|data:image", text), page
    assert "//" not in re.sub(r"/\*.*?\*/", "", (site / "style.css").read_text(encoding="utf-8"), flags=re.DOTALL)


def test_every_picture_has_words_and_a_size(site, pages):
    for page in pages:
        for image in soup(site / page)("img"):
            assert image["alt"].strip(), page
            assert int(image["width"]) > 0 < int(image["height"]), page
            assert image["decoding"] == "async", page


def test_pictures_are_the_stored_bytes(site):
    import base64
    import hashlib

    for path in lesson_files():
        stored = re.findall(r"data:image/webp;base64,([A-Za-z0-9+/=]+)", path.read_text(encoding="utf-8"))
        for one in stored:
            content = base64.b64decode(one)
            name = f"{hashlib.sha256(content).hexdigest()[:16]}.webp"
            assert (site / "pictures" / name).read_bytes() == content


def test_sizes(site, pages):
    shared = sum((site / name).stat().st_size for name in ("style.css", "site.js", "icon.svg"))
    large = {page: size for page in pages if (size := (site / page).stat().st_size + shared) > MOST_PAGE}
    assert not large, f"HTML with its style and script over {MOST_PAGE} bytes: {large}"
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) <= MOST_SITE


def test_two_builds_give_the_same_bytes(site, tmp_path):
    again = build(tmp_path / "again").folder
    names = {path.relative_to(again).as_posix() for path in again.rglob("*") if path.is_file()}
    assert names == {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    assert [name for name in names if (again / name).read_bytes() != (site / name).read_bytes()] == []


def test_no_path_of_this_machine_is_in_it(site):
    for path in site.rglob("*"):
        if path.suffix in (".html", ".json", ".js", ".css"):
            assert str(KIT) not in path.read_text(encoding="utf-8"), path


def solutions() -> set[str]:
    """Lines of the exercises that only teachers may see, and that no lesson shows."""
    shown = "\n".join(path.read_text(encoding="utf-8") for path in lesson_files())
    lines = set()
    for path in sorted(KIT.glob("exercises/*/*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            text = "".join(cell["source"])
            for _, hidden in re.findall(r"### BEGIN (SOLUTION|HIDDEN TESTS)(.*?)### END", text, re.DOTALL):
                lines |= {line.strip() for line in hidden.splitlines() if len(line.strip()) > 30}
    for path in sorted(KIT.glob("exercises/*/teacher/**/*.*")):
        if path.suffix in (".md", ".csv", ".toml"):
            text = path.read_text(encoding="utf-8")
            lines |= {line.strip() for line in text.splitlines() if len(line.strip()) > 60}
    return {line for line in lines if json.dumps(line)[1:-1] not in shown}


def test_no_solution_hidden_check_or_secret_is_in_it(site, pages):
    hidden = solutions()
    assert len(hidden) > 200, "no solutions were found in exercises/; this test would hold nothing"
    secrets = re.findall(
        r"\*\*(?:Secret|For your eyes only)[^\n]+",
        "\n".join(path.read_text(encoding="utf-8") for path in (KIT / "classroom" / "role_cards").glob("*.md")),
    )
    assert secrets, "the role cards say no secret; this test would hold nothing"
    whole = "\n".join(soup(site / page).get_text(" ") for page in pages)
    plain = re.sub(r"\s+", " ", whole)
    leaked = [line for line in hidden if re.sub(r"\s+", " ", line) in plain]
    leaked += [line for line in secrets if re.sub(r"[*_]|\s+", " ", line).strip()[20:80] in plain]
    assert not leaked, leaked[:5]


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_keeps_every_word_figure_control_and_answer(site, name):
    page, stored = (
        soup(site / f"lessons/{name}.html"),
        json.loads((KIT / "lessons" / f"{name}.ipynb").read_text(encoding="utf-8")),
    )
    html = "".join(
        "".join(output.get("data", {}).get("text/html", ""))
        for cell in stored["cells"]
        for output in cell.get("outputs", [])
    )
    texts = "".join("".join(cell["source"]) + "\n" for cell in stored["cells"] if cell["cell_type"] == "markdown")
    assert len(page.select("figure")) == html.count("<figure")
    assert len(page.select(".control")) == html.count("<fieldset>")
    assert len(page.select(".control input")) == len(page.select(".control .pane"))
    assert len(page.select(".quiz details")) == texts.count("<li><details>")
    assert len(page.select("details.code")) == sum(
        cell["cell_type"] == "code" and "show.lesson_card" not in "".join(cell["source"]) for cell in stored["cells"]
    )
    assert not page.select(".output details.code"), "an output is folded with its code"
    card = show.lesson_card(name)
    said = page.select_one("dl.card").get_text(" ")
    assert all(objective in said for objective in card.objectives)
    assert {f"../data/{table}.html" for table in card.data} <= {a["href"] for a in page.select("dl.card a")}
    assert [a["href"] for a in page.select(".contents.wide a")] == [f"#{h['id']}" for h in page.select("h2")]


def test_every_table_has_a_caption_and_scopes_and_can_be_scrolled_by_keyboard(site, pages):
    for page in pages:
        for table in soup(site / page)("table"):
            assert table.find("caption").get_text(strip=True), page
            assert all(cell.get("scope") in ("col", "row") for cell in table("th")), page
            assert all(cell.get_text(strip=True) for cell in table("th")), page
            box = table.find_parent(class_="scroll")
            assert box["tabindex"] == "0", page
            assert box["role"] == "group", page


def test_words_of_other_languages_are_marked(site, pages):
    foreign = re.compile(r"[\u0900-\u097f\u3040-\u30ff\u4e00-\u9fff]")
    for page in pages:
        for text in soup(site / page).find_all(string=foreign):
            marked = text.find_parent(lang=True)["lang"]
            assert marked in ("hi", "ja"), f"{page}: {text[:40]!r} is marked as {marked}"


def test_style_has_a_rule_for_every_pane():
    style = (KIT / "web" / "style.css").read_text(encoding="utf-8")
    for pane in range(1, MOST_PANES + 1):
        assert f".control:has(.choices > :nth-child({pane}) > :checked) .pane:not(:nth-child({pane}))" in style


def brightness(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", PAPER)
def test_colours_of_code_stand_out_from_the_paper(name):
    from pygments.styles import get_style_by_name

    paper = brightness(PAPER[name])
    assert f"--paper: {PAPER[name]};" in (KIT / "web" / "style.css").read_text(encoding="utf-8")
    for token, style in get_style_by_name(name):
        if style["color"]:
            ink = brightness(f"#{style['color']}")
            contrast = (max(ink, paper) + 0.05) / (min(ink, paper) + 0.05)
            assert contrast >= 4.5, f"{name}: {token} has a contrast of {contrast:.1f}"


def test_a_site_knows_when_it_is_stale(site, monkeypatch):
    assert not stale(site)
    assert stale(site / "nowhere")
    monkeypatch.setattr("pactlab.web.build.lesson_files", lambda: lesson_files()[:-1])
    assert stale(site)


def test_options_of_a_control_may_hold_commas_and_colons():
    said = "Who is invited: Bangkok: ASEAN's ten of 2018, Area: near Indonesia, outside the box, Seam at: January 2015"
    assert said_options(said) == {
        "Who is invited": "Bangkok: ASEAN's ten of 2018",
        "Area": "near Indonesia, outside the box",
        "Seam at": "January 2015",
    }
