"""Small browser components: plain JavaScript and CSS, mounted through typed Python functions."""

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer


def register(name: str, html: str = "<div class='root'></div>\n") -> ComponentRenderer:
    """Registers `comp/<name>.js` and `.css`; text, not paths, so no bundler and no asset route is needed.

    Every component may use what `gateway.js` defines: inline modules cannot import each other.
    """
    folder = Path(__file__).parent
    return st.components.v2.component(
        f"modelyard_{name}",
        html=html,
        js=(folder / f"{name}.js").read_text() + (folder / "gateway.js").read_text(),
        css=(folder / f"{name}.css").read_text(),
    )
