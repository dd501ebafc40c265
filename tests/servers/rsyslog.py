"""Debian's rsyslog over UDP, TCP, TLS and TLS with client certificates; and its CEF parser (liblognorm) as a judge."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.certificates import Certificates, make_certificates
from tests.servers.process import Process, free_port, need

INPUTS = ("udp", "tcp", "tls", "mtls", "cef")

CONFIGURATION = """
global(workDirectory="{folder}" maxMessageSize="256k" net.enableDNS="off"
       parser.escapeControlCharactersOnReceive="off"
       defaultNetstreamDriverCAFile="{ca}" defaultNetstreamDriverCertFile="{server}" defaultNetstreamDriverKeyFile="{server_key}")
main_queue(queue.type="Direct")
module(load="imudp")
module(load="imtcp")
module(load="mmnormalize")
template(name="line" type="list" option.jsonf="on") {{
  property(outname="pri" name="pri" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="application" name="app-name" format="jsonf")
  property(outname="kind" name="msgid" format="jsonf")
  property(outname="data" name="structured-data" format="jsonf")
  property(outname="message" name="msg" format="jsonf") }}
template(name="fields" type="string" string="%$!all-json%\\n")
ruleset(name="rx") {{ action(type="omfile" file="{taken}" template="line" asyncWriting="off" flushOnTXEnd="on") }}
ruleset(name="cef") {{
  action(type="mmnormalize" rulebase="{folder}/cef.rulebase" useRawMsg="off")
  action(type="omfile" file="{parsed}" template="fields") }}
input(type="imudp" address="127.0.0.1" port="{udp}" ruleset="rx" rcvbufSize="4m")
input(type="imtcp" address="127.0.0.1" port="{tcp}" ruleset="rx")
input(type="imtcp" address="127.0.0.1" port="{tls}" ruleset="rx" streamDriver.name="ossl" streamDriver.mode="1"
      streamDriver.authMode="anon")
input(type="imtcp" address="127.0.0.1" port="{mtls}" ruleset="rx" streamDriver.name="gtls" streamDriver.mode="1"
      streamDriver.authMode="x509/name" permittedPeer="agent")
input(type="imtcp" address="127.0.0.1" port="{cef}" ruleset="cef")
"""


class Rsyslog:
    """`ports` by input; `settings(input)`: a destination's."""

    def __init__(self, folder: Path) -> None:
        path = os.environ.get("RSYSLOGD") or shutil.which("rsyslogd", path=f"{os.environ['PATH']}:/usr/sbin")
        need(path is not None, "rsyslogd")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._command: list[str | Path] = [str(path), "-n", "-f", folder / "rsyslog.conf", "-i", folder / "pid"]
        self.certificates: Certificates = make_certificates(folder)
        self.ports = {name: free_port() for name in INPUTS}
        self._taken, self._parsed = folder / "taken", folder / "parsed"
        (folder / "cef.rulebase").write_text("version=2\nrule=:%f:cef%\n")
        (folder / "rsyslog.conf").write_text(
            CONFIGURATION.format(
                folder=folder, taken=self._taken, parsed=self._parsed, **vars(self.certificates), **self.ports
            )
        )
        self._killed = False
        self.start()

    def start(self) -> None:
        self._process = Process(self._command, self._folder)
        for name, port in self.ports.items():
            if name != "udp":
                self._process.wait_for_port(port)

    def stop(self) -> None:
        self._process.stop()

    def kill(self) -> None:
        self._killed = True
        self._process.kill()

    def settings(self, name: str, **changes: Any) -> dict[str, Any]:
        tls: dict[str, Any] = {"ca": str(self.certificates.ca)}
        if name == "mtls":
            tls |= {"certificate": str(self.certificates.client), "key": str(self.certificates.client_key)}
        transport = {"mtls": "tls", "cef": "tcp"}.get(name, name)
        where = {"type": "syslog", "host": "127.0.0.1", "port": self.ports[name], "transport": transport, "tls": tls}
        return {**where, "max_row_bytes": 60_000, **changes}

    def messages(self) -> list[dict[str, str]]:
        """Header fields and message of everything taken; a line torn by `kill` is none."""
        return [json.loads(line) for line in _lines(self._taken) if not self._killed or _is_json(line)]

    def documents(self) -> Iterator[tuple[str, str]]:
        """(event id, message): the id out of an ECS document or a CEF line's `externalId`."""
        for message in self.messages():
            text = message["message"].removeprefix(" ")
            if text.startswith("{"):
                yield json.loads(text)["event"]["id"], text
            else:
                found = re.search(r"(?<=[| ])externalId=(\w+)", text)
                yield found[1] if found else "?", text

    def cef_fields(self) -> list[dict[str, Any]]:
        """What liblognorm made of each line sent to the input `cef`."""
        return [json.loads(line) for line in _lines(self._parsed)]


def _lines(path: Path) -> list[str]:
    return path.read_bytes().decode().split("\n")[:-1] if path.exists() else []


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
