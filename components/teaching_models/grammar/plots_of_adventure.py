"""Plots about races, noises at night, treasure, newcomers, journeys and markets."""

# ruff: noqa: E501 (a template is one line, however long)

from components.teaching_models.grammar.beats import Plot

RACE: Plot = (
    (
        "Every <season> there was a race from the {place} to the {place2}.",
        "There was a~ <size> race {place.at}.",
        '"I am faster than you," said {friend} to {hero}. "Let us race to the {place2}."',
    ),
    (
        "{hero} wanted to win a~ {look} {object}.",
        "The prize was a~ {look} {object}.",
        "The winner would get a~ {look} {object}.",
    ),
    (
        "{hero} practised every [day|morning] for {number_word} weeks.",
        "{friend} was strong and fast, but {hero} was <kind>.",
        '"I will win," said {friend} <loudly>.',
    ),
    ('"One, two, three, go!" called the <job>.', "The <job> rang the bell, and everybody ran."),
    (
        "[First|At first] {friend} was ahead, but then {friend.he} [fell|slipped|stopped to rest|lost a shoe].",
        "{hero} ran like the wind, and {friend} ran right behind {hero.him}.",
        "Near the {place2} {friend} fell, and {hero} stopped to help {friend.him}.",
    ),
    (
        'In the end {hero} won the race and got the {object}. "Well done!" said {hero.his} {relative}.',
        'In the end {friend} won. "You ran very well, {friend}," said {hero}.',
        "{hero} came first, but {hero.he} gave the {object} to {friend}, because they were friends.",
        "They crossed the line together, and both of them won.",
    ),
)

NOISE: Plot = (
    (
        "{friend} stayed the night with {hero}, but they could not sleep.",
        "One dark night {hero} and {friend} lay in bed.",
        "{hero} and {friend} slept {place.at} that night.",
    ),
    (
        "[Tap, tap, tap!|Bump, bump, bump!|Scratch, scratch!] There was a noise [at the window|behind the door|under the bed|on the roof].",
        "Then they heard a strange noise [at the window|behind the door|under the bed|on the roof].",
    ),
    (
        '"What is that?" [whispered|asked] {friend}.',
        '"Who is there?" [called|asked|whispered] {hero}, but nobody answered.',
        "{hero} was afraid and hid under {hero.his} blanket.",
    ),
    (
        '"Maybe it is a [ghost|giant|dragon|thief|witch]," said {friend}.',
        "{hero} thought of a~ [ghost|giant|dragon|thief|witch] with <size> [teeth|eyes|hands].",
        "{hero.His} heart beat fast.",
    ),
    (
        "{hero} took a lamp and looked.",
        "But {hero} was brave. {hero.He} [got up|stood up] and opened the [door|window].",
        "Slowly {hero} and {friend} went to see.",
    ),
    (
        "It was only a~ <size> {animal}, looking for [food|a warm place|its friends]!",
        "There sat a~ <animal_trait> {animal} with a~ <colour> [nose|tail|ear].",
        "It was only {hero}'s {relative}, who had lost a~ {object}!",
    ),
    (
        "{hero} laughed and went back to bed.",
        '"Good night," said {hero}, and {hero.he} slept until the morning.',
        "They were not afraid any more.",
    ),
)

TREASURE: Plot = (
    (
        "{hero} found an old [map|letter] in [a~ book|a~ <colour> box|the attic].",
        "{hero}'s {relative} gave {hero.him} a very old [map|letter].",
        "A~ {animal} brought {hero} a strange [map|letter].",
    ),
    (
        "It showed the way to the {place}.",
        '"Go to the {place} and dig under the <tree> tree," it said.',
        "On it were the {place}, the {place2} and a~ <colour> cross.",
    ),
    (
        '{hero} ran to {friend} and said, "Come with me!"',
        '"Shall we go?" asked {hero}. "Yes!" said {friend}.',
        "{friend} took a~ {object2}, and {hero} took some bread and water.",
    ),
    (
        "They walked for {number_word} hours, past the {place3} and over a~ <size> hill.",
        "First they took a~ {vehicle}, and then they walked.",
        "A~ <animal_trait> {animal2} showed them the way.",
    ),
    (
        "{place.At} they dug a~ [deep|big] hole.",
        "They looked behind {number_word} trees and under {number_word2} stones.",
        "They came to the {place} when the sun went down.",
    ),
    (
        "There was a~ <look> chest, and in it lay a~ {look} {object}.",
        "At last {friend} found a~ {look} {object}.",
        '"Look, a~ {object}!" [cried|shouted] {hero}.',
    ),
    (
        "They took the {object} home and showed it to {hero.his} {relative}.",
        '"You keep it," said {hero} to {friend}.',
        "They gave the {object} to the museum, and everybody came to see it.",
    ),
)

