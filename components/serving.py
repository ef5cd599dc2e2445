"""Whom this server serves, and what that allows: decided once, when it starts."""

import argparse
import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import streamlit as st

from components.inspection.access import ALONE, CLASS, Access, access, grant

HERE: Final = ("127.0.0.1", "localhost", "::1")
"""Addresses at which only this machine reaches the server."""
USAGE: Final = "transformer-vitrine [--classroom [--models FOLDER] [--hub]] [options of Streamlit]"
_decided: list[bool] = []


def options(arguments: Sequence[str]) -> tuple[list[str], str]:
    """Take our own options out of a command line and grant what they say.

    Return the command line for Streamlit, and what was set, in words.
    """
    parser = argparse.ArgumentParser(
        "transformer-vitrine", add_help=False, allow_abbrev=False, usage=USAGE
    )
    parser.add_argument("--classroom", action="store_true", help="serve a class")
    parser.add_argument("--models", type=Path, help="with models of yours below this folder")
    parser.add_argument("--hub", action="store_true", help="let readers fetch models of the hub")
    own, others = parser.parse_known_args(arguments)
    if "--help" in others:
        return others, parser.format_help() + "\n"
    if not own.classroom:
        if own.models or own.hub:
            parser.error("--models and --hub say what --classroom allows: add --classroom.")
        return list(others), ""
    if own.models and not own.models.is_dir():
        parser.error(f"--models: there is no folder {own.models}.")
    given = replace(CLASS, folders=own.models, hub=own.hub)
    _decide(given)
    served = {
        "--server.address": "0.0.0.0",
        "--server.headless": "true",
        "--server.maxUploadSize": str(given.megabytes),
        "--browser.serverAddress": own_address(),
    }
    named = {other.split("=")[0] for other in others}
    ours = [word for name, value in served.items() if name not in named for word in (name, value)]
    return [*ours, *others], told(given)


def told(given: Access) -> str:
    """Return what readers may do, a line each."""
    below = f", or below {given.folders}" if given.folders else ""
    lines = {
        "models": f"those that ship with Vitrine or were fetched before{below}",
        "hub": "readers may fetch models (--hub)" if given.hub else "nothing is fetched",
        "uploads": f"up to {given.megabytes} MB a file",
        "computations": f"up to about {given.seconds:.0f} seconds each; what takes more than "
        f"{given.unasked:.0f} is started by a button",
        "readers": f"up to {given.readers} at once",
    }
    return "Vitrine serves a class. What readers may do:\n" + "".join(
        f"  {name + ':':14}{said}\n" for name, said in lines.items()
    )


def settle() -> None:
    """Where nothing was said, grant what the address of the server asks for: much to this machine
    alone, little to others."""
    if not _decided:
        alone = st.get_option("server.address") in HERE
        _decide(ALONE if alone else CLASS)


def crowded() -> str:
    """Return what to say where too many have a page open, else nothing."""
    from streamlit.runtime import exists, get_instance

    if not exists():
        return ""
    most = access().readers
    sessions = getattr(get_instance(), "_session_mgr", None)
    here = sessions.num_active_sessions() if sessions else 0
    return f"{most} pages are open here, and no more are served. Try again later." * (here > most)


def own_address() -> str:
    """Return this machine's address in its network; no packet is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(("10.255.255.255", 1))
            return str(asked.getsockname()[0])
        except OSError:  # no network
            return HERE[0]


def _decide(given: Access) -> None:
    _decided[:] = [True]
    grant(given)
