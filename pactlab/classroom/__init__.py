"""What an exercise needs in the classroom: today, which question is whose."""

from pactlab.classroom.draw import draw

__all__ = ["draw"]
