"""The manifest asks for what the calls need, and for nothing else."""

import re
from pathlib import Path

import pytest

from bot.manifest import SCOPES, make_manifest
from sandbox.slack.methods.table import METHODS

ROOT = Path(__file__).parents[2]
