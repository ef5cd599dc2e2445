"""Fold: the sentence that is about the same and answers nothing."""

from components.figures.embeddings.search import bars
from components.figures.embeddings.search_tables import cosine_table
from components.inspection.embeddings.search import by_meaning
from components.inspection.embeddings.sentences import embed
from components.inspection.errors import InspectionError
from components.lesson import Ask, Predict, Shown, View
from pages.text.embeddings.corpus import pooling
from pages.text.embeddings.encoder import offered

QUESTION = "How many people live in Amsterdam?"
ANSWER = "Almost a million people live in Amsterdam."
HARD = "More than a million people live in Utrecht, which is more than Amsterdam."
EASY = "The soup tasted of salt."


def show(ask: Ask) -> Shown:
    question = ask.text("Question", "question", QUESTION, most=300)
    texts = (
        ask.text("Positive: answers it", "positive", ANSWER, most=300),
        ask.text("Hard negative: nearly", "hard", HARD, most=300),
        ask.text("Easy negative", "easy", EASY, most=300),
    )
    if not all(text.strip() for text in (question, *texts)):
        raise InspectionError("One of the sentences is empty: write it, or clear the box again.")
    way, offer = pooling(ask), offered(ask)
    read = ask.inspect(embed, (question, *texts), way)
    found = by_meaning(read.vectors[1:], read.vectors[0])
    positive, hard, easy = (float(score) for score in found.scores)
    return Shown(
        bars(texts, found.scores),
        alt=f"Cosines with the question: {positive:.3f}, {hard:.3f} and {easy:.3f}.",
        told=f"The answer is at **{positive:.3f}**, the hard negative at **{hard:.3f}**, "
        f"{abs(positive - hard):.3f} {'behind' if hard < positive else 'before'} it; the easy one "
        f"at {easy:.3f}." + (f"  \n{offer.told}" if offer.told else ""),
        checks=(*read.checks, *found.checks),
        table=lambda: cosine_table(texts, found.scores),
        read="A bar for each sentence: the cosine of its vector with the question's.",
        predict=Predict(
            "Which of the two that speak of a million people is nearer to the question?",
            ("the answer", "the hard negative"),
            "the answer" if positive >= hard else "the hard negative",
            f"{positive:.3f} against {hard:.3f}. An encoder learns from pairs of question and "
            "answer, each against negatives; random ones are told apart soon, so those teach more "
            "that are nearly right.",
        ),
        tries="Give both sentences the same town, or both the same number: how far apart are they "
        "then? Replace *Almost* with *Not even half*.",
    )


HARD_NEGATIVES = View(
    "A **hard negative** shares subject and words with the answer and is none. Telling the two "
    "apart is what encoders of sentences are trained for.",
    show,
)
