"""How many digits of a score are known, and how it is written."""

import math


def places(error: float | None, value: float = 0.0) -> int:
    """Return the decimal places to write: to the first digit of the standard error.

    Without an error: two significant digits of a small value, two places of others.

    >>> places(0.32), places(0.041), places(12.0), places(None, 3.84), places(None, 0.0016)
    (1, 2, -1, 2, 4)
    """
    if error is not None and math.isfinite(error) and error > 0:
        return -math.floor(math.log10(error))
    size = abs(value)
    if not 0 < size < math.inf or size >= 0.1:
        return 0 if size >= 100 else 2
    return 1 - math.floor(math.log10(size))


def written(value: float, error: float | None = None, sign: bool = True) -> str:
    """Write a score with the digits that are known of it.

    >>> written(3.847, 0.32), written(-3.847, 0.041), written(38.47, 12.0), written(0.0016)
    ('+3.8', '-3.85', '+40', '+0.0016')
    >>> written(3.847), written(-203.44), written(0.0, sign=False), written(float("nan"))
    ('+3.85', '-203', '0.00', 'nan')
    >>> written(-0.04, 0.2)
    '0.0'
    """
    if not math.isfinite(value):
        return f"{value}"
    digits = places(error, value)
    if digits > 6:
        return f"{value:+.1e}" if sign else f"{value:.1e}"
    rounded, shown = round(value, digits), max(digits, 0)
    if rounded == 0:
        return f"{0:.{shown}f}"  # a sign would say more than is known
    return f"{rounded:+.{shown}f}" if sign else f"{rounded:.{shown}f}"


def with_error(value: float, error: float | None) -> str:
    """Write a score and its standard error, to the same place; the error has one digit.

    >>> with_error(3.847, 0.32), with_error(3.847, None)
    ('+3.8 ± 0.3', '+3.85')
    """
    if error is None or not math.isfinite(error) or error <= 0:
        return written(value)
    return f"{written(value, error)} ± {written(error, error, sign=False)}"
