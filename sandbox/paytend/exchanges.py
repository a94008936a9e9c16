"""What passes between the partner and the stand-in, for an observer: in the clear, and as it travels."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

_SHOWN_FILE = 40


@dataclass(kw_only=True)
class PaytendCall:
    """One request received. `outcome` is the respCode of the work, "" when nothing was done."""

    operation: str
    at: datetime
    request_id: str = ""
    biz_data: dict[str, Any] = field(default_factory=dict)
    outcome: str = ""
    fault: str = ""


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One call with the bytes that came and went; `answer` is None when the connection was torn down.

    `data` is the sealed content of the answer, None when nothing was done or it was refused.
    """

    call: PaytendCall
    request: str
    data: dict[str, Any] | None
    answer: str | None
    ms: float


def exchange_of(
    call: PaytendCall,
    request: web.Request,
    body: bytes,
    *,
    data: dict[str, Any] | None,
    response: web.StreamResponse,
    seconds: float,
) -> Exchange:
    """Return the exchange; a caller that was cut off got nothing, whatever the response would have said."""
    is_cut = request.transport is None or request.transport.is_closing()
    answer = response.text if isinstance(response, web.Response) and not is_cut else None
    return Exchange(call=call, request=body.decode(errors="replace"), data=data, answer=answer, ms=seconds * 1000)


def shortened(biz_data: dict[str, Any]) -> dict[str, Any]:
    """Return bizData without the content of an uploaded file, which would fill the memory."""
    content = biz_data.get("fileContent", "")
    if len(content) <= _SHOWN_FILE:
        return biz_data
    return {**biz_data, "fileContent": f"{content[:_SHOWN_FILE]}... ({len(content)} characters)"}
