"""A drawing of BertViz's as a page that works alone: its libraries, colours and size in it."""

from pathlib import Path
from typing import Final

_VENDOR: Final = Path(__file__).parents[3] / "assets" / "vendor"
SHIM: Final = (
    "window.requirejs = window.require = (names, run) => run(window.jQuery, window.d3);"
    "window.require.config = () => {};"
)
"""In require.js' stead: both libraries are there already."""
_STYLE: Final = """
body { margin: 0; padding: 8px; background: %(ground)s; color: %(text)s; }
#vis svg { max-width: none; }
svg text { fill: %(text)s; }
select { font-size: 14px; margin-right: 12px; background: %(ground)s; color: %(text)s; }
"""
# The drawings have fixed sizes: narrower places show them smaller, higher ones larger.
_FIT: Final = (
    "const fit = () => { document.body.style.zoom ="
    " Math.min(innerWidth / %s, Math.max(1, innerHeight / %s)); };"
    "addEventListener('resize', fit); fit();"
)


def standalone(body: str, width: int, height: int, dark: bool) -> str:
    """Return a page around a drawing that needs `width` and `height` pixels."""
    libraries = "".join(
        f"<script>{(_VENDOR / name).read_text(encoding='utf-8')}</script>\n"
        for name in ("jquery-3.7.1.min.js", "d3-5.16.0.min.js")
    )
    colours = (
        {"ground": "#171614", "text": "#F3F1EC"}
        if dark
        else {"ground": "#FFFFFF", "text": "#1D1D1B"}
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>BertViz</title>'
        f"<style>{_STYLE % colours}</style>{libraries}<script>{SHIM}</script></head><body>"
        + body
        + f"<script>{_FIT % (width, height)}</script></body></html>"
    )
