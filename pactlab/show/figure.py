"""A figure as a page shows it: picture, alt text, caption, source."""

import base64
import html
import io
import re
from dataclasses import dataclass, field
from functools import cached_property

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Drawing
from PIL import Image

from pactlab import data
from pactlab.errors import KitError
from pactlab.show.plotted import plotted

DPI = 120
COLOURS = 32
SHOWN_WIDTH = 660
"""Width in pixels on a wide page; a narrower page shrinks the picture."""
ALT_LENGTH = (60, 1200)


@dataclass(frozen=True)
class Figure:
    """One finished figure, shown as HTML on a page, as plain text (its alt text) elsewhere."""

    name: str
    """Short name in snake_case; the file in figures/ is called after lesson and name."""
    title: str
    """The finding, in one line."""
    alt: str
    """What a sighted reader would take from it, with figures in it."""
    caption: str
    """What is shown, and what to mind."""
    source: str
    """Where the data come from, one line."""
    drawing: Drawing = field(repr=False, compare=False)
    """The matplotlib figure."""

    @cached_property
    def plotted(self) -> str:
        """Short hash of the plotted values: what the checks compare in place of the picture's bytes."""
        return plotted(self.drawing)

    @cached_property
    def webp(self) -> bytes:
        """The picture, 720 pixels wide: WebP without loss, in 32 colours: small, and no difference to the eye."""
        # Straight from the canvas, by the fast way to few colours: a control's move waits for this.
        canvas, packed, before = FigureCanvasAgg(self.drawing), io.BytesIO(), self.drawing.dpi
        self.drawing.dpi = DPI
        canvas.draw()
        drawn = Image.frombytes("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba())).convert("RGB")
        self.drawing.dpi = before
        few = drawn.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.convert("RGB").save(packed, "WEBP", lossless=True, method=2, quality=50)
        return packed.getvalue()

    @cached_property
    def svg(self) -> bytes:
        """The picture as SVG, without a date, so that equal data give equal bytes."""
        drawn = io.BytesIO()
        self.drawing.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
        return drawn.getvalue()

    @cached_property
    def html(self) -> str:
        """The figure as HTML that survives JupyterLab's sanitizer: no style, script or role."""
        picture = base64.b64encode(self.webp).decode()
        return (
            f'<figure data-plotted="{self.plotted}"><p><strong>{html.escape(self.title)}</strong></p>'
            f'<img alt="{html.escape(self.alt)}" width="{SHOWN_WIDTH}" src="data:image/webp;base64,{picture}">'
            f"<figcaption>{html.escape(self.caption)} "
            f"<small>Source: {html.escape(self.source)}</small></figcaption></figure>"
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": f"[Figure] {self.title}. {self.alt}"}


def source_line(tables: str | list[str]) -> str:
    """Return the source line for one table or several: title, name and licence of each, as its data card says.

    An empty list is for a drawing of what the text cites, of no table.
    """
    cards = [data.card(name) for name in ([tables] if isinstance(tables, str) else tables)]
    return (
        "; ".join(f"{card.title} (table {card.name}, {card.licence})" for card in cards)
        or "the reports cited beside it"
    )


def figure(drawn: Axes | Drawing, *, name: str, title: str, alt: str, caption: str, source: str | list[str]) -> Figure:
    """Turn axes into a finished figure.

    drawn: matplotlib axes or figure. name: in snake_case. title: the finding. alt: 60 to 1,200 characters with
    figures in it, best built from the plotted frame. caption: one or two sentences. source: name of a table, or a
    list of names. Raises KitError that says which of these is missing or too short.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise KitError(f"figure {name!r}: a name has small letters, digits and underscores, as in words_and_rate")
    shortest, longest = ALT_LENGTH
    if not shortest <= len(alt) <= longest:
        raise KitError(f"figure {name}: the alt text has {len(alt)} characters; write {shortest} to {longest:,}")
    if not re.search(r"\d", alt):
        raise KitError(f"figure {name}: the alt text has no figure in it; say how much, how many or when")
    for what, text in (("title", title), ("caption", caption)):
        if not text.strip():
            raise KitError(f"figure {name}: the {what} is empty")
    drawing = drawn if isinstance(drawn, Drawing) else drawn.figure
    return Figure(name, title, alt, caption, source_line(source), drawing)
