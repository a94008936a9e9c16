"""The operations on cardholders; paths and field names are those of the vendor's demo (`paytend-api.md` a.1)."""

from paytend.models import Cardholder, Cities, Done
from paytend.operations.call import Operation, optional, required
from paytend.operations.encoding import Encoding

CREATE_CARDHOLDER = Operation(
    name="createCardholder",
    title="Create cardholder",
    path="/issuing/holder/createCardholder",
    changes=True,
    answer=Cardholder,
    parameters=(
        required("mobile", "mobile"),
        required("first_name", "firstName", Encoding.BASE64),
        required("last_name", "lastName", Encoding.BASE64),
        required("id_number", "idNo"),
        required("id_type", "idType"),
        required("email", "email"),
        required("birthday", "birthday", Encoding.DATE),
        required("gender", "gender"),
        required("nationality", "nationalityCode"),
        required("address", "eeaAddress", Encoding.ADDRESS),
    ),
)
UPDATE_CARDHOLDER = Operation(
    name="updateCardholder",
    title="Update cardholder",
    path="/issuing/holder/updateCardholder",
    changes=True,
    answer=Cardholder,
    # Whether name, identity document, mobile or e-mail may be changed is unknown: the demo sends only these.
    parameters=(
        required("holder_id", "holderId"),
        optional("birthday", "birthday", Encoding.DATE),
        optional("gender", "gender"),
        optional("nationality", "nationalityCode"),
        optional("address", "eeaAddress", Encoding.ADDRESS),
    ),
)
GET_CARDHOLDER = Operation(
    name="getHolder",
    title="Query cardholder",
    path="/issuing/holder/getHolder",
    changes=False,
    answer=Cardholder,
    parameters=(optional("holder_id", "holderId"), optional("id_number", "idNo"), optional("id_type", "idType")),
    blank_optionals=True,
)
UPLOAD_DOCUMENT = Operation(
    name="uploadDocument",
    title="Upload supporting documents",
    path="/issuing/holder/uploadDocument",
    changes=True,
    answer=Done,
    parameters=(
        required("holder_id", "holderId"),
        required("file_type", "fileType"),
        required("document", "fileContent", Encoding.DOCUMENT),  # (bytes, suffix with its dot)
    ),
)
GET_CITIES = Operation(
    name="getCities",
    title="Query cities",
    path="/issuing/holder/getCities",
    changes=False,
    answer=Cities,
    parameters=(
        required("country_code", "countryCode"),
        required("start", "start"),  # the demo begins at 1: possibly a page number
        required("size", "maxResult"),
    ),
)
