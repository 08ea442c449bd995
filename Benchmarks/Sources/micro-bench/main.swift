// Measures the library's parts one by one in one process, for Benchmarks/micro/run.
import Benchmark

// An iteration includes two reads of the clock, so work of less than a few microseconds is repeated inside it.
Benchmark.main(
    [try replaySuite(), try computeSuite(), try partsSuite(), try checkpointSuite()],
    customDefaults: defaultSettings + [MinTime(seconds: 0.2), Columns(["name", "median", "min", "iterations"])])
