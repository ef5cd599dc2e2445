"""Start Vitrine: `transformer-vitrine`, with any option of Streamlit's behind it.

The same as `streamlit run app.py`, but for one thing: Streamlit takes a folder called `pages` for
its own old kind of multipage app until the first reader has come, and would tell that reader,
if a link led them to a page, that there is no such page.
"""

import os
import sys
from pathlib import Path

APP = Path(__file__).parents[1] / "app.py"


def main() -> None:
    """Hand the command line on to Streamlit."""
    # Before torch is imported: its threads sleep while they wait.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    from streamlit.runtime.pages_manager import PagesManager
    from streamlit.web import cli

    PagesManager.uses_pages_directory = False
    # Streamlit takes .streamlit/config.toml from beside the app, wherever it is started: paths of
    # models that a reader types begin in the reader's own folder.
    sys.argv = ["streamlit", "run", str(APP), *sys.argv[1:]]
    cli.main()


if __name__ == "__main__":
    main()
