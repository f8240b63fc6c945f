"""What students get back: their own work, what the checks found, the teacher's words; no answer, and nothing active."""

import base64
import hashlib
import html
import re
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from handing_in import hand_in, honest, needs_box, notebook, released_text, specimen

from pactlab import data
from pactlab.classroom import exercise as exercises
from pactlab.classroom import feedback as pages
from pactlab.classroom import grading, marking, papers
from pactlab.classroom.box import Box
from pactlab.classroom.course import Course, open_course
from pactlab.classroom.exercise import REGION, Exercise
from pactlab.classroom.feedback import Level, Score, feedback
from pactlab.classroom.marking import Marked
from pactlab.errors import KitError

pytestmark = pytest.mark.filterwarnings("ignore:Object of type")  # nbgrader's own, harmless
EXERCISES = [exercises.find(name) for name in exercises.names()]
FOUR = exercises.find("04")
LARGEST_PAGE = 60_000
ATTACKS = [
    '<script>document.title = "taken"</script>',
    "<img src=x onerror=\"document.title='taken'\">",
    "<svg/onload=alert(1)>",
    "[press](javascript:alert(1))",
    "![x](http://attacker.example/x.png)",
    '<a href="data:text/html,<script>1</script>">x</a>',
    "</style></title></pre></code></textarea><script>1</script>",
    "$\\href{javascript:alert(1)}{x}$",
    "<style>@import url(http://attacker.example/a.css)</style>",
    '<meta http-equiv="refresh" content="0;url=http://attacker.example/">',
    "right \u202e tfel \u2066 x \x9b31m",
    "\x1b[31mred\x1b[0m \x1b]8;;http://attacker.example\x07link \x00 \x08",
    "{{ 7 * 7 }}{% raw %}",
    "<!-- --><script>1</script><!--",
]
ATTACK = "\n\n".join(ATTACKS)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return open_course(tmp_path / "course")


def marked(exercise: Exercise, texts: dict[str, str], messages: dict[str, str] | None = None, **more: object) -> Marked:
    """What marking finds: full marks, less the checks that have a message."""
    messages = messages or {}
    points = {check.cell_id: 0.0 if check.cell_id in messages else check.points for check in exercise.checks}
    return Marked(points, messages, texts, **more)


def keep(course: Course, exercise: Exercise, papers_of: dict[str, tuple[bytes, Marked]]) -> None:
    """Write marks as `grade` does: into the gradebook, and the marked notebooks."""
    with course.gradebook() as book:
        grading.register(book, course, exercise)
        for student_id, (raw, found) in papers_of.items():
            hand_in(course, exercise, student_id, raw)
            book.update_or_create_student(student_id)
            (entry,) = book.update_or_create_submission(exercise.name, student_id).notebooks
            for grade in entry.grades:
                grade.auto_score = found.points.get(grade.name)
                grade.needs_manual_grade = grade.name in exercise.memos
            book.db.commit()
            place = course.notebook("autograded", student_id, exercise.name)
            papers.write(place, exercise, student_id, found, papers.fingerprint(exercise, raw))


def handed(course: Course, student_id: str, texts: dict[str, str], **more: object) -> None:
    """One student of exercise 04, marked by machine."""
    keep(course, FOUR, {student_id: (notebook(FOUR, texts, student_id), marked(FOUR, texts, **more))})


def by_hand(course: Course, student_id: str, points: float, comment: str = "", extra: float | None = None) -> None:
    """Mark a memo as the teacher does."""
    with course.gradebook() as book:
        entry = book.find_submission_notebook(FOUR.name, FOUR.name, student_id)
        for grade in (grade for grade in entry.grades if grade.name in FOUR.memos):
            grade.manual_score, grade.extra_credit, grade.needs_manual_grade = points, extra, False
        for said in (said for said in entry.comments if said.name in FOUR.memos):
            said.manual_comment = comment
        book.db.commit()


def page_of(course: Course, student_id: str) -> str:
    (row,) = feedback(FOUR, course, [student_id])
    assert row.path is not None, row.state
    return row.path.read_text(encoding="utf-8")


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", page.split("</head>")[1]))


def lines(text: str) -> set[str]:
    return {line.strip() for line in text.splitlines() if line.strip()}


