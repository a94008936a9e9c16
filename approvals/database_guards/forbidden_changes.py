"""What the database itself refuses, whichever program writes to it: all guards, in one table."""

from approvals.database_guards.effect_guards import EFFECT_GUARDS
from approvals.database_guards.guard import KEPT, Guard
from approvals.database_guards.record_guards import RECORD_GUARDS
from approvals.database_guards.request_guards import LIFTABLE, REQUEST_GUARDS
from approvals.database_guards.shape_guards import make_shape_guards

__all__ = ["GUARDS", "KEPT", "LIFTABLE", "Guard"]

GUARDS: tuple[Guard, ...] = (*REQUEST_GUARDS, *EFFECT_GUARDS, *RECORD_GUARDS, *make_shape_guards())
