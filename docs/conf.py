"""The site: `make docs`. Pages are Markdown that also reads well on a Git host; nothing is fetched from the network."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

from smoothmax import __version__  # noqa: E402 - the path comes first

project = "smoothmax"
author = copyright = "The smoothmax authors"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "plain_text"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4  # the anchors of a Git host

autodoc_typehints = "none"  # the docstrings give types with shapes
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
default_role = "literal"  # `tau` in a docstring is code
smartquotes_action = "D"

html_theme = "furo"
html_title = "smoothmax"
html_static_path = ["_static"]
html_css_files = ["wide.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
