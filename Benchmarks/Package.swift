// swift-tools-version: 6.2
import PackageDescription

// A separate package, so that users of the library do not resolve the dependencies of the benchmarks.
let package = Package(
    name: "swift-dqn-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "swift-dqn", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/google/swift-benchmark", from: "0.1.2"),
    ],
    targets: [
        // The workloads that several of the programs below measure.
        .target(
            name: "Workloads",
            dependencies: [
                .product(name: "DQNEnvironments", package: "swift-dqn"),
                .product(name: "DQNModel", package: "swift-dqn"),
                .product(name: "DQNNetwork", package: "swift-dqn"),
                .product(name: "DQNLearning", package: "swift-dqn"),
            ]),
        .executableTarget(
            name: "micro-bench",
            dependencies: [
                "Workloads",
                .product(name: "DQNCheckpoint", package: "swift-dqn"),
                .product(name: "DQNModel", package: "swift-dqn"),
                .product(name: "DQNNetwork", package: "swift-dqn"),
                .product(name: "Benchmark", package: "swift-benchmark"),
            ]),
        .executableTarget(
            name: "checkpoint-bench",
            dependencies: [
                .product(name: "DQNCheckpoint", package: "swift-dqn"),
                .product(name: "DQNModel", package: "swift-dqn"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(
            name: "compute-bench",
            dependencies: [
                "Workloads",
                .product(name: "DQNInference", package: "swift-dqn"),
                .product(name: "DQNModel", package: "swift-dqn"),
                .product(name: "DQNNetwork", package: "swift-dqn"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(
            name: "scaling-bench",
            dependencies: [
                .product(name: "DQNModel", package: "swift-dqn"),
                .product(name: "DQNNetwork", package: "swift-dqn"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .executableTarget(
            name: "replay-bench",
            dependencies: [
                .product(name: "DQNCheckpoint", package: "swift-dqn"),
                .product(name: "DQNInference", package: "swift-dqn"),
                .product(name: "DQNLearning", package: "swift-dqn"),
                .product(name: "DQNModel", package: "swift-dqn"),
            ]),
        .executableTarget(
            name: "saver-bench",
            dependencies: [
                .product(name: "DQNCheckpoint", package: "swift-dqn"),
                .product(name: "DQNEnvironments", package: "swift-dqn"),
                .product(name: "DQNModel", package: "swift-dqn"),
                .product(name: "DQNTraining", package: "swift-dqn"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
