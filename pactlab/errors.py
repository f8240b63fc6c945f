"""Errors that a reader of the kit can act on."""


class KitError(Exception):
    """Say in one line what is wrong, where, and what to do; notebooks show it without a stack trace."""

    def _render_traceback_(self) -> list[str]:
        """Give IPython the single line it prints instead of a stack trace."""
        return [f"{type(self).__name__}: {self}"]
