"""How much memory the work takes."""

import ctypes
import re
from pathlib import Path

import psutil
import torch

# Of glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
LARGEST = 2**31 - 1


def keep_freed_memory() -> bool:
    """Have large blocks stay with this process when they are freed; returns whether they do.

    glibc gives those back to the system at once, and every step of a training would fetch its
    activations from there anew, page by page. Other C libraries are left as they are.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # no such function, or, on Windows, no such call
        return False
    return all(mallopt(limit, LARGEST) for limit in (M_MMAP_THRESHOLD, M_TRIM_THRESHOLD))


def peak_memory(device: torch.device) -> int:
    """The most bytes in use at once: on the GPU, or of this process on the CPU; 0 where the system
    does not tell."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if psutil.LINUX:
        # getrusage is passed on with exec: it tells the peak of whoever started this process, too.
        status = Path("/proc/self/status").read_text()
        if found := re.search(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE):
            return 1024 * int(found[1])
    try:
        import resource
    except ImportError:  # Windows, where psutil knows
        return psutil.Process().memory_info().peak_wset
    usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage if psutil.MACOS else 1024 * usage


def used_memory(device: torch.device) -> int:
    """The bytes in use now, on the GPU or by this process."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    return psutil.Process().memory_info().rss
