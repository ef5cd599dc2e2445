"""A part of a long text: what fits on a screen, and where it lies."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """Rows (readers) and columns (read) that are shown, each a stretch of tokens."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int

    @property
    def rows(self) -> slice:
        """The readers shown."""
        return slice(self.first_row, self.last_row)

    @property
    def columns(self) -> slice:
        """The tokens read that are shown."""
        return slice(self.first_column, self.last_column)


def window_at(start: int, readers: int, read: int, most: int, same: bool) -> Window:
    """Return the window of at most `most` tokens from reader `start` on, kept inside the text.

    `same` says that rows and columns are the same tokens; else the columns are the first ones.

    >>> window_at(90, 100, 100, 30, same=True)
    Window(first_row=70, last_row=100, first_column=70, last_column=100)
    """
    row = max(0, min(start, readers - most))
    column = max(0, min(row if same else 0, read - most))
    return Window(row, min(readers, row + most), column, min(read, column + most))
