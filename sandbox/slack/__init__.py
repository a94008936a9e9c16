"""A stand-in of one Slack workspace: strict Web API, signed deliveries, Socket Mode, and a page."""

from sandbox.slack.deliveries import Delivery
from sandbox.slack.faults import SlackFault
from sandbox.slack.people import Channel, Person, Team, UserGroup
from sandbox.slack.refusals import CannotAct, SlackRefusal
from sandbox.slack.web_api import ApiCall
from sandbox.slack.workspace import SlackWorkspace

__all__ = [
    "ApiCall",
    "CannotAct",
    "Channel",
    "Delivery",
    "Person",
    "SlackFault",
    "SlackRefusal",
    "SlackWorkspace",
    "Team",
    "UserGroup",
]
