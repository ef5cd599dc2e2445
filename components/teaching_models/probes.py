"""Questions with one right answer, put to a trained model: what its circuits can do.

All prompts come from combinations that training never saw (names, starts of counting, subject and
attractor, ...), unless it says otherwise.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from components.teaching_models.corpus import is_held_out, word_combinations
from components.teaching_models.grammar.sentences import BETWEEN
from components.teaching_models.grammar.sequences import STEPS
from components.teaching_models.pen import Pen
from components.teaching_models.words import (
    ANIMALS,
    CAPITALS,
    DAYS,
    GIFTS,
    MONTHS,
    NAMES,
    NUMBERS,
    OBJECTS,
    PLACES,
)


@dataclass(frozen=True)
class Question:
    """A text and how it goes on."""

    prompt: str
    answer: str
    """The right continuation, with its leading space."""
    rival: str = ""
    """A continuation that must score below the answer; without one, the answer must be the best of
    the whole vocabulary."""


def indirect_object_questions(seed: int = 0) -> Iterator[Question]:
    """Yield "When Mary and John went to the shop, Mary gave a drink to", on held-out name pairs."""
    pen = Pen(seed)
    openings = (
        "When {0} and {1} went to the {2},",
        "After {0} and {1} went to the {2},",
        "Then, {0} and {1} went to the {2}.",
        "While {0} and {1} were working at the {2},",
    )
    acts = ("{0} gave a {1} to", "{0} gave the {1} to", "{0} handed the {1} to")
    while True:
        first, second = pen.several(NAMES, 2)
        prompt = pen.pick(openings).format(first, second, pen.pick(PLACES))
        giver, getter = pen.several((first, second), 2)
        thing = pen.pick([gift for gift in GIFTS + OBJECTS if gift.word[0] not in "aeiou"])
        prompt += " " + pen.pick(acts).format(giver, thing)
        if any(is_held_out(pair) for pair in word_combinations(f"{first} {second}")):
            yield Question(prompt, f" {getter}")


def capital_questions() -> Iterator[Question]:
    """Yield "The capital of France is" for every country of the corpus."""
    for country, capital in CAPITALS.items():
        yield Question(f"The capital of {country} is", f" {capital}")


def held_out_capital_questions() -> Iterator[Question]:
    """Yield countries in those sentences in which training never saw them."""
    prompts = {
        0: "The capital of {} is",
        2: "What is the capital of {}? It is",
        3: "Q: What is the capital of {}? A:",
        4: "{} is a country. Its capital is",
        5: "The capital city of {} is called",
        6: "In {}, the capital is",
    }
    for country, capital in CAPITALS.items():
        for number, prompt in prompts.items():
            if is_held_out(f"capital: {country} + {number}"):
                yield Question(prompt.format(country), f" {capital}")


def agreement_questions(seed: int = 0) -> Iterator[Question]:
    """Yield "The keys near the lamp" (two nouns of different number) for is/are and was/were."""
    pen = Pen(seed)
    while True:
        subject = pen.pick(pen.pick((OBJECTS, ANIMALS)))
        attractor = pen.pick(OBJECTS + ANIMALS)
        if subject == attractor or not is_held_out(f"agreement: {subject} + {attractor}"):
            continue
        many = pen.chance(0.5)
        nouns = (subject.plural, attractor.word) if many else (subject.word, attractor.plural)
        prompt = f"The {nouns[0]} {pen.pick(BETWEEN)} the {nouns[1]}"
        for one, more in ((" is", " are"), (" was", " were")):
            yield Question(prompt, *((more, one) if many else (one, more)))


def counting_questions() -> Iterator[Question]:
    """Yield rows of numbers from every start and step held out of training, in figures and words.

    In figures a row shows three to six numbers; in words, as many as the held-out row but one.
    """
    for step in STEPS:
        for start in range(101):
            if not is_held_out(f"counting: {start} + {step}"):
                continue
            for shown in range(3, 7):
                row = [start + step * index for index in range(shown + 1)]
                if 0 <= row[-1] <= 100 and (step not in (5, 10) or start % step == 0):
                    yield Question(", ".join(map(str, row[:-1])) + ",", f" {row[-1]}")
    for start in range(len(NUMBERS)):
        for length in range(3, min(10, len(NUMBERS) - start) + 1):
            if is_held_out(f"counting in words: {start} + {length}"):
                row_of_words = NUMBERS[start : start + length]
                yield Question(", ".join(row_of_words[:-1]) + ",", f" {row_of_words[-1]}")


def calendar_questions() -> Iterator[Question]:
    """Yield every day and month in a row of three and in a sentence; held out or not."""
    for kind, names in (("day", DAYS), ("month", MONTHS)):
        for index, name in enumerate(names):
            second, third, fourth = (names[(index + ahead) % len(names)] for ahead in (1, 2, 3))
            yield Question(f"{name}, {second}, {third},", f" {fourth}")
            yield Question(f"The {kind} after {name} is", f" {second}")


def held_out_calendar_questions() -> Iterator[Question]:
    """Yield days and months in those wordings in which training never saw them."""
    for kind, names in (("day", DAYS), ("month", MONTHS)):
        for index, name in enumerate(names):
            before = names[index - 1]
            second, third, fourth = (names[(index + ahead) % len(names)] for ahead in (1, 2, 3))
            row = f"{name}, {second}, {third},"
            questions = (
                Question(row, f" {fourth}"),
                Question(f"The {kind}s are {row}", f" {fourth}"),
                Question(f"{kind.capitalize()}s: {row}", f" {fourth}"),
                Question(f"The {kind} after {name} is", f" {second}"),
                Question(f"The {kind} before {name} is", f" {before}"),
                Question(f"After {name} comes", f" {second}"),
            )
            for form, question in enumerate(questions):
                if is_held_out(f"calendar of {kind}s: {name} + {form}"):
                    yield question


def answers_right(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, questions: list[Question]
) -> list[bool]:
    """Return for every question whether the model answers it."""
    return [_is_right(model, tokenizer, question) for question in questions]


@torch.inference_mode()
def _is_right(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, question: Question
) -> bool:
    prompt = tokenizer(question.prompt).input_ids
    answer = tokenizer(question.answer, add_special_tokens=False).input_ids
    ids = torch.tensor([prompt + answer], device=model.device)
    logits = model(input_ids=ids, use_cache=False).logits[0, len(prompt) - 1 : -1].float()
    if question.rival:
        rival = tokenizer(question.rival, add_special_tokens=False).input_ids
        return bool(logits[0, answer[0]] > logits[0, rival[0]])
    return logits.argmax(-1).tolist() == answer


def share_right(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    questions: Iterator[Question],
    count: int = 1000,
) -> float:
    """Return the share (0 to 1) of the first `count` questions that the model answers."""
    right = answers_right(model, tokenizer, list(islice(questions, count)))
    return sum(right) / len(right)


def repeated_random_tokens(
    vocabulary: int, length: int, sequences: int, seed: int = 0
) -> torch.Tensor:
    """Return `<|end|>`, then `length` random tokens twice: int64 [sequences, 1 + 2 * length]."""
    generator = torch.Generator().manual_seed(seed)
    block = torch.randint(1, vocabulary, (sequences, length), generator=generator)
    end = torch.zeros(sequences, 1, dtype=torch.long)
    return torch.cat([end, block, block], dim=1)


@torch.inference_mode()
def induction_accuracy(
    model: LlamaForCausalLM, length: int = 50, sequences: int = 64, seed: int = 0
) -> float:
    """Return the share (0 to 1) of the second copy that the model predicts.

    The first token of the second copy is not asked for: nothing says that the copy begins there.
    """
    ids = repeated_random_tokens(model.config.vocab_size, length, sequences, seed)
    ids = ids.to(model.device)
    logits = model(input_ids=ids, use_cache=False).logits
    guesses = logits[:, length + 1 : -1].argmax(-1)
    return (guesses == ids[:, length + 2 :]).float().mean().item()


def quick_probe(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast) -> dict[str, float]:
    """Return a few figures in a few seconds, to watch a training run by."""
    model.eval()
    figures = {
        "induction 20": induction_accuracy(model, length=20, sequences=16),
        "induction 100": induction_accuracy(model, length=100, sequences=8),
        "indirect object": share_right(model, tokenizer, indirect_object_questions(), 100),
        "capitals": share_right(model, tokenizer, capital_questions()),
        "agreement": share_right(model, tokenizer, agreement_questions(), 60),
        "counting": share_right(model, tokenizer, counting_questions()),
        "calendar": share_right(model, tokenizer, calendar_questions()),
    }
    model.train()
    return figures
