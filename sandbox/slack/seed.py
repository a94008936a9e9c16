"""The workspace as it comes: who is there, in which groups and channels, and what the app may do."""

from sandbox.slack.people import Channel, Person, Team, UserGroup

TEAM = Team(
    id="T0CARDOPS",
    name="Northwind Cards",
    domain="northwind-cards",
    app_id="A0CARDOPS",
    app_name="cardops",
    bot_id="B0CARDOPS",
    bot_user_id="U0BOT",
)
BOT_TOKEN = "xoxb-stand-in"  # noqa: S105 - made up
APP_TOKEN = "xapp-stand-in"  # noqa: S105 - made up
SIGNING_SECRET = "stand-in-signing-secret"  # noqa: S105 - made up

OTHER_TEAM = "T0ELSEWHERE"

BOT = Person(
    id="U0BOT", name="cardops", real_name="cardops", team_id=TEAM.id, title="App", tz="Etc/UTC", is_bot=True
)


def _person(person_id: str, name: str, real_name: str, title: str, tz: str = "Europe/Vilnius") -> Person:
    email = f"{name.replace(' ', '.').lower()}@northwind.example"
    return Person(id=person_id, name=name, real_name=real_name, title=title, tz=tz, team_id=TEAM.id, email=email)


def _with(person: Person, **marks: bool) -> Person:
    return Person(**{**vars(person), **marks})


PEOPLE: tuple[Person, ...] = (
    _person("U0SAM", "sam", "Sam Support", "Support"),
    _person("U0SOFIA", "sofia", "Sofia Silva", "Support", "Europe/Lisbon"),
    _person("U0MARA", "mara", "Mara Manager", "Card operations manager"),
    _person("U0MILAN", "milan", "Milan Novak", "Card operations manager", "Europe/Prague"),
    _person("U0LEAD", "lena", "Lena Lead", "Head of cards", "America/New_York"),
    _person("U0OLGA", "olga", "Olga Oncall", "On call", "Europe/Warsaw"),
    _with(_person("U0ADMIN", "ada", "Ada Admin", "Workspace admin"), is_admin=True),
    _with(_person("U0GUEST", "gabe", "Gabe Guest", "Contractor"), is_restricted=True),
    _with(_person("U0GUEST1", "gina", "Gina Guest", "Auditor, one channel"), is_ultra_restricted=True),
    _with(_person("U0GONE", "greta", "Greta Gone", "Left the company"), deleted=True),
    Person(
        id="U0STRANGER",
        name="stan",
        real_name="Stan Stranger",
        title="Partner, other workspace",
        team_id=OTHER_TEAM,
        email="stan@elsewhere.example",
        tz="Asia/Tokyo",
        is_stranger=True,
    ),
    Person(
        id="U0OTHERBOT",
        name="standup",
        real_name="Standup bot",
        title="Another app",
        team_id=TEAM.id,
        tz="Etc/UTC",
        is_bot=True,
    ),
    BOT,
)

GROUPS: tuple[UserGroup, ...] = (
    UserGroup(id="S0SUPPORT", handle="support", name="Support", people=("U0SAM", "U0SOFIA")),
    UserGroup(id="S0MANAGER", handle="managers", name="Managers", people=("U0MARA", "U0MILAN", "U0LEAD")),
    UserGroup(id="S0ONCALL", handle="oncall", name="On call", people=("U0OLGA",)),
)

_STAFF = frozenset({"U0SAM", "U0SOFIA", "U0MARA", "U0MILAN", "U0LEAD", "U0OLGA", "U0ADMIN"})
_SUPPORT = frozenset({"U0SAM", "U0SOFIA"})
_MANAGERS = frozenset({"U0MARA", "U0MILAN", "U0LEAD"})
_ONCALL = frozenset({"U0OLGA"})
_WITH_BOT = frozenset({BOT.id})

CHANNELS: tuple[Channel, ...] = (
    Channel(id="C0GENERAL", name="general", members=_STAFF | {"U0GUEST", "U0OTHERBOT"}, topic="Everybody"),
    Channel(
        id="C0SUPPORT",
        name="support",
        members=_SUPPORT | _MANAGERS | _WITH_BOT | {"U0GUEST1"},
        topic="Questions of cardholders",
    ),
    Channel(
        id="C0APPROVALS",
        name="card-approvals",
        members=_STAFF | _WITH_BOT | {"U0GUEST", "U0STRANGER"},
        is_shared=True,
        topic="What needs a second person",
    ),
    Channel(id="C0ALERTS", name="card-alerts", members=_STAFF | _WITH_BOT, topic="What happens on cards"),
    Channel(id="C0ONCALL", name="oncall", members=_ONCALL | _MANAGERS | _WITH_BOT | {"U0ADMIN"}, topic="Urgent"),
    Channel(
        id="C0AUDIT",
        name="card-audit",
        members=_WITH_BOT | _MANAGERS | {"U0ADMIN"},
        is_private=True,
        topic="The trail's second witness",
    ),
    Channel(id="C0OLD", name="card-old", members=_STAFF | _WITH_BOT, is_archived=True, topic="Archived"),
)

SCOPES = frozenset(
    {
        "chat:write",
        "commands",
        "users:read",
        "users:read.email",
        "usergroups:read",
        "im:write",
        "im:read",
        "im:history",
        "channels:read",
        "channels:history",
        "channels:join",
        "groups:read",
        "groups:history",
        "pins:write",
        "reactions:write",
        "team:read",
        "files:read",
        "files:write",
    }
)
