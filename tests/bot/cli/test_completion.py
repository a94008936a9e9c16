"""Shells complete our commands, as bash itself says."""

import shutil
import subprocess

import pytest

from bot.cli.main import NOUNS, main


def printed(capture: pytest.CaptureFixture[str], shell: str) -> str:
    assert main(["completion", shell]) == 0
    return capture.readouterr().out


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        (["pol"], ["policy"]),
        (["policy", ""], ["check", "explain", "schema"]),
        (["policy", "explain", "--am"], ["--amount"]),
        (["completion", "z"], ["zsh"]),
        (["support-bundle", "--"], ["--to", "--log", "--help"]),
    ],
    ids=" ".join,
)
def test_o15_bash_completes_what_is_typed(
    capsys: pytest.CaptureFixture[str], typed: list[str], offered: list[str]
) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    words = " ".join(f"'{word}'" for word in ["cardops", *typed])
    script = f"{printed(capsys, 'bash')}\nCOMP_WORDS=({words}); COMP_CWORD={len(typed)}; _cardops\n"

    done = subprocess.run(
        [bash, "--norc", "-c", script + 'printf "%s\\n" "${COMPREPLY[@]}"'],
        capture_output=True,
        text=True,
        check=True,
    )

    assert set(offered) <= set(done.stdout.split())
    assert all(word.startswith(typed[-1]) for word in done.stdout.split())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_o15_every_command_is_in_it(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    text = printed(capsys, shell)

    assert len(NOUNS) > 20
    for word in ("init", "doctor", "support-bundle", "explain"):
        assert word in text
