"""What plain text means to Sphinx: docstrings without markup, and links that leave this folder.

Docstrings are written to be read in a terminal: |x|, A*x and f_ stand for themselves, and an indented block is a
formula. Links to files outside the folder work on a Git host as they are; in the site they become downloads.
"""

import re

UNDERLINE = re.compile(r"^-{3,}$")
KEPT = re.compile(r"(``.+?``|`.+?`|(?<!\w)\*[A-Z][^*]+\*(?!\w))")  # code, and titles of books and papers
OUTWARD = re.compile(r"\]\((\.\.(?:/\.\.)*/[^)#\s]+)(?:#[^)\s]*)?\)")


def escaped(line):
    """The line with *, | and a trailing _ taken literally, outside of code and titles."""
    pieces = KEPT.split(line)
    pieces[::2] = [re.sub(r"([*|\\]|(?<=\w)_(?!\w))", r"\\\1", piece) for piece in pieces[::2]]
    return re.sub(r"^(\s*\w)\. ", r"\1\\. ", "".join(pieces))  # initials at the start are no list


def with_formulas(lines):
    """Indented blocks of the part before the first section become literal blocks."""
    ends = next((i - 1 for i, line in enumerate(lines) if UNDERLINE.match(line)), len(lines))
    out, inside = [], False
    for i, line in enumerate(lines):
        indented = line.startswith("    ") and i < ends
        if indented and not inside:
            out += ["::", ""]
        inside = indented or (inside and not line.strip())
        out.append(line if indented else escaped(line))
    return out


def read_docstring(app, what, name, obj, options, lines):
    lines[:] = with_formulas(lines)
    if what in ("property", "attribute", "data"):  # what stands before a colon in the first line would become a type
        lines.insert(0, "\\ ")


def read_page(app, name, source):
    """Links out of docs/ as downloads; from a folder below, only what leaves docs/ altogether."""
    up = "../" * (name.count("/") + 1)
    source[0] = OUTWARD.sub(lambda m: f"](<path:{m[1]}>)" if m[1].startswith(up) else m[0], source[0])


def setup(app):
    app.connect("autodoc-process-docstring", read_docstring, priority=100)  # before napoleon
    app.connect("source-read", read_page)
    return {"parallel_read_safe": True}
