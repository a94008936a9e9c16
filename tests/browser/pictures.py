"""Makes a screenshot small: a PNG with a palette of 256 colours, chosen by the browser that drew it."""

from __future__ import annotations  # the types are Playwright's: see tests/browser/assertions.py

import base64
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


# The most frequent colours become the palette; every other one becomes the nearest of them.
_INDEXED = """async (png) => {
  const image = new Image();
  image.src = `data:image/png;base64,${png}`;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const pixels = new Uint32Array(canvas.getImageData(0, 0, image.width, image.height).data.buffer);
  const counts = new Map();
  for (const each of pixels) counts.set(each, (counts.get(each) ?? 0) + 1);
  const parts = (colour) => [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  const palette = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 256).map(([colour]) => parts(colour));
  const known = new Map();
  const nearest = (colour) => {
    const [r, g, b] = parts(colour);
    let best = 0, least = Infinity;
    palette.forEach(([pr, pg, pb], i) => {
      const away = (r - pr) ** 2 + (g - pg) ** 2 + (b - pb) ** 2;
      if (away < least) { least = away; best = i; }
    });
    return best;
  };
  const indices = new Uint8Array(pixels.length);
  pixels.forEach((each, i) => {
    if (!known.has(each)) known.set(each, nearest(each));
    indices[i] = known.get(each);
  });
  let text = "";
  for (let at = 0; at < indices.length; at += 32768) {
    text += String.fromCharCode(...indices.subarray(at, at + 32768));
  }
  return { width: image.width, height: image.height, palette: palette.flat(), indices: btoa(text) };
}"""


def make_small(page: Page, png: bytes) -> bytes:
    """Return the same picture as a PNG with a palette; `page` does the counting."""
    found = page.evaluate(_INDEXED, base64.b64encode(png).decode())
    width, height, indices = found["width"], found["height"], base64.b64decode(found["indices"])
    rows = b"".join(b"\0" + indices[at : at + width] for at in range(0, len(indices), width))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, content)
        for kind, content in (
            (b"IHDR", header),
            (b"PLTE", bytes(found["palette"])),
            (b"IDAT", zlib.compress(rows, 9)),
            (b"IEND", b""),
        )
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
