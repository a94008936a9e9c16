"""Which names are settings of ours."""

from bot.settings.environment import Settings

FILES = {"PAYTEND_PRIVATE_KEY_FILE", "PAYTEND_PUBLIC_KEY_FILE"}


def is_setting(name: str) -> bool:
    """Whether the bot reads a setting of this name."""
    return name in Settings.model_fields or name in FILES
