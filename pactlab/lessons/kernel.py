"""The kernels of a check, as a program: forked from one warm process or started alone, always offline.

A kernel spends about a second on imports, so a run over all lessons would mostly wait. `pactlab.lessons.warm`
sees to it that Jupyter runs this file:

    kernel.py serve FD               the warm process: imports once, then forks a kernel for each caller
    kernel.py launch SOCKET -f FILE  what Jupyter starts: gets such a kernel and stands in for it
    kernel.py plain -f FILE          a kernel of its own: the fallback, and the rule on macOS and Windows
"""

# The launcher runs once a kernel and without site-packages: the top imports little, and nothing from outside.

import contextlib
import json
import os
import selectors
import signal
import socket
import struct
import sys
import time

WAIT = 30
"""Seconds a launcher waits for the warm process; it needs one or two to get ready."""
NUMBER = struct.Struct("!i")
OF_A_KERNEL = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
)
"""Modules that every kernel imports before it runs a cell."""
OF_LESSONS = (
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "pandas.plotting._matplotlib",
    "ipywidgets",
)
"""Modules that lessons import, one way or another; pandas comes before them."""
OURS = ("pactlab.data", "pactlab.charts", "pactlab.show", "pactlab.explore")


class OfflineError(ConnectionError):
    """A lesson asked for the network, which the checks refuse."""


def go_offline() -> None:
    """Refuse every connection and name lookup of this process but loopback and unix sockets, for good.

    Refused calls raise OfflineError. The guard sees what goes through Python's socket module; it sees neither
    other programs that a cell starts nor libraries that bring their own network code. Settings of a proxy are
    removed: a proxy on loopback would be a way out.
    """
    import ipaddress

    def is_near(host: object) -> bool:
        name = os.fsdecode(host) if isinstance(host, bytes | bytearray) else host
        if name in (None, "", "localhost"):
            return True
        try:
            address = ipaddress.ip_address(str(name).partition("%")[0])
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return address.is_loopback or address.is_unspecified

    def refuse(event: str, arguments: tuple) -> None:
        if event not in watched:
            return
        target = arguments[watched[event]]
        if watched[event] and (target is None or arguments[0].family == unix):
            return
        host = target[0] if isinstance(target, tuple) else target
        if not is_near(host):
            raise OfflineError(f"lessons run offline: connection to {host} refused; put the data into data/ instead")

    unix = getattr(socket, "AF_UNIX", None)
    # Event of the interpreter -> which of its arguments holds the host or address.
    watched = {
        "socket.connect": 1,
        "socket.sendto": 1,
        "socket.sendmsg": 1,
        "socket.getaddrinfo": 0,
        "socket.gethostbyname": 0,
        "socket.gethostbyaddr": 0,
        "socket.getnameinfo": 0,
    }
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]
    sys.addaudithook(refuse)


def run_kernel(argv: list[str], **options: object) -> None:
    """Be an offline Jupyter kernel in this process until it is shut down.

    argv: the kernel's arguments, such as `-f FILE`. options: settings of ipykernel's application.
    """
    from importlib.util import find_spec

    from ipykernel.kernelapp import IPKernelApp

    go_offline()
    sys.argv = [find_spec("ipykernel_launcher").origin, *argv]
    app = IPKernelApp.instance(**options)
    app.initialize()
    # Both libraries look at the kernel when they are imported; in a fork that was before there was one.
    if "ipywidgets" in sys.modules:
        sys.modules["ipywidgets"].register_comm_target()
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].rcParams["backend"] = os.environ["MPLBACKEND"]
    app.start()