class Tags(HTMLParser):
    """Lists the tags of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with Box() as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return open_course(tmp_path_factory.mktemp("shared") / "course")


@needs_box
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_feedback_holds_no_answer(exercise: Exercise, box: Box, shared: Course) -> None:
    """A wrong answer, the rest left blank, so that messages of hidden checks come and no solution is the student's."""
    wrong = sorted(path.stem for path in exercise.teacher.glob("specimens/*.toml"))
    name = next(name for name in wrong if name not in ("blank", "full_marks"))
    student_id, texts, _ = specimen(exercise, name)
    written = {cell: text for cell, text in texts.items() if text != exercise.cells[cell].source}
    blank = {cell: released_text(exercise, cell) for cell in exercise.answers}
    papers_of = {}
    for who, given in (("blank", blank), ("wrong", blank | written), ("specimen", texts)):
        raw = notebook(exercise, given, student_id)
        papers_of[who] = (raw, marking.mark(box, exercise, who, raw))
    keep(shared, exercise, papers_of)
    inside, outside = set(), set()
    for cell in exercise.notebook.cells:
        inside |= {line for found in REGION.findall(cell.source) for line in lines(found[1])}
        outside |= lines(REGION.sub("", cell.source))
    assert len(inside - outside) > 20, "the source has solutions and hidden tests"
    for row in feedback(exercise, shared):
        own = {"blank": blank, "wrong": blank | written, "specimen": texts}[row.student_id]
        secret = inside - outside - {line for text in own.values() for line in lines(text)}
        page = row.path.read_text(encoding="utf-8")
        assert not lines(text_of(page)) & secret, f"{row.student_id}: told {lines(text_of(page)) & secret}"
        told = " ".join(text_of(page).split())
        known = "\n".join([*(REGION.sub("", cell.source) for cell in exercise.notebook.cells), *own.values()])
        # Also not within a line, where a question or the student does not say it; short words could be anything.
        assert not [line for line in secret if len(line) > 30 and line in told and line not in known]
        assert len(page.encode()) < LARGEST_PAGE
        assert "not yet marked" in told
        if row.student_id != "specimen":
            assert "BEGIN" not in page


def test_a_second_run_changes_no_byte(course: Course) -> None:
    handed(course, "ana", honest(FOUR))
    (first,) = feedback(FOUR, course)
    before = (first.path.read_bytes(), first.path.stat().st_mtime_ns)
    assert feedback(FOUR, course) == [first]
    assert (first.path.read_bytes(), first.path.stat().st_mtime_ns) == before
    assert [path.name for path in first.path.parent.iterdir()] == [first.path.name]


def test_who_is_not_marked_is_one_row_and_the_others_go_on(course: Course) -> None:
    raw = notebook(FOUR, honest(FOUR))
    keep(course, FOUR, {name: (raw, marked(FOUR, honest(FOUR))) for name in ("again", "broken", "full", "marked")})
    hand_in(course, FOUR, "again", notebook(FOUR, honest(FOUR, "Another memo.")))
    hand_in(course, FOUR, "late", raw)
    course.notebook("autograded", "broken", FOUR.name).write_text("{", encoding="utf-8")
    course.feedback("full", FOUR.name).parent.mkdir(parents=True)
    course.feedback("full", FOUR.name).mkdir()
    rows = {row.student_id: row for row in feedback(FOUR, course)}
    assert [row.path is None for row in rows.values()] == [True, True, True, True, False]
    assert list(rows) == ["again", "broken", "full", "late", "marked"]
    assert rows["late"].state == "not marked yet"
    assert rows["again"].state == "handed in again since it was marked: grade first"
    assert "grade again" in rows["broken"].state
    assert "cannot be written" in rows["full"].state
    assert [row.state for row in feedback(FOUR, course, ["nobody"])] == ["nothing handed in"]
    with pytest.raises(KitError):
        feedback(FOUR, course, ["../late"])


def test_no_gradebook_is_made(course: Course) -> None:
    hand_in(course, FOUR, "ana", b"{}")
    assert [row.state for row in feedback(FOUR, course)] == ["not marked yet"]
    assert not course.database.exists()


def test_points_of_questions_and_in_all(course: Course) -> None:
    text = "`totals`: each incident once?"
    handed(course, "ana", honest(FOUR), messages={"q1-totals": text}, printed={"set-up": "Your state: Malaysia"})
    told = text_of(page_of(course, "ana"))
    assert "11 of 26 points so far; the memo is not yet marked" in told
    assert "totals: each incident once?" in told
    assert "Your state: Malaysia" in told
    by_hand(course, "ana", 8.5, "Well *argued*.\nGo on.", extra=1)
    page = page_of(course, "ana")
    assert "20.5 of 26 points" in text_of(page)
    assert "9.5 of 13 points" in text_of(page)
    assert "not yet marked" not in page
    assert "<p>Well <em>argued</em>.<br>\nGo on.</p>" in page


def test_a_failed_notebook_says_why(course: Course) -> None:
    reason = "the file is not a notebook (no JSON)"
    keep(course, FOUR, {"ana": (b"x", Marked({check.cell_id: 0.0 for check in FOUR.checks}, reason=reason))})
    told = text_of(page_of(course, "ana"))
    assert reason in told
    assert "You left it empty" not in told


