"""A Debian that boots with systemd in a container, in which the unit runs as on a host; as root, on a machine with cgroups.

The interpreter and the packages of these tests are mounted into it, read-only, so that nothing is installed there.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.servers.process import CACHE, ROOT

SYSTEM = CACHE / "debian-systemd.tar"
PACKAGES = "systemd,systemd-sysv,dbus,libstdc++6,procps,libexpat1,libffi8,zlib1g,libbz2-1.0,liblzma5,libsqlite3-0,libssl3,libreadline8"
HOW = "tests/servers/install.sh installs mmdebstrap and systemd-container; it has to run as root"
BOOTED_WITHIN = 60.0

LAUNCHER = """#!/bin/sh
export PYTHONPATH=/opt/source:/opt/packages PYTHONDONTWRITEBYTECODE=1 LD_LIBRARY_PATH=/opt/python/lib
exec /opt/python/bin/python{version} {module} "$@"
"""
PYTHON = "/opt/leakline/bin/python"
"""The interpreter of these tests, in the container."""


def system() -> Path:
    """A tar file of the container's files, made once. Skips where it cannot be."""
    tools = all(shutil.which(tool) for tool in ("mmdebstrap", "systemd-nspawn", "nsenter"))
    if os.environ.get("LEAKLINE_CONTAINER") != "1":
        pytest.skip("takes minutes: LEAKLINE_CONTAINER=1 runs it")
    if not (tools and os.geteuid() == 0 and Path("/sys/fs/cgroup").is_dir()):
        pytest.skip(f"no container with systemd can boot here: {HOW}")
    if not SYSTEM.exists():
        SYSTEM.parent.mkdir(parents=True, exist_ok=True)
        part = SYSTEM.with_suffix(".part.tar")
        make = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(part)]
        subprocess.run(make, check=True, timeout=600)
        part.rename(SYSTEM)
    return SYSTEM


class Container:
    """`unit`: text of the service; `settings`: of leakline.yaml. Users are made by `add_user`, before or after the boot."""

    def __init__(self, folder: Path, unit: str, settings: str) -> None:
        self.root = folder / "root"
        self.root.mkdir()
        subprocess.run(["tar", "-xf", str(system()), "-C", str(self.root)], check=True)
        self._write("etc/hosts", "127.0.0.1 localhost\n")
        self._write("etc/machine-id", "")
        self._write("usr/lib/sysusers.d/leakline.conf", (ROOT / "packaging/leakline.sysusers").read_text())
        subprocess.run(["systemd-sysusers", f"--root={self.root}"], check=True, capture_output=True)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        self._write("opt/leakline/bin/leakline", LAUNCHER.format(version=version, module="-m agent"), 0o755)
        self._write(PYTHON.lstrip("/"), LAUNCHER.format(version=version, module=""), 0o755)
        self._write("etc/leakline/leakline.yaml", settings, 0o640)
        self._write("etc/leakline/secrets/client", "secret\n", 0o600)
        self.chroot("chgrp", "leakline", "/etc/leakline/leakline.yaml")
        self.put_unit(unit)
        for name in ("python", "source", "packages"):
            (self.root / "opt" / name).mkdir(parents=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._leader = 0

    def boot(self) -> None:
        mounts = {
            sys.base_prefix: "/opt/python",
            str(ROOT): "/opt/source",
            sysconfig.get_paths()["purelib"]: "/opt/packages",
        }
        binds = [f"--bind-ro={source}:{target}" for source, target in mounts.items()]
        command = ["systemd-nspawn", "-q", "--register=no", "--keep-unit", "-D", str(self.root), "--boot", *binds]
        log = (self.root.parent / "console.log").open("wb")
        with log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until = time.monotonic() + BOOTED_WITHIN
        while time.monotonic() < until:
            self._leader = self._leader or self._child()
            if self._leader:
                with suppress(subprocess.SubprocessError):
                    state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
                    if state in ("running", "degraded"):
                        return
            time.sleep(0.3)
        pytest.skip(f"no container boots here:\n{(self.root.parent / 'console.log').read_text()[-2000:]}")

    def run(self, *command: str, check: bool = True, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """A command in it, as root."""
        inside = ["nsenter", "-t", str(self._leader), "-a", "--", *command]
        done = subprocess.run(inside, capture_output=True, text=True, timeout=timeout, check=False)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def run_as(self, user: str, *command: str, check: bool = False) -> subprocess.CompletedProcess[str]:
        """A command in it, as a user with their groups."""
        group = self.run("id", "-gn", user).stdout.strip()
        who = ["setpriv", f"--reuid={user}", f"--regid={group}", "--init-groups", "--"]
        return self.run(*who, *command, check=check)

    def leakline(self, user: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run_as(user, "/opt/leakline/bin/leakline", *arguments, "-c", "/etc/leakline/leakline.yaml")

    def add_user(self, name: str, groups: Sequence[str]) -> None:
        for group in groups:
            self.chroot("groupadd", "-f", group)
        further = ["-G", ",".join(groups)] if groups else []
        self.chroot("useradd", "-m", *further, name)

    def chroot(self, *command: str) -> None:
        subprocess.run(["chroot", str(self.root), *command], check=True, capture_output=True)

    def put_unit(self, unit: str) -> None:
        self._write("etc/systemd/system/leakline.service", unit)

    def write(self, path: str, text: str) -> None:
        """Within the running container, its owner and mode as they are."""
        (self.root / path.lstrip("/")).write_text(text)

    def close(self) -> None:
        if self._process is None:
            return
        if self._leader:
            with suppress(AssertionError, subprocess.SubprocessError):
                self.run("systemctl", "poweroff", check=False, timeout=20)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        shutil.rmtree(self.root, ignore_errors=True)

    def _child(self) -> int:
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        with suppress(OSError, ValueError, IndexError):
            return int(children.read_text().split()[0])
        return 0

    def _write(self, path: str, text: str, mode: int = 0o644) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.write_text(text)
        target.chmod(mode)


def properties(container: Container, *names: str) -> Mapping[str, str]:
    """What systemd says of the unit."""
    shown = container.run("systemctl", "show", "leakline", f"--property={','.join(names)}").stdout
    return dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
