"""A kind of Look-up: what one-hot times the table would cost, against one row that is read."""

from components.figures.architecture.look_up import cost_bars, cost_table
from components.inspection.architecture.look_up import product_of_one_hot
from components.inspection.embeddings.lookup import TableSize, look_up
from components.lesson import Ask, Predict, Shown, View
from pages.inside.architecture import look_up_code
from pages.text.embeddings.row import OTHERS, megabytes


def show(ask: Ask) -> Shown:
    found = ask.inspect(look_up, ask.prompt, 0)
    checks = ask.inspect(product_of_one_hot, ask.prompt)
    size = found.size
    sizes = {ask.choice.name: size, **OTHERS, "BART large": TableSize(50_265, 1_024)}
    return Shown(
        cost_bars(sizes),
        alt=f"A product takes {size.numbers:,} multiplications, a look-up {size.width:,} copies.",
        told=f"{ask.model_name}: {size.rows:,} rows × {size.width:,} = **{size.numbers:,}** "
        f"numbers ({megabytes(size.numbers * found.item)}), {found.share:.1%} of the model. All "
        f"but {size.width:,} of the product's multiplications are with 0.",
        checks=checks,
        table=lambda: cost_table(sizes),
        code=look_up_code.cost(ask.choice, found.id),
        read="A pair of bars for each table, its rows × its width below the name. Long bar: the "
        "multiplications of one one-hot vector times the table. Short bar: the numbers copied when "
        "the row is read. Each mark is 100 times the one before. The first table was measured; the "
        "others are products of published sizes.",
        predict=Predict(
            "How many times more work is the product than reading the row?",
            (f"{size.width:,}", f"{size.rows:,}", f"{size.numbers:,}"),
            f"{size.numbers // size.width:,}",
            "As many times as the table has rows: the vocabulary. Both give the same row, bit for "
            "bit.",
        ),
        tries="Another model: its table grows with the vocabulary. What happens to its share?",
    )


COST = View(
    "The same row in two ways: as a **product**, one-hot vector times table, and as a **look-up**, "
    "one row copied. What does each cost?",
    show,
)