def warm_up() -> dict[str, str]:
    """Import what lessons use and draw once, so that forks find modules, fonts and formatters ready.

    Returns the environment variables that a kernel's own modules set when they are imported.
    """
    import builtins
    import gc
    import importlib
    import io
    import traceback
    from types import SimpleNamespace

    def preload(modules: tuple[str, ...]) -> None:
        for module in modules:
            try:
                importlib.import_module(module)
            except Exception:
                # Who imports it will say so where an author looks; here it only stays cold.
                traceback.print_exc()

    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # a fork does not take threads along
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # the debugger's note about itself
    before = dict(os.environ)
    preload(OF_A_KERNEL)
    variables = {name: value for name, value in os.environ.items() if name not in before}
    # pandas chooses defaults at import: by whether it is in a kernel, and by how text is printed there.
    builtins.get_ipython = lambda: SimpleNamespace(kernel=None)
    stream, sys.stdout = sys.stdout, io.TextIOWrapper(io.BytesIO(), encoding="UTF-8")
    try:
        import pandas
    finally:
        del builtins.get_ipython
        sys.stdout = stream
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        preload(OF_LESSONS)
        preload(OURS)
        figure = Figure(figsize=(2, 2), layout="constrained")
        axes = figure.subplots()
        axes.plot([1, 2], label="one")
        axes.set_title("Two")
        axes.legend()
        for kind in ("svg", "png"):
            figure.savefig(io.BytesIO(), format=kind)
    pandas.DataFrame({"one": [1]})._repr_html_()
    # The rooms of this library are imported anew by each lesson, in a few milliseconds: they set the style of
    # charts when a lesson imports them, and what they remember must not pass from lesson to lesson.
    for module in [name for name in sys.modules if name.split(".")[0] == "pactlab"]:
        del sys.modules[module]
    del figure, axes
    gc.collect()
    gc.freeze()
    return variables


def _signal_group(pid: int, number: int) -> None:
    """Send a signal to a kernel and to what it has started, if they are still there."""
    for send in (os.killpg, os.kill):
        try:
            return send(pid, number)
        except (ProcessLookupError, PermissionError):
            continue


class _Forks:
    """Forks a process for every caller of a socket, and ends it when its caller hangs up."""

    def __init__(self, listener: socket.socket, owner: int) -> None:
        """Wait at the listener while owner stays open, a pipe from the process that wants the kernels."""
        self.listener, self.owner = listener, owner
        self.callers: dict[int, socket.socket] = {}
        self.woken, self.waker = socket.socketpair()
        self.waker.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.waker.fileno())
        self.selector = selectors.DefaultSelector()
        for source in (listener, owner, self.woken):
            self.selector.register(source, selectors.EVENT_READ)

    def run(self) -> dict | None:
        """Return the caller's request in a fork; in the warm process return None once the owner is gone."""
        while True:
            for source in [key.fileobj for key, _ in self.selector.select()]:
                if source == self.owner:
                    self.end()
                    return None
                if source is self.listener:
                    if request := self.accept():
                        return request
                elif source is self.woken:
                    self.reap()
                elif source.fileno() >= 0:
                    self.hang_up(source)

    def accept(self) -> dict | None:
        """Fork for the next caller and tell it the process number; return its request in the fork only."""
        caller, _ = self.listener.accept()
        streams: list[int] = []
        try:
            request = _read(caller, streams)
            pid = os.fork()
        except OSError:
            pid = None  # it fell silent, or there is no room for a process: the launcher goes on by itself
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setpgid(0, 0)
            # A launcher learns from the end of its connection that the warm process died: hold none of them.
            held = (self.selector, self.listener, self.woken, self.waker, caller, *self.callers.values())
            for one in held:
                one.close()
            return {**request, "streams": streams}
        for stream in streams:
            os.close(stream)
        if pid is None:
            caller.close()
            return None
        self.callers[pid] = caller
        self.selector.register(caller, selectors.EVENT_READ, pid)
        self.tell(caller, pid)
        return None

    def tell(self, caller: socket.socket, number: int) -> None:
        """Send a number to a caller; one that has gone is noticed at the end of its connection."""
        with contextlib.suppress(OSError):
            caller.sendall(NUMBER.pack(number))

    def reap(self) -> None:
        """Collect the kernels that have ended and pass their exit codes on."""
        self.woken.recv(4096)
        while self.callers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            caller = self.callers.pop(pid)
            if caller.fileno() >= 0:
                self.tell(caller, os.waitstatus_to_exitcode(status))
                self.selector.unregister(caller)
                caller.close()

    def end(self) -> None:
        """Kill all kernels."""
        for pid in self.callers:
            _signal_group(pid, signal.SIGKILL)
            os.waitpid(pid, 0)

    def hang_up(self, caller: socket.socket) -> None:
        """Kill the kernel of a caller that has gone; the kernel itself may be too busy to notice."""
        pid = self.selector.unregister(caller).data
        caller.close()
        _signal_group(pid, signal.SIGKILL)


