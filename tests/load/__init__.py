"""A class of readers at once: what each waits for, and whether anybody sees another's text."""
