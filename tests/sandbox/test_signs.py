"""The page draws every emoji of the app itself: where no emoji font is installed, it would show an empty box."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SIGNS = ROOT / "sandbox" / "slack" / "page" / "signs.js"


def test_every_emoji_of_the_templates_is_drawn() -> None:
    templates = [path.read_text(encoding="utf-8") for path in ROOT.glob("*/templates/*.j2")]
    used = {name for text in templates for name in re.findall(r"(?<![\w:]):([a-z][a-z0-9_]+):(?!\w)", text)}
    drawn = set(re.findall(r"^  ([a-z0-9_]+): \[", SIGNS.read_text(encoding="utf-8"), re.MULTILINE))

    assert {"white_check_mark", "octagonal_sign"} <= used
    assert used - drawn == set()
