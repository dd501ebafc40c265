"""`python -m tests.chaos.receiving FOLDER`: a mail server, a receiver of webhooks and a monitor, in a process of their own.

Says its ports as a line of JSON, and then does what each line on its standard input says: the name of a receiver and a mode.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.certificates import make_certificates
from tests.chaos.receiving.hook_receiver import HookReceiver, Monitor
from tests.chaos.receiving.mail_receiver import MailReceiver
from tests.chaos.receiving.received import ReceivedLog
from tests.chaos.receiving.receivers import HEARTBEATS, MESSAGES, SECRET


def main(folder: Path, *, any_time: bool) -> None:
    """Until the standard input ends."""
    context = make_certificates(folder).server_context()
    log = ReceivedLog(folder / MESSAGES)
    hook = HookReceiver(log, (folder / SECRET).read_text(), context, any_time=any_time)
    receivers: dict[str, HookReceiver | MailReceiver] = {"hook": hook, "mail": MailReceiver(log, context)}
    monitor = Monitor(folder / HEARTBEATS, context)
    ports = {"hook": hook.server.url, "mail": receivers["mail"].port, "monitor": monitor.server.url}  # type: ignore[union-attr]
    print(json.dumps(ports), flush=True)
    for line in sys.stdin:
        name, mode = line.split()
        receivers[name].set(mode)  # type: ignore[arg-type]
        print("{}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), any_time="--any-time" in sys.argv)
