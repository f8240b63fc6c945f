"""The page of terms that lessons link to, written from the table `glossary`."""

import pandas as pd

from pactlab import data

PAGE = "glossary.md"
HEAD = """# Glossary

{count} terms, in alphabetical order of their short names. Hindi and Japanese stand only where we saw the form in an
official text or a report of one. This page is written from the table `glossary` by `uv run pactlab refresh`."""


def page() -> str:
    """Return the page as Markdown: one section a term, whose heading is the term's id, so that links can name it."""
    terms = data.load("glossary")
    return "\n\n".join([HEAD.format(count=len(terms)), *terms.apply(_section, axis=1)]) + "\n"


def _section(row: pd.Series) -> str:
    short = f" ({row['short_form']})" if pd.notna(row["short_form"]) else ""
    lines = [f"**{row['term']}**{short}. {row['definition']}"]
    forms = {"Hindi": row["hindi"], "Japanese": row["japanese"]}
    lines += [f"{language}: {form}" for language, form in forms.items() if pd.notna(form)]
    if pd.notna(row["see_also"]):
        lines.append("See also " + ", ".join(f"[{term}](#{term})" for term in row["see_also"].split(";")))
    if pd.notna(row["source_ids"]):
        lines.append("Source: " + "; ".join(data.cite(source) for source in row["source_ids"].split(";")))
    return "\n\n".join([f"## {row['term_id']}", *lines])
