"""The teacher's commands: hand out, collect, mark, give back."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from pactlab.errors import KitError

app = typer.Typer()
console = Console(highlight=False, soft_wrap=True)
PANEL = "Classroom"

Name = Annotated[str, typer.Argument(metavar="NN", help="Number or name of an exercise.")]
CourseFolder = Annotated[Path | None, typer.Option("--course", help="The course's folder.", show_default="course/")]
RosterFile = Annotated[Path | None, typer.Option("--roster", help="CSV of your students, with a column student_id.")]
Students = Annotated[list[str] | None, typer.Argument(metavar="[STUDENT]...", help="Ids; none means all.")]


@app.command(rich_help_panel=PANEL)
def assign(
    name: Name,
    to: Annotated[Path, typer.Option("--to", help="Folder to write to.")],
    roster: RosterFile = None,
    data: Annotated[
        bool, typer.Option("--data/--no-data", help="With the tables; not where students have the kit.")
    ] = True,
) -> None:
    """Write what students get: the notebook without answers, its tables, a page on how to work."""
    from pactlab.classroom.assign import assign as write
    from pactlab.classroom.exercise import find
    from pactlab.classroom.roster import read_roster

    exercise = find(name)
    changed = write(exercise, to, read_roster(roster) if roster else None, data_too=data, say=_say)
    for path in changed:
        console.print(str(path), markup=False)
    if not changed:
        console.print("unchanged")


@app.command(rich_help_panel=PANEL)
def collect(
    files: Annotated[list[Path], typer.Argument(help="Folders, notebooks, or the zip that Moodle or Canvas gives.")],
    name: Annotated[str, typer.Option("--for", metavar="NN", help="Number or name of the exercise.")],
    roster: RosterFile = None,
    course: CourseFolder = None,
) -> None:
    """Take in what students hand in; each file that cannot be taken is one line."""
    from pactlab.classroom.collect import collect as take
    from pactlab.classroom.course import open_course
    from pactlab.classroom.exercise import find
    from pactlab.classroom.roster import read_roster

    rows = take(files, find(name), open_course(course), read_roster(roster) if roster else None)
    for row in rows:
        if row.reason or row.state not in {"taken", "unchanged"}:
            _line(row.student_id or row.source_name, row.state, row.reason)
    _counts([row.state for row in rows])


@app.command(rich_help_panel=PANEL)
def grade(
    name: Name,
    students: Students = None,
    course: CourseFolder = None,
    workers: Annotated[int, typer.Option("--workers", "-n", help="At the same time; 0: one a processor.")] = 0,
    again: Annotated[bool, typer.Option("--again", help="Also what has not changed since it was marked.")] = False,
    scheduler: Annotated[str, typer.Option(help="Address of a Dask scheduler, as in tcp://host:8786.")] = "",
) -> None:
    """Mark the code of those who handed in, each in a box; what was marked before is kept."""
    from pactlab.classroom.course import open_course
    from pactlab.classroom.exercise import find
    from pactlab.classroom.grading import Row
    from pactlab.classroom.grading import grade as run

    exercise, opened = find(name), open_course(course)
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task(exercise.name, total=len(students or opened.submitted(exercise.name)) or 1)

        def say(row: Row) -> None:
            progress.advance(bar)
            if row.reason:
                _line(row.student_id, row.state, row.reason)

        try:
            rows = run(exercise, opened, students, workers=workers, again=again, scheduler=scheduler, on_progress=say)
        except KeyboardInterrupt:
            raise KitError("stopped; what was marked is kept, and the same command goes on from there") from None
    if not rows:
        raise KitError(f"nobody has handed in {exercise.name}: `pactlab collect FILES --for {name}` first")
    old = sum(not row.new for row in rows)
    _counts([row.state for row in rows], f"; {old} were marked before" if old else "")


@app.command(rich_help_panel=PANEL)
def mark(
    name: Name,
    course: CourseFolder = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
    port: Annotated[int, typer.Option(help="Port to serve on; when it is taken, the next free one.")] = 8890,
) -> None:
    """Open nbgrader's formgrader to mark the memos by hand."""
    from pactlab.classroom.course import open_course
    from pactlab.classroom.exercise import find
    from pactlab.classroom.formgrader import serve
    from pactlab.cli.lab import free_port

    raise typer.Exit(serve(open_course(course), find(name), browser=browser, port=free_port(port), say=_say))


@app.command(rich_help_panel=PANEL)
def feedback(name: Name, students: Students = None, course: CourseFolder = None) -> None:
    """Write one page a student: points, messages, the teacher's words; no hidden check, no solution."""
    from pactlab.classroom.course import open_course
    from pactlab.classroom.exercise import find
    from pactlab.classroom.feedback import feedback as write

    rows = write(find(name), open_course(course), students)
    for row in rows:
        if row.path is None:
            _line(row.student_id, row.state, "")
    _counts([row.state for row in rows])
    written = [row.path for row in rows if row.path is not None]
    if written:
        console.print(f"in {written[0].parent.parent.parent}", markup=False)


@app.command(rich_help_panel=PANEL)
def marks(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NN]...", help="Exercises; none means all.")] = None,
    form: Annotated[Literal["csv", "moodle", "canvas"], typer.Option("--format", help="For whom.")] = "csv",
    sheet: Annotated[
        Path | None, typer.Option(help="Moodle's grading worksheet or Canvas' gradebook, as you downloaded it.")
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="Canvas: the assignment's column, if its name is not clear.")
    ] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Also points of those whose memo is not marked.")] = False,
    to: Annotated[Path | None, typer.Option("--to", help="File to write; none prints.")] = None,
    course: CourseFolder = None,
) -> None:
    """Write the marks, as a table or in the form that the school's system takes."""
    from pactlab import files
    from pactlab.classroom import marks as tables
    from pactlab.classroom.course import open_course
    from pactlab.classroom.exercise import find
    from pactlab.classroom.exercise import names as known

    opened = open_course(course)
    exercises = [find(name) for name in names or known()]
    if form == "csv":
        filled = tables.to_csv(tables.table(opened, exercises))
    elif sheet is None or len(exercises) != 1:
        raise KitError(f"--format {form} fills in one exercise's column in --sheet FILE; name both")
    elif form == "moodle":
        filled = tables.to_moodle(opened, exercises[0], sheet, partial=partial, say=_aside)
    else:
        filled = tables.to_canvas(opened, exercises[0], sheet, column, partial=partial, say=_aside)
    if to is None:
        typer.echo(filled.decode("utf-8-sig"), nl=False)
    else:
        to.parent.mkdir(parents=True, exist_ok=True)
        files.replace(to, filled)
        console.print(f"{to}: written", markup=False)


@app.command(rich_help_panel=PANEL)
def edition(
    to: Annotated[Path, typer.Option("--to", help="Folder for the zip, or the zip's own path.")],
) -> None:
    """Pack the students' kit: lessons, tables, library; no exercises, no solutions."""
    from pactlab.classroom.edition import edition as pack

    made = pack(to)
    console.print(f"{made.path}: {made.files} files, {made.bytes:,} bytes", markup=False)


def _say(text: str) -> None:
    console.print(text, markup=False)


def _aside(text: str) -> None:
    """Say something that must not get into what is piped on."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)


def _line(who: str, state: str, reason: str) -> None:
    console.print(f"{who}: {state}{': ' + reason if reason else ''}", markup=False)


def _counts(states: list[str], more: str = "") -> None:
    counted = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(sorted(states))) or "nothing found"
    console.print(escape(counted + more))
