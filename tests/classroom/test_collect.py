"""What students hand in, in every shape and with every fault, ends where nbgrader looks for it, or in a row."""

import io
import json
import os
import stat
import unicodedata
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from nbgrader.coursedir import CourseDirectory

from pactlab import files
from pactlab.classroom import exercise, offers, roster
from pactlab.classroom.collect import Collected, collect
from pactlab.classroom.course import Course, open_course
from pactlab.classroom.roster import Student
from pactlab.errors import KitError

NAME, OTHER = "04_counting_incidents", "05_hitachi_2016"
MONDAY, TUESDAY = (2026, 11, 23, 9, 30, 0), (2026, 11, 24, 9, 30, 0)
MOODLE = "{name}_{number}_assignsubmission_file"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return open_course(tmp_path / "course")


def notebook(name: str = NAME, *, said: str = "", without: tuple[str, ...] = (), remark: str = "") -> bytes:
    """An exercise's source as a student might send it: same cells, an id inside, cells missing."""
    held = json.loads(exercise.find(name).path.read_bytes())
    held["cells"] = [cell for cell in held["cells"] if cell["id"] not in without]
    for cell in held["cells"]:
        if cell["id"] == exercise.STUDENT_ID:
            cell["source"] = [f'student_id = "{said}"  # {remark}']
    return json.dumps(held).encode()


GOOD = notebook()


