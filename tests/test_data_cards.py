"""`card`, `source` and `cite`: what a table says of itself, and how prose points to a source."""

import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pactlab.data import Card, card, cite, load, source
from pactlab.errors import KitError

FIXTURES = Path(__file__).parent / "fixtures"
# What JupyterLab keeps of an untrusted output, as far as a card needs it.
KEPT = {
    "p": set(),
    "strong": set(),
    "dl": set(),
    "dt": set(),
    "dd": set(),
    "ul": set(),
    "li": set(),
    "a": {"href"},
    "code": set(),
    "details": set(),
    "summary": set(),
}


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the small package that a test may spoil."""
    folder = Path(shutil.copytree(FIXTURES / "small", tmp_path / "data"))
    monkeypatch.setenv("PACTLAB_DATA", str(folder))
    return folder


def shown_as(shown: Card, kind: str) -> str:
    return shown._repr_mimebundle_()[kind]


class Elements(HTMLParser):
    """Collects elements with their attributes, and the text inside each `th` and `caption`."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, set[str]]] = []
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name for name, _ in attributes}))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, text: str) -> None:
        self.texts += [(tag, text) for tag in self.open]

    def text_in(self, tag: str) -> list[str]:
        return [text for inside, text in self.texts if inside == tag]


def test_a_card_says_what_the_package_says(small: Path) -> None:
    shown = card("counts")
    assert (shown.name, shown.title, shown.kind, shown.recipe) == (
        "counts",
        "Counts",
        "derived",
        "recipes/counts.py",
    )
    assert shown.rows == 3
    assert shown.columns == {"iso3": "Party.", "year": "Year.", "n": "Events."}
    assert shown.sample == {"iso3": "AUS", "year": "2020", "n": "3"}
    assert (shown.licence, shown.licence_url) == ("Terms of the tracker: share alike", "")
    assert shown.sources == (("A tracker", "https://example.org/tracker"), ("A list on paper", ""))
    assert len(shown.sha256) == 64
    assert card("countries").avoid == (
        "Do not read an empty population as zero.",
        "Do not take a group for a membership.",
    )


def test_a_card_counts_rows_and_not_lines(small: Path) -> None:
    assert card("meetings").rows == len(load("meetings")) == 4


def test_an_unknown_card_gets_the_nearest_names(small: Path) -> None:
    with pytest.raises(KitError, match='there is no table "countrie"; nearest: countries'):
        card("countrie")


def test_a_card_uses_only_what_a_notebook_keeps(small: Path) -> None:
    page = Elements(shown_as(card("meetings"), "text/html"))
    assert not page.open, "Every element is closed."
    stripped = [(tag, names - KEPT.get(tag, set())) for tag, names in page.elements]
    assert {tag for tag, _ in stripped} <= KEPT.keys(), "JupyterLab strips other elements."
    assert not any(names for _, names in stripped), "JupyterLab strips other attributes."


def test_a_card_is_readable_by_ear(small: Path) -> None:
    page = Elements(shown_as(card("meetings"), "text/html"))
    tags = [tag for tag, _ in page.elements]
    assert tags.count("dt") == tags.count("dd") > 0, "Every term has one description."
    assert len(page.text_in("dt")) >= tags.count("dt"), "No term is empty."


def test_a_card_shows_text_as_text(small: Path) -> None:
    html = shown_as(card("meetings"), "text/html")
    assert "Meetings &lt;of four&gt; &amp; others." in html
    assert "<of four>" not in html


@pytest.mark.parametrize("name", ["sources", "countries", "meetings", "counts"])
@pytest.mark.parametrize("kind", ["text/html", "text/plain"])
def test_a_card_says_the_licence_and_what_not_to_do(small: Path, name: str, kind: str) -> None:
    told = shown_as(card(name), kind)
    assert card(name).licence in told
    assert all(line in told for line in card(name).avoid)


def test_a_card_as_text(small: Path) -> None:
    assert shown_as(card("counts"), "text/plain") == str(card("counts"))
    assert str(card("counts")).splitlines() == [
        "Counts (counts): 3 rows, 3 columns, derived",
        "Events by party and year.",
        "One row: One row is one party in one year.",
        "Covers: Five parties.",
        "Made: Counted from nothing. Computed by recipes/counts.py.",
        "Bias: It is invented.",
        "Mind: Do not draw conclusions from it.",
        "Columns: iso3, year, n",
        "Such as: AUS | 2020 | 3",
        "Licence: Terms of the tracker: share alike",
        "Source: A tracker, https://example.org/tracker",
        "Source: A list on paper",
    ]


def test_a_source_is_a_row_as_text(small: Path) -> None:
    found = source("mofa-2022-cyber")
    assert (found.publisher, found.date, found.accessed) == ("MOFA Japan", "2022-03", "2026-01-05")
    assert found.label == "MOFA Japan, Mar 2022"


@pytest.mark.parametrize(
    ("source_id", "link"),
    [
        ("wh-2021-leaders", '[White House, 12 Mar 2021](https://example.org/statement "wh-2021-leaders")'),
        (
            "mofa-2022-cyber",
            '[MOFA Japan, Mar 2022](https://example.org/dialogue_%28fifth%29 "mofa-2022-cyber")',
        ),
        ("book-2019", '[A. Author \\[ed.\\], 2019](#Sources "book-2019")'),
        ("note-undated", '[Secretariat, no date](https://example.org/note "note-undated")'),
    ],
    ids=["day", "month", "year and no address", "no date"],
)
def test_a_citation_is_a_link_that_markdown_reads_whole(small: Path, source_id: str, link: str) -> None:
    assert cite(source_id) == link


def test_a_day_below_ten_has_no_zero(small: Path) -> None:
    path = small / "sources.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("2021-03-12", "2021-03-02"), encoding="utf-8")
    assert source("wh-2021-leaders").label == "White House, 2 Mar 2021"


def test_an_unknown_source_gets_the_nearest_ids(small: Path) -> None:
    with pytest.raises(KitError) as error:
        cite("wh-2021-leader")
    assert str(error.value) == 'data/sources.csv has no source "wh-2021-leader"; nearest: wh-2021-leaders'


def test_several_sources_cannot_be_cited_at_once(small: Path) -> None:
    with pytest.raises(KitError, match=r'give one id as text; load\("sources"\) lists them all'):
        cite(load("sources")["source_id"])


def test_a_date_that_is_none_is_an_error(small: Path) -> None:
    path = small / "sources.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("2022-03", "2022-13"), encoding="utf-8")
    with pytest.raises(KitError, match='date "2022-13"; write it as YYYY, YYYY-MM or YYYY-MM-DD'):
        cite("mofa-2022-cyber")
