"""Charts, figures and controls: the same picture from the same data, and a clear word where something is missing."""

import doctest
import importlib

import pandas as pd
import pytest

from pactlab import charts, explore, show
from pactlab.errors import KitError

DOCUMENTED = [
    *(f"pactlab.charts.{name}" for name in ("bars", "canvas", "lines", "matrix", "slope", "timeline")),
    "pactlab.lessons.numbers",
    "pactlab.classroom.draw",
]
ALT = "Bars of hours to the first report in two states: India 6, Australia 12."


@pytest.mark.parametrize("module", DOCUMENTED)
def test_examples_in_docstrings_hold(module):
    result = doctest.testmod(importlib.import_module(module))
    assert result.attempted, f"{module}: no example; add one that a student could paste"
    assert not result.failed


def hours(india: int = 6, **about: str) -> show.Figure:
    axes = charts.bars(pd.Series({"India": india, "Australia": 12}), xlabel="Hours")
    given = {"name": "hours", "title": "Six and twelve", "alt": ALT, "caption": "Hours.", "source": "cyber_governance"}
    return show.figure(axes, **{**given, **about})


def test_equal_data_give_equal_bytes():
    assert hours().webp == hours().webp
    assert hours().svg == hours().svg
    assert hours().html == hours().html


def test_the_hash_follows_what_is_plotted():
    assert hours().plotted == hours().plotted
    assert hours().plotted != hours(india=7).plotted
    coloured = hours()
    coloured.drawing.axes[0].patches[0].set_facecolor("red")
    assert coloured.plotted == hours().plotted, "colours are no data"
    labelled = hours()
    labelled.drawing.axes[0].set_xlabel("Days")
    assert labelled.plotted != hours().plotted, "a unit is"


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"name": "Hours!"}, r"figure 'Hours!': a name has small letters"),
        ({"alt": "Two bars."}, r"figure hours: the alt text has 9 characters; write 60 to 1,200"),
        ({"alt": "x" * 80}, r"figure hours: the alt text has no figure in it"),
        ({"title": " "}, r"figure hours: the title is empty"),
        ({"caption": ""}, r"figure hours: the caption is empty"),
        ({"source": "cyber_governence"}, r'there is no table "cyber_governence"; nearest: cyber_governance'),
    ],
)
def test_an_unfinished_figure_says_what_is_missing(about, message):
    with pytest.raises(KitError, match=message):
        hours(**about)


def test_a_figure_survives_the_sanitizer_and_names_its_source():
    shown = hours()._repr_mimebundle_()
    page = shown["text/html"]
    assert page.startswith("<figure data-plotted=")
    for dropped in ("style=", "<script", "<svg", "role="):
        assert dropped not in page, f"JupyterLab's sanitizer drops {dropped}"
    assert "Source: " in page
    assert "Creative Commons" in page
    assert shown["text/plain"] == f"[Figure] Six and twelve. {ALT}"


def draw(state: str, unit: str) -> show.Figure:
    value = 6 if state == "India" else 12
    axes = charts.bars(pd.Series({state: value}), xlabel=unit)
    said = f"One bar of {unit} to the first report: {state} has {value}, as its law or directive says."
    return show.figure(axes, name="one", title=state, alt=said, caption="One.", source="cyber_governance")


def control() -> explore.Control:
    states, units = ["India", "Australia"], ["hours", "days"]
    return explore.control(draw, state=states, unit=units, telling=[("India", "hours"), ("Australia", "days")])


def test_a_control_has_three_forms():
    shown = control()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in shown
    assert shown["text/html"].count("<figure") == 2
    assert shown["text/html"].count("<details>") == 1, "the first choice stands open, the others open without a script"
    assert "State: India, Australia" in shown["text/plain"]
    assert len(control().choices()) == 4


def test_a_move_of_the_live_control_shows_the_choice():
    live = control().widget()
    lists, pane = live.children
    assert [drop.description for drop in lists.children] == ["State", "Unit"], "each list has a name to be read out"
    assert "India has 6" in pane.value
    lists.children[0].value = "Australia"
    assert "Australia has 12" in pane.value
    assert 'aria-live="polite"' in pane.value


def test_a_control_refuses_choices_that_are_not_offered():
    with pytest.raises(KitError, match="'Japan' is not among the values of state: India"):
        explore.control(draw, state=["India"], unit=["hours"], telling=[("Japan", "hours")])
    with pytest.raises(KitError, match="give 1 to 9 telling choices, not 0"):
        explore.control(draw, state=["India"], unit=["hours"], telling=[])


def test_a_missing_value_has_a_question_mark():
    axes = charts.bars(pd.Series({"India": 6, "Japan": None}), xlabel="Hours")
    assert [text.get_text() for text in axes.texts] == ["?", "6"]


def test_a_table_of_words_cuts_nothing():
    words = "a sentence that is longer than the fifty letters at which pandas cuts a cell"
    shown = show.table(pd.DataFrame({"word": [words, None]}), caption="Words")._repr_mimebundle_()
    assert words in shown["text/html"]
    assert shown["text/plain"] == f"Words\n{words}\n"


def test_a_map_has_no_borders_and_counts_its_marks():
    places = pd.DataFrame({"name": ["A", "B"], "lon": [100.0, 0.0], "lat": [0.0, 0.0], "role": ["in", "in"]})
    axes = charts.region_map(places, kind="role", marks={"in": "star", "out": "dot"})
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["in (1)"], "B lies off the map"
    assert len(axes.patches) == 1, "land is one shape: no line runs inside it"
