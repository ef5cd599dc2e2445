"""Probabilities as bars, for a page that is to be there at once: no chart library is fetched."""

from collections.abc import Sequence

from components.widgets.kit import component

_COMPONENT = component(__file__)


def bars(labels: Sequence[str], shares: Sequence[float], says: str, key: str) -> None:
    """Show `shares`, each from 0 to 1, from the first down; `says` is the picture in a sentence."""
    _COMPONENT(
        data={
            "rows": [
                {"label": label, "share": share}
                for label, share in zip(labels, shares, strict=True)
            ],
            "says": says,
        },
        key=key,
    )
