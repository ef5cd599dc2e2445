"""Vitrine: a transformer behind glass. The frame around all pages."""

import os
from pathlib import Path

# Before torch is imported: its threads sleep while they wait, instead of fighting the browser
# for the same cores.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import streamlit as st

from components import importing, serving
from components.inspection.errors import InspectionError
from components.widgets import chapters, frame, models
from components.widgets.explained import explain

serving.settle()
importing.warm_up()
page = st.navigation(chapters.navigation(), expanded=True)
st.set_page_config(
    page_title=f"{page.title} · Vitrine",
    page_icon=Path(__file__).parent / "assets" / "icon.png",
    layout="wide",
)
if crowd := serving.crowded():
    st.info(crowd)
    st.stop()
frame.sidebar(chapters.example(page))
try:
    page.run()
    # A page that needs no model leaves the sidebar without its facts: they come last then.
    models.chosen()
except InspectionError as error:
    explain(error, st.empty())
