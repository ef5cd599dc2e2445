"""Plots about friends: something is lost, given, shared, saved, baked; a storm."""

# ruff: noqa: E501 (a template is one line, however long)

from components.teaching_models.grammar.beats import ALONE, MEETING, Plot

LOST: Plot = (
    ALONE,
    (
        "{hero} had a~ {look} {object}, and {hero.he} [loved it very much|took it everywhere].",
        "{hero.His} {relative} had given {hero.him} a~ {look} {object}.",
        "{hero.He} went nowhere without {hero.his} {look} {object}.",
    ),
    (
        "But one day the {object} was [gone|lost].",
        "[Then|Suddenly] {hero} saw that the {object} was gone.",
        '"Oh no!" [cried|said] {hero}. "Where is my {object}?"',
    ),
    (
        "{hero} looked under the [bed|table|chair|bench], but it was not there.",
        "{hero} felt <sorry> and began to cry.",
        "{hero} looked at {hero.his} empty hands and felt <sorry>.",
    ),
    (
        '{hero.He} asked {friend}, "Have you seen my {object}?" "No," said {friend}, "but I will help you."',
        "{friend} heard {hero.him} and came to help.",
        '"Do not [cry|worry]," said {friend}. "We will find it."',
    ),
    (
        "{hero} and {friend} looked for it {place2.at}.",
        "So they went back to the {place2} and looked [everywhere|behind every tree|under every stone].",
        "Together {hero} and {friend} searched the [whole|entire] {place2}.",
    ),
    (
        "At last {friend} found the {object} under a~ [<tree>|<size>] tree.",
        "There, beside a~ <size> {animal}, lay the {look} {object}.",
        'A~ {animal} had taken it. "Give it back, please," said {friend}, and the {animal} [did|dropped it].',
        '"Here it is!" [called|shouted] {friend}, and gave the {object} to {hero}.',
    ),
    (
        '"Thank you, {friend}!" said {hero}.',
        "{hero} [hugged|thanked] {friend} and was <glad> again.",
        "{hero} held the {object} in {hero.his} hands and smiled.",
    ),
)

GIFT: Plot = (
    (
        "It was the birthday of {hero}.",
        "Tomorrow was the birthday of {hero}, and {friend} wanted to give {hero.him} something <wonderful>.",
        "{friend} wanted to [thank|surprise] {hero}.",
        "{hero} was <sorry>, so {friend} wanted to cheer {hero.him} up.",
    ),
    (
        "{friend} went to the {place} and bought a~ {look} {object}.",
        "{friend} made a~ {look} {object} with {friend.his} own hands.",
        "{friend} looked {place.at} and found a~ {look} {object}.",
    ),
    (
        "{friend.He} put it in a box with a~ <colour> [bow|paper].",
        "It cost {number_word} coins.",
        '"I hope {hero} likes it," {friend} [thought|said].',
        "",
    ),
    (
        "When {hero} and {friend} met {place2.at}, {friend} gave the {object} to {hero}.",
        '"This is for you," said {friend}, and gave the {object} to {hero}.',
        "{friend} took the {object} to {hero}, who was {place2.at}.",
    ),
    (
        '"A~ {object}! How <wonderful>!" said {hero}.',
        "{hero} opened it and [laughed|smiled|jumped] with joy.",
        '"It is <wonderful>," {hero} said <softly>. "Thank you, {friend}."',
    ),
    (
        "{hero} kept the {look} {object} for many years.",
        "{hero} put the {object} [near the window|beside {hero.his} bed|on the table].",
        "Then {hero} gave {friend} a~ <food> from {hero.his} bag.",
        "",
    ),
)

QUARREL: Plot = (
    MEETING,
    (
        "They found a~ {look} {object} [on the ground|under a~ <tree> tree|near the {animal}].",
        "{hero} had brought a~ {look} {object}.",
        "There lay a~ {look} {object}, and both of them saw it.",
    ),
    (
        '"It is mine!" [said|shouted|cried] {hero}. "No, it is mine!" [said|shouted|cried] {friend}.',
        "{friend} wanted the {object} too, but {hero} did not want to share.",
        '"May I have the {object}?" asked {friend}. "No," said {hero}, "I want to keep it."',
    ),
    (
        "{hero} pulled and {friend} pulled, and the {object} [fell|broke].",
        "{friend} was <sorry> and [walked|ran] away.",
        "{friend} sat down and cried.",
        "{friend} did not [speak|talk] to {hero} for {number_word} days.",
    ),
    (
        '{hero} felt <sorry>. "I am sorry," {hero.he} said.',
        'Then {hero}\'s {relative} said, "Friends are worth more than a~ {object}."',
        'A~ wise old {animal} saw them and said, "You can share it."',
    ),
    (
        "So {hero} gave the {object} to {friend}, and {friend} was <glad>.",
        "So they shared the {object}. First {hero} had it, then {friend}.",
        '{hero} handed the {object} to {friend}. "You may have it," {hero.he} said.',
    ),
)

