"""Commands that ask servers what they serve have the same options, of one definition."""

from __future__ import annotations

import argparse

from ops.audit import commands as audit
from ops.drift import commands as drift


def test_audit_and_drift_have_one_definition() -> None:
    told = []
    for command in (audit, drift):
        parser = argparse.ArgumentParser()
        command.arguments(parser)
        actions = [one for one in parser._actions if one.dest in ("models", "models_token_file")]
        told.append([(type(one), one.option_strings, one.metavar, one.default, one.help) for one in actions])
    assert told[0] == told[1]
    assert len(told[0]) == 2
    assert "KITCHEN_MODELS_TOKEN" in str(told[0][1][4])
