"""What Benchmarks/peers/run measures, a module each.

A module has `measure(bench, index)`, which takes one round of the measurement, and `rows(bench)`, which gives rows of
the table from all rounds. Modules here need the standard library only; what runs PyTorch and the others is in
`programs`, in processes of their own.
"""
