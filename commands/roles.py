"""The roles that commands and buttons ask for."""

from approvals.stops.stopping import STOPPERS

EVERY_MEMBER: tuple[str, ...] = ()  # no role is needed, but full membership is
ALL_ROLES = ("support", "manager", "oncall", "admin")
ADMIN = ("admin",)
SUPPORT = ("support",)
LOOK = ALL_ROLES  # at cards, cardholders and movements; who may look may search
LOST = ("support", "oncall")  # reporting a card lost only blocks it
PARTNER = ("manager", "oncall")
PARTNER_TRANSFER = ("manager", "oncall", "admin")
STOP = STOPPERS
EVIDENCE = ("manager", "admin")
SILENCE = ("admin", "oncall")
