"""The rich_text block: docs.slack.dev/reference/block-kit/blocks/rich-text-block."""

from sandbox.slack.elements import CHANNEL_ID, PERSON_ID, URL
from sandbox.slack.shapes import Check, array, boolean, integer, one_of, record, string, variant

STYLE = record(
    optional=dict.fromkeys(
        ("bold", "italic", "strike", "underline", "code", "highlight", "client_highlight", "unlink"), boolean
    )
)


def _leaf(**required: Check) -> Check:
    return record(required=required, optional={"style": STYLE})


LEAF = variant(
    {
        "text": _leaf(text=string(3000, least=0)),
        "user": _leaf(user_id=string(20, pattern=PERSON_ID)),
        "usergroup": _leaf(usergroup_id=string(20, pattern=r"S[A-Z0-9]+")),
        "team": _leaf(team_id=string(20, pattern=r"T[A-Z0-9]+")),
        "channel": _leaf(channel_id=string(20, pattern=CHANNEL_ID)),
        "broadcast": _leaf(range=one_of("here", "channel", "everyone")),
        "color": _leaf(value=string(7, pattern=r"#?[0-9a-fA-F]{6}")),
        "link": record(
            required={"url": string(3000, pattern=URL)},
            optional={"style": STYLE, "text": string(3000, least=0), "unsafe": boolean},
        ),
        "emoji": record(
            required={"name": string(100)},
            optional={"style": STYLE, "skin_tone": integer(1, 6), "unicode": string(100)},
        ),
        "date": record(
            required={"timestamp": integer(0, 9_999_999_999), "format": string(500)},
            optional={"style": STYLE, "url": string(3000, pattern=URL), "fallback": string(500, least=0)},
        ),
    }
)
LEAVES = array(LEAF, least=0, most=1000)
BORDER = {"border": one_of(0, 1)}
SECTION = record(required={"elements": LEAVES})
CONTAINER = variant(
    {
        "rich_text_section": SECTION,
        "rich_text_list": record(
            required={
                "style": one_of("bullet", "ordered"),
                "elements": array(variant({"rich_text_section": SECTION}), most=1000),
            },
            optional={**BORDER, "indent": integer(0, 8), "offset": integer(0, 100_000)},
        ),
        "rich_text_preformatted": record(
            required={"elements": LEAVES}, optional={**BORDER, "language": string(50)}
        ),
        "rich_text_quote": record(required={"elements": LEAVES}, optional=BORDER),
    }
)
CONTAINERS = array(CONTAINER, least=0, most=1000)
