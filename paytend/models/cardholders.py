"""The person a card was issued to."""

from typing import Annotated

from pydantic import BeforeValidator

from paytend.models.answer import Answer, keep_status
from paytend.models.codes import AuditStatus, ChangeStatus, Gender, IdType
from paytend.models.fields import FORGIVING, Id, Text, named


class Cardholder(Answer):
    """The person a card was issued to; content of webhook 2 as well."""

    holder_id: Id = named("holderId")
    # Not forgiven, as in `Done`; the predecessor answers other changes with one (a.2).
    change_status: Annotated[ChangeStatus | None, BeforeValidator(keep_status)] = named(
        "changeStatus", "updateStatus"
    )
    audit_status: Annotated[AuditStatus | None, FORGIVING] = named("auditStatus", "status")
    message: Text = named("errMsg", "errorMsg", "remark")
    first_name: Text = named("firstName")
    last_name: Text = named("lastName")
    mobile: Text = named("mobile")
    email: Text = named("email")
    id_type: Annotated[IdType | None, FORGIVING] = named("idType", "idnoType")
    id_number: Text = named("idNo", "idno")
    birthday: Text = named("birthday", "dateOfBirth")
    gender: Annotated[Gender | None, FORGIVING] = named("gender", "sex")
    nationality: Text = named("nationalityCode", "nationality")

    @property
    def name(self) -> str | None:
        """First and last name, as far as they are known."""
        return " ".join(part for part in (self.first_name, self.last_name) if part) or None
