"""`cardops completion`: prints what makes a shell complete our commands and options."""

import argparse
import sys
from collections.abc import Iterator, Mapping

from bot.cli.shell import FINE, Commands, add_command

_BASH = """# Put it into your shell: eval "$(cardops completion bash)"
_cardops() {{
    local words=""
    COMPREPLY=()
    case "${{COMP_WORDS[*]:1:COMP_CWORD-1}}" in
{cases}    esac
    COMPREPLY=($(compgen -W "$words" -- "${{COMP_WORDS[COMP_CWORD]}}"))
    [ ${{#COMPREPLY[@]}} -gt 0 ] || COMPREPLY=($(compgen -f -- "${{COMP_WORDS[COMP_CWORD]}}"))
}}
complete -F _cardops cardops
"""
_ZSH = '# Put it into your shell: eval "$(cardops completion zsh)"\nautoload -U +X bashcompinit && bashcompinit\n'
_FISH = "# Put it into your shell: cardops completion fish | source\n"


def add_to(commands: Commands) -> None:
    """Add the command."""
    command = add_command(commands, "completion", show, "print what makes a shell complete the commands")
    command.add_argument("shell", choices=["bash", "zsh", "fish"])
    command.set_defaults(commands=commands)


def show(chosen: argparse.Namespace) -> int:
    """Print it for a shell."""
    words = {"": [*chosen.commands.choices, "--help", "--version"]}
    words |= dict(_list_words(chosen.commands.choices, ""))
    sys.stdout.write(_write_fish(words) if chosen.shell == "fish" else _write_bash(words, chosen.shell))
    return FINE


def _list_words(choices: Mapping[str, argparse.ArgumentParser], before: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each command as it is typed, with what can come after it."""
    for name, parser in choices.items():
        typed, words = f"{before}{name}", []
        for action in parser._actions:  # noqa: SLF001 - argparse has no public list of them
            words += [option for option in action.option_strings if option.startswith("--")]
            if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
                words += action.choices
                yield from _list_words(action.choices, f"{typed} ")
            elif action.choices is not None and not action.option_strings:
                words += map(str, action.choices)
        yield typed, words


def _write_bash(words: Mapping[str, list[str]], shell: str) -> str:
    # The longest first: what comes after `policy check` is not what comes after `policy`.
    ordered = sorted(words.items(), key=lambda item: -len(item[0].split()))
    cases = "".join(f'        {_pattern(typed)}) words="{" ".join(follow)}" ;;\n' for typed, follow in ordered)
    return (_ZSH if shell == "zsh" else "") + _BASH.format(cases=cases)


def _pattern(typed: str) -> str:
    return f'"{typed}"|"{typed} "*' if typed else '""'


def _write_fish(words: Mapping[str, list[str]]) -> str:
    lines = [_FISH, "complete -c cardops -f\n"]
    for typed, follow in words.items():
        seen = " ".join(f"; and __fish_seen_subcommand_from {word}" for word in typed.split())
        when = seen.removeprefix("; and ") or "__fish_use_subcommand"
        lines.append(f"complete -c cardops -n '{when}' -a '{' '.join(follow)}'\n")
    return "".join(lines)
