"""Controls around a plain function of the data."""

from pactlab.explore.control import Control, control

__all__ = ["Control", "control"]
