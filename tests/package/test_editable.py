"""The package in an editable installation: second names of the checkout's own modules."""

import pytest

from tests.wheels import ROOT, Installed, installed

SAME = """
import transformer_vitrine.components.inspection.errors as second
from transformer_vitrine import InspectionError
from transformer_vitrine.pages import about
import components.inspection.errors as first
print(first is second, InspectionError is first.InspectionError, first.__name__, about.__name__)
print(first.__file__)
try:
    import transformer_vitrine.components.nothing
except ModuleNotFoundError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def editable(tmp_path_factory) -> Installed:
    """An environment with an editable installation of this checkout."""
    return installed(tmp_path_factory.mktemp("editable"), "wheel:editable")


def test_no_module_is_imported_twice(editable):
    shown = editable.run("-c", SAME, folder=editable.wheel.parent).splitlines()
    assert shown[0] == "True True components.inspection.errors pages.about"
    assert shown[1] == str(ROOT / "components" / "inspection" / "errors.py")
    assert shown[2] == "No module named 'transformer_vitrine.components.nothing'"


@pytest.mark.parametrize("top", ["transformer_vitrine.", ""])
def test_commands_run_by_both_names(editable, top):
    module = f"{top}components.teaching_models"
    assert "usage:" in editable.run("-m", module, "--help", folder=editable.wheel.parent)


def test_the_command_starts_beside_a_folder_of_the_same_name(editable):
    assert "streamlit run" in editable.run(str(editable.programs / "transformer-vitrine"), "--help")


def test_a_folder_that_hides_the_checkout_s_is_named(editable):
    with pytest.raises(AssertionError, match="takes the package `components` of its checkout"):
        editable.run("-c", "import transformer_vitrine")
