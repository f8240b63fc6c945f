"""Time validation of all lessons against one plain process that runs the same code and checks nothing.

Run: uv run python bench/validation.py [ROUNDS]
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

KIT = Path(__file__).resolve().parent.parent
VALIDATION = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "lessons"]
PLAIN = [sys.executable, __file__, "--plain"]


def plain() -> None:
    """Run every lesson in this process and make the HTML of what it shows, as a kernel would."""
    from pactlab.lessons.run import steps
    from pactlab.show.lesson import folder

    for path in sorted(folder().glob("[0-9][0-9]_*.ipynb")):
        for step in steps(path):
            for form in ("_repr_mimebundle_", "_repr_html_"):
                if hasattr(step.shown, form):
                    getattr(step.shown, form)()
                    break


def seconds(command: list[str]) -> float:
    """Return the wall time of a command that must succeed."""
    began = time.perf_counter()
    subprocess.run(command, cwd=KIT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main(rounds: int) -> None:
    """Print both times of each round in turn, and the median of the ratios."""
    ratios = []
    seconds(VALIDATION), seconds(PLAIN)  # bytecode and fonts, once
    for number in range(1, rounds + 1):
        checked, ran = seconds(VALIDATION), seconds(PLAIN)
        ratios.append(checked / ran)
        print(f"round {number}: validation {checked:.1f} s, one plain process {ran:.1f} s, ratio {checked / ran:.2f}")
    print(f"median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    if "--plain" in sys.argv:
        plain()
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
