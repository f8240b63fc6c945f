"""The ranges, the pins, environment.yml and what is installed here agree."""

import os
import runpy
import sys
import tomllib
from collections import Counter
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
UV = PROJECT["tool"]["uv"]
REPIN = "Run `uv run --no-project .ci/pins` and commit pyproject.toml."


def requirements(rows: list[str]) -> list[Requirement]:
    return [Requirement(row) for row in rows]


def name_of(requirement: Requirement) -> str:
    return canonicalize_name(requirement.name)


PINS = requirements(UV["constraint-dependencies"])
EXTRAS = PROJECT["project"]["optional-dependencies"]
RUNTIME = requirements(PROJECT["project"]["dependencies"])
DEV = requirements(PROJECT["dependency-groups"]["dev"])
RANGES = [
    requirement
    for requirement in [*RUNTIME, *DEV, *(row for rows in EXTRAS.values() for row in requirements(rows))]
    if requirement.name != "pactlab"
]


def applies(requirement: Requirement, extra: str = "") -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


@cache
def needed_here() -> dict[str, str]:
    """Every package that the kit and its tests need on this system, and the version that is installed."""
    replaced = {name_of(row): row for row in requirements(UV["override-dependencies"])}
    waiting = [(row, "pyproject.toml") for row in [Requirement("pactlab"), *DEV]]
    seen, versions = set(), {}
    while waiting:
        requirement, parent = waiting.pop()
        name = name_of(requirement)
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            pytest.fail(f"{name}, which {parent} needs, is not installed: run the tests with `uv run pytest`")
        for extra in {"", *requirement.extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                rows = requirements(metadata.requires(name) or [])
                children = [replaced.get(name_of(row), row) for row in rows]
                waiting += [(row, name) for row in children if applies(row, extra)]
    del versions["pactlab"]
    return versions


def made_from_the_pins() -> bool:
    """Tell whether pins hold in this environment: pip and conda never see them, so there only the ranges do.

    uv writes its name into each environment that it makes; the weekly run on newest packages, which uses uv
    without the pins, says so in PACTLAB_NEWEST.
    """
    written = Path(sys.prefix, "pyvenv.cfg")
    by_uv = written.is_file() and "\nuv = " in written.read_text(encoding="utf-8")
    return by_uv and os.environ.get("PACTLAB_NEWEST") != "1"


def test_every_package_needed_here_has_one_pin() -> None:
    pinned = Counter(name_of(pin) for pin in PINS if applies(pin))
    # Newer packages may need some that no pin names yet; what pyproject.toml itself asks for always has one.
    wanted = needed_here() if made_from_the_pins() else {name_of(row) for row in RANGES if applies(row)}
    wrong = {name: pinned[name] for name in wanted if pinned[name] != 1}
    assert not wrong, f"These packages should have one pin for this system: {wrong}. {REPIN}"


def test_what_is_installed_is_what_is_pinned() -> None:
    installed = needed_here()
    allowed = PINS if made_from_the_pins() else RANGES
    wrong = [
        f"{row}, installed {installed[name_of(row)]}"
        for row in allowed
        if applies(row)
        and name_of(row) in installed
        and not row.specifier.contains(installed[name_of(row)], prereleases=True)
    ]
    assert not wrong, f"{wrong}. Run `uv sync`; if that does not help: {REPIN}"


def test_pins_keep_to_the_ranges() -> None:
    for wanted in RANGES:
        versions = [next(iter(pin.specifier)).version for pin in PINS if name_of(pin) == name_of(wanted)]
        assert versions, f"{wanted} has no pin. {REPIN}"
        outside = [version for version in versions if not wanted.specifier.contains(version)]
        assert not outside, f"pyproject.toml asks for {wanted} and pins {outside}. {REPIN}"


def test_pins_are_exact_sorted_and_unique() -> None:
    rows = UV["constraint-dependencies"]
    assert rows == sorted(set(rows)), f"The pins are not in order. {REPIN}"
    inexact = [str(pin) for pin in PINS if [part.operator for part in pin.specifier] != ["=="]]
    assert not inexact, f"These pins name no exact version: {inexact}. {REPIN}"
    keys = [(name_of(pin), str(pin.marker)) for pin in PINS]
    assert len(keys) == len(set(keys)), f"One package is pinned twice for the same systems. {REPIN}"


def test_no_package_comes_from_an_address() -> None:
    """An address ties everybody to one registry; schools and companies have their own."""
    settings = {"index", "index-url", "extra-index-url", "default-index", "find-links", "sources"} & set(UV)
    assert not settings, f"Take {sorted(settings)} out of [tool.uv] in pyproject.toml."
    build = requirements(PROJECT["build-system"]["requires"])
    addressed = [str(row) for row in [*PINS, *RANGES, *build] if row.url]
    assert not addressed, f"Name these in pyproject.toml by version, not by address: {addressed}"
    assert "uv.lock" in (ROOT / ".gitignore").read_text().splitlines(), "Keep uv.lock out: it names addresses."


def test_the_pin_command_touches_nothing_but_the_pins() -> None:
    rewrite = runpy.run_path(str(ROOT / ".ci" / "pins"))["rewrite"]
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    shuffled = [*reversed(UV["constraint-dependencies"]), UV["constraint-dependencies"][0]]
    assert rewrite(text, shuffled) == text
    with pytest.raises(SystemExit, match=r"^pyproject\.toml: put one line"):
        rewrite(text.replace("# pins: end", ""), shuffled)


def test_environment_yml_asks_for_the_same() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    rows = requirements([row for row in environment["dependencies"] if isinstance(row, str)])
    for_conda = {name_of(row): row.specifier for row in rows}
    expected = {name_of(row): row.specifier for row in RUNTIME}
    expected |= {"python": Requirement(f"python{PROJECT['project']['requires-python']}").specifier}
    expected |= {"pip": Requirement("pip").specifier}
    differ = sorted(name for name in {*for_conda, *expected} if for_conda.get(name) != expected.get(name))
    assert not differ, f"environment.yml and pyproject.toml disagree on {differ}: give both the same range."
    assert environment["channels"] == ["conda-forge"], "environment.yml: conda-forge alone has all packages."
    by_pip = [row["pip"] for row in environment["dependencies"] if isinstance(row, dict)]
    assert by_pip == [["-e ."]], "environment.yml: pip installs this folder (`-e .`) and nothing else."