def zipped(path: Path, entries: dict[str, bytes], time: tuple = MONDAY, pack: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", pack) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name, time), content, pack)
    return path


def laid(root: Path, entries: dict[str, bytes]) -> Path:
    for name, content in entries.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return root


def run(course: Course, *paths: Path, students: dict[str, Student] | None = None) -> list[Collected]:
    return collect(list(paths), exercise.find(NAME), course, students)


def states(rows: list[Collected]) -> dict[str, str]:
    return {row.student_id: row.state for row in rows}


def only(rows: list[Collected]) -> Collected:
    assert len(rows) == 1, rows
    return rows[0]


def taken(course: Course) -> list[str]:
    return course.submitted(NAME)


# Every shape


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize(
    "names",
    [
        ["s01.ipynb", "s02.ipynb"],
        ["class 4/s01.ipynb", "class 4/s02.ipynb"],
        [f"{NAME}-s01.ipynb", f"{NAME}_s02.ipynb"],
        ["s01/anything at all.ipynb", f"s02/{NAME}.ipynb"],
        ["class/s01/work/a.ipynb", "class/s02/work/b.ipynb"],
        [f"s01/{NAME}/{NAME}.ipynb", f"s02/{NAME}/{NAME}.ipynb"],
        [f"submitted/s01/{NAME}/{NAME}.ipynb", f"submitted/s02/{NAME}/{NAME}.ipynb"],
        [f"{NAME}/s01.ipynb", f"{NAME}/s02.ipynb"],
        ["s01 (1).ipynb", "s02.ipynb.txt"],
        ["__MACOSX/._s01.ipynb", "s01.ipynb", "s02.ipynb", ".DS_Store", "s02/.ipynb_checkpoints/x.ipynb"],
    ],
    ids=lambda names: names[0],
)
def test_folders_and_zips(tmp_path: Path, course: Course, names: list[str], packed: bool) -> None:
    entries = dict.fromkeys(names, GOOD)
    given = zipped(tmp_path / "a.zip", entries) if packed else laid(tmp_path / "a", entries)
    assert states(run(course, given)) == {"s01": "taken", "s02": "taken"}
    assert course.notebook("submitted", "s01", NAME).read_bytes() == GOOD


@pytest.mark.parametrize("name", ["s01.ipynb", f"{NAME}-s01.ipynb", f"s01/{NAME}/{NAME}.ipynb", "s01/my work.ipynb"])
def test_one_notebook_alone(tmp_path: Path, course: Course, name: str) -> None:
    assert states(run(course, laid(tmp_path / "a", {name: GOOD}))) == {"s01": "taken"}
    assert states(run(course, zipped(tmp_path / "b.zip", {name: GOOD}))) == {"s01": "unchanged"}


def test_a_notebook_given_by_itself(tmp_path: Path, course: Course) -> None:
    laid(tmp_path, {"s01.ipynb": GOOD})
    assert states(run(course, tmp_path / "s01.ipynb")) == {"s01": "taken"}


CLASS = {
    "ann": Student("ann", "Ann Lee", moodle_ids=("12345",), canvas_id="501"),
    "ann.lee2": Student("ann.lee2", "Ann Lee", moodle_ids=("12346",), canvas_id="502"),
    "joão": Student("joão", "João, D'Ávila", moodle_ids=("12347",), canvas_id="503"),
}


@pytest.mark.parametrize(
    "shape",
    [
        "{}_assignsubmission_file/work.ipynb",
        "{}_assignsubmission_file_/work.ipynb",
        "{}_assignsubmission_file_work.ipynb",
        "week 4/{}_assignsubmission_file/my folder/work.ipynb",
    ],
)
def test_moodle(tmp_path: Path, course: Course, shape: str) -> None:
    """Two students have one name; a third's has a comma, an apostrophe and accents."""
    names = ["Ann Lee_12345", "Ann Lee_12346", "João, D'Ávila_12347"]
    given = zipped(tmp_path / "moodle.zip", {shape.format(name): notebook(remark=name) for name in names})
    assert states(run(course, given, students=CLASS)) == {"ann": "taken", "ann.lee2": "taken", "joão": "taken"}
    assert b"12346" in course.notebook("submitted", "ann.lee2", NAME).read_bytes()


def test_moodle_without_a_roster_uses_its_numbers(tmp_path: Path, course: Course) -> None:
    given = zipped(tmp_path / "m.zip", {MOODLE.format(name="Ann Lee", number=7) + "/a.ipynb": GOOD})
    row = only(run(course, given))
    assert (row.student_id, row.state) == ("moodle-7", "taken")
    assert "--roster" in row.reason


def test_moodles_other_numbers_are_unknown(tmp_path: Path, course: Course) -> None:
    entries = {MOODLE.format(name="Ann Lee", number=number) + "/a.ipynb": GOOD for number in (12345, 999)}
    assert states(run(course, zipped(tmp_path / "m.zip", entries), students=CLASS)) == {"": "unknown", "ann": "taken"}


def test_canvas(tmp_path: Path, course: Course) -> None:
    names = ["leeann_501_9001_work-1.ipynb", "leeann_LATE_502_9002_a_1_2_b.ipynb", "dávilajoão_503_9003_x.ipynb"]
    given = zipped(tmp_path / "submissions.zip", {name: notebook(remark=name[:12]) for name in names})
    assert states(run(course, given, students=CLASS)) == {"ann": "taken", "ann.lee2": "taken", "joão": "taken"}
    assert b"LATE" in course.notebook("submitted", "ann.lee2", NAME).read_bytes()


def test_canvas_second_try_is_the_one_with_the_later_file(tmp_path: Path, course: Course) -> None:
    first, second = notebook(remark="first"), notebook(remark="second")
    given = zipped(tmp_path / "c.zip", {"lee_501_9002_a-1.ipynb": second, "lee_501_9001_a.ipynb": first})
    assert sorted(row.state for row in run(course, given, students=CLASS)) == ["not taken", "taken"]
    assert course.notebook("submitted", "ann", NAME).read_bytes() == second


def test_canvas_without_names(tmp_path: Path, course: Course) -> None:
    given = zipped(tmp_path / "c.zip", {"anon_x1Yz_77_a.ipynb": GOOD, "LATE_anon_x2Yz_78_a.ipynb": GOOD})
    assert all("anonymous" in row.reason for row in run(course, given, students=CLASS))


def test_a_students_file_name_is_never_the_schools(tmp_path: Path, course: Course) -> None:
    """Ann calls her file as Moodle would call another's, in a folder that is hers; so it stays hers."""
    entries = {
        "ann/Ann Lee_12346_assignsubmission_file_x.ipynb": notebook(remark="mine"),
        "joão/work.ipynb": GOOD,
    }
    assert states(run(course, laid(tmp_path / "a", entries), students=CLASS)) == {"ann": "taken", "joão": "taken"}
    trick = "Ann Lee_12345_assignsubmission_file_x_12346_assignsubmission_file_y.ipynb"
    assert [*states(run(course, zipped(tmp_path / "m.zip", {trick: GOOD}), students=CLASS))] == ["ann"]


def test_one_file_cannot_make_a_folder_moodles(tmp_path: Path, course: Course) -> None:
    entries = dict.fromkeys(["ann.ipynb", "ann.lee2.ipynb", "João_12347_assignsubmission_file_x.ipynb"], GOOD)
    rows = run(course, laid(tmp_path / "a", entries), students=CLASS)
    assert sorted(row.state for row in rows) == ["taken", "taken", "unknown"]
    assert taken(course) == ["ann", "ann.lee2"]


# Whose it is, and what it says


def test_an_id_inside_does_not_count(tmp_path: Path, course: Course) -> None:
    entries = {"s01.ipynb": notebook(said="s02"), "s02.ipynb": notebook(said=" S02 ")}
    rows = {row.student_id: row for row in run(course, laid(tmp_path / "a", entries))}
    assert "'s02'" in rows["s01"].reason
    assert not rows["s02"].reason


def test_a_student_unknown(tmp_path: Path, course: Course) -> None:
    rows = run(course, laid(tmp_path / "a", {"ann.ipynb": GOOD, "stranger.ipynb": GOOD}), students=CLASS)
    assert states(rows) == {"ann": "taken", "stranger": "unknown"}
    assert taken(course) == ["ann"]


def test_capitals_make_no_other_student(tmp_path: Path, course: Course) -> None:
    assert states(run(course, laid(tmp_path / "a", {"ANN.ipynb": GOOD}), students=CLASS)) == {"ann": "taken"}
    assert states(run(course, laid(tmp_path / "b", {"Ann.ipynb": GOOD}))) == {"ann": "unchanged"}
    other = open_course(tmp_path / "other")
    given = [laid(tmp_path / name, {f"{name}.ipynb": GOOD}) for name in ("s01", "S01")]
    assert [row.student_id for row in run(other, *given)] == ["s01", "s01"]


def test_a_student_twice(tmp_path: Path, course: Course) -> None:
    late = zipped(tmp_path / "late.zip", {"s01.ipynb": notebook(remark="late")}, TUESDAY)
    early = zipped(tmp_path / "early.zip", {"s01.ipynb": notebook(remark="early"), "s02.ipynb": GOOD})
    rows = run(course, late, early)
    assert [(row.student_id, row.state) for row in rows] == [("s01", "taken"), ("s01", "not taken"), ("s02", "taken")]
    assert "newest" in rows[0].reason
    assert "newer" in rows[1].reason
    assert b"late" in course.notebook("submitted", "s01", NAME).read_bytes()


def test_three_times_at_one_time(tmp_path: Path, course: Course) -> None:
    entries = {f"s01/{name}.ipynb": notebook(remark=name) for name in "abc"} | {
        "s02/a.ipynb": GOOD,
        "s02/b.ipynb": GOOD,
    }
    rows = run(course, zipped(tmp_path / "a.zip", entries))
    first = next(row for row in rows if row.student_id == "s01")
    assert first.reason == "handed in more than once at one time: the last by name is taken; look at both"
    assert [row.state for row in rows].count("taken") == 2
    assert "the same notebook" in rows[-1].reason


def test_the_newest_that_is_this_exercise(tmp_path: Path, course: Course) -> None:
    late = zipped(tmp_path / "late.zip", {"s01/b.ipynb": notebook(OTHER)}, TUESDAY)
    early = zipped(tmp_path / "early.zip", {"s01/a.ipynb": GOOD})
    assert {(row.state, row.reason) for row in run(course, late, early)} == {
        ("taken", ""),
        ("not taken", f"this is {OTHER}"),
    }


def test_running_twice_and_again_with_something_newer(tmp_path: Path, course: Course) -> None:
    monday = zipped(tmp_path / "monday.zip", {"s01.ipynb": GOOD})
    newer = zipped(tmp_path / "tuesday.zip", {"s01.ipynb": notebook(remark="more")}, TUESDAY)
    assert only(run(course, monday)).state == "taken"
    kept = {path: path.stat().st_mtime_ns for path in course.root.rglob("*")}
    assert only(run(course, monday)).state == "unchanged"
    assert {path: path.stat().st_mtime_ns for path in course.root.rglob("*")} == kept
    assert only(run(course, newer)).state == "replaced"
    again = only(run(course, monday))
    assert again.state == "not taken"
    assert "older" in again.reason
    assert b"more" in course.notebook("submitted", "s01", NAME).read_bytes()
    assert sorted(path.name for path in course.root.rglob("*") if path.is_file()) == [f"{NAME}.ipynb", "timestamp.txt"]


def test_nbgrader_reads_the_time(tmp_path: Path, course: Course) -> None:
    run(course, zipped(tmp_path / "monday.zip", {"s01.ipynb": GOOD}))
    place = course.notebook("submitted", "s01", NAME).parent
    read = CourseDirectory(root=str(course.root)).get_existing_timestamp(str(place))
    assert read.replace(tzinfo=UTC) == datetime(*MONDAY).astimezone(UTC)


def test_a_killed_run_is_mended(tmp_path: Path, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    given = zipped(tmp_path / "monday.zip", {"s01.ipynb": GOOD})
    write = files.replace

    def killed(path: Path, content: bytes) -> bool:
        if path.suffix == ".ipynb":
            raise KeyboardInterrupt
        return write(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(files, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            run(course, given)
    assert taken(course) == []
    assert only(run(course, given)).state == "taken"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("flag", [True, False], ids=["UTF-8", "no flag"])
def test_accents(tmp_path: Path, course: Course, form: str, flag: bool) -> None:
    """Some programs compose letters, some do not; some write UTF-8 and do not say so."""
    name = unicodedata.normalize(form, "João.ipynb")
    entry = zipfile.ZipInfo(name, MONDAY)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(entry, GOOD)
    raw = content.getvalue()
    if not flag:
        for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
            start = raw.index(mark) + place
            raw = raw[:start] + b"\0\0" + raw[start + 2 :]
    (tmp_path / "a.zip").write_bytes(raw)
    assert states(run(course, tmp_path / "a.zip")) == {"João": "taken"}
    assert states(run(course, laid(tmp_path / "folder", {name: GOOD}))) == {"João": "unchanged"}


def test_code_page_437(tmp_path: Path, course: Course) -> None:
    name = "Jos\u00e9.ipynb"
    raw = zipped(tmp_path / "a.zip", {"JosX.ipynb": GOOD}).read_bytes()
    (tmp_path / "a.zip").write_bytes(raw.replace(b"JosX", "Jos\u00e9".encode("cp437")))
    assert states(run(course, tmp_path / "a.zip")) == {name.removesuffix(".ipynb"): "taken"}


# Every fault is one row, and the others go on


DEEP = b"[" * 200_000
BAD = {
    "nothing": (b"", "no JSON"),
    "prose": (b"I did the exercise on paper.", "no JSON"),
    "a list": (b"[]", "no cells"),
    "cells in an object": (b'{"cells": {}}', "no cells"),
    "deep": (b'{"cells": ' + DEEP, "no JSON"),
    "other letters": ('{"cells": ["\u00e9\u00e9"]}'.encode("latin-1"), "no JSON"),
    "half a file": (GOOD[:5_000], "no JSON"),
    "large": (b'{"cells": []}' + b" " * 2_000_000, "larger than 2 MB"),
    "another notebook": (b'{"cells": [{"id": "x", "source": "1"}, 3, null]}', "none of its questions"),
    "cells with odd names": (
        b'{"cells": [{"id": ' + b"[" * 900 + b"]" * 900 + b', "metadata": {"nbgrader": {"grade_id": {}}}}]}',
        "none of its questions",
    ),
    "another exercise": (notebook(OTHER), f"this is {OTHER}"),
}


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("fault", BAD)
def test_bad_notebooks(tmp_path: Path, course: Course, fault: str, packed: bool) -> None:
    content, reason = BAD[fault]
    entries = {"s01.ipynb": content, "s02.ipynb": GOOD}
    given = zipped(tmp_path / "a.zip", entries) if packed else laid(tmp_path / "a", entries)
    rows = {row.student_id: row for row in run(course, given)}
    assert (rows["s01"].state, rows["s02"].state) == ("not taken", "taken")
    assert reason in rows["s01"].reason
    assert taken(course) == ["s02"]


def test_every_exercise_is_known_by_its_checks(tmp_path: Path, course: Course) -> None:
    for name in exercise.names():
        row = only(run(course, laid(tmp_path / name, {"s01.ipynb": notebook(name)})))
        assert (row.state in ("taken", "unchanged")) if name == NAME else row.reason == f"this is {name}"


def test_an_old_version_is_taken_and_named(tmp_path: Path, course: Course) -> None:
    row = only(run(course, laid(tmp_path / "a", {"s01.ipynb": notebook(without=("q2", "memo", "q1-totals"))})))
    assert row.state == "taken"
    assert "q2, memo missing" in row.reason


def test_not_a_notebook(tmp_path: Path, course: Course) -> None:
    entries = {"s01/essay.pdf": b"%PDF", "s02/a.ipynb": GOOD, "s02/table.csv": b"a,b", "s03/all.zip": b"PK"}
    rows = {row.student_id: row for row in run(course, laid(tmp_path / "a", entries))}
    assert states(list(rows.values())) == {"s01": "not taken", "s02": "taken", "s03": "not taken"}
    assert "not a notebook" in rows["s01"].reason
    assert "table.csv" in rows["s02"].reason
    assert "unpack" in rows["s03"].reason
    assert only(run(course, laid(tmp_path / "b", {"essay.pdf": b""}))).reason == "not a notebook"


@pytest.mark.parametrize("name", [f"{NAME}.ipynb", "my work.ipynb", "a" * 70 + ".ipynb", "...ipynb"])
def test_no_id_in_the_name(tmp_path: Path, course: Course, name: str) -> None:
    rows = run(course, laid(tmp_path / "a", {name: GOOD, "s02.ipynb": GOOD}))
    assert states(rows) == {"": "not taken", "s02": "taken"}
    assert "no student's id" in rows[0].reason


@pytest.mark.parametrize(
    "name",
    ["../s01.ipynb", "a/../../s01.ipynb", "/etc/s01.ipynb", "C:\\s01.ipynb", "..\\s01.ipynb", "\\\\host\\s01.ipynb"],
)
def test_paths_that_climb_out(tmp_path: Path, course: Course, name: str) -> None:
    rows = run(course, zipped(tmp_path / "a.zip", {name: GOOD, "s02.ipynb": GOOD}))
    assert states(rows) == {"": "not taken", "s02": "taken"}
    assert "leads out" in rows[0].reason
    assert not list(tmp_path.rglob("s01*"))


def test_links(tmp_path: Path, course: Course) -> None:
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(GOOD)
    folder = laid(tmp_path / "a", {"s02.ipynb": GOOD})
    (folder / "s01.ipynb").symlink_to(secret)
    (folder / "s03").symlink_to(tmp_path)
    rows = run(course, folder)
    assert sorted(row.state for row in rows) == ["not taken", "not taken", "taken"]
    link = zipfile.ZipInfo("s01.ipynb", MONDAY)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, str(secret))
    assert "link" in only(run(course, tmp_path / "a.zip")).reason
    assert taken(course) == ["s02"]


def test_devices_are_not_opened(tmp_path: Path, course: Course) -> None:
    folder = laid(tmp_path / "a", {"s02.ipynb": GOOD})
    os.mkfifo(folder / "s01.ipynb")
    assert {row.state for row in run(course, folder)} == {"taken", "not taken"}
    assert "neither" in only(run(course, folder / "s01.ipynb")).reason


def test_a_zip_that_unpacks_to_gigabytes(tmp_path: Path, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """One entry of 3 MB stops at 2; many good ones stop at the sum of all, made small here."""
    bomb = b'{"cells": [' + b" " * 3_000_000 + b"]}"
    rows = run(course, zipped(tmp_path / "a.zip", {"s01.ipynb": bomb, "s02.ipynb": GOOD}))
    assert states(rows) == {"s01": "not taken", "s02": "taken"}
    monkeypatch.setattr(offers, "LARGEST_IN_ALL", 2 * len(GOOD))
    rows = run(course, zipped(tmp_path / "b.zip", {f"t{number}.ipynb": GOOD for number in range(4)}))
    assert sorted(row.state for row in rows) == ["not taken"] * 2 + ["taken"] * 2
    assert sum("another run" in row.reason for row in rows) == 2


def test_a_header_that_lies_about_size(tmp_path: Path, course: Course) -> None:
    raw = bytearray(zipped(tmp_path / "a.zip", {"s01.ipynb": b" " * 3_000_000, "s02.ipynb": GOOD}).read_bytes())
    start = raw.index(b"PK\1\2") + 24
    raw[start : start + 4] = (100).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(raw)
    assert states(run(course, tmp_path / "a.zip")) == {"s01": "not taken", "s02": "taken"}


def test_names_and_ids_that_would_keep_a_search_busy(tmp_path: Path, course: Course) -> None:
    entries = {" " * 60_000 + "(1.ipynb": GOOD, "s01.ipynb": notebook().replace(b"student_id = ", b"\\n" * 49_000)}
    rows = run(course, zipped(tmp_path / "a.zip", entries))
    assert states(rows) == {"": "not taken", "s01": "taken"}


def test_a_folder_that_may_not_be_read(tmp_path: Path, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read all, so the refusal is made here."""
    folder = laid(tmp_path / "a", {"s01/a.ipynb": GOOD, "s02/a.ipynb": GOOD})
    scan = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("s01"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    rows = run(course, folder)
    assert {(row.source_name, row.state) for row in rows} == {("a/s01", "not taken"), ("a/s02/a.ipynb", "taken")}


def test_too_many_files(tmp_path: Path, course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    many = dict.fromkeys((f"s{number}.ipynb" for number in range(6)), b"")
    monkeypatch.setattr(offers, "MOST_FILES", 5)
    assert "more than 5" in only(run(course, zipped(tmp_path / "a.zip", many))).reason
    assert "more than 5" in only(run(course, laid(tmp_path / "a", many))).reason
    monkeypatch.setattr(offers, "LARGEST_LISTING", 200)
    assert "more than" in only(run(course, zipped(tmp_path / "b.zip", many))).reason


@pytest.mark.parametrize("pack", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packed_in_a_way_without_bounds(tmp_path: Path, course: Course, pack: int) -> None:
    assert "bounds" in only(run(course, zipped(tmp_path / "a.zip", {"s01.ipynb": GOOD}, pack=pack))).reason


def test_encrypted_damaged_and_nested(tmp_path: Path, course: Course) -> None:
    raw = bytearray(zipped(tmp_path / "a.zip", {"s01.ipynb": GOOD, "s02.ipynb": GOOD}).read_bytes())
    raw[raw.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "a.zip").write_bytes(raw)
    rows = run(course, tmp_path / "a.zip")
    assert states(rows) == {"": "not taken", "s02": "taken"}
    assert "password" in rows[0].reason
    raw = bytearray(zipped(tmp_path / "b.zip", {"s03.ipynb": GOOD, "s04.ipynb": GOOD}).read_bytes())
    raw[300:310] = bytes(10)
    (tmp_path / "b.zip").write_bytes(raw)
    assert states(run(course, tmp_path / "b.zip")) == {"s03": "not taken", "s04": "taken"}
    raw = zipped(tmp_path / "d.zip", {"sé1.ipynb": GOOD}).read_bytes()
    (tmp_path / "d.zip").write_bytes(raw.replace("é".encode(), b"\xff\xff"))
    assert "damaged" in only(run(course, tmp_path / "d.zip")).reason
    inner = zipped(tmp_path / "inner.zip", {"s05.ipynb": GOOD}).read_bytes()
    rows = run(course, zipped(tmp_path / "c.zip", {"s05/work.zip": inner, "s06/a.ipynb": GOOD}))
    assert {row.student_id: "unpack" in row.reason for row in rows} == {"s05": True, "s06": False}


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.zip", b""), ("a.zip", b"PK\5\6" + bytes(18)), ("a.zip", b"PK\3\4 half"), ("a.docx", b"x"), ("gone.zip", None)],
)
def test_nothing_in_it(tmp_path: Path, course: Course, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    laid(tmp_path / "good", {"s02.ipynb": GOOD})
    rows = run(course, tmp_path / name, tmp_path / "good")
    assert states(rows) == {"": "not taken", "s02": "taken"}
    (tmp_path / "hollow").mkdir()
    assert "empty" in only(run(course, tmp_path / "hollow")).reason


def test_a_month_that_is_none(tmp_path: Path, course: Course) -> None:
    raw = bytearray(zipped(tmp_path / "a.zip", {"s01.ipynb": GOOD}).read_bytes())
    for mark, place in ((b"PK\3\4", 12), (b"PK\1\2", 14)):
        start = raw.index(mark) + place
        raw[start : start + 2] = b"\0\0"
    (tmp_path / "a.zip").write_bytes(raw)
    assert only(run(course, tmp_path / "a.zip")).state == "taken"


def test_names_are_safe_to_print(tmp_path: Path, course: Course) -> None:
    row = only(run(course, zipped(tmp_path / "a.zip", {"s\x1b[2J\u202e01.ipynb": GOOD})))
    assert row.source_name.isprintable()
    assert row.reason.isprintable()


def test_a_disk_that_refuses_is_one_row(tmp_path: Path, course: Course) -> None:
    """A file stands where s01's folder should be."""
    laid(course.root, {"submitted/s01": b""})
    rows = run(course, laid(tmp_path / "a", {"s01.ipynb": GOOD, "s02.ipynb": GOOD}))
    assert states(rows) == {"s01": "not taken", "s02": "taken"}


# The roster


def listed(path: Path, text: str, encoding: str = "utf-8") -> dict[str, Student]:
    path.write_bytes(text.encode(encoding))
    return roster.read_roster(path)


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_plain_roster(tmp_path: Path, delimiter: str, encoding: str) -> None:
    rows = [["Student_ID", "name", "email", "moodle_id"], [" s01 ", '"Lee, Ann"', "ann@a.edu", "1 2"], ["", "", "", ""]]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    assert listed(tmp_path / "r.csv", text, encoding) == {"s01": Student("s01", "Lee, Ann", "ann@a.edu", ("1", "2"))}


def test_a_roster_says_all_its_faults(tmp_path: Path) -> None:
    text = "student_id,moodle_id\ns01,1\n../x,\nS01,2\ns03,1\n,\n"
    with pytest.raises(KitError) as caught:
        listed(tmp_path / "r.csv", text)
    said = str(caught.value)
    assert "\n" not in said
    for part in ("r.csv: row 3", "'../x'", "row 4: the same student_id as row 2", "row 5: the same moodle_id"):
        assert part in said, said


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "empty"),
        (b"name\nAnn\n", "no column student_id"),
        (b"student_id\n", "no students"),
        ("student_id\nJoão".encode("latin-1"), "UTF-8"),
        ("student_id\ns01".encode("utf-16"), "UTF-8"),
        (b"PK\3\4\0\0", "not a CSV"),
    ],
)
def test_files_that_are_no_roster(tmp_path: Path, raw: bytes, said: str) -> None:
    (tmp_path / "r.csv").write_bytes(raw)
    with pytest.raises(KitError, match=said):
        roster.read_roster(tmp_path / "r.csv")
    with pytest.raises(KitError, match=r"gone\.csv"):
        roster.read_roster(tmp_path / "gone.csv")


def test_moodles_worksheet_as_a_roster(tmp_path: Path) -> None:
    text = (
        'Identifier,"Full name","ID number","Email address",Status\n'
        '"Participant 11","Ann Lee",2101,ann@a.edu,-\n'
        '"Participant 12","Ann Lee",,ann.lee@a.edu,-\n'
        '"Participant 13","Li Wei",21/0457,li@a.edu,-\n'
        '"Participant 14","Guest",,,-\n'
    )
    found = listed(tmp_path / "w.csv", text, "utf-8-sig")
    assert list(found) == ["2101", "ann.lee", "li", "moodle-14"]
    assert found["2101"] == Student("2101", "Ann Lee", "ann@a.edu", ("11",))


def test_canvas_export_as_a_roster(tmp_path: Path) -> None:
    text = (
        "Student,ID,SIS User ID,SIS Login ID,Section,04 (77)\n,,,,,Manual Posting\n    Points Possible,,,,,26\n"
        '"Lee, Ann",501,2101,ann@a.edu,A,\n"Lee, Ann",502,,ann.lee@a.edu,A,\n"Wei, Li",503,,,A,\n'
        '"Student, Test",504,,7d3a9f,A,\n'
    )
    found = listed(tmp_path / "c.csv", text)
    assert list(found) == ["2101", "ann.lee", "canvas-503"]
    assert found["ann.lee"] == Student("ann.lee", "Lee, Ann", "ann.lee@a.edu", canvas_id="502")


def test_the_course_keeps_the_roster_and_adds_to_it(tmp_path: Path, course: Course) -> None:
    assert roster.of(course) is None
    roster.keep(course, listed(tmp_path / "r.csv", "student_id,name,email\ns01,=1+1,ann@a.edu\ns02,Bo,\n"))
    text = 'Identifier,"Full name","Email address"\nParticipant 11,"Ann Lee",ANN@a.edu\n'
    found = roster.keep(course, listed(tmp_path / "w.csv", text))
    assert found["s01"].moodle_ids == ("11",)
    roster.keep(course, listed(tmp_path / "w.csv", text.replace("11", "29")))
    again = roster.of(course)
    assert again["s01"] == Student("s01", "Ann Lee", "ANN@a.edu", ("11", "29"))
    assert again["s02"] == Student("s02", "Bo")
    assert not list(course.root.glob("*.new"))


def test_an_address_of_two_makes_them_not_one(tmp_path: Path, course: Course) -> None:
    roster.keep(course, listed(tmp_path / "r.csv", "student_id,email\ns01,home@a.edu\n"))
    found = roster.keep(course, listed(tmp_path / "q.csv", "student_id,email\ns02,home@a.edu\ns03,home@a.edu\n"))
    assert list(found) == ["s01", "s02", "s03"]


def test_the_roster_is_no_formula_for_a_spreadsheet(tmp_path: Path, course: Course) -> None:
    roster.keep(course, listed(tmp_path / "r.csv", 'student_id,name\ns01,"=HYPERLINK(""x"")"\n'))
    assert ",\"'=HYPERLINK" in (course.root / "roster.csv").read_text()
    assert roster.of(course)["s01"].name == '=HYPERLINK("x")'
