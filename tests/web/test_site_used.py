"""The site in a browser: its other pages, and what readers do with keyboard, paper and a memory stick."""

import pytest
from barriers import faults

from pactlab.web.build import lesson_files

LESSONS = [path.stem for path in lesson_files()]


@pytest.fixture
def quiet(browser):
    """A page without scripts, as wide as a telephone."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    yield context.new_page()
    context.close()


@pytest.fixture
def page(browser):
    """A page on a wide screen."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def test_the_other_pages_have_no_barrier(browser, address, pages):
    found = faults(browser, address, [page for page in pages if not page.startswith("lessons/")])
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", LESSONS)
def test_each_control_shows_each_pane_by_keyboard_without_scripts(quiet, address, name):
    quiet.goto(f"{address}lessons/{name}.html")
    for control in quiet.locator(".control").all():
        buttons = control.locator("input[type=radio]")
        expected = [one.get_attribute("alt") for one in control.locator(".pane img").all()]
        buttons.first.focus()
        seen = []
        for place in range(buttons.count()):
            shown = control.locator(".pane:visible img")
            assert shown.count() == 1, f"{name}: {shown.count()} panes are shown at choice {place}"
            seen.append(shown.get_attribute("alt"))
            quiet.keyboard.press("ArrowDown")
        assert seen == expected
        assert control.locator(".pane:visible img").get_attribute("alt") == expected[0], "the arrow leads round"


def test_tab_reaches_every_control_in_order(page, address):
    page.goto(f"{address}lessons/05_hitachi_2016.html")
    wanted = page.evaluate("""() => {
        const seen = [...document.querySelectorAll('a[href], button, input, summary, [tabindex="0"]')]
            .filter(one => one.checkVisibility({visibilityProperty: true}))
            .filter(one => !one.closest('details:not([open]) > :not(summary)'))
            .filter(one => one.type !== 'radio' || one.checked);
        seen.forEach((one, place) => one.dataset.place = place);
        return seen.length;
    }""")
    reached = []
    for _ in range(wanted):
        page.keyboard.press("Tab")
        reached.append(int(page.evaluate("document.activeElement.dataset.place ?? -1")))
    assert reached == list(range(wanted))


def test_focus_is_seen_and_not_hidden(page, address):
    page.goto(f"{address}lessons/05_hitachi_2016.html")
    for _ in range(30):
        page.keyboard.press("Tab")
        outline, top, bottom = page.evaluate("""() => {
            const one = document.activeElement, box = one.getBoundingClientRect();
            return [getComputedStyle(one).outlineWidth, box.top, box.bottom];
        }""")
        assert float(outline.removesuffix("px")) >= 2
        assert bottom > 0
        assert top < 800


def test_the_skip_link_leads_to_the_text(page, address):
    page.goto(f"{address}lessons/00_start_here.html")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_contents_stay_in_view_beside_the_text_and_never_over_it(page, address):
    page.goto(f"{address}lessons/05_hitachi_2016.html")
    page.evaluate("scrollTo(0, 6000)")
    contents = page.locator(".contents.wide").bounding_box()
    text = page.locator("article").bounding_box()
    assert 0 <= contents["y"] < 100
    assert contents["x"] + contents["width"] <= text["x"]
    assert page.locator(".contents.wide [aria-current]").count() == 1
    page.set_viewport_size({"width": 360, "height": 740})
    assert not page.locator(".contents.wide").is_visible()
    assert page.locator(".contents.narrow").is_visible()


def test_code_is_folded_and_outputs_are_not(page, address):
    page.goto(f"{address}lessons/05_hitachi_2016.html")
    code = page.locator("details.code").nth(3)
    assert not code.locator("pre").is_visible()
    code.locator("summary").focus()
    page.keyboard.press("Enter")
    assert code.locator("pre").is_visible()
    assert all(one.is_visible() for one in page.locator(".output").all())


def test_an_answer_opens_by_keyboard_without_scripts(quiet, address):
    quiet.goto(f"{address}lessons/05_hitachi_2016.html")
    answer = quiet.locator(".quiz details").first
    answer.locator("summary").focus()
    quiet.keyboard.press("Enter")
    assert answer.locator(".verdict").is_visible()


