"""Runs lessons in a kernel and stores their outputs, so that an unchanged lesson gives no difference."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from pactlab import files
from pactlab.errors import KitError
from pactlab.lessons.run import read

KEPT = ("text/html", "text/plain")
"""Stored forms of an output; a stored widget view without its kernel would show as an error."""
SECONDS = 60


def _tidy(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Drop what differs between two runs, and number the cells from 1."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["kernelspec"] = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    notebook.metadata["language_info"] = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
    number = 0
    for index, cell in enumerate(notebook.cells):
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        number += 1
        cell.execution_count = number
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                raise KitError(
                    f"{path.name}, cell {index}: warns {output.text.strip()!r}; lessons run without warnings"
                )
            if output.output_type == "execute_result":
                output.execution_count = number
            if "data" in output:
                output.data = {form: output.data[form] for form in KEPT if form in output.data}
                output.metadata = {}


def write(notebook: nbformat.NotebookNode, path: Path) -> bool:
    """Write a notebook beside its place, then rename; return False, and touch nothing, when the bytes are the same."""
    return files.replace(path, (nbformat.writes(notebook, version=4) + "\n").encode())


def refreshed(path: Path) -> nbformat.NotebookNode:
    """Return a lesson with fresh outputs, run from top to bottom in a kernel of its own.

    Raises KitError that names lesson, cell and error when a cell fails or warns.
    """
    notebook = read(path)
    client = NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}},
        coalesce_streams=True, store_widget_state=False, extra_arguments=["--IPKernelApp.log_level=40"],
    )  # fmt: skip
    try:
        client.execute()
    except CellExecutionError as problem:
        failed = next(
            index for index, cell in enumerate(notebook.cells)
            if any(output.output_type == "error" for output in cell.get("outputs", []))
            and "raises-exception" not in cell.metadata.get("tags", [])
        )  # fmt: skip
        raise KitError(
            f"{path.name}, cell {failed}: {problem.ename}: {problem.evalue}; nothing was stored"
        ) from problem
    _tidy(notebook, path)
    return notebook


def refresh(path: Path) -> bool:
    """Run a lesson and store its outputs; return whether the file changed."""
    return write(refreshed(path), path)
