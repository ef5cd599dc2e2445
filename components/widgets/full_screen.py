"""Any figure over the whole screen, as large as it fits."""

from typing import Final

import streamlit as st

from components import scripts

MARGIN: Final = 24
"""Pixels left free around the figure."""
PAUSE: Final = 300
"""Milliseconds in which the figure is drawn anew at its new width."""

_BUTTON = st.components.v2.component(
    "full_screen",
    html="<button>Full screen</button>",
    css="""button { all: unset; cursor: pointer; color: var(--st-text-color);
    font: .875rem var(--st-font); white-space: nowrap; line-height: 2.5rem; }
    button:hover { color: var(--st-primary-color); }
    button:focus-visible { outline: 2px solid var(--st-primary-color); }""",
    js=scripts.sent("""
// The figure is scaled, so that its text grows with it. A chart is drawn first, at its own height,
// as wide as the screen's shape asks for, and scaled then: Plotly measures itself as it is seen.
export default ({ parentElement, data }) => {
  const button = parentElement.querySelector("button")
  const stage = () => document.querySelector(`.st-key-${CSS.escape(data.stage)}`)
  let lit = null, figure = null, size = null, drawn = 0
  const clear = () => {
    for (const each of [lit, figure]) each?.removeAttribute("style")
    lit = figure = null
  }
  const fit = () => {
    if (!lit || document.fullscreenElement !== lit) return clear()
    const wide = innerWidth - 2 * data.margin, high = innerHeight - 2 * data.margin
    const chart = figure.querySelector(".js-plotly-plot")
    const fits = Math.min(high / size.height, ((chart ? 1.6 : 1) * wide) / size.width)
    const scale = Math.max(1, fits)
    const tall = scale * size.height > high
    const theme = getComputedStyle(parentElement.host ?? parentElement)
    Object.assign(lit.style, {
      display: "flex", alignItems: tall ? "start" : "center", justifyContent: "center",
      overflow: "auto", padding: `${data.margin}px`,
      background: theme.getPropertyValue("--st-background-color") || "Canvas",
    })
    Object.assign(figure.style, {
      flex: "none", width: `${chart ? wide / scale : size.width}px`, transform: "none", opacity: 0,
      transformOrigin: tall ? "top" : "center",
    })
    clearTimeout(drawn)
    drawn = setTimeout(() => {
      if (figure) Object.assign(figure.style, { transform: `scale(${scale})`, opacity: 1 })
    }, data.pause)
  }
  const fill = () => {
    lit = stage()
    figure = lit?.firstElementChild
    if (!figure) return
    size = figure.getBoundingClientRect()
    lit.requestFullscreen()
  }
  button.addEventListener("click", fill)
  document.addEventListener("fullscreenchange", fit)
  addEventListener("resize", fit)
  return () => {
    button.removeEventListener("click", fill)
    document.removeEventListener("fullscreenchange", fit)
    removeEventListener("resize", fit)
  }
}
"""),
)


def full_screen(key: str) -> None:
    """Offer to fill the screen with the figure of the view `key`. Escape leads back."""
    _BUTTON(
        data={"stage": f"lit-{key}", "margin": MARGIN, "pause": PAUSE},
        key=f"full-{key}",
        height="content",
    )
