"""What holds for the files of the project as a whole. Each message says what to do."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest
import yaml

import pactlab

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
START = "pip install uv && uv run pactlab lab"
TEST = "pip install uv && uv run pytest"


def text_of(name: str | Path) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def files() -> list[Path]:
    """What git has or would add; where git cannot say (a copy, a clone of another user): see .gitignore."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        git = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
        if git.returncode == 0:
            names = {Path(name) for name in git.stdout.decode().split("\0") if name}
            return sorted(name for name in names if (ROOT / name).is_file())
    rows = [
        ".git",
        *(row.strip("/") for row in text_of(".gitignore").splitlines() if row[:1] not in ("", "#")),
    ]
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return sorted(path for path in found if not any(fnmatch(part, row) for part in path.parts for row in rows))


def under(folder: str, ending: str = "") -> list[Path]:
    return [path for path in files() if path.parts[0] == folder and path.name.endswith(ending)]


PAGES = [path for path in files() if path.suffix == ".md" and "vendor" not in path.parts]


# Size

BUDGETS = {  # folder: bytes for all its files, bytes for one
    "data": (2_000_000, 500_000),
    "figures": (3_000_000, 1_000_000),
    "lessons": (5_000_000, 1_000_000),
    ".": (10_000_000, 1_000_000),
}


@pytest.mark.parametrize("folder", BUDGETS)
def test_size(folder: str) -> None:
    of_all, of_one = BUDGETS[folder]
    sizes = {path: (ROOT / path).stat().st_size for path in files() if folder in (".", path.parts[0])}
    large = [f"{path} ({size / 1e6:.1f} MB)" for path, size in sizes.items() if size > of_one]
    assert not large, f"Over {of_one / 1e6} MB, make them smaller: {large}"
    assert sum(sizes.values()) <= of_all, f"{folder} is over {of_all / 1e6} MB: {sum(sizes.values()) / 1e6:.1f} MB"


# What no file says

WEB_OR_IMAGE = re.compile(r"https?://[^\s\"'<>)]+|data:image/[^\s\"'<>)]+")
REGISTRY = re.compile(r"\b(?:pypi|npmjs|anaconda)\.(?:org|com)\b|\bpythonhosted\.org\b|\bdeb\.debian\.org\b")
MACHINE = re.compile(r"(?<![\w.~$}-])/(?:home|root|Users|work|private|mnt|opt|tmp|var)/\w|\b[A-Z]:\\+Users\b")


def lines_that_match(pattern: re.Pattern[str], *, without_web: bool) -> list[str]:
    found = []
    for path in files():
        content = (ROOT / path).read_bytes()
        if b"\0" in content:  # a picture or an archive
            continue
        for number, line in enumerate(content.decode("utf-8").splitlines(), start=1):
            if match := pattern.search(WEB_OR_IMAGE.sub("", line) if without_web else line):
                found.append(f"{path}:{number}: {match.group()}")
    return found


def test_no_file_names_a_package_registry() -> None:
    found = lines_that_match(REGISTRY, without_web=False)
    assert not found, f"Schools have registries of their own; name the package, not the host: {found}"


def test_no_file_names_a_folder_of_one_machine() -> None:
    found = lines_that_match(MACHINE, without_web=True)
    assert not found, f"Write paths from the project's folder; in a test use tmp_path: {found}"


# README and other pages


@pytest.mark.parametrize("command", [START, TEST])
def test_readme_shows_the_command(command: str) -> None:
    assert command in text_of("README.md"), f"README.md must show `{command}` in one line, as it is typed."


def test_readme_helps_where_pip_refuses() -> None:
    helps = [line for line in text_of("README.md").splitlines() if "pipx" in line or "-m venv" in line]
    assert helps, "README.md: one line for systems whose pip refuses: pipx, or a virtual environment."


def test_readme_names_every_lesson() -> None:
    missing = [str(path) for path in under("lessons", ".ipynb") if path.as_posix() not in text_of("README.md")]
    assert not missing, f"README.md: add to the table of lessons: {missing}"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(<?([^)\s>]+)|(?:src|href)=\"([^\"]+)\"", text_of(page))
    local = [re.split("[#?]", a or b)[0] for a, b in targets if not re.match(r"[a-z]+:|#", a or b)]
    gone = [target for target in local if not (ROOT / page.parent / target).exists()]
    assert not gone, f"{page} links to what is not there: {gone}"


def commands_in_pages() -> list[str]:
    """Each `pactlab ...` in code on a page for readers: the words of the command, then its options."""
    found = set()
    for page in PAGES:
        code = re.findall(r"```.*?```|`[^`\n]+`", text_of(page), flags=re.DOTALL)
        for rest in re.findall(r"\bpactlab((?: (?:--)?[a-z][a-z-]*(?=[\s`\]]))+)", "\n".join(code)):
            words = rest.split()
            verbs = [word for word in words if not word.startswith("-")][:2]
            found.add(" ".join(verbs + sorted(word for word in words if word.startswith("--"))))
    return sorted(found)


