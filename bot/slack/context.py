"""What the handlers of Slack work with."""

from bot.wiring.dependencies import Parts as SlackContext
from bot.wiring.dependencies import require_any

__all__ = ["SlackContext", "require_any"]
