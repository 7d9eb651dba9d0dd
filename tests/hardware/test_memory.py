"""Memory is that of this process, and of no other."""

import mmap
import multiprocessing

import torch

from hardware.memory import peak_memory, used_memory

CPU = torch.device("cpu")


def above_present_use() -> int:
    return peak_memory(CPU) - used_memory(CPU)


def test_the_peak_of_the_process_that_started_it_is_not_counted():
    with mmap.mmap(-1, 1_000_000_000) as pages:
        pages.write(b"1" * len(pages))
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            assert pool.apply(above_present_use) < 200e6
