"""Time a move of each lesson's control in a live kernel: from the message to the new picture.

Run: uv run python bench/control.py
"""

import json
import random
import time
from pathlib import Path

from jupyter_client.manager import start_new_kernel

from pactlab.lessons.run import read
from pactlab.show.lesson import folder

MOVES = 60
OPEN = """
import json, ipywidgets
_control = [shown for shown in Out.values() if type(shown).__name__ == "Control"][-1]
_control._drawn.clear()
_box = _control.widget()
_lists = [child for child in _box.children[0].children if isinstance(child, ipywidgets.Dropdown)]
print(json.dumps({drop.model_id: len(drop.options) for drop in _lists}))
"""


def run(client, source: str) -> str:
    """Run code in the kernel; return what it printed, raise RuntimeError when it fails."""
    said = []

    def hear(message: dict) -> None:
        if message["msg_type"] == "stream":
            said.append(message["content"]["text"])

    reply = client.execute_interactive(source, output_hook=hear, timeout=60)
    if reply["content"]["status"] != "ok":
        raise RuntimeError("\n".join(reply["content"]["traceback"]))
    return "".join(said)


def move(client, drop: str, index: int) -> float | None:
    """Choose an entry of a drop-down; return the milliseconds until the new picture came, None where none came."""
    update = {"comm_id": drop, "data": {"method": "update", "state": {"index": index}, "buffer_paths": []}}
    message = client.session.msg("comm_msg", update)
    began, came = time.perf_counter(), None
    client.shell_channel.send(message)
    while True:
        heard = client.get_iopub_msg(timeout=30)
        if heard["parent_header"].get("msg_id") != message["header"]["msg_id"]:
            continue
        state = heard["content"].get("data", {}).get("state", {}) if heard["msg_type"] == "comm_msg" else {}
        if "value" in state:
            came = 1000 * (time.perf_counter() - began)
        if heard["msg_type"] == "status" and heard["content"]["execution_state"] == "idle":
            return came


def measure(path: Path) -> list[float]:
    """Return the milliseconds of random moves of a lesson's control, each to a choice that may be new."""
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(path.parent))
    try:
        for cell in read(path).cells:
            if cell.cell_type == "code":
                run(client, cell.source)
        drops = json.loads(run(client, OPEN).strip().splitlines()[-1])
        dice, times = random.Random(1), []
        while len(times) < MOVES:
            drop = dice.choice(list(drops))
            took = move(client, drop, dice.randrange(drops[drop]))
            if took is not None:  # choosing what is chosen already sends no picture
                times.append(took)
        return times
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    for lesson in sorted(folder().glob("[0-9][0-9]_*.ipynb")):
        times = sorted(measure(lesson))
        print(f"{lesson.stem}: p50 {times[MOVES // 2]:.0f} ms, p95 {times[int(0.95 * MOVES)]:.0f} ms, {MOVES} moves")
