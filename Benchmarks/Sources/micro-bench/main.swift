// Our own parts, each alone, in one process: what Benchmarks/micro/run compares with each other.
import Benchmark

// An iteration is two reads of the clock; whatever takes less than some microseconds is repeated inside it.
Benchmark.main(
    [try replaySuite(), try computeSuite(), try partsSuite(), try checkpointSuite()],
    customDefaults: defaultSettings + [MinTime(seconds: 0.2), Columns(["name", "median", "min", "iterations"])])
