"""The words that the grammar knows.

Every list has one part of speech and one use, so that any word of a list fits wherever a template
asks for that list.
"""

# ruff: noqa: SIM905 (word lists read best as text)

from collections.abc import Sequence

from components.teaching_models.forms import Country, Noun, Person, Word

GIRLS = (
    "Anna Clara Emma Grace Iris Kate Mary Nina Sarah Vera Lily Ruth Lucy Alice Ella Maya Zoe Nora "
    "Julia Amy Jane Olivia"
).split()
BOYS = (
    "Ben David Felix Henry Jack Leo Oscar Paul Tom John Max Sam Peter Adam Noah Luke Hugo Theo "
    "Finn Owen Simon Daniel"
).split()
NAMES = [Person(name, True) for name in GIRLS] + [Person(name, False) for name in BOYS]
RELATIVES = [Person(word, True) for word in "mother sister grandmother aunt".split()] + [
    Person(word, False) for word in "father brother grandfather uncle".split()
]

OBJECTS = [
    Noun(word)
    for word in (
        "book ball kite hat letter flower key map lamp drum cup coin ring basket pencil shell bell "
        "box doll spoon bag scarf clock mirror ribbon bottle umbrella whistle rope blanket button "
        "candle brush bowl lantern picture stone puzzle balloon crown feather necklace coat glove "
        "card stamp robot marble trumpet guitar flute camera notebook pillow hammer bucket"
    ).split()
]
PLACES = (
    [
        Noun(word, "in")
        for word in (
            "park garden library forest castle kitchen museum village valley barn theatre cave "
            "meadow field palace tower orchard attic cellar jungle desert cabin cottage workshop "
            "town square"
        ).split()
    ]
    + [
        Noun(word, "at")
        for word in (
            "school shop market farm station bakery zoo harbour beach playground restaurant "
            "hospital office mill"
        ).split()
    ]
    + [Noun(word, "by") for word in "river lake sea pond".split()]
    + [Noun(word, "on") for word in "hill island bridge mountain".split()]
)
ANIMALS = [
    Noun(word)
    for word in (
        "cat dog fox bear rabbit mouse horse bird frog duck owl goat cow pig hen lamb squirrel "
        "turtle wolf lion tiger monkey elephant camel donkey swan crow parrot goose beaver otter "
        "penguin seal snake spider bee ant butterfly snail lizard zebra"
    ).split()
]
PETS = [
    Noun(word)
    for word in "kitten puppy rabbit bird duckling hedgehog squirrel frog turtle lamb mouse".split()
]
JOBS = [
    Noun(word)
    for word in (
        "baker farmer teacher doctor driver sailor painter singer nurse pilot gardener cook "
        "neighbour soldier king queen fisherman dancer writer"
    ).split()
]
FOODS = [
    Noun(word)
    for word in (
        "apple pear cookie sandwich cake pie orange pancake carrot egg banana peach tomato plum "
        "muffin potato"
    ).split()
]
GIFTS = [Noun(word) for word in "drink snack present sweet".split()] + FOODS
VEHICLES = [Noun(word) for word in "train bus boat ship plane wagon".split()]

