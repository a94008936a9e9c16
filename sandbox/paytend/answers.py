"""Seals what the stand-in answers, as its modes say."""

import json
from typing import Any

from sandbox.paytend.reserialised import hutool_form, loosened
from sandbox.paytend.switches import Modes
from sandbox.paytend.wire import SIGN_TYPE, Wire, sign


def texts_of(content: dict[str, Any], *, reserialised: bool) -> tuple[str, str]:
    """Return the text that travels and the text that is signed."""
    if reserialised:
        text = loosened(content)
        return text, hutool_form(text)
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return text, text


class Answers:
    """Makes the JSON of an answer: sealed when it succeeds, only signed when it refuses."""

    def __init__(self, *, wire: Wire, modes: Modes) -> None:
        self._wire = wire
        self._modes = modes

    def success(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return an answer with respCode "00" and `data` as its encrypted respData."""
        text, signed = texts_of(data, reserialised=self._modes.reserialised_signatures)
        fields = {"respCode": "00", "respMsg": self._message("Success.")}
        return self._finished(self._wire.seal(fields, name="respData", text=text, signed_text=signed))

    def refusal(self, code: str, message: str) -> dict[str, Any]:
        """Return an answer without respData; signed unless the modes say otherwise."""
        if self._modes.unsigned_refusals:
            return {"respCode": code, "respMsg": message}
        fields = {"respCode": code, "respMsg": self._message(message), "signType": SIGN_TYPE}
        return self._finished({**fields, "signature": sign(fields, key=self._wire.own_key)})

    def _message(self, message: str) -> str:
        """Return what of respMsg is signed."""
        if not self._modes.null_messages:
            return message
        return "null" if self._modes.null_signed_as_text else ""

    def _finished(self, sealed: dict[str, str]) -> dict[str, Any]:
        answer: dict[str, Any] = dict(sealed)
        if self._modes.null_messages:
            answer["respMsg"] = None
        if self._modes.encrypt_flag:
            answer["encryptFlag"] = "1"
        return answer
