"""The team, people, user groups and channels of the workspace, and how Slack shows them."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sandbox.slack.shapes import Json


@dataclass(frozen=True, kw_only=True)
class Team:
    """The workspace and the app that is installed in it."""

    id: str
    name: str
    domain: str
    app_id: str
    app_name: str
    bot_id: str
    bot_user_id: str
    enterprise_id: str | None = None
    enterprise_name: str | None = None
    is_org_wide: bool = False

    def as_json(self, *, url: str) -> Json:
        """Return the team as team.info shows it."""
        return {
            "id": self.id,
            "name": self.name,
            "domain": self.domain,
            "url": f"{url}/",
            "email_domain": "",
            "enterprise_id": self.enterprise_id,
            "enterprise_name": self.enterprise_name,
        }


@dataclass(frozen=True, kw_only=True)
class Person:
    """Someone, or a bot; `team_id` differs from the workspace's for a stranger of Slack Connect.

    On Enterprise Grid it may also be another workspace of the organisation: `org_teams` are all of the person's,
    and `org_id` is the id that the whole organisation knows (docs.slack.dev/enterprise/organization-ready-apps).
    """

    id: str
    name: str
    real_name: str
    team_id: str
    email: str = ""
    title: str = ""
    tz: str = "Europe/Vilnius"
    deleted: bool = False
    is_admin: bool = False
    is_bot: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    org_id: str = ""
    org_teams: tuple[str, ...] = ()

    def as_json(self, *, now: datetime, with_email: bool, team: Team) -> Json:
        """Return the person as users.info shows them; a deactivated one has lost most of it, as in Slack."""
        profile = {"real_name": self.real_name, "display_name": self.name, "title": self.title}
        profile |= {"team": self.team_id, "real_name_normalized": self.real_name}
        if with_email and self.email:
            profile["email"] = self.email
        shown = {
            "id": self.id,
            "team_id": self.team_id,
            "name": self.name,
            "real_name": self.real_name,
            "deleted": self.deleted,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": int(now.timestamp()),
            "profile": profile,
        }
        if self.org_id:
            shown["enterprise_user"] = {
                "id": self.org_id,
                "enterprise_id": team.enterprise_id,
                "enterprise_name": team.enterprise_name,
                "is_admin": False,
                "is_owner": False,
                "teams": list(self.org_teams),
            }
        if self.deleted:
            return shown
        zone = now.astimezone(ZoneInfo(self.tz))
        offset = zone.utcoffset()
        return shown | {
            "tz": self.tz,
            "tz_label": zone.tzname() or self.tz,
            "tz_offset": int(offset.total_seconds()) if offset is not None else 0,
            "is_admin": self.is_admin,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": self.is_restricted or self.is_ultra_restricted,
            "is_ultra_restricted": self.is_ultra_restricted,
            **({"is_stranger": True} if self.is_stranger else {}),
        }


@dataclass(frozen=True, kw_only=True)
class UserGroup:
    """A group that can be mentioned and that roles are read from."""

    id: str
    handle: str
    name: str
    people: tuple[str, ...] = ()
    is_disabled: bool = False

    def as_json(self, *, team_id: str, with_users: bool, with_count: bool) -> Json:
        """Return the group as usergroups.list shows it."""
        shown: Json = {
            "id": self.id,
            "team_id": team_id,
            "is_usergroup": True,
            "is_external": False,
            "handle": self.handle,
            "name": self.name,
            "description": "",
            "date_delete": 1 if self.is_disabled else 0,
        }
        if with_users:
            shown["users"] = list(self.people)
        if with_count:
            shown["user_count"] = len(self.people)
        return shown


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A channel, or a direct conversation of one person with the app (`im_of`)."""

    id: str
    name: str
    members: frozenset[str] = frozenset()
    is_private: bool = False
    is_archived: bool = False
    is_shared: bool = False
    is_pending_shared: bool = False
    is_org_shared: bool = False
    im_of: str | None = None
    topic: str = ""

    @property
    def shown_name(self) -> str:
        """The name that deliveries carry: Slack hides those of private places."""
        if self.im_of is not None:
            return "directmessage"
        return "privategroup" if self.is_private else self.name

    def as_json(self, *, bot_user_id: str, with_count: bool = False) -> Json:
        """Return the conversation as conversations.info shows it."""
        if self.im_of is not None:
            return {"id": self.id, "is_im": True, "user": self.im_of, "is_archived": self.is_archived}
        shown: Json = {
            "id": self.id,
            "name": self.name,
            "is_channel": not self.is_private,
            "is_group": self.is_private,
            "is_im": False,
            "is_mpim": False,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
            "is_member": bot_user_id in self.members,
            "is_ext_shared": self.is_shared,
            "is_pending_ext_shared": self.is_pending_shared,
            "is_org_shared": self.is_org_shared,
            "topic": {"value": self.topic, "creator": "", "last_set": 0},
            "purpose": {"value": self.topic, "creator": "", "last_set": 0},
        }
        if with_count:
            shown["num_members"] = len(self.members)
        return shown