def serve(listener: socket.socket) -> None:
    """Be the warm process until stdin ends; in each fork of it, be a kernel.

    listener: a unix socket that listens already, so that callers wait in line while this process warms up.
    """
    variables = warm_up()
    if request := _Forks(listener, owner=sys.stdin.fileno()).run():
        _become(request, variables)
        run_kernel(request["argv"], parent_handle=os.getppid())


def _read(caller: socket.socket, streams: list[int]) -> dict:
    """Return what a launcher asks for and add its standard streams to a list; OSError if it falls silent."""
    caller.settimeout(WAIT)
    head, received, _, _ = socket.recv_fds(caller, NUMBER.size, 3)
    streams += received
    if len(head) < NUMBER.size:
        raise ConnectionAbortedError
    message = b""
    while len(message) < NUMBER.unpack(head)[0]:
        if not (part := caller.recv(1 << 16)):
            raise ConnectionAbortedError
        message += part
    return json.loads(message)


def _become(request: dict, variables: dict[str, str]) -> None:
    """Take over a launcher's standard streams, folder and environment; draw other random numbers."""
    import random
    import tempfile

    import numpy

    for number, stream in enumerate(request["streams"]):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update({**variables, **request["environment"]})
    time.tzset()
    tempfile.tempdir = None
    random.seed()
    numpy.random.seed()


def launch(path: str, argv: list[str]) -> None:
    """Get a kernel from the warm process behind a unix socket and stand in for it until one of the two ends.

    Signals are passed on. When the warm process does not answer, this process becomes a plain kernel.
    """
    kernel = 0

    def pass_on(number: int, _: object) -> None:
        if kernel:
            _signal_group(kernel, number)

    signal.signal(signal.SIGINT, pass_on)
    request = {"folder": os.getcwd(), "environment": dict(os.environ), "argv": argv}
    message = json.dumps(request).encode()
    warm = socket.socket(socket.AF_UNIX)
    warm.settimeout(WAIT)
    try:
        warm.connect(path)
        socket.send_fds(warm, [NUMBER.pack(len(message))], [0, 1, 2])
        warm.sendall(message)
        answer = warm.recv(NUMBER.size, socket.MSG_WAITALL)
    except OSError:
        answer = b""
    if len(answer) < NUMBER.size:
        os.execv(sys.executable, [sys.executable, __file__, "plain", *argv])
    (kernel,) = NUMBER.unpack(answer)
    signal.signal(signal.SIGTERM, pass_on)
    warm.settimeout(None)
    try:
        answer = warm.recv(NUMBER.size, socket.MSG_WAITALL)
    except OSError:
        answer = b""
    if len(answer) < NUMBER.size:
        _signal_group(kernel, signal.SIGKILL)  # the warm process died: nobody else would end its kernel
        raise SystemExit(1)
    (code,) = NUMBER.unpack(answer)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    raise SystemExit(code)


def main(role: str, *argv: str) -> None:
    """Run this file as a program."""
    if not sys.flags.safe_path:
        del sys.path[0]  # the folder of this file
    if role == "serve":
        serve(socket.socket(fileno=int(argv[0])))
    elif role == "launch":
        launch(argv[0], list(argv[1:]))
    else:
        run_kernel(list(argv))


if __name__ == "__main__":
    main(*sys.argv[1:])
