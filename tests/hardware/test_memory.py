"""Memory is that of this process, and of no other."""

import mmap
import multiprocessing
import platform

import pytest
import torch

from hardware.memory import keep_freed_memory, peak_memory, used_memory

CPU = torch.device("cpu")


def above_present_use() -> int:
    return peak_memory(CPU) - used_memory(CPU)


def test_the_peak_of_the_process_that_started_it_is_not_counted():
    with mmap.mmap(-1, 1_000_000_000) as pages:
        pages.write(b"1" * len(pages))
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert pool.apply(above_present_use) < 200e6


def page_faults_of_ten_uses(keep: bool) -> int:
    """Of a block of 64 MiB that is allocated, written and freed ten times more."""
    import resource  # Windows has none

    if keep:
        assert keep_freed_memory()
    for _ in range(10):  # until it lies where it will stay
        torch.ones(2**24)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        torch.ones(2**24)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_memory_that_was_in_use_is_used_again():
    faults = []
    for keep in (False, True):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            faults.append(pool.apply(page_faults_of_ten_uses, (keep,)))
    assert faults[1] < faults[0] / 4