def test_nothing_of_a_student_is_active(course: Course) -> None:
    texts = dict.fromkeys((*FOUR.answers, *FOUR.memos), ATTACK)
    cells = [cell.id for cell in FOUR.notebook.cells]
    messages = {check.cell_id: ATTACK for check in FOUR.checks}
    handed(course, "ana", texts, messages=messages, printed=dict.fromkeys(cells, ATTACK), reason=ATTACK)
    by_hand(course, "ana", 3, ATTACK)
    page = page_of(course, "ana")
    tags = Tags(page).found
    plain = {"html", "head", "meta", "title", "style", "body", "main", "section", "div", "h1", "h2", "h3", "p", "pre"}
    plain |= {"dl", "dt", "dd", "bdi", "ul", "ol", "li", "b", "br", "span", "strong", "em", "code", "blockquote"}
    plain |= {"table", "thead", "tbody", "tr", "th", "td"}
    assert {tag for tag, _ in tags} <= plain
    used = {name for _, attributes in tags for name in attributes}
    assert used <= {"lang", "charset", "http-equiv", "content", "name", "class", "dir", "tabindex", "scope"}
    assert [attributes["http-equiv"] for _, attributes in tags if "http-equiv" in attributes] == [
        "Content-Security-Policy"
    ]
    assert not [mark for mark in page if mark != "\n" and unicodedata.category(mark) in ("Cc", "Cf", "Cs")]
    assert "[U+202E]" in page
    assert "49" not in text_of(page).split("Your memo")[1]
    assert "document.title" in text_of(page), "the words themselves are shown"


def test_only_the_page_s_own_style_counts(course: Course) -> None:
    handed(course, "ana", honest(FOUR))
    page = page_of(course, "ana")
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = next(found["content"] for _, found in Tags(page).found if "http-equiv" in found)
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert page.index("Content-Security-Policy") < page.index("<style>")


@pytest.mark.parametrize("letter", ["&", "a+", "\u0939", "\n\n", '"""', "\ud7ff\U0001f600"])
def test_a_page_stays_small(course: Course, letter: str) -> None:
    long = letter * (50_000 // len(letter))
    texts = dict.fromkeys((*FOUR.answers, *FOUR.memos), long)
    printed = {cell.id: long for cell in FOUR.notebook.cells}
    handed(course, "ana", texts, printed=printed, messages={check.cell_id: "`x`: wrong" for check in FOUR.checks})
    by_hand(course, "ana", 3, long)
    assert len(page_of(course, "ana").encode()) < LARGEST_PAGE


def test_no_folder_of_the_teacher_is_told(course: Course) -> None:
    kit, home = data.root().parent, Path.home()
    printed = f"{kit}/data/x.csv {course.root.resolve()}/submitted {home}/.bashrc"
    texts = honest(FOUR, f"See {kit}.")
    handed(course, "ana", texts, printed={"q1": printed, "set-up": printed}, reason=printed)
    page = page_of(course, "ana")
    assert ".../data/x.csv .../submitted .../.bashrc" in page
    assert str(kit) not in page
    assert str(course.root.resolve()) not in page


def test_levels_count_only_when_they_make_the_points() -> None:
    best = [level for level in pages.rubric(FOUR) if level.level == 2]
    said = [f"{level.criterion}: level {level.level} ({level.points} points)" for level in best]
    sum_of = sum(level.points for level in best)
    comment = "\n".join(["Clear.", *said, "", "Go on."])
    assert pages.levels_named(FOUR, Score(sum_of, 0, waiting=False), comment) == (best, "Clear." + "\n" * 6 + "Go on.")
    assert pages.levels_named(FOUR, Score(sum_of + 1, 1, waiting=False), comment)[0] == best
    for points, words in (
        (sum_of + 0.5, comment),
        (sum_of, comment.replace("level 2", "level 3", 1)),
        (sum_of, "\n".join(said[1:])),
        (sum_of, "\n".join([*said, said[0]])),
    ):
        assert pages.levels_named(FOUR, Score(points, 0, waiting=False), words) == ([], words)


def test_levels_stand_in_a_table(course: Course) -> None:
    handed(course, "ana", honest(FOUR, "Evidence: level 3 (3 points)"))
    chosen: list[Level] = [level for level in pages.rubric(FOUR) if level.level == 1]
    lines_of = [f"{level.criterion}: level 1 ({level.points} point{'s' * (level.points != 1)})" for level in chosen]
    by_hand(course, "ana", sum(level.points for level in chosen), "\n".join(["Mind the years.", *lines_of]))
    told = text_of(page_of(course, "ana"))
    assert "By the rubric" in told
    assert "level 1 (" not in told
    assert "Mind the years." in told
