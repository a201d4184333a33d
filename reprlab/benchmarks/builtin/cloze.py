"""builtin_cloze: short passages whose last word follows from the whole passage, not from its last sentence.

In each text {0} is the word to predict and the other places are filled alike; two fillings a passage.
"""

from reprlab.benchmarks.builtin.rows import BuiltinRow, numbered, spread

Fillings = tuple[tuple[str, ...], ...]

PASSAGES: dict[str, tuple[str, Fillings]] = {
    "cupboard": (
        "{1} kept the old {0} in a cupboard and hardly ever used it. When the lights went out during the "
        "storm, he remembered it at once. He felt his way to the cupboard and took out the {0}",
        (("flashlight", "Peter"), ("lantern", "Samuel")),
    ),
    "birthday": (
        "The children had begged for a {0} for two years. On the morning of her birthday, {1} heard "
        "something moving in a box with holes in it. She lifted the lid, and out climbed a tiny {0}",
        (("kitten", "Ella"), ("puppy", "Nora")),
    ),
    "flood": (
        "{1} and {0} had not spoken since the argument about the fence. Then the river rose, and {1} was "
        "alone with forty sandbags. Somebody came across the yard with a shovel, and to his surprise it "
        "was {0}",
        (("Walter", "Henry"), ("Oscar", "Daniel")),
    ),
    "singer": (
        '"I will not sing without {0}," said {1}, and she crossed her arms. The director pointed to the '
        "clock and to the full hall. Still she shook her head and waited at the side of the stage for {0}",
        (("Lucas", "Maria"), ("Robert", "Helen")),
    ),
    "grandmother": (
        "My {1} grew nothing but {0} behind her house. In July she sent us home with two full baskets, and "
        "my mother sighed. For the rest of that week we had soup, salad and sandwiches, all of them made "
        "with {0}",
        (("tomatoes", "grandmother"), ("onions", "aunt")),
    ),
    "guidebook": (
        "{1} had read about the {0} in every guidebook, but she had never seen it herself. The guide told "
        "them to close their eyes until the bus stopped. When she opened them again, there, far below the "
        "road, lay the {0}",
        (("lake", "Sofia"), ("valley", "Irene")),
    ),
    "letter": (
        "The letter was addressed to {0}, but {1} opened it anyway. It was only three lines long, and it "
        "made her blush. She folded it, glued the envelope shut again, and put it on the desk of {0}",
        (("Edward", "Alice"), ("Victor", "Julia")),
    ),
    "corner-shop": (
        "For years the shop {1} had sold only {0}. The new owner tried to sell bread and cheese there as "
        "well, but nobody wanted them. People still came through the door and asked for {0}",
        (("books", "on the corner"), ("shoes", "by the bridge")),
    ),
    "uniform": (
        "{1} had wanted to be a {0} ever since she was six. Her parents thought she would forget about it, "
        "and her teachers smiled. Today, at thirty, she put on the uniform for the first time, and now she "
        "really was a {0}",
        (("pilot", "Emma"), ("nurse", "Clara")),
    ),
    "barking": (
        "There were two dogs on the farm, {1} and {0}. {1} slept all day in the sun and never barked at "
        "anyone. So when the farmer heard barking in the night, he knew that it was {0}",
        (("Rex", "Bella"), ("Max", "Daisy")),
    ),
    "neighbor": (
        "The recipe called for {0}, but the jar was empty. {1} knocked on her neighbor's door with a cup in "
        "her hand. She came back smiling, with the cup full of {0}",
        (("sugar", "Anna"), ("flour", "Linda")),
    ),
    "refrigerator": (
        "Nobody had seen the {0} since the day it rolled off the kitchen table. {1} looked under the sofa "
        "and behind the stove. Weeks later, when they moved the refrigerator, there in the dust lay the {0}",
        (("ring", "Paula"), ("coin", "Martin")),
    ),
    "savings": (
        "{1} saved for a whole year to buy a {0}. He washed cars, delivered newspapers and mowed lawns. In "
        "June he counted the money one last time, walked into the shop and came out with a new {0}",
        (("guitar", "Kevin"), ("bicycle", "Thomas")),
    ),
    "ferry": (
        "The old {1} told everyone that a {0} lived in the lake. The villagers laughed at him and his "
        "stories. But one foggy morning the water rose beside the ferry, and all the passengers saw the {0}",
        (("monster", "fisherman"), ("dragon", "miller")),
    ),
    "rope-bridge": (
        '"Do not look down," {0} told her. {1} clung to the rope with both hands while the bridge swung '
        "over the gorge. When at last she felt the ground under her feet, she turned around and thanked {0}",
        (("Marcus", "Rachel"), ("David", "Laura")),
    ),
    "square": (
        "In the middle of the village square stood an ancient {0}. {1} met under it, and children climbed "
        "in its branches. After the storm the square looked strangely empty, because the wind had knocked "
        "down the {0}",
        (("oak", "Couples"), ("elm", "Old men")),
    ),
    "canvas": (
        "{1} had painted the same {0} forty times, in rain, in snow and in moonlight. Every canvas in the "
        "studio showed it. A visitor asked what the next picture would be, and the painter answered that it "
        "would be the {0}",
        (("bridge", "Ruth"), ("mountain", "Bernard")),
    ),
    "inheritance": (
        "The twins shared everything except the {0}. It had belonged to their father, and each of them "
        "wanted it. In the end they agreed that {1} would keep the house and her brother would keep the {0}",
        (("piano", "Teresa"), ("boat", "Monica")),
    ),
    "chair": (
        '"It is only a {0}," said {1}, "it will not hurt you." But his sister had already jumped on a '
        "chair. She refused to come down until somebody had caught the {0}",
        (("spider", "Adam"), ("mouse", "Felix")),
    ),
    "museum": (
        "The {1} had borrowed the {0} from a collector for one month. On the last day two guards came to "
        "pack it up. They opened the glass case and stared, because someone had stolen the {0}",
        (("necklace", "museum"), ("crown", "gallery")),
    ),
    "barn": (
        "All winter the {0} stayed in the barn under a gray blanket. {1} oiled it, polished it and talked "
        "to it as if it were alive. On the first warm Sunday he pulled off the blanket and drove down the "
        "road in the {0}",
        (("car", "Vincent"), ("truck", "Harold")),
    ),
    "bedside": (
        "The nurse asked {1} to choose a story. He had heard the one about the {0} a hundred times, but it "
        "was still his favorite. So she sat down by his bed and once more read him the story about the {0}",
        (("bear", "Billy"), ("giant", "Oliver")),
    ),
    "island": (
        "When the ship sank, only {1} and the {0} reached the island. They slept on the same beach and ate "
        "the same fish. A year later the rescuers had room for no more than one, but {1} would not leave "
        "without the {0}",
        (("dog", "Joseph"), ("parrot", "William")),
    ),
    "party": (
        "Everyone at the party was wearing a {0} except {1}. She felt foolish in the doorway. Then the host "
        "took her by the hand, opened a box in the hall and gave her a {0}",
        (("mask", "Diana"), ("hat", "Grace")),
    ),
    "waiter": (
        "{1} ordered the {0}, but the waiter shook his head. The kitchen had run out an hour ago, he said. "
        "At the next table, she noticed, a man had just been served the last plate of {0}",
        (("lasagna", "Carla"), ("spaghetti", "Judith")),
    ),
    "general": (
        "The {1} trusted only one man, and that was {0}. Others brought him maps and good news, and he sent "
        "them away. Before the battle he called for his horse, his sword and {0}",
        (("Arthur", "general"), ("Gregory", "king")),
    ),
    "locker": (
        "{1} was afraid of {0}, and the whole school knew it. So on the first of April somebody filled her "
        "locker with rubber ones. She opened the door, screamed, and ran away from a pile of {0}",
        (("snakes", "Megan"), ("spiders", "Alison")),
    ),
    "living-room": (
        '"We have no room for a {0}," her mother always said. {1} measured the living room with a string '
        "and drew a plan. She showed her mother that, if they moved the sofa, there was room for a {0}",
        (("piano", "Eva"), ("desk", "Amy")),
    ),
    "two-roads": (
        "Two roads led to the town, one through the {0} and one along the coast. {1} had promised her "
        "mother to take the one along the coast. But it was late, and the shorter road was the one through "
        "the {0}",
        (("forest", "Lena"), ("swamp", "Martha")),
    ),
    "silence": (
        "The {0} in the {2} had been silent since the war. On Sunday {1} went in with a can of oil and a "
        "bag of tools. An hour later people ran out of their houses, because for the first time in years "
        "they heard the {0}",
        (("bell", "Simon", "tower"), ("organ", "Philip", "chapel")),
    ),
    "collector": (
        "My {1} collected {0}. They stood on every shelf, in every window and even in the bath. When he "
        "moved to a smaller flat, he gave away the chairs and the beds, but he kept all the {0}",
        (("clocks", "uncle"), ("bottles", "grandfather")),
    ),
    "river": (
        "{1} threw the {0} as far as she could into the river. She never wanted to see it again. But the "
        "next morning a fisherman knocked at her door, and in his hand he held the {0}",
        (("bracelet", "Selma"), ("doll", "Vera")),
    ),
    "bench": (
        "The {1} had lost every game without {0}. Now his leg had healed, and he sat on the bench in his "
        "clean shirt. With ten minutes left, the crowd began to shout for the coach to send in {0}",
        (("Carlos", "team"), ("Jackson", "club")),
    ),
    "laugh": (
        "The {1} offered half of the kingdom to anyone who could make the {0} laugh. Clowns came, and "
        "dancers, and a man with a trained pig. Only when the pig ran off with the royal wig did a sound "
        "come from the lips of the {0}",
        (("prince", "queen"), ("princess", "king")),
    ),
    "walk": (
        "{1} always began his walk at the {0} and ended it at the harbor. That morning the harbor was "
        "closed because of the fog. So he turned around half way and went back to the {0}",
        (("church", "Albert"), ("station", "Norman")),
    ),
    "inspector": (
        '"I put the {0} on this table," said the {1}, "and now it is gone." The four guests looked at each '
        "other. Then the inspector asked them all to empty their pockets, and out of the last one fell the "
        "{0}",
        (("key", "baroness"), ("diamond", "countess")),
    ),
    "seeds": (
        "{1} sowed seeds along the wall, and soon they grew into tall {0}. All summer the neighbors stopped "
        "to admire them. In August the grandchildren came to visit, and each of them carried home a bunch "
        "of {0}",
        (("sunflowers", "Edith"), ("daisies", "Doris")),
    ),
    "last-one": (
        "There was only one {0} left on the plate. {1} looked at her brother, and her brother looked at "
        "her. Then the phone rang, and when she came back from the hall, her brother had eaten the {0}",
        (("cookie", "Tina"), ("sandwich", "Molly")),
    ),
    "doctor": (
        "The doctor told {1} to give up {0}. He tried juice and plain water for a week, and he was unhappy "
        "all the time. On Monday he walked past the {2}, stopped, went in and ordered a large {3} of {0}",
        (("coffee", "Frank", "cafe", "cup"), ("beer", "Gerald", "bar", "glass")),
    ),
    "insect": (
        "{1} could not sleep because of the {0}. It was humming somewhere in the room, now near her ear and "
        "now at the window. She switched on the lamp, rolled up a newspaper and went to look for the {0}",
        (("mosquito", "Ingrid"), ("fly", "Sandra")),
    ),
    "stable": (
        "The first gift was a horse, and the second was a {0}. The {1} thanked the traders politely and "
        "sent them to the kitchen for supper. Later that night a servant saw him in the stable, where he "
        "did not even look at the horse but stroked the {0}",
        (("camel", "king"), ("zebra", "emperor")),
    ),
    "trouble": (
        '"If you are ever in trouble," the old woman had said, "blow this {0}." {1} had laughed and put it '
        "in her pocket. Now she was in trouble, and with cold fingers she reached into her pocket and took "
        "out the {0}",
        (("whistle", "Wendy"), ("horn", "Astrid")),
    ),
    "hamster": (
        "The class voted on a name for the hamster. {1} wanted Thunder, but most of the others wanted {0}. "
        "The teacher counted the hands and wrote a label for the cage, and from that day on the hamster was "
        "called {0}",
        (("Cookie", "Ben"), ("Pepper", "Leo")),
    ),
    "farm": (
        "{1} bought the farm for the {0}, not for the house. The house had no roof, but the {0} was famous "
        "for its {2}. Every autumn she left the builders alone and spent her days in the {0}",
        (("orchard", "Ursula", "apples"), ("garden", "Bridget", "roses")),
    ),
    "frame": (
        "The note said that the money was hidden behind the {0}. {1} tapped on the walls, lifted the carpet "
        "and emptied the bookcase. Then, above the fireplace, he noticed the crooked frame, and he looked "
        "behind the {0}",
        (("painting", "Eric"), ("mirror", "Hugo")),
    ),
    "border": (
        "For the journey {1} packed bread, cheese and a {0}. At the border the soldiers ate the bread and "
        "the cheese. They laughed when they reached the bottom of the bag, and they let him keep the {0}",
        (("blanket", "Ivan"), ("compass", "Nicholas")),
    ),
    "inn": (
        "The two sisters ran the inn together. {1} cooked, and {0} took care of the rooms. So when the beds "
        "were not made and the windows were dusty, the guests knew that they had to complain to {0}",
        (("Martha", "Agnes"), ("Emily", "Susan")),
    ),
    "race": (
        "{1} lost the race by less than a second. The winner, {0}, came over to shake her hand, but she had "
        "already gone. That night she hung a photograph above her bed, and every morning she looked at the "
        "smiling face of {0}",
        (("Jennifer", "Brenda"), ("Natalie", "Karen")),
    ),
    "bay": (
        "A single {0} stood on the hill above the bay. The captains steered by it, and the {1} nested on "
        "its roof. In the year the electricity came, they built a tower of steel on the pier and forgot "
        "about the {0}",
        (("lighthouse", "gulls"), ("windmill", "storks")),
    ),
    "midnight": (
        '"Never open the {0} before midnight," the magician warned {1}. She put it on the table and sat '
        "down in front of it. The clock struck ten, and then eleven, and her hand moved closer to the lid "
        "of the {0}",
        (("box", "Pamela"), ("chest", "Gloria")),
    ),
    "robbers": (
        "The {0} had been in the family for a hundred years, and it still {2}. {1} wore it {3}, as his "
        "father had done. When the robbers stopped the coach, he gave them his purse and his coat, but not "
        "the {0}",
        (
            ("watch", "Edgar", "kept perfect time", "on a chain"),
            ("sword", "Roland", "shone like new", "at his side"),
        ),
    ),
    "song": (
        "Only three people knew the song: {1}, her aunt and {0}. Her aunt had died in the spring, and {1} "
        "was alone on the train. So when she heard somebody humming it in the next compartment, it could "
        "only be {0}",
        (("Philip", "Anita"), ("Steven", "Rosa")),
    ),
    "bakery": (
        "The {1} made forty loaves of bread and one {0}. The loaves were gone by nine o'clock. But nobody "
        "had the money to buy the fine thing in the window, so in the evening the children of the {1} ate "
        "the {0}",
        (("cake", "baker"), ("pie", "miller")),
    ),
    "flying": (
        "{1} is afraid of flying, so she travels to Rome by {0}. It takes her two days, and she has to "
        "change four times. Her friends ask why she does not just take a plane, and she says that she loves "
        "the {0}",
        (("train", "Olga"), ("bus", "Nancy")),
    ),
    "rails": (
        "The old {0} had not come down this {1} for twenty years. The rails were rusty, and grass grew "
        "between them. But on the day of the festival people lined the way and waved when they saw the {0}",
        (("tram", "street"), ("train", "valley")),
    ),
    "magic-hat": (
        "The magician pulled a scarf, an egg and a {0} out of his {1}. The scarf flew into the first row, "
        "and the egg broke. The children did not care, because all of them wanted to stroke the {0}",
        (("rabbit", "hat"), ("dove", "sleeve")),
    ),
    "map": (
        "{1} gave one half of the map to {0} and kept the other half herself. Neither of them could find "
        "the island alone. For ten years she searched the ports of the world, not for treasure, but for {0}",
        (("Jonathan", "Isabel"), ("Matthew", "Charlotte")),
    ),
    "shepherd": (
        "In the evening the {0} came down from the hills to drink at the {1}. The shepherd counted them "
        "twice and frowned. He took his stick and went back up the path, for he was missing one of the {0}",
        (("sheep", "pond"), ("goats", "river")),
    ),
    "mechanic": (
        '"You will have to walk," said the mechanic. "The {0} will not be ready before Friday." {1} sighed '
        "and looked at the pieces on the floor of the workshop. She could not believe that only an hour ago "
        "all of this had been her {0}",
        (("motorcycle", "Elaine"), ("car", "Joan")),
    ),
    "thief": (
        "The {1} could not understand who was eating the {0}. He built a fence, he bought a net, and he set "
        "up a camera. In the first picture he saw his own wife, in her nightgown, picking the {0}",
        (("strawberries", "gardener"), ("cherries", "farmer")),
    ),
    "mountain": (
        "{1} never took off the {0}, not even in summer. Some said it hid a scar, others that it had been a "
        "gift. When they found him on the mountain in spring, the snow had melted, and he was still wearing "
        "the {0}",
        (("scarf", "Boris"), ("coat", "Ralph")),
    ),
    "price": (
        "The price was written on the bottom of the {0}, and {1} was shocked when she read it. She set it "
        "down as gently as she could. On the way out her bag brushed the shelf, and behind her she heard "
        "the crash of the {0}",
        (("vase", "Lydia"), ("plate", "Beatrice")),
    ),
    "school-bus": (
        "Everybody wanted to sit next to {0} on the bus, because {0} told the best stories. {1} got up at "
        "five to be the first in line. When the doors opened, she ran up the steps, and she took the seat "
        "next to {0}",
        (("George", "Hannah"), ("Nathan", "Zoe")),
    ),
    "lawn": (
        "The {0} would not start. {1} kicked it, begged it, and at last took it apart behind the house. The "
        "{2} grew higher every day, and the neighbors smiled whenever they saw him kneel in front of the {0}",
        (("mower", "Gordon", "grass"), ("tractor", "Leonard", "weeds")),
    ),
    "fortune": (
        "{1} had heard that the {0} at the market could tell the future. It cost one coin, and the line was "
        "long. When his turn came, he sat down, and without a word he held out his open hand to the {0}",
        (("witch", "Carl"), ("monk", "Tobias")),
    ),
}


def rows() -> list[BuiltinRow]:
    """Passage after passage, each filled in every way: `text`, whose last word is the target."""
    made = [
        {"unit": unit, "text": text.format(*filling)}
        for unit, (text, fillings) in PASSAGES.items()
        for filling in fillings
    ]
    return numbered("cloze", spread(made))