RESCUE: Plot = (
    ALONE,
    (
        "Near the {place2} {hero.he} heard a~ [small|strange|sad] sound.",
        "On the way {hero.he} saw something move under a~ <tree> tree.",
        '"Help! Help!" cried a~ small voice.',
    ),
    (
        "It was a~ <colour> {pet}. It [had hurt its leg|had lost its mother|was cold and hungry|was stuck in a hole].",
        "A~ [small|little|tiny] {pet} [had hurt its leg|had lost its mother|was cold and hungry|was stuck in a hole].",
    ),
    (
        '"Do not be afraid," {hero} said <softly>.',
        "{hero} picked the {pet} up and held it in {hero.his} arms.",
        '"Poor {pet}!" said {hero}. "I will help you."',
    ),
    (
        "{hero.He} gave the {pet} some [milk|water|bread|food] and a warm place to sleep.",
        "{hero.He} took it home and made a bed for it in a [box|basket].",
        "{hero.He} called {friend}, and together they helped the {pet}.",
        "{hero.He} carried the {pet} to the <job>, who knew what to do.",
    ),
    (
        "[Soon|After {number_word} days] the {pet} was [well|strong|healthy] again.",
        "The next [day|morning] the {pet} [could walk|could run|opened its eyes and looked at {hero}].",
    ),
    (
        "The {pet} stayed with {hero}, and {hero.he} named it <pet_name>.",
        '"Thank you," said the {pet}. "You are a~ <kind> {hero.child}, {hero}."',
        "{hero} was sad when it went back to the {place2}, but the {pet} came to visit every <season>.",
    ),
)

STORM: Plot = (
    MEETING,
    (
        "They [flew their kites|played <game>|picked flowers|told stories|looked for shells].",
        "{hero} climbed a tree while {friend} played with a~ {object}.",
        "They had a~ basket with {number_word} <food_plural>.",
    ),
    (
        "Suddenly the sky turned [dark|black|grey], and it began to [rain|snow].",
        "Then the wind began to blow, and the [rain|snow] came down.",
        '"Look at the clouds!" said {friend}. "It is going to [rain|snow]."',
    ),
    (
        '"Run!" [shouted|cried|called] {hero}, and they ran to the {place2}.',
        "{hero} took {friend} by the hand, and they hid {place2.at}.",
        "They were wet and cold, but {hero} knew a dry place {place2.at}.",
    ),
    (
        "There they met a~ {animal}, who was wet too.",
        "An old <job> opened the door and gave them hot [tea|soup|milk].",
        "{friend} was afraid of the [thunder|noise], so {hero} sang a song for {friend.him}.",
        "They waited for a long time and told each other stories.",
    ),
    (
        "At last the [sun came out|storm was over], and they saw a~ [rainbow|bright star].",
        "When the storm was over, everything was [clean and fresh|quiet|wet and shiny].",
    ),
)

BAKING: Plot = (
    (
        "{hero} wanted to bake a~ {dish} for {friend}.",
        "One <weather> day {hero} and {friend} made a~ {dish} in the kitchen.",
        '"I am hungry," said {friend}. "Let us make a~ {dish}," said {hero}.',
    ),
    (
        "{hero} took some [flour|butter|sugar], some [milk|salt|honey] and {number_word} <food_plural>.",
        "First they [bought|found] {number_word} <food_plural> at the market.",
        "{hero.His} {relative} gave {hero.him} {number_word} <food_plural>.",
    ),
    (
        "{hero} [mixed|stirred] it all in a~ <size> bowl.",
        "{friend} [cut|washed|counted] the [fruit|vegetables], and {hero} [lit the fire|set the table].",
        "It took a long time, and {hero} grew [tired|hungry|bored].",
    ),
    (
        'But {hero} forgot the [salt|sugar|butter], and the {dish} tasted [strange|bad|awful]. "I like it anyway," said {friend}.',
        'But the {dish} was [burnt|black|too hot], and smoke filled the [room|house]. "Never mind," said {friend}. "We can try again."',
        'But a~ hungry {animal} came in and ate half of the {dish}. "Let us share the rest," said {friend}.',
        'Soon the whole house smelled [sweet|good|wonderful]. "Is it ready?" asked {friend}. "Yes, it is," said {hero}.',
    ),
    (
        "They ate the {dish} together, and it was <wonderful>.",
        "{hero} gave a~ [big|large|small] piece to {friend} and a~ [big|large|small] piece to the <job>.",
    ),
)
