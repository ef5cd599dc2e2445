"""Numbers as they are written for eyes."""


def percent(share: float) -> str:
    """Return a probability in percent, with three digits that count.

    >>> percent(0.5), percent(0.0123), percent(0.0004), percent(0), percent(0.9997), percent(1)
    ('50.0%', '1.23%', '< 0.1%', '0%', '> 99.9%', '100%')
    """
    if share in (0, 1):
        return f"{share:.0%}"
    if share > 0.9995:
        return "> 99.9%"
    return "< 0.1%" if share < 0.001 else f"{share:.1%}" if share >= 0.0995 else f"{share:.2%}"


def pointed(number: str) -> str:
    """Return a written number without the 0 before its point, for cells with little room.

    >>> pointed("0.28"), pointed("-0.9"), pointed("10.5"), pointed("0")
    ('.28', '-.9', '10.5', '0')
    """
    return number.replace("0.", ".", 1) if number.lstrip("+-").startswith("0.") else number
