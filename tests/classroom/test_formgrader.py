"""Marking by hand: a real server, the pages it has and those it must not have, and points that reach the gradebook."""

import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from handing_in import honest, notebook

from pactlab.classroom import desk, feedback, formgrader, grading, papers
from pactlab.classroom import exercise as exercises
from pactlab.classroom.course import Course, open_course
from pactlab.classroom.marking import Marked
from pactlab.errors import KitError

EXERCISES = [exercises.find(name) for name in exercises.names()]
FOUR = exercises.find("04")
pytestmark = pytest.mark.filterwarnings("ignore:Object of type")  # nbgrader's own, harmless
ATTACK = "<script>document.title = 1</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) $\\href{x}{y}$"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """One student, marked by machine, whose every word is hostile."""
    course = open_course(tmp_path_factory.mktemp("marking") / "course")
    texts = honest(FOUR, ATTACK)
    points = {check.cell_id: check.points for check in FOUR.checks}
    messages = dict.fromkeys(points, ATTACK)
    found = Marked(points, messages, texts, dict.fromkeys(texts, ATTACK))
    with course.gradebook() as book:
        grading.register(book, course, FOUR)
        book.update_or_create_student("ana")
        (entry,) = book.update_or_create_submission(FOUR.name, "ana").notebooks
        for grade in entry.grades:
            grade.auto_score, grade.needs_manual_grade = points.get(grade.name), grade.name in FOUR.memos
        book.db.commit()
    key = papers.fingerprint(FOUR, notebook(FOUR, texts))
    papers.write(course.notebook("autograded", "ana", FOUR.name), FOUR, "ana", found, key)
    return course


@dataclass
class Reader:
    """A browser's part of the talk with the server: cookies, and the token that nbgrader's scripts send along."""

    base: str
    address: str
    cookies: http.cookiejar.CookieJar
    opener: urllib.request.OpenerDirector

    def ask(self, path: str, method: str = "GET", body: object = None) -> tuple[int, str]:
        """Return status and text of an answer."""
        request = urllib.request.Request(self.base + path, method=method)
        if method != "GET":
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
            request.add_header("X-CSRFToken", next(one.value for one in self.cookies if one.name == "_xsrf"))
        try:
            with self.opener.open(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as problem:
            return problem.code, ""


@pytest.fixture(scope="module")
def reader(course: Course) -> Iterator[Reader]:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    code = (
        "import sys; from pathlib import Path; from pactlab.classroom import course, exercise, formgrader; "
        f"formgrader.serve(course.Course(Path({str(course.root)!r})), exercise.find('04'), browser=False, port={port}, "
        "say=lambda line: print(line, flush=True))"
    )
    # Away from the kit, whose own nbgrader_config.py names another course.
    server = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True, cwd=course.root
    )
    try:
        address = re.search(r"http://\S+", server.stdout.readline())[0]
        cookies = http.cookiejar.CookieJar()
        # No proxy: it is this machine.
        handlers = urllib.request.HTTPCookieProcessor(cookies), urllib.request.ProxyHandler({})
        opener = urllib.request.build_opener(*handlers)
        reader = Reader(f"http://127.0.0.1:{port}", address, cookies, opener)
        wait_until_up(reader)
        yield reader
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def wait_until_up(reader: Reader) -> None:
    until = time.monotonic() + 40
    while True:
        try:
            reader.opener.open(reader.address, timeout=5).close()
        except urllib.error.URLError:
            assert time.monotonic() < until, "the marking server did not come up"
            time.sleep(0.2)
        else:
            return


def paper_of(reader: Reader) -> tuple[str, str]:
    """Return a submission's id and page."""
    (entry,) = json.loads(reader.ask(f"/formgrader/api/submitted_notebooks/{FOUR.name}/{FOUR.name}")[1])
    status, page = reader.ask(f"/formgrader/submissions/{entry['id']}/")
    assert status == 200
    return entry["id"], page


def test_without_marks_by_machine_there_is_nothing_to_open(tmp_path: Path) -> None:
    for chosen in (FOUR, None):
        with pytest.raises(KitError, match="pactlab grade"):
            formgrader.serve(open_course(tmp_path / "c"), chosen, browser=False, port=1, say=print)


def test_the_page_shows_the_memo_and_the_rubric(reader: Reader) -> None:
    status, page = reader.ask(f"/formgrader/gradebook/{FOUR.name}/{FOUR.name}")
    assert status == 200
    assert "manage_assignments" not in page
    _, page = paper_of(reader)
    assert 'id="memo-comment"' in page
    assert page.count('<div class="rubric"') == 1
    assert page.index('id="memo-comment"') < page.index('<div class="rubric"')
    for title in ("A strong memo", "A middling memo", "A weak memo"):
        assert title in page
    assert reader.ask("/marking/rubric.js")[0] == reader.ask("/marking/rubric.css")[0] == 200


