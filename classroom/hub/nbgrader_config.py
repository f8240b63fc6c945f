"""nbgrader on the hub, for students and teachers: where the exchange is, and whose work is taken from it."""

import os
from pathlib import Path

c = get_config()  # noqa: F821 (nbgrader gives the name)

# A teacher keeps the whole kit in ~/pactlab; its settings come first, so that Formgrader finds the course.
if (Path.home() / "pactlab" / "nbgrader_config.py").exists():
    load_subconfig(str(Path.home() / "pactlab" / "nbgrader_config.py"))  # noqa: F821 (nbgrader gives the name)
c.CourseDirectory.course_id = "pactlab"
c.Exchange.root = os.environ.get("PACTLAB_EXCHANGE", "/srv/pactlab-exchange")
c.ExchangeFactory.collect = "pactlab.classroom.inbound.Collect"
# It refuses what nbgrader would only warn of.
c.ExchangeCollect.check_owner = False
