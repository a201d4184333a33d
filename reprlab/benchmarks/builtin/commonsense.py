"""builtin_commonsense: an everyday situation and four endings.

A set is four situations, each with its ending: the endings of one situation are the wrong ones of the other
three. So every ending is right exactly as often as the others, and says nothing by itself.
"""

from random import Random

from reprlab.benchmarks.builtin.rows import BuiltinRow, numbered, placed, places, spread

SETS: dict[str, tuple[tuple[str, str], ...]] = {
    "weather": (
        (
            "It began to rain hard while Ben was waiting for the bus. He",
            "opened his umbrella to keep off the rain.",
        ),
        (
            "The sun was burning on the beach, and Ben's shoulders were red. He",
            "moved out of the sun and rubbed cream on his shoulders.",
        ),
        (
            "Ben saw that the path to his door was covered with ice. He",
            "spread some salt on the ice and walked very slowly.",
        ),
        (
            "Ben came home and found the living room freezing cold. He",
            "lit the stove and waited until the room was warm.",
        ),
    ),
    "kitchen": (
        (
            "Smoke was coming out of the oven, and Mia smelled something burning. She",
            "opened the oven and took out the burnt cake.",
        ),
        (
            "Mia knocked over her glass, and the milk ran across the table. She",
            "took a cloth and wiped up the milk.",
        ),
        (
            "Mia cut her finger while she was slicing onions. She",
            "washed the cut and put a bandage on her finger.",
        ),
        (
            "Mia tasted the soup, and it had no flavor at all. She",
            "added salt and pepper and stirred the soup.",
        ),
    ),
    "illness": (
        (
            "Carl had a bad toothache that kept him awake all night. He",
            "called the dentist and asked him to look at the tooth.",
        ),
        ("Carl was coughing, and his forehead felt hot. He", "had a fever and went to bed."),
        (
            "Carl could no longer read the small print in the newspaper. He",
            "bought glasses to read the newspaper with.",
        ),
        (
            "Carl twisted his ankle on the stairs, and it began to swell. He",
            "laid a bag of ice on the swollen ankle.",
        ),
    ),
    "mornings": (
        (
            "The alarm clock rang at six, and Lena was still very tired. She",
            "turned off the alarm and went back to sleep.",
        ),
        (
            "Lena looked into the mirror and saw that her hair was a mess. She",
            "took a brush and combed her hair.",
        ),
        (
            "Lena opened the closet to dress for her job interview. She",
            "put on a dark suit and a white blouse.",
        ),
        (
            "Lena found that there was no coffee left in the can. She",
            "drank tea that morning instead of coffee.",
        ),
    ),
    "money": (
        (
            "Omar found a wallet with a name and an address in it. He",
            "went to the address and returned the wallet.",
        ),
        (
            "Omar wanted a new bicycle but did not have enough money. He",
            "saved his money until he could buy the bicycle.",
        ),
        (
            "Omar filled his cart with groceries, but he had left his wallet at home. He",
            "put the groceries back, because he could not pay.",
        ),
        (
            "The shop assistant gave Omar ten dollars too much change. He",
            "counted the change and handed back the ten dollars.",
        ),
    ),
    "pets": (
        (
            "The dog stood at the door with its leash in its mouth. Ida",
            "took the leash and went for a walk with the dog.",
        ),
        (
            "The cat sat in front of its empty bowl and meowed. Ida",
            "opened a can of cat food and filled the bowl.",
        ),
        ("The parrot had escaped from its cage. Ida", "caught the bird and put it back into the cage."),
        (
            "The water in the fish tank had become green and cloudy. Ida",
            "cleaned the tank and gave the fish fresh water.",
        ),
    ),
    "car": (
        (
            "A red light came on, because the car was almost out of gas. Hank",
            "drove to the next gas station and filled the tank.",
        ),
        ("The traffic light in front of the car turned red. Hank", "stopped and waited for the green light."),
        (
            "One of the tires of the car was completely flat. Hank",
            "took off the flat tire and put on the spare.",
        ),
        (
            "It was getting dark, and the other drivers could not see the car well. Hank",
            "turned on the headlights because of the dark.",
        ),
    ),
    "school": (
        (
            "Nina had forgotten to study, and the test was the next morning. She",
            "studied for the test until late at night.",
        ),
        (
            "Nina did not understand what the teacher had just said. She",
            "raised her hand and asked the teacher a question.",
        ),
        (
            "The bell rang, and the last lesson of the day was over. Nina",
            "packed her books and left the school.",
        ),
        (
            "Nina's pencil broke in the middle of the drawing lesson. She",
            "sharpened the pencil and went on drawing.",
        ),
    ),
    "garden": (
        (
            "The leaves of the tomato plants hung down, and the soil was dry. Paul",
            "fetched some water and watered the plants.",
        ),
        ("The grass behind the house had grown very high. Paul", "got out the mower and cut the grass."),
        ("The apples on the tree were red and ripe. Paul", "climbed up the tree and picked the apples."),
        ("In autumn the lawn was covered with dead leaves. Paul", "took a rake and raked up the leaves."),
    ),
    "computer": (
        (
            "The screen of the laptop was black, because the battery was empty. Vera",
            "plugged in the laptop to charge the battery.",
        ),
        (
            "Vera could not remember the password of her account. She",
            "clicked on the link and chose a new password.",
        ),
        (
            "The program froze and did not react to the mouse. Vera",
            "closed the program and started it again.",
        ),
        (
            "Vera wanted a copy of the letter on paper. She",
            "printed the letter and took the page out of the printer.",
        ),
    ),
    "travel": (
        (
            "Leo was late for his flight, and the gate was about to close. He",
            "ran to the gate to catch his flight.",
        ),
        (
            "Leo's train was two hours late because of the snow. He",
            "sat in the station and waited for the train.",
        ),
        (
            "Leo could not find the way to his hotel in the strange city. He",
            "looked at the map and asked for the way to the hotel.",
        ),
        (
            "Leo had bought presents for everybody, and now his suitcase would not close. He",
            "took out some clothes and closed the suitcase.",
        ),
    ),
    "house": (
        (
            "The lamp in the hall went out, because the bulb was broken. Ruth",
            "screwed a new bulb into the lamp.",
        ),
        ("The kitchen floor was full of crumbs after the party. Ruth", "took a broom and swept the floor."),
        (
            "Water was dripping from the ceiling into the bedroom. Ruth",
            "put a bucket under the leak to catch the water.",
        ),
        (
            "The wall of the nursery had become gray and ugly. Ruth",
            "bought some paint and painted the wall yellow.",
        ),
    ),
    "feelings": (
        (
            "Max broke his mother's favorite vase and felt bad about it. He",
            "told his mother that he was sorry about the vase.",
        ),
        (
            "Max won the first prize in the painting contest. He",
            "jumped for joy and showed everyone the prize.",
        ),
        ("Max watched a scary film alone at night. He", "was so scared that he left the light on."),
        ("Max's best friend moved to another country. He", "missed his friend and wrote him a long letter."),
    ),
    "cooking": (
        (
            "Julia wanted to make an omelet for breakfast. She",
            "broke three eggs into a bowl and beat the eggs.",
        ),
        ("The water for the noodles was boiling. Julia", "put the noodles into the boiling water."),
        (
            "Julia wanted to eat the orange in her lunch box. She",
            "peeled the orange and divided it into pieces.",
        ),
        (
            "Julia wanted to surprise her son with a birthday cake. She",
            "mixed flour, butter and sugar and baked the cake.",
        ),
    ),
    "laundry": (
        (
            "The basket in the bathroom was full of dirty clothes. Tim",
            "put the dirty clothes into the washing machine.",
        ),
        (
            "The washing machine stopped, and the shirts in it were clean but wet. Tim",
            "hung the wet shirts on the line to dry.",
        ),
        (
            "The shirt for the wedding was full of wrinkles. Tim",
            "ironed the shirt until the wrinkles were gone.",
        ),
        ("A button had come off his winter coat. Tim", "got a needle and thread and sewed on the button."),
    ),
    "baby": (
        ("The baby began to cry, because it was hungry. Dora", "fed the baby with a bottle of milk."),
        ("The baby yawned and rubbed its eyes. Dora", "laid the baby in bed and sang it to sleep."),
        ("The baby's diaper was wet. Dora", "took off the wet diaper and put on a dry one."),
        (
            "The baby crawled toward the open stairs. Dora",
            "ran after the baby and closed the gate to the stairs.",
        ),
    ),
    "beach": (
        ("The waves were small, and the water was warm. Jim", "jumped into the warm water and swam."),
        ("Jim found a beautiful shell in the sand. He", "picked up the shell and put it in his pocket."),
        (
            "The lifeguard raised the red flag, because a storm was coming. Jim",
            "got out of the sea before the storm came.",
        ),
        (
            "Jim had brought a bucket and a small shovel to the beach. He",
            "filled the bucket with sand and built a castle.",
        ),
    ),
    "restaurant": (
        ("The waiter brought the menu to the table. Helen", "read the menu and ordered the fish."),
        (
            "Helen had eaten everything on her plate and wanted to leave. She",
            "asked for the bill, paid and left.",
        ),
        (
            "There was a hair in the soup that Helen had ordered. She",
            "called the waiter and sent back the soup.",
        ),
        (
            "There was far more on the plate than Helen could eat, and she hated waste. She",
            "asked for a box and took the rest of the food home.",
        ),
    ),
    "phone": (
        (
            "The phone rang in the middle of the concert. Gus",
            "switched off the phone as quickly as he could.",
        ),
        ("Gus called his sister, but she did not answer. He", "left a message and asked her to call him."),
        ("Gus dropped his phone into the bathtub. He", "pulled the wet phone out of the water."),
        ("Gus saw a lovely sunset from the top of the hill. He", "took a picture of the sunset."),
    ),
    "music": (
        (
            "Rosa had a concert in two weeks, and the song was still hard for her. She",
            "practiced the hard song on the piano every day.",
        ),
        ("One of the strings of Rosa's guitar was broken. She", "put a new string on the guitar."),
        ("At the wedding the band played Rosa's favorite song. She", "danced to the song with her husband."),
        (
            "The neighbors complained that her radio was too loud. Rosa",
            "turned down the radio and said sorry to the neighbors.",
        ),
    ),
    "camping": (
        ("It was getting dark, and the hikers had no place to sleep. They", "put up their tent to sleep in."),
        (
            "The hikers were cold and wanted to cook something. They",
            "gathered some wood and cooked a meal over the fire.",
        ),
        ("The hikers saw a bear near their food. They", "stayed quiet and walked slowly away from the bear."),
        (
            "The hikers came to a stream, and there was no bridge. They",
            "took off their boots and waded through the stream.",
        ),
    ),
    "sport": (
        (
            "The goalkeeper saw the ball flying toward the corner of the goal. He",
            "jumped into the corner and caught the ball.",
        ),
        (
            "The runner came around the last bend of the race in first place. He",
            "crossed the finish line and won the race.",
        ),
        (
            "The coach saw that his best player was limping. He",
            "took the player off the field and sent in another.",
        ),
        ("The skier stood at the top of the snowy hill. He", "raced down the hill on his skis."),
    ),
    "shopping": (
        ("Amy tried on the shoes, but they hurt her toes. She", "asked for the same shoes in a bigger size."),
        (
            "Amy needed bread, butter and eggs for the weekend. She",
            "went to the supermarket and bought the bread and the eggs.",
        ),
        (
            "Amy got home and noticed that the new cup had a crack. She",
            "took the cracked cup back to the store.",
        ),
        (
            "The line at the first checkout was very long. Amy",
            "looked for another checkout with a shorter line.",
        ),
    ),
    "night": (
        (
            "Sam heard a burglar in the house in the middle of the night. He",
            "called the police and told them about the burglar.",
        ),
        (
            "Sam could not sleep, because the music next door was so loud. He",
            "knocked next door and asked them to stop the music.",
        ),
        ("Sam had a bad dream and woke up in a sweat. He", "told himself that it had been only a dream."),
        (
            "Sam wanted to read his book in bed, but it was too dark. He",
            "turned on the lamp and opened his book.",
        ),
    ),
    "danger": (
        (
            "The fire alarm went off in the school. The children",
            "left the school quickly because of the fire.",
        ),
        (
            "A child had fallen into the deep end of the pool. The lifeguard",
            "jumped into the pool and pulled the child out.",
        ),
        (
            "A man was lying on the sidewalk and did not move. The passers-by",
            "knelt beside the man and called an ambulance.",
        ),
        (
            "A cat was stuck at the top of a tall tree. The firefighters",
            "put up a ladder and carried the cat down.",
        ),
    ),
    "library": (
        ("Emma wanted to read the novel at home. She", "showed her card and borrowed the novel."),
        (
            "The people at the next table in the library were talking loudly. Emma",
            "asked the people to talk more quietly.",
        ),
        (
            "Emma noticed that her library book was a week late. She",
            "took the late book back and paid a fine.",
        ),
        (
            "The book that Emma wanted was on the highest shelf. She",
            "climbed a ladder to reach the highest shelf.",
        ),
    ),
    "visit": (
        (
            "The doorbell rang, and the guests were standing outside. Fred",
            "opened the door and let the guests in.",
        ),
        (
            "It was late, and Fred's guests were yawning on the sofa. They",
            "said good night, because it was late.",
        ),
        (
            "Fred's friend came in with wet hair and wet clothes. Fred",
            "gave his friend a towel and dry clothes.",
        ),
        (
            "Fred's grandmother was turning eighty on Sunday. He",
            "sent his grandmother a card for her birthday.",
        ),
    ),
    "office": (
        (
            "Kate's boss asked her to write down everything that was said. She",
            "took out a pen and wrote down what the boss said.",
        ),
        (
            "The meeting was to begin, but all the chairs were taken. Kate",
            "brought another chair into the meeting.",
        ),
        (
            "Kate felt sick in the middle of the working day. She",
            "told her boss that she was sick and went home.",
        ),
        ("The printer in the office had run out of paper. Kate", "put a new pack of paper into the printer."),
    ),
    "winter": (
        (
            "The children woke up and saw that everything was white with snow. They",
            "ran outside and built a man out of snow.",
        ),
        (
            "The lake had frozen hard, and the children had new skates. They",
            "put on their skates and skated on the frozen lake.",
        ),
        ("The children came in from the snow with cold hands. They", "warmed their cold hands by the fire."),
        (
            "On Christmas Eve there were presents under the tree. The children",
            "sat down under the tree and unwrapped the presents.",
        ),
    ),
    "moving": (
        (
            "The box with the books was too heavy for one person. Alex",
            "asked a friend to help him carry the heavy box.",
        ),
        (
            "The new shelf came in twelve pieces with a bag of screws. Alex",
            "put the pieces of the shelf together with the screws.",
        ),
        (
            "The key did not turn in the lock of the new flat. Alex",
            "called the landlord and asked for the right key.",
        ),
        (
            "Alex wanted to hang a picture in the new living room. He",
            "hammered a nail into the wall and hung up the picture.",
        ),
    ),
    "looks": (
        ("Tom's hair had grown down over his eyes. He", "went to the barber to have his hair cut."),
        ("Tom's beard felt rough in the morning. He", "put foam on his face and shaved off the beard."),
        ("The laces of Tom's shoes had come undone. He", "bent down and tied his shoes."),
        ("Tom's trousers kept slipping down. He", "pulled up his trousers and put on a belt."),
    ),
    "boat": (
        (
            "The wind died, and the sailboat stopped moving. The men",
            "began to row the boat, because there was no wind.",
        ),
        (
            "Water was coming in through a hole in the boat. The men",
            "plugged the hole to keep out the water.",
        ),
        ("The fishing net felt very heavy. The men", "pulled in the heavy net and counted the fish."),
        ("The boat reached the harbor at last. The men", "threw a rope and tied up the boat in the harbor."),
    ),
    "birthday": (
        (
            "The cake with the seven candles was on the table. The girl",
            "took a deep breath and blew out the candles.",
        ),
        (
            "The girl got a present wrapped in gold paper. She",
            "tore off the paper and looked at her present.",
        ),
        ("The girl's balloon slipped out of her hand. She", "watched the balloon float up into the sky."),
        ("The girl was blindfolded for a game. She", "felt her way around, because she could not see."),
    ),
    "farm": (
        ("The hens had laid their eggs during the night. The farmer", "collected the eggs in a basket."),
        (
            "The cow was standing in the barn, and it was milking time. The farmer",
            "sat down on a stool and milked the cow.",
        ),
        ("The wheat was golden and ripe. The farmer", "drove into the field and harvested the wheat."),
        (
            "The wool of the sheep had become very thick by June. The farmer",
            "sheared the sheep and sold the wool.",
        ),
    ),
    "doctor": (
        (
            "The boy was stung by a bee and could hardly breathe. The doctor",
            "gave him an injection against the bee sting.",
        ),
        ("The boy's arm was broken in two places. The doctor", "set the bone and put the arm in a cast."),
        (
            "The boy came for his yearly checkup. The doctor",
            "checked his heart and told him that he was healthy.",
        ),
        ("The boy had swallowed a marble. The doctor", "took an X-ray to see where the marble was."),
    ),
    "bathroom": (
        (
            "Ann had eaten a lot of candy and wanted to go to bed. She",
            "brushed her teeth carefully because of the candy.",
        ),
        ("Ann's hands were black with dirt from the garden. She", "washed the dirt off her hands."),
        (
            "Ann wanted to lie in the bathtub after a long day. She",
            "filled the bathtub and lay in the warm water.",
        ),
        ("Ann stepped out of the shower, dripping wet. She", "dried herself with a large towel."),
    ),
    "elevator": (
        (
            "Mrs. Hall wanted to take the elevator to the tenth floor. She",
            "pressed the button to call the elevator.",
        ),
        ("A notice said that the elevator was out of order. Mrs. Hall", "sighed and walked up the stairs."),
        ("The elevator stopped between two floors. Mrs. Hall", "called for help from inside the elevator."),
        (
            "A man with a large parcel hurried toward the elevator. Mrs. Hall",
            "held the door open for the man with the parcel.",
        ),
    ),
    "mail": (
        (
            "The postman found a dog growling behind the gate. He",
            "stayed outside the gate, away from the dog.",
        ),
        (
            "The postman had a parcel for a woman who was not at home. He",
            "left the parcel with her neighbor.",
        ),
        (
            "The postman had a letter that the woman had to sign for. He",
            "gave her a pen and asked her to sign.",
        ),
        ("The postman's bag was empty at last. He", "rode back to the post office with his empty bag."),
    ),
    "theater": (
        (
            "The curtain fell at the end of a wonderful play. The audience",
            "clapped for a long time, because the play was so good.",
        ),
        ("The actor told a very funny joke. The audience", "laughed loudly at the funny joke."),
        (
            "The lights went down, and the play was about to begin. The audience",
            "stopped talking and waited for the play to begin.",
        ),
        (
            "The theater announced a break of twenty minutes. The audience",
            "went out and bought drinks during the break.",
        ),
    ),
    "craft": (
        ("The potter had shaped a bowl from wet clay. She", "let the clay dry and fired the bowl."),
        ("The painter had finished the portrait of the queen. She", "signed her name under the portrait."),
        ("The knitter noticed a mistake in the sleeve. She", "undid the sleeve and knitted it again."),
        ("The carpenter's plank was ten inches too long. She", "sawed ten inches off the plank."),
    ),
}


def rows() -> list[BuiltinRow]:
    """Set after set: `context`, `choices` (the four endings of the set, shuffled) and `label`."""
    rng = Random("builtin_commonsense")
    where = iter(places(rng, sum(map(len, SETS.values())), 4))
    made: list[BuiltinRow] = []
    for unit, pairs in SETS.items():
        for context, ending in pairs:
            wrong = [other for _, other in pairs if other != ending]
            rng.shuffle(wrong)
            made.append({"unit": unit, "context": context, **placed(ending, wrong, next(where))})
    return numbered("commonsense", spread(made))