def test_the_switch_of_colours_is_remembered(page, address):
    page.goto(f"{address}index.html")
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    button = page.get_by_role("button", name="Colours")
    button.click()
    button.click()
    assert page.evaluate(paper) != light
    page.goto(f"{address}glossary.html")
    assert page.evaluate(paper) != light


def test_without_scripts_no_dead_button_is_shown(quiet, address):
    quiet.goto(f"{address}index.html")
    assert not quiet.locator(".theme").is_visible()


def test_the_search_finds_a_word_and_leads_to_its_place(page, address, site):
    if not (site / "pagefind").exists():
        pytest.skip("the package pagefind is not installed")
    page.goto(f"{address}index.html")
    page.get_by_role("searchbox").fill("inoperability")
    page.keyboard.press("Enter")
    page.locator("#found a").first.wait_for()
    assert "pages with" in page.get_by_role("status").inner_text()
    assert any("cascades" in link.get_attribute("href") for link in page.locator("#found a").all())
    page.locator("#found a").first.click()
    page.locator("h1").wait_for()
    assert "search.html" not in page.url


def test_from_a_memory_stick_all_is_there_but_the_search(page, site):
    failed = []
    page.on("requestfailed", lambda asked: failed.append(asked.url))
    page.on("console", lambda said: failed.append(said.text) if said.type == "error" else None)
    page.goto((site / "lessons" / "05_hitachi_2016.html").as_uri())
    page.evaluate("document.querySelectorAll('img').forEach(one => one.loading = 'eager')")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("[...document.images].every(one => one.complete && one.naturalWidth)")
    assert page.evaluate("getComputedStyle(document.querySelector('.contents.wide')).position") == "sticky"
    page.locator(".turns .after").click()
    assert "06_cascades" in page.url
    page.wait_for_load_state("networkidle")  # a page that is left gives up what it still waits for
    page.goto((site / "search.html").as_uri() + "?words=pact")
    assert "needs the served site" in page.get_by_role("status").inner_text()
    assert not failed


def test_it_works_below_any_folder_of_a_host(browser, site, tmp_path):
    import shutil
    import threading

    from pactlab.web.serving import server

    shutil.copytree(site, tmp_path / "one" / "two")
    with server(tmp_path, 0) as shown:
        threading.Thread(target=shown.serve_forever, daemon=True).start()
        page = browser.new_page()
        missed = []
        page.on("response", lambda got: missed.append(got.url) if got.status >= 400 else None)
        base = f"http://127.0.0.1:{shown.server_port}/one/two/"
        page.goto(f"{base}search.html?words=abstention")
        if (site / "pagefind").exists():
            page.locator("#found a").first.click()
            page.locator("h1").wait_for()
            assert page.url.startswith(base)
            assert "search.html" not in page.url
        page.goto(f"{base}lessons/00_start_here.html")
        assert not missed
        page.close()
        shown.shutdown()


def test_paper_holds_every_figure_whole(page, address):
    page.goto(f"{address}lessons/04_counting_incidents.html")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 660, "height": 980})
    stored = page.locator("figure").count()
    shown = page.evaluate("""() => [...document.querySelectorAll('figure')].map(one => {
        const box = one.getBoundingClientRect();
        return [box.height, box.width, getComputedStyle(one).breakInside];
    })""")
    assert len(shown) == stored
    for height, width, rule in shown:
        assert 0 < height < 980, "a figure is higher than a page, or not shown"
        assert 0 < width <= 660
        assert rule == "avoid"
    for hidden in (".top nav", ".tools", ".choices", ".turns", "details.code"):
        assert not page.locator(hidden).first.is_visible(), f"{hidden} is of no use on paper"
    assert page.evaluate("getComputedStyle(document.querySelector('a'), '::after').content") in ("none", "normal")
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_every_target_is_large_enough_for_a_finger(browser, address):
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.goto(f"{address}lessons/04_counting_incidents.html")
    small = page.evaluate("""() => [...document.querySelectorAll('button, summary, .top a, .choices label')]
        .filter(one => one.checkVisibility()).map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
        .filter(([, box]) => box.height < 24 || box.width < 24).map(([text]) => text)""")
    page.close()
    assert not small
