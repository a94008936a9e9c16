"""The roles that commands and buttons ask for."""

from approvals.stops.stopping import STOPPERS

EVERY_MEMBER: tuple[str, ...] = ()  # no role is needed, but full membership is
ALL_ROLES = ("support", "manager", "oncall", "admin")
ADMIN = ("admin",)
SUPPORT = ("support",)
PARTNER = ("manager", "oncall")
PARTNER_TRANSFER = ("manager", "oncall", "admin")
STOP = STOPPERS
EVIDENCE = ("manager", "admin")
SILENCE = ("admin", "oncall")
