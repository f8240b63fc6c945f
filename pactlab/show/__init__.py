"""What a page shows: figures with alt text, tables of words, lesson cards, lists of sources."""

from pactlab.show.figure import Figure, figure
from pactlab.show.lesson import LessonCard, lesson_card, sources
from pactlab.show.table import Table, table

__all__ = ["Figure", "LessonCard", "Table", "figure", "lesson_card", "sources", "table"]
