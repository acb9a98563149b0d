"""Small browser components: plain JavaScript and CSS, mounted through typed Python functions."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer


def register(
    name: str, html: str = "<div class='root'></div>\n", *, shared: Sequence[str] = ()
) -> ComponentRenderer:
    """Registers `comp/<name>.js` and `.css`; text, not paths, so no bundler and no asset route is needed.

    Every component may use what `gateway.js` defines, and what the `shared` files (their styles too) define:
    inline modules cannot import each other.
    """
    folder = Path(__file__).parent
    scripts = (folder / f"{each}.js" for each in (name, "gateway", *shared))
    styles = (path for each in (name, *shared) if (path := folder / f"{each}.css").exists())
    return st.components.v2.component(
        f"modelyard_{name}",
        html=html,
        js="".join(script.read_text() for script in scripts),
        css="".join(style.read_text() for style in styles),
    )
