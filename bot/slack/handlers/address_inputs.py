"""The cities to choose from in an open form, after another country was chosen."""

from typing import Any

from bot.slack.payloads import SlackView


def choose_cities_of(view: SlackView, country: str) -> list[Any]:
    """Return the blocks of a form with the cities of another country to choose from, none of them chosen."""
    blocks = []
    for block in view.get("blocks") or []:
        if block.get("block_id") == "city":
            element = {name: part for name, part in block["element"].items() if name != "initial_option"}
            # The search for cities (`option_searches`) reads the country from the id.
            blocks.append({**block, "element": {**element, "action_id": f"city_{country}"}})
        else:
            blocks.append(block)
    return blocks
