"""What the sabotages of attribution ask, and how they read the answer."""

from components.inspection.attribution.catalogue import MethodSettings
from components.inspection.attribution.question import Question

TEXT = "the keys near the castle are old"
QUESTION = Question(TEXT, baseline="mask")
MANY = Question("the dog that chased the squirrel was tired, and old", baseline="mask")
DTYPES = ["float32", "bfloat16", "float16"]
FAMILIES = ["llama", "gpt2", "gemma2", "bert", "bert_classifier", "t5", "bart", "falcon"]
EFFORT = MethodSettings(steps=64, samples=6)


def verdicts(checks):
    """The verdict of each check by its words."""
    return {check.says: check.verdict for check in checks}


def fails(checks, says):
    """Say that the check that begins with `says` is red."""
    found = [verdict for name, verdict in verdicts(checks).items() if name.startswith(says)]
    return found == ["fails"]


def only_fails(checks, says):
    """Say so, and that no other is."""
    return fails(checks, says) and sum(check.verdict == "fails" for check in checks) == 1
