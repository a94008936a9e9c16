"""A stand-in of one Slack workspace: strict Web API, signed deliveries, Socket Mode, and a page."""

from sandbox.slack.deliveries import Delivery
from sandbox.slack.faults import Fault
from sandbox.slack.people import Channel, Person, Team, UserGroup
from sandbox.slack.refusals import CannotAct, Refused
from sandbox.slack.web_api import ApiCall
from sandbox.slack.workspace import SlackWorkspace

__all__ = [
    "ApiCall",
    "CannotAct",
    "Channel",
    "Delivery",
    "Fault",
    "Person",
    "Refused",
    "SlackWorkspace",
    "Team",
    "UserGroup",
]
