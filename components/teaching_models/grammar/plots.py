"""The plots, as data: each a tuple of beats, each beat a tuple of alternative templates.

An empty alternative leaves the beat out.
"""

Plot = tuple[tuple[str, ...], ...]

MEETING = (
    "One <weather> [day|morning|afternoon] {hero} and {friend} met {place.at}.",
    "{hero} and {friend} [liked|loved] to play {place.at}.",
    "It was a~ <weather> [day|morning|evening]. {hero} was {place.at} with {friend}.",
    "[Last|One] <season> {hero} visited {friend} {place.at}.",
)
ALONE = (
    "Once upon a time there was a~ [little|young|<kind>] {hero.child} named {hero}.",
    "Once there was a~ {hero.child} called {hero}, who lived near the {place}.",
    "One <weather> [day|morning|afternoon] {hero} went to the {place}.",
    "{hero} was a~ <kind> {hero.child}. {hero.He} lived near the {place} with {hero.his} {relative}.",
    "On a~ <weather> [day|morning] {hero} walked to the {place} [alone|all alone|with {hero.his} {relative}].",
    "Long ago, {place.at}, there lived a~ {hero.child} named {hero}.",
)

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

PLOTS = (
    LOST, GIFT, QUARREL, RESCUE, STORM, BAKING, RACE, NOISE, TREASURE, NEWCOMER, JOURNEY, MARKET,
)  # fmt: skip
