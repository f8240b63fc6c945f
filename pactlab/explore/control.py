"""One control, three forms: drop-downs where a kernel runs, stored pictures where none does, text anywhere."""

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any

from pactlab.errors import KitError
from pactlab.show import Figure

MOST_PANES = 9
"""Stored pictures a control may have; each costs about 20 KB in the notebook."""


@dataclass(frozen=True)
class Control:
    """A function of a few options, shown as drop-downs that redraw it and as a handful of telling pictures."""

    draw: Callable[..., Figure]
    """Takes one value for each option by name, returns a figure."""
    options: Mapping[str, tuple[Any, ...]]
    """Name of each parameter, and the values a reader can choose."""
    telling: tuple[Mapping[str, Any], ...]
    """The choices stored as pictures; the first is the start."""
    _drawn: dict[tuple, Figure] = field(default_factory=dict, repr=False, compare=False)

    def figure(self, **chosen: Any) -> Figure:
        """Return the figure for one choice, drawn once and kept."""
        key = tuple(chosen[name] for name in self.options)
        if key not in self._drawn:
            self._drawn[key] = self.draw(**chosen)
        return self._drawn[key]

    def choices(self) -> list[dict[str, Any]]:
        """Return every combination of the options."""
        return [dict(zip(self.options, values, strict=True)) for values in product(*self.options.values())]

    @staticmethod
    def label(name: str) -> str:
        """Return a parameter's name as a reader sees it: `first_state` as "First state"."""
        return name.replace("_", " ").capitalize()

    def said(self, chosen: Mapping[str, Any]) -> str:
        """Return a choice in words."""
        return ", ".join(f"{self.label(name)}: {value}" for name, value in chosen.items())

    @cached_property
    def html(self) -> str:
        """The telling choices as pictures, the first open, the others behind a summary that needs no script."""
        first, *others = self.telling
        panes = [f"<p><strong>{html.escape(self.said(first))}</strong></p>{self.figure(**first).html}"]
        panes += [
            f"<details><summary>{html.escape(self.said(chosen))}</summary>{self.figure(**chosen).html}</details>"
            for chosen in others
        ]
        names = html.escape(" and ".join(self.label(name).lower() for name in self.options))
        return f"<fieldset><legend>Choose {names}</legend>{''.join(panes)}</fieldset>"

    @property
    def text(self) -> str:
        """The options, and what the telling choices show, in plain text."""
        asked = [f"{self.label(name)}: {', '.join(map(str, values))}" for name, values in self.options.items()]
        return "\n".join(asked + [f"[{self.said(chosen)}] {self.figure(**chosen).alt}" for chosen in self.telling])

    def widget(self) -> Any:
        """Return the live form: a named drop-down for each option above the figure."""
        import ipywidgets

        wide = {"description_width": "initial"}
        lists = {
            name: ipywidgets.Dropdown(
                options=values, value=self.telling[0][name], description=self.label(name), style=wide
            )
            for name, values in self.options.items()
        }
        pane = ipywidgets.HTML()

        def redraw(_: object = None) -> None:
            chosen = {name: drop.value for name, drop in lists.items()}
            # A reader who cannot see the picture hears its alt text when it changes.
            # Lab lets pictures of outputs shrink to their column, but not those of widgets.
            shown = self.figure(**chosen).html.replace("<img ", '<img style="max-width:100%;height:auto" ', 1)
            pane.value = f'<div aria-live="polite">{shown}</div>'

        for drop in lists.values():
            drop.observe(redraw, names="value")
        redraw()
        return ipywidgets.VBox([ipywidgets.HBox(list(lists.values()), layout={"flex_flow": "row wrap"}), pane])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        live = self.widget()._repr_mimebundle_()
        live = live[0] if isinstance(live, tuple) else live
        return {**live, "text/html": self.html, "text/plain": self.text}


def control(draw: Callable[..., Figure], *, telling: Sequence[Sequence[Any]], **options: Sequence[Any]) -> Control:
    """Put drop-downs around a function that draws a figure.

    draw: takes one value for each option by name and returns a `show.figure`. options: name of a parameter to the
    values it can take (two or more). telling: one to nine choices, each a value for every option in their order;
    the first is shown at the start, all are stored as pictures for readers without a kernel. Raises KitError when a
    choice is not offered.
    """
    if not 1 <= len(telling) <= MOST_PANES:
        raise KitError(f"control: give 1 to {MOST_PANES} telling choices, not {len(telling)}")
    chosen = [dict(zip(options, choice, strict=True)) for choice in telling]
    for choice in chosen:
        for name, value in choice.items():
            if value not in options[name]:
                raise KitError(
                    f"control: {value!r} is not among the values of {name}: {', '.join(map(str, options[name]))}"
                )
    return Control(draw, {name: tuple(values) for name, values in options.items()}, tuple(chosen))
