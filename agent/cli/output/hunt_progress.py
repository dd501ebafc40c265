"""How far a hunt has come, for people who wait for it: nothing of it is seen unless standard error is a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from agent.wording.number import counted

Tell = Callable[[Path, int, int], None]
"""Called now and then with the file that is being read, events and alerts so far."""

EVERY = 4
"""Times a second that the line is written anew."""


@contextmanager
def progress(files: Sequence[Path], err: Console) -> Iterator[Tell]:
    """A line with bytes read of all bytes, events a second and alerts, gone when it is over."""
    if not err.is_terminal:
        yield lambda _path, _events, _alerts: None
        return
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    sizes = {path: path.stat().st_size if path.is_file() else 0 for path in files}
    said = TextColumn("{task.description}", markup=False)
    columns = (said, BarColumn(20), DownloadColumn(), TimeRemainingColumn(compact=True))
    with Bar(*columns, console=err, transient=True, refresh_per_second=EVERY) as bar:
        task = bar.add_task("", total=sum(sizes.values()))
        before: dict[Path, int] = {}

        def tell(path: Path, events: int, alerts: int) -> None:
            if path not in before:
                before[path] = sum(sizes[read] for read in before)
            elapsed = bar.tasks[0].elapsed or 0.0
            speed = f"{events / elapsed:,.0f} events/s, " if elapsed > 1 else ""
            words = f"{path.name[:30]}: {speed}{counted(alerts, 'alert')}"
            bar.update(task, description=words, completed=before[path] + (_position(path) or 0))

        yield tell


def _position(path: Path) -> int | None:
    """How far a file that this process has open is read, in bytes as they are on disk: the kernel knows it, whoever
    reads the file and whatever unpacks it.
    """
    real = str(path.resolve())
    for link in Path("/proc/self/fd").glob("*"):
        try:
            if str(link.readlink()) == real:
                about = Path(f"/proc/self/fdinfo/{link.name}").read_text()
                return int(about.split("pos:")[1].split()[0])
        except (OSError, IndexError, ValueError):
            continue
    return None