NEWCOMER: Plot = (
    (
        "{friend} was new at school and knew nobody.",
        "A new {friend.child} came to school. {friend.His} name was {friend}.",
        "{friend} moved into the house next to {hero}.",
    ),
    (
        "{friend.He} came from {country} and spoke very little.",
        "{friend.He} was shy and always sat alone.",
        "The other children did not play with {friend.him}.",
    ),
    (
        "{hero} saw that {friend} was <sorry>.",
        "{hero} sat down beside {friend.him} and smiled.",
        '"Hello, I am {hero}," said {hero}. "What is your name?" "I am {friend}," said {friend}.',
    ),
    (
        '"Do you like [to play <game>|to read|to sing|to paint]?" asked {hero}. "Yes, I do," said {friend}.',
        "{hero} showed {friend} a~ {look} {object}.",
        "{hero} gave {friend} half of {hero.his} <food>.",
        '"Come with me to the {place}," said {hero}.',
    ),
    (
        "{friend} told {hero} about [the sea|{country}|{friend.his} old school|{friend.his} <relative>].",
        "After school they [played|walked home|went to the {place}] together.",
        "{friend} smiled for the first time.",
    ),
    (
        "Now {hero} had a new friend.",
        "Soon all the children knew {friend}.",
        '"I like it here," said {friend}.',
    ),
)

JOURNEY: Plot = (
    (
        "{hero} and {friend} wanted to see {country}.",
        '"Let us travel to {country}," said {hero} to {friend}.',
        "One <season> {hero} and {friend} went to {country}.",
    ),
    (
        "They went by {vehicle}, and it took {number_word} [days|hours].",
        "The {vehicle} was [late|full|slow], but they did not mind.",
        "{hero} packed a~ {object}, and {friend} packed {number_word} <food_plural>.",
    ),
    (
        "In {country.capital} they saw a~ <look> [tower|palace|bridge|church|statue].",
        "They walked through {country.capital} and ate <food_plural>.",
        "They stayed in {country.capital}, the capital of {country}.",
    ),
    (
        "There {hero} bought a~ {look} {object} for {hero.his} {relative}.",
        "There {friend} met a~ <kind> <job>, who [taught them a song|told them a story|showed them the way].",
        "A~ {animal} followed them everywhere.",
    ),
    (
        "On the last day {hero} lost {hero.his} [ticket|money|shoes|way], but {friend} helped {hero.him}.",
        '"I want to stay here," said {friend}, but it was time to go home.',
        "It was [hot|cold|warm], and they [swam|danced|walked] every day.",
    ),
    (
        "At home they told everybody about {country}.",
        "When they came home, {hero}'s {relative} was [happy|glad|delighted] to see them.",
    ),
)

MARKET: Plot = (
    (
        "{hero} had {number_word} coins and went to the market.",
        "{hero}'s {relative} sent {hero.him} to the market with {number_word} coins.",
    ),
    (
        "{hero.He} wanted to buy a~ {look} {object}.",
        "There {hero.he} saw a~ {look} {object} and a~ <look> {object2}.",
    ),
    (
        '"How much is the {object}?" asked {hero}. "It costs {number_word2} coins," said the {job}.',
        '"That {object} is too dear," said {hero} to the {job}.',
    ),
    (
        "{friend} stood there too and wanted the same {object}.",
        "Then {hero} saw {friend}, who was [hungry|cold] and had no money.",
        "Just then {hero} met {friend}.",
    ),
    (
        '"Take my coins, {friend}," said {hero}.',
        "{hero} gave {friend} some of {hero.his} coins.",
        "{hero} bought {number_word3} <food_plural> and gave them to {friend}.",
    ),
    (
        'The {job} saw this and smiled. "You are a~ <kind> {hero.child}. The {object} is yours."',
        '"Thank you, {hero}!" said {friend}. "You are very kind."',
        "{friend} [smiled|laughed], and they [walked|went] home together.",
    ),
)
