"""Forms with a file: read in memory, by strict rules."""

import pytest

from bot.pages.multipart import FormUnreadable, SentForm, read_form

JPEG = b"\xff\xd8\xff\xe0" + bytes(200)


def read(body: bytes, content_type: str) -> SentForm:
    return read_form(content_type, body, texts=("file_type",), files=("photo", "file"))


def boundary(*parts: bytes, end: bytes = b"--B--\r\n") -> bytes:
    return b"".join(b"--B\r\n" + part + b"\r\n" for part in parts) + end


KIND = b'Content-Disposition: form-data; name="file_type"\r\n\r\n3'
FILE = b'Content-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n' + JPEG
TRICKS = {
    "no boundary": (boundary(KIND, FILE), "multipart/form-data"),
    "another kind": (b"file_type=3&file=x", "application/x-www-form-urlencoded"),
    "nested": (boundary(KIND, FILE), "multipart/mixed; boundary=B"),
    "cut off": (boundary(KIND, FILE, end=b""), "multipart/form-data; boundary=B"),
    "file twice": (boundary(KIND, FILE, FILE), "multipart/form-data; boundary=B"),
    "kind twice": (boundary(KIND, KIND, FILE), "multipart/form-data; boundary=B"),
    "another field": (
        boundary(KIND, FILE, KIND.replace(b"file_type", b"holder_id")),
        "multipart/form-data; boundary=B",
    ),
    "kind as a file": (
        boundary(KIND.replace(b'"\r', b'"; filename="x"\r'), FILE),
        "multipart/form-data; boundary=B",
    ),
    "file as a text": (
        boundary(KIND, FILE.replace(b'; filename="a.jpg"', b"")),
        "multipart/form-data; boundary=B",
    ),
    "encoded": (
        boundary(KIND, b"Content-Transfer-Encoding: base64\r\n" + FILE),
        "multipart/form-data; boundary=B",
    ),
    "two names": (boundary(KIND, b"Content-Disposition: form-data\r\n" + FILE), "multipart/form-data; boundary=B"),
    "no name": (boundary(KIND, b"Content-Type: image/jpeg\r\n\r\n" + JPEG), "multipart/form-data; boundary=B"),
    "long header": (boundary(KIND, b"X-Long: " + b"a" * 9000 + b"\r\n" + FILE), "multipart/form-data; boundary=B"),
    "many headers": (boundary(KIND, b"A: b\r\n" * 50 + FILE), "multipart/form-data; boundary=B"),
    "many parts": (boundary(*[KIND] * 50), "multipart/form-data; boundary=B"),
    "long kind": (boundary(KIND + b"3" * 5000, FILE), "multipart/form-data; boundary=B"),
    "long boundary": (boundary(KIND, FILE), f"multipart/form-data; boundary={'B' * 5000}"),
    "half a character": (boundary(KIND + b"\xff", FILE), "multipart/form-data; boundary=B"),
    "nothing": (b"", "multipart/form-data; boundary=B"),
}


def test_s6_a_form_is_read_with_all_its_bytes() -> None:
    content = JPEG + b"\r\n--B\r--B-\r\n-" + bytes(range(256)) * 300
    whole = boundary(KIND, FILE.replace(JPEG, content), FILE.replace(b'"file"', b'"photo"').replace(JPEG, b""))

    sent = read(whole + b"whatever follows", "multipart/form-data; boundary=B")

    assert sent == SentForm(texts={"file_type": "3"}, files={"file": content, "photo": b""})


@pytest.mark.parametrize(("body", "content_type"), TRICKS.values(), ids=TRICKS)
def test_s6_tricks_with_a_form_are_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(FormUnreadable):
        read(body, content_type)
