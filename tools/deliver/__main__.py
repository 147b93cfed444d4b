"""`python -m tools.deliver`: deliver the commit that is checked out to one stack, as its approved plan says."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from infra.faults import FaultsError
from ops.forge.errors import ForgeError
from ops.forge.things import FAILURE, SUCCESS
from tools.command import seconds
from tools.damaged_error import DamagedError
from tools.deliver.command import NO_STACK, Asked, Delivery, new
from tools.deliver.errors import NotApprovedError
from tools.local.errors import LocalError
from tools.local.offline import checked_stack
from tools.local.up import FOLDER
from tools.pipeline.failed import LockedError
from tools.toolchain import PREVIEW, ToolchainError, ensure

_NOT_TOLD = ""
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
        status, why = _run(delivery)
        for number in before:  # what has become of it is told in any case; that takes a minute at most
            signal.signal(number, signal.SIG_IGN)
        step = delivery.steps.next
        told = why == _NOT_TOLD or delivery.tell(SUCCESS if status == DELIVERED else FAILURE, _short(status, step))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    status = FAILED if status == DELIVERED and not told else status
    print(delivery.steps.text(_next(delivery.asked.stack, status)))
    return status


def _run(delivery: Delivery) -> tuple[int, str]:
    """Status, and what to say of it on the commit."""
    try:
        delivery.run()
        return DELIVERED, "delivered"
    except LockedError as error:  # the run that works on it says what becomes of it
        _say(delivery, str(error))
        return FAILED, _NOT_TOLD
    except (FaultsError, LocalError, ForgeError, DamagedError, ToolchainError) as error:
        refused = NOT_APPROVED if isinstance(error, NotApprovedError) else FAILED
        usage = isinstance(error, FaultsError) and not delivery.tried
        return USAGE if usage else refused, _say(delivery, str(error))
    except OSError as error:
        return FAILED, _say(delivery, f"{error.filename or 'this machine'}: {error.strerror or error}")
    except KeyboardInterrupt:
        why = "interrupted; what the engine had begun is recorded, the same command goes on from there"
        return FAILED, _say(delivery, why)


def _say(delivery: Delivery, why: str) -> str:
    """Why it ended, at the terminal and in the report."""
    print(f"error: {why}", file=sys.stderr)
    step = delivery.steps.next
    if delivery.steps.told.get(step) is None:
        delivery.steps.failed(step, why.splitlines()[0])
    return why


def _short(status: int, step: str) -> str:
    """What a status on the commit says: no word of the engine, which may name hosts and people."""
    if status == DELIVERED:
        return "delivered"
    return f"stopped before anything was applied: {step}" if status == NOT_APPROVED else f"failed: {step}"


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
    if after not in (NO_STACK, stack):
        checked_stack(after)
    directory = Path(os.environ.get("KITCHEN_DIRECTORY") or FOLDER).absolute()
    accept = tuple(part.strip() for part in words.accept.split(",") if part.strip())
    return Asked(stack=stack, plan=words.plan, accept=accept, after=after, wait=words.wait, ready=words.ready,
                 distrust=words.distrust, take_back=words.take_back, directory=directory)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
