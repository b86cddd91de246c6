"""What a stretch of work cost: wall and CPU seconds of this process, children included, as the system counts them."""

from __future__ import annotations

import resource
import time


def cpu_seconds() -> float:
    spent = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        spent += usage.ru_utime + usage.ru_stime
    return spent


class Cost:
    """Starts counting when made."""

    def __init__(self) -> None:
        self.start, self.before = time.time(), cpu_seconds()

    def taken(self, texts: int) -> dict[str, float]:
        return {"texts": texts, "startedAt": self.start, "endedAt": time.time(), "cpuSeconds": cpu_seconds() - self.before}
