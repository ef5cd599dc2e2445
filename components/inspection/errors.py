"""The one kind of error that is meant for the reader."""


class InspectionError(Exception):
    """Something the reader asked for cannot be done.

    The message is shown as it is, in one place (`app.py`). It says, in plain sentences, what
    was asked, what was got, what would be accepted, and what to do instead.
    """
