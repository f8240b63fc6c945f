"""What a page shows: figures with alt text, lesson cards, lists of sources."""

from pactlab.show.figure import Figure, figure
from pactlab.show.lesson import LessonCard, lesson_card, sources

__all__ = ["Figure", "LessonCard", "figure", "lesson_card", "sources"]
