"""Every page of the site: home, lessons, tables, figures, glossary, texts."""

from __future__ import annotations

import re
import shutil
from collections import defaultdict
from datetime import date

import pandas as pd
import yaml

from pactlab import data
from pactlab.data.package import LIST
from pactlab.errors import KitError
from pactlab.web.notebooks import markdown
from pactlab.web.site import GROUPS, Lesson, Site

TEXTS = {
    "teachers.html": ("classroom/README.md", "Hand out, collect, mark and give back: six commands for teachers."),
    "syllabus.html": ("classroom/syllabus.md", "A workshop of 90 minutes, six weeks, twelve weeks."),
    "box.html": ("classroom/box.md", "What the box promises in which students' code is marked, and what it does not."),
    "hub.html": ("classroom/hub/README.md", "A JupyterHub for a class that outgrows a laptop."),
}
"""Pages written from the teacher's texts: path to file and description."""
ROLE_CARDS = """
<h2 id="role-cards">Role cards</h2>
<p>Lessons <a href="lessons/05_hitachi_2016.html">05</a> and <a href="lessons/20_capstone_brief.html">20</a> are games.
Their role cards are in the kit, in <code>classroom/role_cards/</code>, and not on this site: each team may know its own
card only.</p>
"""


def add_all(site: Site, lessons: list[Lesson]) -> None:
    """Add every page to a site, and the data files that its pages offer; raises KitError at the first fault."""
    used = defaultdict(list)
    for lesson in lessons:
        for table in lesson.card.data:
            used[table].append(lesson)
    home(site, lessons)
    for place, lesson in enumerate(lessons):
        before = lessons[place - 1] if place else None
        one_lesson(site, lesson, lessons, before, lessons[place + 1] if lesson is not lessons[-1] else None)
    tables(site, used)
    figures(site, lessons)
    glossary(site, lessons)
    for path in TEXTS:
        plain_text(site, path)
    run_it(site)
    about(site)
    site.add("search.html", "search", title="Search", description="Search lessons, tables, figures and terms.")


def home(site: Site, lessons: list[Lesson]) -> None:
    """Add the first page: what the kit is, the map of lesson 00, three doors, the lessons."""
    if not lessons[0].figures:
        raise KitError(f"{lessons[0].name}.ipynb: the first lesson has no figure, and the first page shows its first")
    groups = [(name, [one for one in lessons if int(one.number) in numbers]) for name, numbers in GROUPS]
    site.add(
        "index.html",
        "home",
        title="PactLab: a field guide to cyber policy in the Indo-Pacific",
        description="Lessons on real data, from one pact between India and Japan to the oceans around them.",
        lessons=lessons,
        groups=[(name, group) for name, group in groups if group],
        map=lessons[0].figures[0],
    )


def one_lesson(site: Site, lesson: Lesson, lessons: list[Lesson], before: Lesson | None, after: Lesson | None) -> None:
    """Add a lesson's page, between the lessons before and after it."""
    by_name = {one.name: one for one in lessons}
    if missing := [name for name in lesson.card.prerequisites if name not in by_name]:
        raise KitError(f"{lesson.name}.ipynb: its card asks for lesson {missing[0]}, which is not there")
    site.add(
        f"lessons/{lesson.name}.html",
        "lesson",
        title=f"{lesson.number} {lesson.title}",
        description=lesson.card.question,
        section="index.html",
        contents=[heading for heading in lesson.headings if heading.level == 2],
        lesson=lesson,
        text=lesson.text,
        prerequisites=[by_name[name] for name in lesson.card.prerequisites],
        before=before,
        after=after,
    )


def tables(site: Site, used: dict[str, list[Lesson]]) -> None:
    """Add the list of tables, a page for each, and the files themselves."""
    folder = site.folder / "data"
    folder.mkdir()
    cards = [data.card(name) for name in data.tables()]
    site.add(
        "data/index.html",
        "data",
        title="The tables",
        description="Every table behind the lessons, with its card.",
        cards=cards,
        used=used,
    )
    shutil.copyfile(site.kit / "data" / LIST, folder / LIST)
    for card in cards:
        file = site.kit / "data" / f"{card.name}.csv"
        if file.exists():
            shutil.copyfile(file, folder / file.name)
        site.add(
            f"data/{card.name}.html",
            "table",
            title=card.title,
            description=card.description,
            section="data/index.html",
            card=card,
            used=used[card.name],
            file=file.name if file.exists() else "",
            kilobytes=max(1, round(file.stat().st_size / 1000)) if file.exists() else 0,
        )


