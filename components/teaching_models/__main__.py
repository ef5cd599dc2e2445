"""Train and measure the bundled teaching models and tokenizers from the command line."""

import os

# OpenMP threads that spin while they wait slow each other down beside any other process.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import dataclasses
import logging
import shutil
from itertools import islice
from pathlib import Path

from components.teaching_models.storyteller import FOLDER

OUT = Path(".cache") / "teaching_models" / "storyteller"


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="python -m components.teaching_models")
    parser.add_argument("--threads", type=int, default=min(os.cpu_count() or 1, 8))
    commands = parser.add_subparsers(dest="command", required=True)

    train = commands.add_parser("train", help="train from nothing, or go on where it stopped")
    train.add_argument("--out", type=Path, default=OUT, help="where checkpoints and model go")
    train.add_argument("--steps", type=int, help="length of the schedule; fewer for a trial")
    train.add_argument("--plain", action="store_true", help="do without torch.compile")

    evaluate = commands.add_parser("evaluate", help="measure a model and write its card")
    evaluate.add_argument("--folder", type=Path, default=FOLDER)

    install = commands.add_parser("install", help="make the trained model the bundled one")
    install.add_argument("--out", type=Path, default=OUT)
    install.add_argument("--folder", type=Path, default=FOLDER)

    corpus = commands.add_parser("corpus", help="print documents of the grammar with their cost")
    corpus.add_argument("--count", type=int, default=20)
    corpus.add_argument("--seed", type=int, default=0)
    corpus.add_argument("--held-out", action="store_true")

    sample = commands.add_parser("sample", help="print texts that the model writes")
    sample.add_argument("--folder", type=Path, default=FOLDER)
    sample.add_argument("--count", type=int, default=20)

    lenses = commands.add_parser("lenses", help="fit tuned and Jacobian lens, write their card")
    lenses.add_argument("--folder", type=Path, help="where they go, instead of the bundle")

    for command in commands.choices.values():
        command.add_argument("model", choices=["storyteller"], help="which model")

    both = commands.add_parser("tokenizers", help="train WordPiece and Unigram, write their cards")
    both.add_argument("--folder", type=Path, help="where they go, instead of the bundle")
    commands.add_parser("sentences", help="write the bundled sentences of known kinds")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    COMMANDS[arguments.command](arguments)


def run_training(arguments: argparse.Namespace) -> None:
    """Train the storyteller."""
    import torch

    from components.teaching_models.probes import quick_probe
    from components.teaching_models.storyteller import Recipe
    from components.teaching_models.tokenizer import storyteller_tokenizer
    from components.teaching_models.training import Trainer, train

    torch.set_num_threads(arguments.threads)
    recipe = Recipe()
    if arguments.steps:
        recipe = dataclasses.replace(recipe, steps=arguments.steps)
    compiled = not arguments.plain and shutil.which("g++") is not None
    trainer = Trainer(recipe, storyteller_tokenizer(recipe.size.vocabulary), compiled)
    train(trainer, arguments.out, quick_probe)


def run_evaluation(arguments: argparse.Namespace) -> None:
    """Measure the model and write its card."""
    import torch

    from components.teaching_models.card import write_card
    from components.teaching_models.evaluation import evaluate

    torch.set_num_threads(arguments.threads)
    write_card(evaluate(arguments.folder), arguments.folder)


def install_model(arguments: argparse.Namespace) -> None:
    """Copy the trained files into the bundle, each in one move, so that no reader sees half."""
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for path in (arguments.out / "model").iterdir():
        half = arguments.folder / f".{path.name}.new"
        shutil.copyfile(path, half)
        half.replace(arguments.folder / path.name)


def print_corpus(arguments: argparse.Namespace) -> None:
    """Print documents with their kind and their cost in nats."""
    from components.teaching_models.corpus import documents

    for document in islice(documents(arguments.seed, arguments.held_out), arguments.count):
        print(f"[{document.kind}, {document.cost:.1f} nats]\n{document.text}\n")


def print_samples(arguments: argparse.Namespace) -> None:
    """Print texts sampled at temperature 0.8."""
    from components.teaching_models.evaluation import load, sampled_stories

    for story in sampled_stories(*load(arguments.folder), count=arguments.count):
        print(f"{story}\n")


def run_lenses(arguments: argparse.Namespace) -> None:
    """Fit both lenses to the bundled model, and measure them."""
    import torch

    from components.teaching_models.lenses import FOLDER as LENSES
    from components.teaching_models.lenses import write_lenses

    torch.set_num_threads(arguments.threads)
    write_lenses(arguments.folder or LENSES)


def run_tokenizers(arguments: argparse.Namespace) -> None:
    """Train the WordPiece and the Unigram tokenizer, and measure both."""
    from components.teaching_models.tokenizer_card import write_cards
    from components.teaching_models.wordpiece_and_unigram import FOLDER, train_tokenizers

    folder = arguments.folder or FOLDER
    train_tokenizers(folder)
    write_cards(folder)


def run_sentences(_arguments: argparse.Namespace) -> None:
    """Write the bundled sentences of known kinds."""
    from components.teaching_models.kinds import write_sentences

    write_sentences()


COMMANDS = {
    "train": run_training,
    "evaluate": run_evaluation,
    "install": install_model,
    "corpus": print_corpus,
    "sample": print_samples,
    "lenses": run_lenses,
    "tokenizers": run_tokenizers,
    "sentences": run_sentences,
}

if __name__ == "__main__":
    main()
