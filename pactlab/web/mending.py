"""Turns stored HTML into what a page shows: pictures as files, tables in scroll boxes, controls by keyboard.

A notebook stores HTML that survives JupyterLab's sanitizer: no style, no role, no input. A site may have all three, and
must not have inline styles, since its pages forbid them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bs4 import BeautifulSoup, NavigableString, Tag

from pactlab.errors import KitError
from pactlab.web.pictures import FOLDER, Picture, written

SHOWN_WIDTH = 660
"""Width of a picture in CSS pixels where a page has room for it; the files are 1.2 times as wide."""
LANGUAGES = {"hi": re.compile(r"[\u0900-\u097f]+"), "ja": re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uff00-\uffef]+")}
"""Letters by which a word is known not to be English: Devanagari is Hindi here, kana and kanji are Japanese."""
INLINE = ("style", "border", "align")
"""Attributes that set how something looks; the style sheet does that."""
NUMBER = re.compile(r"[-+\u2212]?[\d,.]+(?:e[-+]?\d+)?\s?%?|NaN|<NA>|")
"""A cell that is set to the right: a number, or nothing."""
VERDICTS = {"Yes.": "yes", "No.": "no", "Partly.": "partly"}


@dataclass(frozen=True)
class Heading:
    """A heading of a page."""

    level: int
    """1 to 6."""
    id: str
    """What a link to it names."""
    text: str
    """Its words."""


@dataclass(frozen=True)
class Shown:
    """A figure as a page shows it."""

    id: str
    """What a link to it names."""
    title: str
    """The finding."""
    alt: str
    """What a reader who does not see the picture should know."""
    caption: str
    """What is shown, and what to mind."""
    source: str
    """Where the data come from."""
    picture: Picture
    """The picture."""


@dataclass
class Page:
    """A page while it is made: what the mended pieces of HTML add to it."""

    name: str
    """The file it is made from, for messages."""
    up: str
    """Way from the page to the top of the site: empty, or `../`."""
    site: Path
    """Folder of the site."""
    follow: Callable[[str], str | None]
    """Turns an address in the source into one on the site; None where nothing answers to it."""
    headings: list[Heading] = field(default_factory=list)
    """Headings, in order."""
    figures: list[Shown] = field(default_factory=list)
    """Figures, in order; of a control only its start."""
    terms: set[str] = field(default_factory=set)
    """Terms of the glossary that the page links to."""
    tables: int = 0
    """How many tables so far."""
    controls: int = 0
    """How many controls so far."""

    def __deepcopy__(self, memo: dict) -> Page:
        """Return the page itself: nbconvert copies what it is handed, and what a copy learned would be lost."""
        return self

    def mended(self, stored: str, place: int | None = None) -> str:
        """Return a piece of HTML as the site shows it.

        stored: HTML of a stored output or of rendered Markdown. place: number of its cell, from 0, for messages.
        Raises KitError that names file and cell at an image without alternative text or a link that leads nowhere.
        """
        soup = BeautifulSoup(stored, "html.parser")
        try:
            self._clean(soup)
            self._headings(soup)
            for asked in soup("fieldset"):
                if asked.find("figure", recursive=False):
                    self._control(soup, asked)
                elif asked.find("ol", recursive=False):
                    self._quiz(asked)
            self._pictures(soup)
            self._tables(soup)
            self._links(soup)
            self._languages(soup)
        except KitError as problem:
            where = self.name if place is None else f"{self.name}, cell {place}"
            raise KitError(f"{where}: {problem}") from problem
        return str(soup)

    def _clean(self, soup: BeautifulSoup) -> None:
        for tag in soup(["style", "script"]):
            tag.decompose()
        for tag in soup(lambda tag: not tag.attrs.keys().isdisjoint(INLINE)):
            if "right" in tag.get("style", "") + tag.get("align", ""):
                tag["class"] = [*tag.get("class", []), "right"]
            for name in INLINE:
                del tag[name]

    def _headings(self, soup: BeautifulSoup) -> None:
        for tag in soup(re.compile("^h[1-6]$")):
            tag["id"] = slug(tag.get_text())
            self.headings.append(Heading(int(tag.name[1]), tag["id"], tag.get_text()))

    def _pictures(self, soup: BeautifulSoup) -> None:
        for image in soup("img"):
            if not image.get("alt", "").strip():
                raise KitError("an image has no alternative text; say in words what it shows")
            if not image.get("src", "").startswith("data:"):
                raise KitError(f"the image {image.get('src', '')[:60]!r} is not stored in the notebook")
            picture = written(image["src"], self.site)
            image.attrs = {
                "src": f"{self.up}{FOLDER}/{picture.name}",
                "alt": image["alt"],
                "width": str(SHOWN_WIDTH),
                "height": str(round(SHOWN_WIDTH * picture.height / picture.width)),
                "loading": "lazy",
                "decoding": "async",
            }
            figure = image.find_parent("figure")
            if figure is not None:
                self._figure(figure, picture)

    def _figure(self, figure: Tag, picture: Picture) -> None:
        title, caption = figure.find("p"), figure.find("figcaption")
        if title is not None:
            title["class"] = "finding"
        del figure["data-plotted"]
        if figure.find_parent(class_="pane") is not None and figure.find_parent(class_="pane").find_previous_sibling():
            return
        source = caption.find("small") if caption else None
        figure["id"] = f"figure-{len(self.figures) + 1}"
        said = "".join(part.get_text() for part in caption.children if part is not source) if caption else ""
        self.figures.append(
            Shown(
                figure["id"],
                title.get_text() if title else "",
                figure.find("img")["alt"],
                said.strip(),
                source.get_text() if source else "",
                picture,
            )
        )

    def _tables(self, soup: BeautifulSoup) -> None:
        for table in soup("table"):
            self.tables += 1
            if "dataframe" in table.get("class", []):
                _frame(table)
            for cell in table("th"):
                if not cell.get_text(strip=True):
                    cell.name = "td"
                elif not cell.get("scope"):
                    cell["scope"] = "col" if cell.find_parent("thead") else "row"
            caption = table.find("caption")
            if caption is None:
                under = f": {self.headings[-1].text}" if self.headings else ""
                caption = soup.new_tag("caption", attrs={"class": "unseen"}, string=f"Table {self.tables}{under}")
                table.insert(0, caption)
            caption["id"] = f"table-{self.tables}"
            table.wrap(
                soup.new_tag(
                    "div", attrs={"class": "scroll", "role": "group", "aria-labelledby": caption["id"], "tabindex": "0"}
                )
            )
        for plain in soup("pre"):
            plain["tabindex"] = "0"

    def _quiz(self, stored: Tag) -> None:
        stored["class"] = "quiz"
        for answer in stored("details"):
            said = answer.find("p")
            verdict = said.find("strong") if said else None
            if verdict:
                said["class"] = f"verdict {VERDICTS.get(verdict.get_text(strip=True), 'partly')}"

    def _control(self, soup: BeautifulSoup, stored: Tag) -> None:
        """Put radio buttons in place of the stored disclosures: the style sheet shows the pane of the chosen one."""
        self.controls += 1
        start = stored.find("p", recursive=False)
        shown = [(start.get_text(), stored.find("figure", recursive=False))]
        shown += [
            (one.find("summary").get_text(), one.find("figure")) for one in stored.find_all("details", recursive=False)
        ]
        options = [said_options(text) for text, _ in shown]
        names = list(options[0])
        choices = soup.new_tag("div", attrs={"class": "choices"})
        panes = soup.new_tag("div", attrs={"class": "panes"})
        head = soup.new_tag("div", attrs={"class": "head", "aria-hidden": "true"})
        for name in names:
            head.append(soup.new_tag("span", string=name))
        for place, ((text, figure), chosen) in enumerate(zip(shown, options, strict=True)):
            label = soup.new_tag("label")
            button = soup.new_tag("input", attrs={"type": "radio", "name": f"control-{self.controls}"})
            if not place:
                button["checked"] = ""
            label.append(button)
            for name, value in chosen.items():
                option = soup.new_tag("span")
                option.append(soup.new_tag("small", string=f"{name}: "))
                option.append(value)
                label.append(option)
            choices.append(label)
            pane = soup.new_tag("div", attrs={"class": "pane"})
            pane.append(soup.new_tag("p", attrs={"class": "chosen"}, string=text))
            pane.append(figure.extract())
            panes.append(pane)
        *others, last = [name.lower() for name in names]
        legend = soup.new_tag("legend", string=f"Choose {' and '.join(filter(None, [', '.join(others), last]))}")
        note = soup.new_tag("p", attrs={"class": "note"}, string="Run the lesson to choose freely among all of them.")
        control = soup.new_tag("fieldset", attrs={"class": f"control of-{len(names)}"})
        control.extend([legend, head, choices, note, panes])
        stored.replace_with(control)

    def _links(self, soup: BeautifulSoup) -> None:
        for link in soup("a", href=True):
            address = link["href"]
            if re.match(r"[a-z]+:", address):
                continue
            found = self.follow(address)
            if found is None:
                # The file is in the kit and has no page here: name it instead of linking to it.
                link.name = "span"
                link.attrs = {}
                continue
            if match := re.search(r"glossary\.html#(.+)$", found):
                self.terms.add(match[1])
            link["href"] = found

    def _languages(self, soup: BeautifulSoup) -> None:
        for language, letters in LANGUAGES.items():
            for text in soup.find_all(string=letters):
                pieces = []
                for piece in re.split(f"({letters.pattern})", text):
                    foreign = letters.fullmatch(piece)
                    marked = soup.new_tag("span", attrs={"lang": language}, string=piece)
                    pieces.append(marked if foreign else NavigableString(piece))
                text.replace_with(*pieces)


def _frame(table: Tag) -> None:
    """Set a table that pandas wrote: the index's names into the first row of the head, numbers to the right."""
    head, *more = [row.find_all("th") for row in table.select("thead tr")]
    if len(more) == 1 and not any(one.get_text() and two.get_text() for one, two in zip(head, more[0], strict=False)):
        for one, two in zip(head, more[0], strict=False):
            one.string = one.get_text() or two.get_text()
        more[0][0].parent.decompose()
    # From the right: on the left, a cell of the index that stands for several rows is missing in the later ones.
    rows = [[*reversed(row.find_all(["th", "td"]))] for row in table.select("tbody tr")]
    for title, *cells in zip(reversed(head), *rows, strict=False):
        if all(NUMBER.fullmatch(cell.get_text(strip=True)) for cell in cells):
            for cell in (title, *cells):
                cell["class"] = "right"


def slug(text: str) -> str:
    """Return the id of a heading: its words in small letters, joined by hyphens."""
    return "-".join(re.findall(r"\w+", text.lower()))


def said_options(text: str) -> dict[str, str]:
    """Split what a control says of a choice: `State: Japan, Days: 14` into a dictionary by name.

    A name begins with a capital letter after a comma, or at the start, and ends at a colon; values may hold commas.
    """
    found = re.split(r"(?:^|, )([A-Z][^:,]*): ", text)
    return dict(zip(found[1::2], found[2::2], strict=True)) or {"Choice": text}
