"""Start Vitrine: `vitrine`, or `vitrine --server.port 8600` with any option of Streamlit's.

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
    # Streamlit reads .streamlit/config.toml from the folder it is started in.
    os.chdir(APP.parent)
    sys.argv = ["streamlit", "run", str(APP), *sys.argv[1:]]
    cli.main()


if __name__ == "__main__":
    main()
