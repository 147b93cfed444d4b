"""`python -m tools.deliver`: deliver the commit that is checked out to one stack, as its approved plan says."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from infra.faults import FaultsError
from ops.forge.errors import ForgeError
from ops.forge.things import FAILURE, PENDING, SUCCESS
from tools.command import seconds
from tools.damaged_error import DamagedError
from tools.deliver.command import NO_STACK, Asked, Delivery, new
from tools.deliver.errors import NotApprovedError
from tools.deliver.steps import BUSY, FAILED_AT, STOPPED
from tools.local.errors import LocalError
from tools.local.offline import checked_stack
from tools.local.workspace import FOLDER
from tools.pipeline.failed import LockedError
from tools.toolchain import PREVIEW, ToolchainError, ensure

DELIVERED, FAILED, USAGE, NOT_APPROVED = 0, 1, 2, 3
_ENDS = """exit codes: 0 delivered; 1 something failed, and the report says what was done; 2 settings or usage; 3 the
plan is not the approved one, and nothing was applied"""


def main(argv: list[str] | None = None) -> int:
    """Deliver; the report is printed however it ends. The help says what is returned."""
    try:
        asked = _asked(argv)
        ensure(PREVIEW)
        delivery = new(asked)
        delivery.prepare()
    except (FaultsError, LocalError) as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    except ToolchainError as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    return run(delivery)


def run(delivery: Delivery) -> int:
    """Run a delivery to its end, and tell it. SIGTERM and Ctrl-C let an engine end what it has begun."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        status, said = _run(delivery)
        for number in before:  # what has become of it is told in any case; that takes a minute at most
            signal.signal(number, signal.SIG_IGN)
        told = delivery.tell(*said)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    status = FAILED if status == DELIVERED and not told else status
    print(delivery.steps.text(_next(delivery.asked.stack, status)))
    return status


def _run(delivery: Delivery) -> tuple[int, tuple[str, str]]:
    """Status, and state and text for the commit."""
    try:
        delivery.run()
        return DELIVERED, (SUCCESS, f"delivered; {delivery.called} models called")
    except LockedError as error:  # the run that works on it may be one on this commit, which then says how it ends
        _say(delivery, str(error))
        return FAILED, (PENDING, BUSY)
    except (FaultsError, LocalError, ForgeError, DamagedError, ToolchainError) as error:
        refused = NOT_APPROVED if isinstance(error, NotApprovedError) and not delivery.tried else FAILED
        usage = isinstance(error, FaultsError) and not delivery.tried
        return _failed(delivery, USAGE if usage else refused, str(error))
    except OSError as error:
        return _failed(delivery, FAILED, f"{error.filename or 'this machine'}: {error.strerror or error}")
    except KeyboardInterrupt:
        why = "interrupted; what the engine had begun is recorded, the same command goes on from there"
        return _failed(delivery, FAILED, why)


def _failed(delivery: Delivery, status: int, why: str) -> tuple[int, tuple[str, str]]:
    """Say why; on the commit no word of the engine, which may name hosts and people."""
    _say(delivery, why)
    return status, (FAILURE, f"{STOPPED if status == NOT_APPROVED else FAILED_AT}: {delivery.steps.next}")


def _say(delivery: Delivery, why: str) -> None:
    """Why it ended, at the terminal and in the report."""
    print(f"error: {why}", file=sys.stderr)
    step = delivery.steps.next
    if delivery.steps.told.get(step) is None:
        delivery.steps.failed(step, why.splitlines()[0])


def _next(stack: str, status: int) -> str:
    if status == DELIVERED:
        return "make deliver STACK=prod" if stack == "dev" else "nothing: it is delivered"
    if status == NOT_APPROVED:
        return "a pull request with the plan of now (make plan), or what the message above names"
    return f"make deliver STACK={stack}, once what is named above is mended; it goes on from there"


def _asked(argv: list[str] | None) -> Asked:
    parser = argparse.ArgumentParser(prog="python -m tools.deliver", description=__doc__, epilog=_ENDS)
    parser.add_argument("--stack", required=True, help="as its settings file is called")
    parser.add_argument("--plan", type=Path, metavar="FILE", help="the report that was approved, not the forge's word")
    parser.add_argument("--accept", default="", metavar="OBJECTS", help="names of objects no plan names; * is any text")
    parser.add_argument("--after", metavar="STACK", help=f"must be delivered before; `dev`, or `{NO_STACK}` for dev")
    parser.add_argument("--wait", type=seconds, default=0.0, metavar="SECONDS", help="for another run on the stack")
    parser.add_argument("--ready", type=seconds, default=1200.0, metavar="SECONDS", help="for the kitchens")
    parser.add_argument("--take-back", default="", metavar="OBJECTS", help="fields changed by hand: yes, or names")
    parser.add_argument("--distrust", action="store_true", help="as of `make deploy`")
    words = parser.parse_args(argv)
    stack = checked_stack(words.stack)
    first = NO_STACK if stack == "dev" else "dev"
    after = words.after or first
    if after == stack:
        raise LocalError(
            f"AFTER={after}: is the stack itself, which then waits for its own delivery; example: AFTER=none"
        )
    if after != NO_STACK:
        checked_stack(after)
    directory = Path(os.environ.get("KITCHEN_DIRECTORY") or FOLDER).absolute()
    accept = tuple(part.strip() for part in words.accept.split(",") if part.strip())
    return Asked(stack=stack, plan=words.plan, accept=accept, after=after, wait=words.wait, ready=words.ready,
                 distrust=words.distrust, take_back=words.take_back, directory=directory)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
