"""Reads the settings and cardops.yml together, so that an operator is told everything at once."""

from dataclasses import dataclass

from bot.settings.cardops_yml import Config, examine_config
from bot.settings.environment import Settings, SettingsUnusable, find_config, read_own_settings


class SetupUnusable(Exception):
    """The settings, cardops.yml or both cannot be used; each list says what is wrong, without any value."""

    def __init__(self, *, settings: list[str], config: list[str]) -> None:
        super().__init__("\n".join([*settings, *config]))
        self.settings = settings
        self.config = config


@dataclass(frozen=True, kw_only=True)
class Setup:
    """The settings, cardops.yml, and what in it has no effect or lets nobody do anything."""

    settings: Settings
    config: Config
    warnings: tuple[str, ...] = ()


def read_setup() -> Setup:
    """Return the settings of this process and its cardops.yml; raises SetupUnusable."""
    problems: list[str] = []
    settings = None
    try:
        settings = read_own_settings()
    except SettingsUnusable as error:
        problems += error.problems
    path, is_named = find_config()
    if is_named and not path.exists():
        problems.append(f"CARDOPS_CONFIG: there is no file {path}")
    report = examine_config(path)
    if settings is not None and report.config is not None:
        problems += report.config.find_conflicts(settings.CARDOPS_PUBLIC_URL)
    if settings is None or problems or report.config is None:
        raise SetupUnusable(settings=problems, config=list(report.problems))
    return Setup(settings=settings, config=report.config, warnings=report.warnings)