def test_points_and_comment_reach_the_gradebook(course: Course, reader: Reader) -> None:
    submission, _ = paper_of(reader)
    grades = json.loads(reader.ask(f"/formgrader/api/grades?submission_id={submission}")[1])
    comments = json.loads(reader.ask(f"/formgrader/api/comments?submission_id={submission}")[1])
    (grade,) = (one for one in grades if one["name"] in FOUR.memos)
    (comment,) = (one for one in comments if one["name"] in FOUR.memos)
    assert grade["needs_manual_grade"]
    assert reader.ask(f"/formgrader/api/grade/{grade['id']}", "PUT", {"manual_score": 7.5})[0] == 200
    assert reader.ask(f"/formgrader/api/comment/{comment['id']}", "PUT", {"manual_comment": "Good."})[0] == 200
    with course.gradebook() as book:
        entry = book.find_submission_notebook(FOUR.name, FOUR.name, "ana")
        (kept,) = (one for one in entry.grades if one.name in FOUR.memos)
        assert (kept.manual_score, kept.needs_manual_grade) == (7.5, False)
        assert [one.manual_comment for one in entry.comments if one.name in FOUR.memos] == ["Good."]


def test_nothing_comes_from_elsewhere(reader: Reader) -> None:
    """Else marking would need a network: formgrader takes MathJax from one, and its keys wait for it."""
    _, page = paper_of(reader)
    loaded = re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=[\"']([^\"']*)", page)
    assert loaded
    for address in loaded:
        assert address.startswith("/"), address
        assert reader.ask(address)[0] == 200, address
    assert "MathJax" in page


def test_no_script_of_a_student_can_run(reader: Reader) -> None:
    _, page = paper_of(reader)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1].replace("&#x27;", "'")
    assert "unsafe-inline" not in policy
    assert page.index("Content-Security-Policy") < page.index("<script")
    for inline in re.findall(r"<script>(.*?)</script>", page, re.DOTALL):
        assert desk._digest(inline) in policy, f"a script that an empty page does not have: {inline}"
    assert "onerror" in page, "the words themselves are shown"
    assert not re.search(r"<[^>]*\sonerror|href=.javascript|<img", page)


@pytest.mark.parametrize(
    "path",
    [
        "/formgrader/manage_assignments",
        "/formgrader/manage_submissions/{name}",
        "/formgrader/api/submission/{name}/ana/autograde",
        "/formgrader/api/assignment/{name}/generate_feedback",
        "/formgrader/api/assignment/{name}/release_feedback",
        "/formgrader/api/assignment/{name}",
        "/formgrader/submissions/x/gradebook.db",
        "/files/gradebook.db",
        "/api/contents",
        "/api/kernels",
        "/api/sessions",
        "/api/terminals",
        "/nbconvert/html/autograded",
        "/lab",
    ],
)
def test_what_marking_does_not_need_is_not_there(reader: Reader, path: str) -> None:
    paper_of(reader)
    for method in ("GET", "POST", "PUT"):
        assert reader.ask(path.format(name=FOUR.name), method, {})[0] in (404, 405), method


def test_nobody_marks_without_the_token(reader: Reader) -> None:
    stranger = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for path in (f"/formgrader/gradebook/{FOUR.name}/{FOUR.name}", "/formgrader/api/assignments"):
        with stranger.open(reader.base + path, timeout=20) as answer:
            assert answer.url.startswith(f"{reader.base}/login?"), path
            assert "ana" not in answer.read().decode().split()


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_each_rubric_and_its_memos_can_be_shown(exercise: exercises.Exercise) -> None:
    shown = desk.panel(exercise.name)
    levels = re.findall(r'data-criterion="([^"]*)" data-level="(\d)" data-points="(\d+)"', shown)
    wanted = [(one.criterion, str(one.level), str(one.points)) for one in feedback.rubric(exercise)]
    assert levels == wanted
    points = [int(found) for found in re.findall(r"<summary>[^<]*?(\d+) of \d+ points", shown)]
    assert len(points) == 3
    assert points == sorted(points, reverse=True)


def test_an_exercise_without_rubric_is_marked_all_the_same() -> None:
    assert "not at hand" in desk.panel("<b>none</b>")
    assert "<b>" not in desk.panel("<b>none</b>")


def test_the_page_writes_the_lines_that_feedback_reads() -> None:
    script = (desk.PAGES / "rubric.js").read_text(encoding="utf-8")
    assert ": level " in script
    assert feedback.LEVEL.match("Evidence: level 2 (2 points)")["criterion"] == "Evidence"
    assert feedback.LEVEL.match("Evidence: level 1 (1 point)")
    assert not feedback.LEVEL.match("Evidence: level two")
