"""Tells nbgrader where the exercises and the teacher's own folder lie, and what students must not get."""

from pathlib import Path

KIT = Path(__file__).resolve().parent

c = get_config()  # noqa: F821 (nbgrader gives the name)
c.CourseDirectory.root = str(KIT / "course")
c.CourseDirectory.source_directory = str(KIT / "exercises")
# nbgrader copies to students whatever lies beside a notebook, unless it is named here; the first four are its own.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "teacher"]
# A solution leaves nothing behind: the answers already stand in its cell as dots, and an error would frighten.
c.ClearSolutions.code_stub = {"python": ""}
c.ClearSolutions.text_stub = "Write your memo here."
