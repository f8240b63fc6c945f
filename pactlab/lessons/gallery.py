"""Gathers the figures of all lessons into figures/, with a page that describes each."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pactlab import files
from pactlab.errors import KitError
from pactlab.explore import Control
from pactlab.lessons.run import steps
from pactlab.show import Figure

MOST_SVG = 16_000
"""Bytes an SVG may have; a larger one (a map, many words) is kept as WebP."""


@dataclass(frozen=True)
class Published:
    """A figure of a lesson as a file."""

    lesson: str
    """Name of the lesson, as 01_the_pact."""
    figure: Figure
    """The figure."""

    @property
    def content(self) -> bytes:
        """The picture: SVG where it is small, else PNG."""
        return self.figure.svg if len(self.figure.svg) <= MOST_SVG else self.figure.webp

    @property
    def filename(self) -> str:
        """Number of the lesson, name of the figure, and the ending that fits."""
        ending = "svg" if len(self.figure.svg) <= MOST_SVG else "webp"
        return f"{self.lesson[:2]}_{self.figure.name}.{ending}"


def published(lesson: Path) -> list[Published]:
    """Return the figures that a lesson shows, a control's start included, in order; a name that stands twice is a KitError."""
    found = []
    for step in steps(lesson):
        if isinstance(step.shown, Figure):
            found.append(Published(lesson.stem, step.shown))
        elif isinstance(step.shown, Control):
            found.append(Published(lesson.stem, step.shown.figure(**step.shown.telling[0])))
    names = Counter(one.figure.name for one in found)
    if twice := [name for name, times in names.items() if times > 1]:
        raise KitError(f"{lesson.name}: two figures are called {twice[0]}; give each a name of its own")
    return found


def page(figures: list[Published]) -> str:
    """Return the gallery page in Markdown: picture, alt text, caption, source and lesson of each figure."""
    parts = [
        "# Figures",
        "Every figure of the lessons. Text and figures: CC BY 4.0, PactLab contributors; the data keep their own terms,"
        " which each source line names. This page and the pictures are written by `uv run pactlab figures`.",
    ]
    for lesson, shown in _by_lesson(figures).items():
        parts.append(f"## [{lesson}](../lessons/{lesson}.ipynb)")
        for one in shown:
            figure, alt = one.figure, one.figure.alt.replace("[", "(").replace("]", ")")
            parts += [
                f"### {figure.title}",
                f"![{alt}]({one.filename})",
                f"{figure.caption}",
                f"*Described*: {figure.alt}",
                f"*Source*: {figure.source}.",
            ]
    return "\n\n".join(parts) + "\n"


def _by_lesson(figures: list[Published]) -> dict[str, list[Published]]:
    found: dict[str, list[Published]] = {}
    for one in figures:
        found.setdefault(one.lesson, []).append(one)
    return found


def write(figures: list[Published], folder: Path) -> list[Path]:
    """Write pictures and page into a folder, drop pictures that no lesson shows any more, return what changed."""
    pictures = {one.filename: one.content for one in figures} | {"README.md": page(figures).encode()}
    changed = []
    for name, content in pictures.items():
        if files.replace(folder / name, content):
            changed.append(folder / name)
    for path in folder.iterdir():
        if path.suffix in {".svg", ".webp"} and path.name not in pictures:
            path.unlink()
            changed.append(path)
    return changed
