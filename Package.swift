// swift-tools-version: 6.2
import PackageDescription

// Warnings are errors here; SwiftPM drops this setting when the package is somebody's dependency.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

// What `--version` names. Scripts/install and Scripts/demo set the variable; SwiftPM evaluates this file again when it
// changes, and compiles one C file. `Context.gitInformation` would be stale: SwiftPM remembers it from commit to commit.
let commit = (Context.environment["DQN_BUILD_COMMIT"] ?? "").filter { $0.isHexDigit || $0 == "+" }

let package = Package(
    name: "swift-dqn",
    platforms: [.macOS(.v15)],
    products: [
        // What a user of the common case needs, in one import.
        .library(name: "DQN", targets: ["DQN"]),
        .library(name: "DQNModel", targets: ["DQNModel"]),
        .library(name: "DQNCheckpoint", targets: ["DQNCheckpoint"]),
        .library(name: "DQNNetwork", targets: ["DQNNetwork"]),
        .library(name: "DQNInference", targets: ["DQNInference"]),
        .library(name: "DQNEnvironments", targets: ["DQNEnvironments"]),
        .library(name: "DQNGraphics", targets: ["DQNGraphics"]),
        .library(name: "DQNReport", targets: ["DQNReport"]),
        .library(name: "DQNLearning", targets: ["DQNLearning"]),
        .library(name: "DQNTraining", targets: ["DQNTraining"]),
        // For the package in Distributed/ alone.
        .library(name: "DQNDistributed", targets: ["DQNDistributed"]),
        // The commands of the programs below, for programs with their own environments.
        .library(name: "DQNCommandLine", targets: ["DQNCommandLine"]),
        .executable(name: "dqn-train", targets: ["dqn-train"]),
        .executable(name: "dqn-play", targets: ["dqn-play"]),
        .executable(name: "dqn-checkpoint", targets: ["dqn-checkpoint"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    ],
    targets: [
        // C libraries.
        .systemLibrary(
            name: "CHDF5", pkgConfig: "hdf5",
            providers: [.apt(["libhdf5-dev", "pkg-config"]), .brew(["hdf5"])]),
        .target(
            name: "COneDNN", dependencies: ["CKernels"],
            linkerSettings: [.linkedLibrary("dnnl"), .linkedLibrary("dl", .when(platforms: [.linux]))]),
        .systemLibrary(
            name: "CDeflate", pkgConfig: "libdeflate",
            providers: [.apt(["libdeflate-dev", "pkg-config"]), .brew(["libdeflate"])]),
        .systemLibrary(
            name: "CLibcrypto", pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev", "pkg-config"]), .brew(["openssl@3"])]),
        .target(name: "CKernels"),
        .target(
            name: "CDQNSupport", cSettings: commit.isEmpty ? [] : [.define("DQN_BUILD_COMMIT", to: commit)]),
        // The header that plug-ins in C are written against.
        .target(name: "CDQNEnvironment"),

        // What several rooms share, for this package alone.
        .target(name: "DQNSupport", dependencies: ["CDQNSupport"], swiftSettings: strict),

        // The core: values, files, checkpoints.
        .target(name: "DQNModel", dependencies: ["DQNSupport"], swiftSettings: strict),
        .target(name: "HDF5", dependencies: ["CHDF5", "DQNSupport"], swiftSettings: strict),
        .target(
            name: "DQNCheckpoint",
            dependencies: ["DQNModel", "DQNSupport", "HDF5", "CDeflate", "CLibcrypto"],
            swiftSettings: strict),

        // Files of other programs.
        .target(
            name: "DQNInterchange", dependencies: ["DQNModel", "DQNSupport", "DQNCheckpoint", "CDeflate"],
            swiftSettings: strict),

        // Pictures in colour, and episodes as films and contact sheets.
        .target(name: "DQNGraphics", dependencies: ["DQNModel", "DQNSupport", "CDeflate"], swiftSettings: strict),

        // Curves as pictures and as events for TensorBoard, from values alone.
        .target(name: "DQNReport", dependencies: ["DQNModel", "DQNSupport", "DQNGraphics"], swiftSettings: strict),

        // Compute, acting, environments, training.
        .target(
            name: "DQNNetwork", dependencies: ["DQNModel", "DQNSupport", "COneDNN", "CKernels"],
            swiftSettings: strict),
        .target(
            name: "DQNInference", dependencies: ["DQNModel", "DQNSupport", "DQNCheckpoint", "DQNNetwork"],
            swiftSettings: strict),
        .target(
            name: "DQNEnvironments",
            dependencies: ["DQNModel", "DQNSupport", "DQNGraphics", "CDQNEnvironment"],
            resources: [
                .embedInCode("Resources/gymnasium_values.py"), .embedInCode("Resources/gymnasium_emulator.py"),
                .embedInCode("Resources/gymnasium_capture.py"), .embedInCode("Resources/gymnasium_restore.py"),
                .embedInCode("Resources/gymnasium_snapshots.py"), .embedInCode("Resources/gymnasium_environment.py"),
                .embedInCode("Resources/gymnasium_making.py"), .embedInCode("Resources/gymnasium_spaces.py"),
                .embedInCode("Resources/gymnasium_sources.py"), .embedInCode("Resources/gymnasium_isolation.py"),
                .embedInCode("Resources/gymnasium_trust.py"), .embedInCode("Resources/gymnasium_frames.py"),
                .embedInCode("Resources/gymnasium_worker.py"),
            ], swiftSettings: strict, linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        .target(
            name: "DQNLearning",
            dependencies: ["DQNModel", "DQNSupport", "DQNCheckpoint", "DQNNetwork", "DQNEnvironments"],
            swiftSettings: strict),
        .target(
            name: "DQNTraining",
            dependencies: [
                "DQNModel", "DQNSupport", "DQNCheckpoint", "DQNNetwork", "DQNEnvironments", "DQNLearning", "DQNReport",
                "DQNGraphics",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(
            name: "DQNDistributed",
            dependencies: [
                "DQNModel", "DQNSupport", "DQNCheckpoint", "DQNNetwork", "DQNEnvironments", "DQNLearning",
                "DQNTraining",
            ],
            swiftSettings: strict),
        .target(
            name: "DQN",
            dependencies: [
                "DQNModel", "DQNCheckpoint", "DQNInference", "DQNEnvironments", "DQNLearning", "DQNTraining",
            ],
            swiftSettings: strict),

        // The commands, and the programs that run them: parse, call, print.
        .target(
            name: "CommandLineSupport",
            dependencies: [
                "DQNCheckpoint", "DQNEnvironments", "DQNGraphics", "DQNModel", "DQNReport", "DQNSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(
            name: "CommandLinePlaying",
            dependencies: [
                "CommandLineSupport", "DQNInference", "DQNEnvironments", "DQNCheckpoint", "DQNModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .target(
            name: "CommandLineCheckpoints",
            dependencies: [
                "CommandLineSupport", "DQNCheckpoint", "DQNInterchange", "DQNModel", "DQNReport", "DQNSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .target(
            name: "DQNCommandLine",
            dependencies: [
                "CommandLineSupport", "CommandLinePlaying", "CommandLineCheckpoints", "DQNTraining", "DQNLearning",
                "DQNEnvironments", "DQNCheckpoint", "DQNModel", "DQNSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "dqn-train", dependencies: ["CommandLineSupport", "DQNCommandLine"], swiftSettings: strict),
        .executableTarget(
            name: "dqn-play", dependencies: ["CommandLineSupport", "CommandLinePlaying"], swiftSettings: strict),
        .executableTarget(
            name: "dqn-checkpoint", dependencies: ["CommandLineSupport", "CommandLineCheckpoints"],
            swiftSettings: strict),

        // An example that the tests run: a program with its own environments.
        .executableTarget(
            name: "Lab", dependencies: ["DQN", "DQNCommandLine"], path: "Examples/Lab/Sources/Lab",
            swiftSettings: strict),

        // Tests, one directory per concern.
        .testTarget(name: "ArchitectureTests", swiftSettings: strict),
        .testTarget(name: "DQNSupportTests", dependencies: ["DQNSupport"], swiftSettings: strict),
        .testTarget(name: "DQNModelTests", dependencies: ["DQNModel"], swiftSettings: strict),
        .testTarget(name: "HDF5Tests", dependencies: ["HDF5", "DQNSupport"], swiftSettings: strict),
        .target(name: "Mutation", path: "Tests/Mutation", swiftSettings: strict),
        .testTarget(
            name: "DQNCheckpointTests",
            dependencies: ["DQNCheckpoint", "DQNModel", "DQNSupport", "Forging", "HDF5", "Mutation"],
            swiftSettings: strict),
        .testTarget(
            name: "DQNInterchangeTests",
            dependencies: [
                "DQNInterchange", "DQNCheckpoint", "DQNModel", "DQNSupport", "CDeflate", "HDF5", "Mutation",
            ],
            swiftSettings: strict),
        .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
        .target(
            name: "Forging", dependencies: ["DQNCheckpoint", "DQNModel", "HDF5"], path: "Tests/Forging",
            swiftSettings: strict),
        .target(
            name: "PluginBuilding", dependencies: ["DQNSupport"], path: "Tests/PluginBuilding", swiftSettings: strict),
        .testTarget(
            name: "DQNNetworkTests",
            dependencies: ["DQNNetwork", "DQNModel", "DQNSupport", "CAllocationCounter", "CKernels"],
            swiftSettings: strict),
        .testTarget(
            name: "DQNInferenceTests",
            dependencies: ["DQNInference", "DQNCheckpoint", "DQNModel", "CAllocationCounter"],
            swiftSettings: strict),
        .testTarget(
            name: "DQNEnvironmentsTests",
            dependencies: [
                "DQNEnvironments", "DQNModel", "DQNSupport", "DQNGraphics", "CAllocationCounter", "PluginBuilding",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "DQNTrainingTests",
            dependencies: [
                "DQNTraining", "DQNLearning", "DQNEnvironments", "DQNCheckpoint", "DQNNetwork", "DQNModel",
                "DQNSupport",
                "CAllocationCounter", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "DQNLearningTests",
            dependencies: ["DQNLearning", "DQNCheckpoint", "DQNNetwork", "DQNModel", "CAllocationCounter"],
            swiftSettings: strict),
        .testTarget(
            name: "DQNDistributedTests",
            dependencies: [
                "DQNDistributed", "DQNTraining", "DQNLearning", "DQNCheckpoint", "DQNNetwork", "DQNModel",
            ],
            swiftSettings: strict),
        .testTarget(name: "DQNGraphicsTests", dependencies: ["DQNGraphics", "CDeflate"], swiftSettings: strict),
        .testTarget(
            name: "DQNReportTests", dependencies: ["DQNReport", "DQNModel", "CDeflate"], swiftSettings: strict),
        .testTarget(
            name: "DQNCommandLineTests",
            dependencies: [
                "DQN", "DQNCommandLine",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ExecutableTests",
            dependencies: [
                "CommandLineSupport", "DQNCheckpoint", "DQNEnvironments", "DQNInterchange", "DQNModel", "Forging",
                "HDF5", "Mutation",
                "PluginBuilding",
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)

// Scripts/document sets this. Users of the package must not download what only its web site needs.
if Context.environment["SWIFT_DQN_DOCUMENTATION"] != nil {
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0"))
}