@pytest.mark.parametrize("command", commands_in_pages())
def test_every_command_on_a_page_exists(command: str) -> None:
    words = [word for word in command.split() if not word.startswith("--")]
    wide = os.environ | {"COLUMNS": "200", "NO_COLOR": "1", "PYTHONUTF8": "1"}
    program = Path(sysconfig.get_path("scripts"), "pactlab")
    run = subprocess.run(
        [program, *words, "--help"], env=wide, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert run.returncode == 0, f"A page shows `pactlab {command}`, which does not run:\n{run.stderr}"
    unknown = [word for word in command.split() if word.startswith("--") and word not in run.stdout]
    assert not unknown, f"A page shows `pactlab {command}`; that command has no {unknown}"


# Names, licences, version, address


def test_licence_of_the_code() -> None:
    head = "BSD 3-Clause License\n\nCopyright (c) 2026 PactLab contributors\n"
    assert text_of("LICENSE").startswith(head), "LICENSE: BSD-3-Clause, held by PactLab contributors."
    assert PROJECT["project"]["license"] == "BSD-3-Clause"
    assert PROJECT["project"]["license-files"] == ["LICENSE", "LICENSE-content"]


def test_licence_of_the_content_is_the_whole_legal_code() -> None:
    found = hashlib.sha256((ROOT / "LICENSE-content").read_bytes()).hexdigest()
    assert found == "f5b745ef98087f531e719ee8ca6a96809444573ecc7173c6fa68eaad39b3cc3f", (
        "LICENSE-content is the legal code of CC BY 4.0, word for word: restore it."
    )


def test_citation_is_valid() -> None:
    check_schema("vendor.citation-file-format", [ROOT / "CITATION.cff"])


def test_one_version_everywhere() -> None:
    version = PROJECT["project"]["version"]
    assert pactlab.__version__ == version, "pactlab/__init__.py and pyproject.toml must name the same version."
    assert yaml.safe_load(text_of("CITATION.cff"))["version"] == version, "CITATION.cff: change the version too."
    assert f"\n## [{version}]" in text_of("CHANGELOG.md"), f"CHANGELOG.md: add a heading [{version}]."


def address_faults(address: str, readme: str, citation: dict, urls: dict) -> list[str]:
    """Hold what shows the repository's address against the one setting, [tool.pactlab] in pyproject.toml."""
    if address:
        faults = {
            "it is not https://... without a slash at the end": not re.fullmatch(r"https://\S+[^/\s]", address),
            "README.md does not say `git clone` with it": f"git clone {address}" not in readme,
            "CITATION.cff lacks it as repository-code": citation.get("repository-code") != address,
            "pyproject.toml lacks it as project.urls.Repository": urls.get("Repository") != address,
        }
    else:
        signs = ["git clone", "badge", "shields.io", "mybinder.org", "actions/workflows"]
        faults = {f"README.md shows {sign!r}": sign in readme for sign in signs}
        faults |= {"CITATION.cff has a repository-code": "repository-code" in citation}
        faults |= {"pyproject.toml has project.urls": bool(urls)}
    return [fault for fault, found in faults.items() if found]


def test_the_address_is_shown_once_it_is_set() -> None:
    address = PROJECT["tool"]["pactlab"]["address"]
    urls = PROJECT["project"].get("urls", {})
    faults = address_faults(address, text_of("README.md"), yaml.safe_load(text_of("CITATION.cff")), urls)
    assert not faults, f"[tool.pactlab] address in pyproject.toml is {address!r}, but {faults}"


def test_address_faults_sees_both_cases() -> None:
    address = "https://forge.example/kit"
    shown = f"git clone {address}", {"repository-code": address}, {"Repository": address}
    hidden = "Read the lessons.", {}, {}
    assert address_faults(address, *shown) == []
    assert address_faults("", *hidden) == []
    assert len(address_faults("", *shown)) == 3
    assert len(address_faults(address, *hidden)) == 3
    assert "it is not https" in address_faults("forge.example/kit/", *hidden)[0]


# Checks


def check_schema(schema: str, paths: list[Path]) -> None:
    """Hold files against a schema that comes with check-jsonschema, so no network is needed."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, paths)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_workflows_are_valid() -> None:
    assert WORKFLOWS, "There are no workflows in .github/workflows."
    check_schema("vendor.github-workflows", WORKFLOWS)
    check_schema("custom.github-workflows-require-timeout", WORKFLOWS)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflow_may_only_read(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}, f"{path.name}: `permissions: contents: read`, no more."
    used = [step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]
    loose = [action for action in used if not re.search(r"@v\d+$", action)]
    assert not loose, f"{path.name}: name the major version of {loose}, as in actions/checkout@v7"


def test_readmes_test_command_is_what_runs_everywhere() -> None:
    command = TEST.split(" && ")[1]
    assert text_of(".ci/run").rstrip().endswith(f'"tests" {command}'), f".ci/run must end with `{command}`."
    assert os.access(ROOT / ".ci" / "run", os.X_OK), "Run `chmod +x .ci/run` and commit."
    assert f"- run: {TEST}\n" in text_of(".github/workflows/check.yml"), f"check.yml must run `{TEST}`."
