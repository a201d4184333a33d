"""builtin_pronoun: sentences with a blank and two options; one word behind the blank decides.

A pair is (sentence, options, triggers): `_` is the blank, {} the trigger; with the first trigger the first
option is right, with the second the second. Two rows a pair, which differ in nothing but the trigger.
"""

from random import Random

from reprlab.benchmarks.builtin.rows import BuiltinRow, numbered, places

Pair = tuple[str, tuple[str, str], tuple[str, str]]

PAIRS: tuple[Pair, ...] = (
    (
        "We forgot the milk and the bread for a week, and by then the _ was {}.",
        ("milk", "bread"),
        ("sour", "stale"),
    ),
    (
        "She packed the pillow on top of the knife, because the _ was so {}.",
        ("knife", "pillow"),
        ("sharp", "soft"),
    ),
    (
        "The mouse was hiding behind the elephant, because the _ was so {}.",
        ("mouse", "elephant"),
        ("tiny", "huge"),
    ),
    (
        "Sam bit into the lemon and then into the cake, and he said that the _ was much too {}.",
        ("lemon", "cake"),
        ("sour", "sweet"),
    ),
    (
        "He dropped the ice cube into the tea, and a minute later the _ had {}.",
        ("ice cube", "tea"),
        ("melted", "cooled"),
    ),
    ("The box does not fit into the drawer, because the _ is too {}.", ("box", "drawer"), ("big", "small")),
    (
        "The piano did not fit through the door, because the _ was too {}.",
        ("piano", "door"),
        ("wide", "narrow"),
    ),
    (
        "The rope did not reach the bottom of the well, because the _ was too {}.",
        ("rope", "well"),
        ("short", "deep"),
    ),
    (
        "The rabbit was waiting for the snail at the finish line, because the _ was so {}.",
        ("rabbit", "snail"),
        ("fast", "slow"),
    ),
    (
        "He could carry the feathers but not the bricks, because the _ were so {}.",
        ("feathers", "bricks"),
        ("light", "heavy"),
    ),
    (
        "Camels live in the desert and frogs live in the swamp, because the _ is very {}.",
        ("desert", "swamp"),
        ("dry", "wet"),
    ),
    (
        "The cottage stood in the shadow of the tower, because the _ was so {}.",
        ("cottage", "tower"),
        ("low", "tall"),
    ),
    (
        "The grandfather held the baby by the hand, because the _ was too {} to walk alone.",
        ("grandfather", "baby"),
        ("old", "young"),
    ),
    (
        "She loves the library and hates the disco, because the _ is so {}.",
        ("library", "disco"),
        ("quiet", "loud"),
    ),
    (
        "The baby and the dog kept us awake all night, because the _ would not stop {}.",
        ("baby", "dog"),
        ("crying", "barking"),
    ),
    (
        "The cat sat next to the parrot on the sofa, and when I came in, the _ began to {}.",
        ("cat", "parrot"),
        ("purr", "talk"),
    ),
    (
        "In the yard there were a cow and a rooster, and we heard the _ {} before breakfast.",
        ("cow", "rooster"),
        ("moo", "crow"),
    ),
    (
        "There was a phone beside the candle, and suddenly the _ {}.",
        ("phone", "candle"),
        ("rang", "flickered"),
    ),
    ("The snowman stood beside the pond, and that night the _ {}.", ("snowman", "pond"), ("melted", "froze")),
    (
        "The egg and the rubber ball rolled off the table, and the _ {} on the floor.",
        ("egg", "ball"),
        ("cracked", "bounced"),
    ),
    ("She threw a stone and a cork into the lake, and the _ {}.", ("stone", "cork"), ("sank", "floated")),
    ("The ball hit the window, and the _ {}.", ("ball", "window"), ("bounced", "shattered")),
    (
        "We surprised a snake and a frog on the path, and the _ {} away.",
        ("snake", "frog"),
        ("slithered", "hopped"),
    ),
    (
        "We watched the eagle and the shark, and my brother asked how fast the _ could {}.",
        ("eagle", "shark"),
        ("fly", "swim"),
    ),
    (
        "The gardener bought a rose and a mower, and he was happy when the _ {}.",
        ("rose", "mower"),
        ("bloomed", "started"),
    ),
    (
        "The lamp and the faucet needed repair, because the _ kept {}.",
        ("lamp", "faucet"),
        ("flickering", "dripping"),
    ),
    (
        "The old clock hung above the old radiator, and all night the _ {}.",
        ("clock", "radiator"),
        ("ticked", "hissed"),
    ),
    (
        "He missed both the bus and the ferry, because the _ left the {} early.",
        ("bus", "ferry"),
        ("station", "harbor"),
    ),
    (
        "The farmer was proud of his hen and his goat, because every day the _ gave him fresh {}.",
        ("hen", "goat"),
        ("eggs", "milk"),
    ),
    (
        "The bees and the sheep belonged to her uncle, and the _ gave him plenty of {}.",
        ("bees", "sheep"),
        ("honey", "wool"),
    ),
    (
        "The doctor listened to the patient, and then the _ {} some pills.",
        ("doctor", "patient"),
        ("prescribed", "swallowed"),
    ),
    (
        "The teacher spoke to the pupil, because the _ had {} the test.",
        ("teacher", "pupil"),
        ("graded", "failed"),
    ),
    (
        "The policeman chased the thief through the town, and in the end the _ was {}.",
        ("policeman", "thief"),
        ("promoted", "jailed"),
    ),
    (
        "The customer talked to the baker, because the _ wanted to {} a cake.",
        ("customer", "baker"),
        ("buy", "sell"),
    ),
    (
        "A pilot and a passenger walked through the airport, and the _ was wearing a {}.",
        ("pilot", "passenger"),
        ("uniform", "backpack"),
    ),
    ("The wolf saw the lamb, and the _ was very {}.", ("wolf", "lamb"), ("hungry", "scared")),
    ("The cat looked at the mouse, and then the _ {}.", ("cat", "mouse"), ("pounced", "squeaked")),
    ("The waiter nodded to the guest, and then the _ {} the soup.", ("waiter", "guest"), ("served", "ate")),
    (
        "The author met the reader, because the _ had {} the book.",
        ("author", "reader"),
        ("written", "bought"),
    ),
    ("The singer waved to the audience, and the _ began to {}.", ("singer", "audience"), ("sing", "clap")),
    (
        "The goalkeeper looked at the referee, and then the _ reached for the {}.",
        ("goalkeeper", "referee"),
        ("ball", "whistle"),
    ),
    (
        "The queen waved to the soldier, and the _ was wearing a {}.",
        ("queen", "soldier"),
        ("crown", "helmet"),
    ),
    (
        "The bride danced with the cowboy, and the _ was wearing a white {}.",
        ("bride", "cowboy"),
        ("dress", "hat"),
    ),
    (
        "The painter and the carpenter shared a workshop, and the _ had left a {} on the floor.",
        ("painter", "carpenter"),
        ("brush", "hammer"),
    ),
    (
        "The fisherman lived next to the farmer, and in the morning the _ went out to his {}.",
        ("fisherman", "farmer"),
        ("boat", "field"),
    ),
    (
        "A nurse and a pilot live next door, and today the _ came home late from the {}.",
        ("nurse", "pilot"),
        ("hospital", "airport"),
    ),
    (
        "The cook argued with the gardener, because the _ had ruined the {}.",
        ("cook", "gardener"),
        ("soup", "roses"),
    ),
    (
        "The librarian phoned the butcher, because the _ had ordered too many {}.",
        ("librarian", "butcher"),
        ("books", "sausages"),
    ),
    (
        "A shepherd and a sailor met at the inn, and the _ told stories about the {}.",
        ("shepherd", "sailor"),
        ("sheep", "sea"),
    ),
    (
        "The tailor lives above the shoemaker, and the _ made me a new pair of {}.",
        ("tailor", "shoemaker"),
        ("trousers", "boots"),
    ),
    (
        "The dentist sat beside the mechanic, and the _ talked about {}.",
        ("dentist", "mechanic"),
        ("teeth", "engines"),
    ),
    (
        "He bought an umbrella and a sled, and he used the _ as soon as there was {}.",
        ("umbrella", "sled"),
        ("rain", "snow"),
    ),
    (
        "She found a key and a spoon in the drawer, and she needed the _ for the {}.",
        ("key", "spoon"),
        ("lock", "soup"),
    ),
    (
        "He borrowed a broom and an axe, because he needed the _ for the {}.",
        ("broom", "axe"),
        ("dust", "firewood"),
    ),
    ("She lent me a needle and a shovel, and I used the _ to {}.", ("needle", "shovel"), ("sew", "dig")),
    (
        "He owns a bicycle and a canoe, and on Sundays he takes the _ out on the {}.",
        ("bicycle", "canoe"),
        ("road", "lake"),
    ),
    ("We bought flour and paint, because we needed the _ for the {}.", ("flour", "paint"), ("cake", "fence")),
    ("We bought soap and ink, because we needed the _ for the {}.", ("soap", "ink"), ("bath", "pen")),
    ("They bought hay and fish, because they needed the _ for the {}.", ("hay", "fish"), ("horse", "cat")),
    (
        "The scarf and the sandals are in the closet, and I wear the _ when it is {}.",
        ("scarf", "sandals"),
        ("cold", "hot"),
    ),
    ("She checked the oven and the freezer, and the _ was still {}.", ("oven", "freezer"), ("hot", "cold")),
    (
        "A crow was sitting near a swan, and against the sky the _ looked very {}.",
        ("crow", "swan"),
        ("black", "white"),
    ),
    (
        "A bee and a spider live near our window, and every day the _ returns to its {}.",
        ("bee", "spider"),
        ("hive", "web"),
    ),
    (
        "At dusk we saw a bear and a robin, and then the _ returned to its {}.",
        ("bear", "robin"),
        ("cave", "nest"),
    ),
    (
        "An oak stands beside a pine, and the ground below the _ is covered with {}.",
        ("oak", "pine"),
        ("acorns", "cones"),
    ),
    (
        "The village lies between a volcano and a river, and last spring the _ {}.",
        ("volcano", "river"),
        ("erupted", "flooded"),
    ),
    (
        "The ship and the train both carry grain, and last week the _ {}.",
        ("ship", "train"),
        ("sank", "derailed"),
    ),
    (
        "The children played with the balloon beside the bathtub until the _ {}.",
        ("balloon", "bathtub"),
        ("burst", "overflowed"),
    ),
    (
        "Her tooth and her ankle both hurt, and because of the _ she could hardly {}.",
        ("tooth", "ankle"),
        ("chew", "walk"),
    ),
    (
        "His eyes and his ears had grown weak, and because of his _ he could hardly {}.",
        ("eyes", "ears"),
        ("see", "hear"),
    ),
    ("She ordered soup and steak, and she ate the _ with a {}.", ("soup", "steak"), ("spoon", "knife")),
    (
        "There are a computer and a plant in the office, and on Monday the _ had {}.",
        ("computer", "plant"),
        ("crashed", "wilted"),
    ),
    (
        "The battery and the tire were both old, and on the way home the _ went {}.",
        ("battery", "tire"),
        ("dead", "flat"),
    ),
    (
        "He looked after the horse and the goldfish, and on Friday the _ got a clean {}.",
        ("horse", "goldfish"),
        ("stable", "bowl"),
    ),
    (
        "The toddler sat next to the professor while the _ {}.",
        ("toddler", "professor"),
        ("babbled", "lectured"),
    ),
    ("The boxer met the dancer, and the _ was famous for his {}.", ("boxer", "dancer"), ("punches", "steps")),
    ("Anna lent Julia some money, because _ was {}.", ("Anna", "Julia"), ("rich", "broke")),
    ("Tom asked Paul for directions, because _ was {}.", ("Tom", "Paul"), ("lost", "local")),
    ("Maria beat Susan at chess, because _ played so {}.", ("Maria", "Susan"), ("well", "badly")),
    ("Kevin carried David home, because _ was so {}.", ("Kevin", "David"), ("strong", "tired")),
    ("Laura apologized to Emma, because _ had been {}.", ("Laura", "Emma"), ("rude", "hurt")),
    ("Peter could not hear Mark, because _ was {}.", ("Peter", "Mark"), ("deaf", "whispering")),
    ("Sarah taught Lucy to swim, because _ was a {}.", ("Sarah", "Lucy"), ("lifeguard", "beginner")),
    ("Ben hid from Jack, because _ was {}.", ("Ben", "Jack"), ("frightened", "furious")),
    ("Nina visited Carol in the hospital, because _ was so {}.", ("Nina", "Carol"), ("kind", "sick")),
    ("Leo gave Max his coat, because _ was {}.", ("Leo", "Max"), ("generous", "freezing")),
)


def rows() -> list[BuiltinRow]:
    """Pair after pair, in WinoGrande's fields: `sentence`, `option1`, `option2`, and `answer`, "1" or "2"."""
    swaps = places(Random("builtin_pronoun"), len(PAIRS), 2)
    return numbered(
        "pronoun", [row for pair, swap in zip(PAIRS, swaps, strict=True) for row in _twins(pair, swap)]
    )


def _twins(pair: Pair, swap: int) -> list[BuiltinRow]:
    sentence, options, triggers = pair
    shown = (options[swap], options[1 - swap])
    return [
        {
            "unit": "-".join(options).replace(" ", "-").lower(),
            "sentence": sentence.format(trigger),
            "option1": shown[0],
            "option2": shown[1],
            "answer": str(1 + shown.index(right)),
        }
        for trigger, right in zip(triggers, options, strict=True)
    ]
