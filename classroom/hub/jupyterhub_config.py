"""A hub on one server: every student a JupyterLab with the lessons, the data and the list of assignments.

README.md says what to prepare; then, as root, in the kit's folder: jupyterhub -f classroom/hub/jupyterhub_config.py
"""

import os
import sys
from pathlib import Path

HUB = Path(__file__).resolve().parent
KIT = HUB.parents[1]
STATE = Path(os.environ.get("PACTLAB_HUB", "/srv/pactlab-hub"))
EXCHANGE = os.environ.get("PACTLAB_EXCHANGE", "/srv/pactlab-exchange")
TEACHERS = set(os.environ.get("PACTLAB_TEACHERS", "teacher").split(","))

c = get_config()  # noqa: F821 (jupyterhub gives the name)

# Every student's server reads this folder. What holds answers must not be in it, or must be closed.
readable = [
    name for name in ("exercises", "course", ".git") if (KIT / name).exists() and (KIT / name).stat().st_mode & 5
]
if readable:
    sys.exit(
        f"{KIT} holds answers that every student could read: {', '.join(readable)}. "
        "Run the hub from the students' edition, or close them: chmod o-rwx"
    )

# On this machine only: a web server with a certificate stands before it (README.md).
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
# Whoever reads these can be anybody on the hub, so they lie in a folder that is root's alone.
c.JupyterHub.db_url = f"sqlite:///{STATE}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")
proxy = HUB / "node_modules" / ".bin" / "configurable-http-proxy"
c.ConfigurableHTTPProxy.command = [str(proxy) if proxy.exists() else "configurable-http-proxy"]
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")

# Accounts of this machine. Who is not in the group does not get in, whatever other accounts there are.
c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {"pactlab"}

# Each server runs as its user's Linux account: that, and nothing else, keeps students apart.
c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.default_url = "/lab"
c.Spawner.args = [
    # Over TCP any account of the machine could listen to what another's notebook prints.
    "--KernelManager.transport=ipc",
    # A browser tab left open overnight should not hold memory that 60 others need.
    "--MappingKernelManager.cull_idle_timeout=3600",
    "--ServerApp.shutdown_no_activity_timeout=7200",
]


def config_path(spawner: object) -> str:
    """Name the folders of Jupyter's settings: nbgrader's for all, and no pages of the teacher's for students."""
    return str(HUB) if spawner.user.name in TEACHERS else f"{HUB / 'students'}{os.pathsep}{HUB}"


def data_folder(spawner: object) -> str:
    """Name the data; empty for teachers, whose own kit holds data and exercises."""
    return "" if spawner.user.name in TEACHERS else str(KIT / "data")


def socket_folder(spawner: object) -> str:
    """Name a short folder in the person's own home: the path of a kernel's socket has room for 107 letters."""
    return os.path.expanduser(f"~{spawner.user.name}/.jupyter/run")


c.Spawner.environment = {
    "JUPYTER_RUNTIME_DIR": socket_folder,
    "JUPYTER_CONFIG_PATH": config_path,
    "PACTLAB_DATA": data_folder,
    "PACTLAB_EXCHANGE": EXCHANGE,
    # nbgrader calls other programs by name; sudo would have taken them off the path.
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
}
