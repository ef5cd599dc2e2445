"""A figure as the browser has drawn it, as a picture to be saved."""

from components.widgets.kit import component

_COMPONENT = component(__file__)


def plot_picture(key: str) -> None:
    """Offer the figure of the view `key` as SVG and as PNG."""
    _COMPONENT(
        data={"figure": f"figure-{key}", "name": key}, key=f"picture-{key}", height="content"
    )
