"""The world with a policy for every sensitive action, and the pieces that the journeys of cards share."""

from tests.journeys.world import CONFIG, JourneyWorld

RULES = """
  - {name: found, action: card.found, approvers: [manager]}
  - {name: activations, action: card.activate, approvers: [manager]}
  - {name: replacements, action: card.replace, approvers: [manager]}
  - {name: passwords, action: card.retrieve_password, approvers: [manager]}
"""
CARDS_CONFIG = CONFIG.replace("limits:", f"{RULES.strip(chr(10))}\nlimits:")
LIFTED_CONFIG = (
    CARDS_CONFIG.replace("card.activate, approvers: [manager]", "card.activate, lifted: true")
    .replace("card.apply, quorum: 1, approvers: [manager]", "card.apply, lifted: true")
    .replace("cardholder.update, quorum: 1, approvers: [manager]", "cardholder.update, lifted: true")
)
LOST, NEW, OTHER_NEW = "1755907", "1755910", "1755911"
HOLDER = "101982"


def trail(world: JourneyWorld) -> list[tuple[str, str]]:
    """Event and subject of everything in the audit trail."""
    return [(row.event, row.subject) for row in world.trail()]
