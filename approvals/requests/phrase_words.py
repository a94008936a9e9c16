"""The 256 words of the check phrase: short, common, and hard to confuse with each other."""

_TEXT = """
    acorn actor amber angle apple april arrow atlas autumn badge bagel bamboo barley basil basket beacon
    berry birch bison blanket bloom bottle breeze brick bridge bronze brook bubble bucket butter button
    cabin cactus camel candle canoe canvas canyon carbon cargo carpet carrot castle cedar cello chalk
    cheese cherry chess circle citrus clay clock cloud clover cobalt cocoa comet copper coral cotton
    crane crater cream creek cricket crown crystal cube cycle daisy dance delta desert diamond dolphin
    domino dragon drum eagle earth easel echo elbow elm ember engine falcon feather fiddle field finch
    flame flint flute forest fossil fountain fox frost galaxy garden garlic ginger glacier globe gold
    grape gravel hammer harbor harp hazel hedge heron hill honey horizon ice igloo indigo iris island
    ivory ivy jacket jade jasmine jelly jigsaw jungle juniper kayak kettle kiwi koala ladder lagoon lake
    lamp lantern lark laurel lava leaf lemon lentil lilac linen lion lobster lotus lunar magnet mango
    maple marble meadow melon meteor mint mirror mist moon moss mountain mustard nectar needle nest
    nickel north oak oasis ocean olive onion opal orange orbit otter owl oyster paddle palm panda paper
    parrot peach pearl pebble pepper piano pine planet plum pocket prairie quill rabbit radar rain raven
    ribbon river rocket rose ruby sage sail salmon sand sapphire saturn scarf shadow shell silver slate
    snow solar sparrow spring spruce star stone sugar summit sunset swan table tango temple thistle
    thunder tiger timber torch turtle valley vanilla velvet violet violin water whale wheat willow window
    winter wolf wood yarn yellow zebra zinc
"""
WORDS: tuple[str, ...] = tuple(_TEXT.split())
