"""Start Vitrine: `transformer-vitrine`, with any option of Streamlit's behind it.

The same as `streamlit run app.py`, but for a few things. Streamlit takes a folder called `pages`
for its own old kind of multipage app until the first reader has come, and would tell that reader,
if a link led them to a page, that there is no such page. Its scripts and styles go over the wire as
they lie on the disk; here they are compressed. It asks a service of the network for this machine's
public address; here nothing is asked. On a machine with a coding assistant it offers readers, over
the page, to install its own files for that; here nothing is offered and nothing is installed. And
`--classroom` sets what a class needs.
"""

import os
import sys
from pathlib import Path

APP = Path(__file__).parents[1] / "app.py"


def main() -> None:
    """Hand the command line on to Streamlit."""
    # Before torch is imported: its threads sleep while they wait.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    from starlette.middleware import Middleware
    from streamlit import net_util
    from streamlit.runtime.pages_manager import PagesManager
    from streamlit.web import cli, skills
    from streamlit.web.server.starlette import starlette_app

    from components import serving
    from components.compression import CompressedFiles

    PagesManager.uses_pages_directory = False
    net_util.get_external_ip = lambda: None
    skills.agent_harness_present = lambda: False
    skills.are_skills_installed = lambda: True
    layers = starlette_app.create_streamlit_middleware

    def with_ours() -> list[Middleware]:
        secure, *others = layers()  # the first refuses dangerous paths
        return [secure, Middleware(CompressedFiles), *others]

    starlette_app.create_streamlit_middleware = with_ours
    arguments, said = serving.options(sys.argv[1:])
    if said:
        sys.stdout.write(f"\n{said}")
    # Streamlit takes .streamlit/config.toml from beside the app, wherever it is started: paths of
    # models that a reader types begin in the reader's own folder.
    sys.argv = ["streamlit", "run", str(APP), *arguments]
    cli.main()


if __name__ == "__main__":
    main()