def figures(site: Site, lessons: list[Lesson]) -> None:
    """Add the gallery: each figure of each lesson, of a control its start."""
    site.add(
        "figures.html",
        "figures",
        title="Figures",
        description="Every figure of the lessons, with its description, caption and source.",
        contents=[{"id": lesson.name, "text": f"{lesson.number} {lesson.short}"} for lesson in lessons],
        lessons=lessons,
        count=sum(len(lesson.figures) for lesson in lessons),
    )


def glossary(site: Site, lessons: list[Lesson]) -> None:
    """Add the glossary in three languages, with the lessons that use each term."""
    table = data.load("glossary")
    rows = [{column: "" if pd.isna(cell) else cell for column, cell in row.items()} for row in table.to_dict("records")]
    names = {row["term_id"]: row["term"] for row in rows}
    terms = [
        {
            **row,
            "see_also": [{"term_id": term, "term": names[term]} for term in filter(None, row["see_also"].split(";"))],
            "sources": [data.source(source) for source in filter(None, row["source_ids"].split(";"))],
            "lessons": [lesson for lesson in lessons if row["term_id"] in lesson.terms],
        }
        for row in sorted(rows, key=lambda row: row["term"].lower())
    ]
    letters: dict[str, str] = {}
    for term in terms:
        letters.setdefault(term["term"][0].upper(), term["term_id"])
    site.add(
        "glossary.html",
        "glossary",
        title="Glossary",
        description="Terms of cyber policy in English, Hindi and Japanese.",
        terms=terms,
        letters=list(letters.items()),
    )


def plain_text(site: Site, path: str) -> None:
    """Add a page written from one of the teacher's Markdown files."""
    name, description = TEXTS[path]
    page = site.source(name, path)
    file = site.kit / name
    if not file.exists():
        raise KitError(f"{name} is missing, and the site has a page from it")
    first, _, rest = file.read_text(encoding="utf-8").partition("\n")
    if not first.startswith("# "):
        raise KitError(f"{name}: begin with its title, `# ...`")
    body = page.mended(markdown(rest))
    site.add(
        path,
        "text",
        title=first.removeprefix("# "),
        description=description,
        section="" if path in ("teachers.html", "syllabus.html") else "teachers.html",
        contents=[heading for heading in page.headings if heading.level == 2],
        body=body,
        more=ROLE_CARDS if path == "teachers.html" else "",
    )


def run_it(site: Site) -> None:
    """Add the page that says how to run the kit; links to Binder and JupyterLite only where there are addresses."""
    forge = re.fullmatch(r"https://github\.com/([^/]+/[^/]+)", site.address)
    opened = "HEAD?urlpath=lab/tree/lessons/00_start_here.ipynb"
    site.add(
        "run.html",
        "run",
        title="Run it yourself",
        description="Two commands, or a machine in the browser.",
        binder=f"https://mybinder.org/v2/gh/{forge[1]}/{opened}" if forge else "",
        jupyterlite=site.settings.get("jupyterlite", ""),
    )


def about(site: Site) -> None:
    """Add the page on licences, sources, citing and reporting."""
    citation = yaml.safe_load((site.kit / "CITATION.cff").read_text(encoding="utf-8"))
    said = citation.get("date-released") or max(data.load("sources")["accessed"])
    site.add(
        "about.html",
        "about",
        title="About",
        description="Licences, sources, how to cite, how to report an error.",
        citation=citation,
        authors="; ".join(author.get("name", author.get("family-names", "")) for author in citation["authors"]),
        year=said.year if isinstance(said, date) else str(said)[:4],
        sources=len(data.load("sources")),
    )
