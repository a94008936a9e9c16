"""The key pair with Paytend: made or read, and the public half as Paytend wants it."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from bot.settings.private_files import write_private
from paytend import KeyUnusable, load_private_key, load_public_keys

BITS = 2048
OURS = "paytend-public-ours.pem"
THEIRS = "paytend-public.pem"


def find_or_make_private(path: Path) -> bool:
    """Make the key that is not there, readable by its owner only; return whether it was made.

    Raises ValueError in words for a file without a key in it.
    """
    if path.exists():
        _load(path)
        return False
    key = generate_private_key(public_exponent=65537, key_size=BITS)
    write_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    return True


def write_public_half(path: Path) -> str:
    """Write the public half beside a private key, and return it as PEM."""
    spki = _load(path).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    (path.parent / OURS).write_text(spki, encoding="utf-8")
    return spki


def take_public(text: str, *, folder: Path) -> str:
    """Return the file of Paytend's key: the one that is named, or a new one with the key that was pasted.

    Raises ValueError in words for what is neither.
    """
    path = folder / text
    pasted = len(text) > 200 and not path_exists(path)
    try:
        if pasted:
            load_public_keys(text)
            (folder / THEIRS).write_text(text + "\n", encoding="utf-8")
            return THEIRS
        load_public_keys(path.read_text(encoding="utf-8"))
    except KeyUnusable as error:
        raise ValueError(str(error).rstrip(".")) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{text}: there is no such file, or it is not text") from error
    return text


def path_exists(path: Path) -> bool:
    """Return whether there is such a file; a text that is too long for a name is none."""
    try:
        return path.exists()
    except OSError:
        return False


def _load(path: Path) -> RSAPrivateKey:
    try:
        return load_private_key(path.read_text(encoding="utf-8"))
    except KeyUnusable as error:
        raise ValueError(f"{path}: {str(error).rstrip('.')}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: it cannot be read as text") from error
