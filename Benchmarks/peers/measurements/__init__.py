"""The measurements of Benchmarks/peers/run, one per module.

A module has `measure(bench, index)`, which runs one round of the measurement, and `rows(bench)`, which returns the
table rows from all rounds. These modules need only the standard library. The code that runs PyTorch and the other peers
is in `programs` and runs in separate processes.
"""
