"""builtin_science: questions of general knowledge with four answers.

A table is a question and, for each thing asked about, its answer; the wrong answers are other answers of the
same table, so they are of the same kind. Questions with wrong answers of their own stand in QUESTIONS.
"""

from random import Random

from reprlab.benchmarks.builtin.rows import BuiltinRow, numbered, placed, places, spread

TABLES: dict[str, tuple[str, dict[str, str]]] = {
    "capital": (
        "What is the capital of {}?",
        {
            "France": "Paris",
            "Germany": "Berlin",
            "Italy": "Rome",
            "Spain": "Madrid",
            "Japan": "Tokyo",
            "China": "Beijing",
            "Russia": "Moscow",
            "Egypt": "Cairo",
            "Greece": "Athens",
            "Canada": "Ottawa",
            "Austria": "Vienna",
            "Poland": "Warsaw",
            "Norway": "Oslo",
            "Sweden": "Stockholm",
            "Ireland": "Dublin",
            "Cuba": "Havana",
            "Peru": "Lima",
            "Kenya": "Nairobi",
            "Portugal": "Lisbon",
            "Hungary": "Budapest",
        },
    ),
    "continent": (
        "On which continent is {}?",
        {
            "Nigeria": "Africa",
            "Brazil": "South America",
            "Canada": "North America",
            "India": "Asia",
            "France": "Europe",
            "Kenya": "Africa",
            "Vietnam": "Asia",
            "Mexico": "North America",
            "Argentina": "South America",
            "Poland": "Europe",
        },
    ),
    "element": (
        "Which element has the chemical symbol {}?",
        {
            "Au": "gold",
            "Ag": "silver",
            "Fe": "iron",
            "Na": "sodium",
            "K": "potassium",
            "Pb": "lead",
            "O": "oxygen",
            "H": "hydrogen",
            "C": "carbon",
            "N": "nitrogen",
            "Cu": "copper",
            "He": "helium",
            "Ca": "calcium",
            "Sn": "tin",
        },
    ),
    "planet": (
        "Which planet of our solar system {}?",
        {
            "is closest to the sun": "Mercury",
            "is the largest": "Jupiter",
            "is called the red planet": "Mars",
            "is best known for its bright rings": "Saturn",
            "is the farthest from the sun": "Neptune",
            "is our home": "Earth",
            "has the hottest surface": "Venus",
        },
    ),
    "class": (
        "To which group of animals does the {} belong?",
        {
            "frog": "amphibians",
            "salamander": "amphibians",
            "toad": "amphibians",
            "eagle": "birds",
            "penguin": "birds",
            "ostrich": "birds",
            "snake": "reptiles",
            "lizard": "reptiles",
            "crocodile": "reptiles",
            "whale": "mammals",
            "bat": "mammals",
            "dolphin": "mammals",
            "shark": "fish",
            "salmon": "fish",
            "tuna": "fish",
            "ant": "insects",
            "bee": "insects",
            "butterfly": "insects",
        },
    ),
    "organ": (
        "Which organ {}?",
        {
            "pumps blood through the body": "the heart",
            "takes oxygen from the air that we breathe": "the lung",
            "breaks down swallowed food with acid": "the stomach",
            "filters the blood and makes urine": "the kidney",
            "controls our thoughts and memory": "the brain",
            "covers the outside of the whole body": "the skin",
            "lets us see light": "the eye",
            "lets us hear sounds": "the ear",
            "makes bile to help digest fat": "the liver",
        },
    ),
    "instrument": (
        "Which instrument is used to {}?",
        {
            "measure temperature": "a thermometer",
            "measure air pressure": "a barometer",
            "measure the length of a line": "a ruler",
            "measure time": "a clock",
            "measure weight": "a scale",
            "find which way is north": "a compass",
            "look at distant stars": "a telescope",
            "look at tiny cells": "a microscope",
            "record earthquakes": "a seismograph",
            "show the speed of a car": "a speedometer",
            "listen to a patient's heart": "a stethoscope",
        },
    ),
    "unit": (
        "Which unit is used to measure {}?",
        {
            "electrical resistance": "the ohm",
            "electric current": "the ampere",
            "voltage": "the volt",
            "power": "the watt",
            "force": "the newton",
            "energy": "the joule",
            "frequency": "the hertz",
            "the loudness of a sound": "the decibel",
            "mass": "the kilogram",
            "length": "the meter",
            "time": "the second",
        },
    ),
    "person": (
        "Who {}?",
        {
            "developed the theory of relativity": "Albert Einstein",
            "wrote about evolution by natural selection in On the Origin of Species": "Charles Darwin",
            "formulated the three laws of motion": "Isaac Newton",
            "discovered penicillin": "Alexander Fleming",
            "discovered radium together with her husband": "Marie Curie",
            "painted the Mona Lisa": "Leonardo da Vinci",
            "wrote Romeo and Juliet": "William Shakespeare",
            "was the first president of the United States": "George Washington",
            "was the first person to walk on the moon": "Neil Armstrong",
            "published the periodic table of the elements": "Dmitri Mendeleev",
            "developed a vaccine against rabies": "Louis Pasteur",
            "composed the Ode to Joy in the Ninth Symphony": "Ludwig van Beethoven",
        },
    ),
    "young": (
        "What is a young {} called?",
        {
            "cat": "a kitten",
            "dog": "a puppy",
            "cow": "a calf",
            "sheep": "a lamb",
            "horse": "a foal",
            "goat": "a kid",
            "bear": "a cub",
            "frog": "a tadpole",
            "chicken": "a chick",
            "kangaroo": "a joey",
            "hare": "a leveret",
        },
    ),
    "habitat": (
        "Where do {} live in the wild?",
        {
            "polar bears": "on the Arctic ice",
            "camels": "in dry deserts",
            "clownfish": "on coral reefs",
            "orangutans": "in tropical rain forests",
            "moles": "in tunnels under the ground",
            "beavers": "in rivers and ponds",
            "zebras": "on African grasslands",
            "mountain goats": "on steep rocky slopes",
        },
    ),
    "change": (
        "What is it called when {}?",
        {
            "a liquid turns into a gas": "evaporation",
            "a solid turns into a liquid": "melting",
            "a liquid turns into a solid": "freezing",
            "a gas turns into a liquid": "condensation",
            "a solid turns directly into a gas": "sublimation",
        },
    ),
    "food": (
        "What do {} mainly eat?",
        {
            "koalas": "eucalyptus leaves",
            "giant pandas": "bamboo",
            "squirrels": "nuts and seeds",
            "bees": "nectar and pollen",
            "vampire bats": "blood",
            "anteaters": "ants and termites",
            "barn owls": "mice and voles",
            "blue whales": "krill",
        },
    ),
    "plant": (
        "Which part of a plant {}?",
        {
            "takes up water from the soil": "the roots",
            "makes most of its food from sunlight": "the leaves",
            "holds it up and carries water to the leaves": "the stem",
            "attracts insects with bright petals": "the flower",
            "can grow into a new plant after it is sown": "the seed",
            "protects the trunk of a tree": "the bark",
        },
    ),
    "material": (
        "What is {} made from?",
        {
            "paper": "wood",
            "glass": "sand",
            "cheese": "milk",
            "wine": "grapes",
            "leather": "animal skin",
            "most plastic": "oil",
            "chocolate": "cocoa beans",
            "bread": "flour",
            "a woolen sweater": "the hair of sheep",
            "a candle": "wax",
        },
    ),
}
QUESTIONS: dict[str, tuple[str, str, str, str, str]] = {  # the right answer first
    "thunder": (
        "Why do we see lightning before we hear the thunder?",
        "Light travels faster than sound.",
        "Sound travels faster than light.",
        "Light and sound travel at the same speed.",
        "Thunder starts long before the lightning.",
    ),
    "day-night": (
        "What causes day and night?",
        "the rotation of the Earth",
        "the phases of the moon",
        "the shape of the clouds",
        "the tides of the ocean",
    ),
    "seasons": (
        "What causes the seasons of the year?",
        "the tilt of the Earth's axis",
        "the rotation of the moon",
        "the heat of volcanoes",
        "the salt in the oceans",
    ),
    "tides": (
        "What is the main cause of the tides?",
        "the gravity of the moon",
        "the heat of the Earth's core",
        "the light of the stars",
        "the movement of fish",
    ),
    "falling": (
        "What force pulls a dropped ball to the ground?",
        "gravity",
        "friction",
        "magnetism",
        "electricity",
    ),
    "sliding": (
        "What force slows down a sled that slides over the ground?",
        "friction",
        "gravity",
        "magnetism",
        "electricity",
    ),
    "magnet": (
        "Which of these is attracted by a magnet?",
        "an iron nail",
        "a wooden spoon",
        "a glass cup",
        "a rubber ball",
    ),
    "conductor": (
        "Which material is the best conductor of electricity?",
        "copper",
        "wood",
        "rubber",
        "glass",
    ),
    "photosynthesis": (
        "Which gas do green plants take from the air to make sugar?",
        "carbon dioxide",
        "helium",
        "hydrogen",
        "methane",
    ),
    "air": (
        "Which gas makes up most of the air?",
        "nitrogen",
        "oxygen",
        "carbon dioxide",
        "helium",
    ),
    "boiling": (
        "At what temperature does water boil at sea level?",
        "100 degrees Celsius",
        "0 degrees Celsius",
        "50 degrees Celsius",
        "500 degrees Celsius",
    ),
    "water": (
        "Which two elements make up water?",
        "hydrogen and oxygen",
        "carbon and oxygen",
        "hydrogen and nitrogen",
        "sodium and chlorine",
    ),
    "salt": (
        "Which two elements make up table salt?",
        "sodium and chlorine",
        "hydrogen and oxygen",
        "carbon and oxygen",
        "iron and sulfur",
    ),
    "star": (
        "What is the sun?",
        "a star",
        "a planet",
        "a moon",
        "a comet",
    ),
    "year": (
        "How long does the Earth take to go once around the sun?",
        "one year",
        "one day",
        "one week",
        "one month",
    ),
    "legs": (
        "How many legs does a spider have?",
        "eight",
        "six",
        "four",
        "ten",
    ),
    "warm-blooded": (
        "Which of these animals is warm-blooded?",
        "a horse",
        "a frog",
        "a snake",
        "a trout",
    ),
    "vertebrate": (
        "Which of these animals has a backbone?",
        "a salmon",
        "a worm",
        "a jellyfish",
        "a beetle",
    ),
    "predator": (
        "Which of these animals hunts other animals for food?",
        "a lion",
        "a cow",
        "a rabbit",
        "a sheep",
    ),
    "renewable": (
        "Which of these is a renewable source of energy?",
        "wind",
        "coal",
        "oil",
        "natural gas",
    ),
    "fossil": (
        "What do we call the remains of ancient animals in rock?",
        "fossils",
        "minerals",
        "crystals",
        "magnets",
    ),
    "lava": (
        "What is melted rock that flows out of a volcano called?",
        "lava",
        "sand",
        "clay",
        "coal",
    ),
    "shadow": (
        "What happens to the shadow of a tree while the sun goes down?",
        "It becomes longer.",
        "It becomes shorter.",
        "It stays the same.",
        "It changes its color to green.",
    ),
    "rust": (
        "What happens to iron that is left out in the rain?",
        "It rusts.",
        "It melts.",
        "It burns.",
        "It freezes.",
    ),
    "ice-floats": (
        "Why does ice float on water?",
        "It is less dense than water.",
        "It is denser than water.",
        "It is warmer than water.",
        "It is made of air.",
    ),
    "largest-ocean": (
        "Which is the largest ocean?",
        "the Pacific Ocean",
        "the Atlantic Ocean",
        "the Indian Ocean",
        "the Arctic Ocean",
    ),
    "largest-animal": (
        "Which is the largest animal on Earth?",
        "the blue whale",
        "the elephant",
        "the giraffe",
        "the white shark",
    ),
    "bones": (
        "What is the main job of the skeleton?",
        "to support the body",
        "to digest food",
        "to filter the blood",
        "to smell odors",
    ),
}


def rows() -> list[BuiltinRow]:
    """Tables first, then the single questions: `question`, `choices` and `label`; a fact is a unit."""
    rng = Random("builtin_science")
    asked = [*_from_tables(rng), *_single(rng)]
    where = places(rng, len(asked), 4)
    made = [
        {"unit": unit, "question": question, **placed(right, wrong, place)}
        for (unit, question, right, wrong), place in zip(asked, where, strict=True)
    ]
    return numbered("science", spread(made, lambda row: row["unit"].split(":")[0]))


def _from_tables(rng: Random) -> list[tuple[str, str, str, list[str]]]:
    return [
        (f"{name}: {thing}", question.format(thing), right, _others(rng, table, right))
        for name, (question, table) in TABLES.items()
        for thing, right in table.items()
    ]


def _single(rng: Random) -> list[tuple[str, str, str, list[str]]]:
    return [
        (unit, question, right, rng.sample(wrong, 3)) for unit, (question, right, *wrong) in QUESTIONS.items()
    ]


def _others(rng: Random, table: dict[str, str], right: str) -> list[str]:
    return rng.sample([answer for answer in dict.fromkeys(table.values()) if answer != right], 3)
