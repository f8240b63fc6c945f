"""Makes small lessons for tests."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

COMPARED = ("nbval-check-output",)
FIGURE = (
    '<figure data-plotted="{plotted}"><p><strong>Title</strong></p>'
    '<img alt="{alt}" width="660" src="data:image/webp;base64,{picture}">'
    "<figcaption>What &amp; why <small>Source: made up</small></figcaption></figure>"
)


def cell(source: str, *, printed: str = "", html: str = "", tags: tuple[str, ...] = COMPARED) -> nbformat.NotebookNode:
    """A code cell with what it stores: printed text, or the HTML of its value."""
    outputs = [new_output("stream", name="stdout", text=printed)] if printed else []
    if html:
        data = {"text/html": html, "text/plain": "<IPython.core.display.HTML object>"}
        outputs.append(new_output("execute_result", data, execution_count=1))
    return new_code_cell(source, outputs=outputs, execution_count=1, metadata={"tags": list(tags)})


def figure(*, plotted: str = "1f2e3d", alt: str = "Three bars.", picture: str = "QUJD") -> str:
    """The HTML of a figure."""
    return FIGURE.format(plotted=plotted, alt=alt, picture=picture)


def shows(html: str) -> str:
    """The code of a cell that shows some HTML."""
    return f"from IPython.display import HTML\nHTML({html!r})"


def lesson(path: Path, *cells: nbformat.NotebookNode) -> Path:
    """Write a notebook: a heading, then the given cells, numbered where they count as run."""
    for number, one in enumerate(cells, start=1):
        one.execution_count = one.execution_count and number
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    heading = new_markdown_cell("# A made lesson")
    nbformat.write(new_notebook(cells=[heading, *cells], metadata={"kernelspec": kernel}), path)
    return path
