"""The readable page of evidence as PDF, drawn by a child process: nothing of fpdf2 stays in a bot at rest."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from approvals.evidence.page import EvidencePage

LONGEST = 60.0  # seconds that drawing may take
_KEPT = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "HOME", "TMPDIR", "SYSTEMROOT", "LANG", "LC_ALL")


class NotDrawn(Exception):
    """The PDF could not be drawn; the message is the end of what the drawing process said."""


def draw_apart(page: EvidencePage, *, at: datetime) -> bytes:
    """Return the page as PDF; raises NotDrawn."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "approvals.evidence.pdf"],
            input=json.dumps({**asdict(page), "at": at.isoformat()}).encode(),
            capture_output=True,
            timeout=LONGEST,
            # Where programs and modules lie, and none of our settings.
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NotDrawn(type(error).__name__) from error
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        raise NotDrawn(done.stderr.decode(errors="replace").strip()[-200:])
    return done.stdout


def draw(asked: Mapping[str, Any]) -> bytes:
    """Return the PDF; `asked` is what `draw_apart` sends."""
    from fpdf import FPDF  # noqa: PLC0415 - only the child imports it
    from fpdf.enums import WrapMode  # noqa: PLC0415 - as above

    pdf = FPDF(format="A4")
    pdf.set_creation_date(datetime.fromisoformat(asked["at"]))
    pdf.set_title(asked["title"])
    pdf.set_lang("en")
    for style, name in (("", "DejaVuSans.ttf"), ("B", "DejaVuSans-Bold.ttf")):
        pdf.add_font("DejaVu", style=style, fname=_find_font(name))
    pdf.set_auto_page_break(auto=True, margin=15)
    pdf.add_page()
    pdf.set_font("DejaVu", style="B", size=15)
    pdf.multi_cell(0, 8, asked["title"], new_x="LMARGIN", new_y="NEXT")
    for section in asked["sections"]:
        pdf.ln(4)
        pdf.set_font("DejaVu", style="B", size=11)
        pdf.multi_cell(0, 7, section["title"], new_x="LMARGIN", new_y="NEXT")
        for label, text in section["rows"]:
            pdf.set_font("DejaVu", style="B", size=8)
            pdf.multi_cell(0, 4.5, label or " ", new_x="LMARGIN", new_y="NEXT")
            pdf.set_font("DejaVu", size=8)
            pdf.multi_cell(0, 4.5, text, new_x="LMARGIN", new_y="NEXT", wrapmode=WrapMode.CHAR)
            pdf.ln(1)
    return bytes(pdf.output())


def _find_font(name: str) -> Path:
    # DejaVu has the letters of most of Europe; it comes with matplotlib, which is not imported for it.
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise FileNotFoundError(name)
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / name


if __name__ == "__main__":
    sys.stdout.buffer.write(draw(json.load(sys.stdin)))
