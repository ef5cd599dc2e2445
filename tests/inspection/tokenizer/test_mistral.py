"""Mistral's tokenizers in our form give the ids of their own libraries."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.inspection.tokenizer import mistral
from tests.inspection.tokenizer.kinds import sample, tokenizer_called

SENTENCEPIECE = ("mistral-v1", "mistral-v3")
TEXTS = st.lists(
    st.characters(exclude_categories=("Cs",))
    | st.sampled_from(
        ["the", " of", "ing", "  ", "\n", "é", "鸟", "🎵", "▁", "<s>", "[INST]", "<0x41>"]
    ),
    max_size=40,
).map("".join)


@pytest.fixture(scope="module")
def references():
    """What the packages themselves make of a text, by name."""
    import sentencepiece
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    folder = mistral._folder()
    assert folder is not None
    made = {
        name: sentencepiece.SentencePieceProcessor(
            model_file=str(folder / mistral.FILES[name])
        ).encode
        for name in SENTENCEPIECE
    }
    tekken = Tekkenizer.from_file(folder / mistral.FILES["mistral-tekken"])
    made["mistral-tekken"] = lambda text: tekken.encode(text, bos=False, eos=False)
    return made


@settings(deadline=None, max_examples=150)
@given(text=TEXTS, name=st.sampled_from([*SENTENCEPIECE, "mistral-tekken"]))
def test_every_text_gets_the_ids_of_the_packages_themselves(references, text, name):
    ours = tokenizer_called(name).backend.encode(text).ids
    assert ours == references[name](text)


@pytest.mark.parametrize("name", [*SENTENCEPIECE, "mistral-tekken"])
@pytest.mark.parametrize(
    "text", ["tour.txt", "scripts.txt", "code.txt", "numbers.txt", "alice.txt"]
)
def test_real_texts_get_the_ids_of_the_packages_themselves(references, text, name):
    said = sample(text)[:20_000]
    assert tokenizer_called(name).backend.encode(said).ids == references[name](said)


def test_the_vocabularies_have_their_published_sizes():
    sizes = {name: tokenizer_called(name).size for name in mistral.FILES}
    assert sizes == {"mistral-v1": 32_000, "mistral-v3": 32_768, "mistral-tekken": 131_072}