CAPITALS = {
    "France": "Paris",
    "Italy": "Rome",
    "Spain": "Madrid",
    "Germany": "Berlin",
    "England": "London",
    "Japan": "Tokyo",
    "Egypt": "Cairo",
    "Greece": "Athens",
    "Norway": "Oslo",
    "Russia": "Moscow",
    "China": "Beijing",
    "Peru": "Lima",
    "Kenya": "Nairobi",
    "Cuba": "Havana",
    "Austria": "Vienna",
    "Poland": "Warsaw",
    "Portugal": "Lisbon",
    "Ireland": "Dublin",
    "Sweden": "Stockholm",
    "Denmark": "Copenhagen",
    "Finland": "Helsinki",
    "Hungary": "Budapest",
    "Turkey": "Ankara",
    "Canada": "Ottawa",
    "Chile": "Santiago",
    "Thailand": "Bangkok",
    "Vietnam": "Hanoi",
    "Iran": "Tehran",
    "Iraq": "Baghdad",
    "Scotland": "Edinburgh",
    "Wales": "Cardiff",
    "Belgium": "Brussels",
    "Morocco": "Rabat",
    "Ghana": "Accra",
    "Ukraine": "Kyiv",
    "Romania": "Bucharest",
}
LANGUAGES = {
    "France": "French",
    "Italy": "Italian",
    "Spain": "Spanish",
    "Germany": "German",
    "England": "English",
    "Japan": "Japanese",
    "Egypt": "Arabic",
    "Greece": "Greek",
    "Norway": "Norwegian",
    "Russia": "Russian",
    "China": "Chinese",
    "Peru": "Spanish",
    "Cuba": "Spanish",
    "Austria": "German",
    "Poland": "Polish",
    "Portugal": "Portuguese",
    "Sweden": "Swedish",
    "Denmark": "Danish",
    "Finland": "Finnish",
    "Hungary": "Hungarian",
    "Turkey": "Turkish",
    "Chile": "Spanish",
    "Thailand": "Thai",
    "Vietnam": "Vietnamese",
    "Iraq": "Arabic",
    "Morocco": "Arabic",
    "Ukraine": "Ukrainian",
    "Romania": "Romanian",
}
CONTINENTS = {
    country: continent
    for continent, countries in {
        "Europe": "France Italy Spain Germany England Greece Norway Austria Poland Portugal "
        "Ireland Sweden Denmark Finland Hungary Scotland Wales Belgium Ukraine Romania",
        "Asia": "Japan China Thailand Vietnam Iran Iraq",
        "Africa": "Egypt Kenya Morocco Ghana",
        "America": "Peru Cuba Canada Chile",
    }.items()
    for country in countries.split()
}

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = (
    "January February March April May June July August September October November December"
).split()
NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()

LISTS: dict[str, Sequence[Word]] = {
    "name": NAMES,
    "relative": RELATIVES,
    "object": OBJECTS,
    "place": PLACES,
    "animal": ANIMALS,
    "pet": PETS,
    "job": JOBS,
    "food": FOODS,
    "gift": GIFTS,
    "food_plural": [food.plural for food in FOODS],
    "dish": ["cake", "pie", "pancake", "pizza", "pudding", "fruit salad", "birthday cake"],
    "day": list(DAYS),
    "country": [Country(country, capital) for country, capital in CAPITALS.items()],
    "pet_name": "Fluffy Lucky Snowy Spot Star".split(),
    "vehicle": VEHICLES,
    "colour": (
        "red blue green yellow white black brown pink purple orange grey golden silver"
    ).split(),
    "look": (
        "red blue green yellow white black brown pink purple golden silver big small old new shiny "
        "lovely strange tiny pretty plain bright beautiful fine heavy funny special"
    ).split(),
    "size": "big small large little tiny huge".split(),
    "age": "old young new ancient".split(),
    "weather": "sunny rainy windy cold warm snowy foggy hot cloudy stormy quiet bright".split(),
    "glad": "happy proud glad cheerful excited merry delighted pleased".split(),
    "sorry": "sad angry afraid worried upset lonely tired cross".split(),
    "mood": (
        "happy sad tired angry afraid proud hungry curious sleepy brave calm lonely nervous "
        "cheerful thirsty worried excited bored gentle shy"
    ).split(),
    "kind": "kind clever brave wise friendly honest gentle polite patient generous".split(),
    "animal_trait": "clever brave friendly gentle hungry lazy noisy quiet lonely greedy".split(),
    "wonderful": "wonderful lovely great perfect beautiful amazing marvellous".split(),
    "softly": "softly quietly gently kindly slowly".split(),
    "loudly": "loudly happily proudly quickly suddenly".split(),
    "good": (
        "wonderful lovely great brilliant charming delightful excellent superb amazing fantastic "
        "perfect beautiful"
    ).split(),
    "bad": (
        "horrible awful dull boring terrible dreadful dreary poor silly tedious disappointing ugly"
    ).split(),
    "game": "chess football tennis tag cards marbles".split(),
    "season": "spring summer autumn winter".split(),
    "tree": "oak apple pine willow cherry".split(),
    "number_word": "two three four five six seven eight nine ten".split(),
}
