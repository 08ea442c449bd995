// swift-tools-version: 6.2
import PackageDescription

// Warnings are errors here; SwiftPM drops this setting when the package is somebody's dependency.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "swift-dqn",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "DQNModel", targets: ["DQNModel"]),
        .library(name: "DQNCheckpoint", targets: ["DQNCheckpoint"]),
        .library(name: "DQNNetwork", targets: ["DQNNetwork"]),
        .library(name: "DQNInference", targets: ["DQNInference"]),
        .library(name: "DQNEnvironments", targets: ["DQNEnvironments"]),
        .library(name: "DQNPictures", targets: ["DQNPictures"]),
        .library(name: "DQNRecording", targets: ["DQNRecording"]),
        .library(name: "DQNReport", targets: ["DQNReport"]),
        .library(name: "DQNTraining", targets: ["DQNTraining"]),
        .executable(name: "dqn-train", targets: ["dqn-train"]),
        .executable(name: "dqn-play", targets: ["dqn-play"]),
        .executable(name: "dqn-checkpoint", targets: ["dqn-checkpoint"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
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
        .target(name: "CKernels"),
        .target(name: "CWorkerProcess"),
        // The header that plug-ins in C are written against.
        .target(name: "CDQNEnvironment"),

        // The core: values, files, checkpoints.
        .target(name: "DQNModel", swiftSettings: strict),
        .target(name: "HDF5", dependencies: ["CHDF5"], swiftSettings: strict),
        .target(
            name: "DQNCheckpoint",
            dependencies: [
                "DQNModel", "HDF5", "CDeflate", .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: strict),

        // Curves as pictures, from values alone.
        .target(name: "DQNReport", dependencies: ["DQNModel"], swiftSettings: strict),

        // Pictures in colour, and episodes as films and contact sheets.
        .target(name: "DQNPictures", swiftSettings: strict),
        .target(name: "DQNRecording", dependencies: ["DQNModel", "DQNPictures", "CDeflate"], swiftSettings: strict),

        // Compute, acting, environments, training.
        .target(name: "DQNNetwork", dependencies: ["DQNModel", "COneDNN", "CKernels"], swiftSettings: strict),
        .target(
            name: "DQNInference", dependencies: ["DQNModel", "DQNCheckpoint", "DQNNetwork"],
            swiftSettings: strict),
        .target(
            name: "DQNEnvironments", dependencies: ["DQNModel", "DQNPictures", "CDQNEnvironment", "CWorkerProcess"],
            resources: [
                .embedInCode("Resources/gymnasium_values.py"), .embedInCode("Resources/gymnasium_snapshots.py"),
                .embedInCode("Resources/gymnasium_worker.py"),
            ], swiftSettings: strict, linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        .target(
            name: "DQNTraining",
            dependencies: [
                "DQNModel", "DQNCheckpoint", "DQNNetwork", "DQNInference", "DQNEnvironments", "DQNReport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),

        // Executables: parse, call, print.
        .target(
            name: "CommandLineSupport",
            dependencies: [
                "DQNCheckpoint", "DQNEnvironments", "DQNModel", "DQNReport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "dqn-train",
            dependencies: [
                "CommandLineSupport", "DQNTraining", "DQNEnvironments", "DQNCheckpoint", "DQNModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "dqn-play",
            dependencies: [
                "CommandLineSupport", "DQNInference", "DQNEnvironments", "DQNCheckpoint", "DQNModel", "DQNPictures",
                "DQNRecording", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "dqn-checkpoint",
            dependencies: [
                "CommandLineSupport", "DQNCheckpoint", "DQNModel", "DQNReport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),

        // Tests, one directory per concern.
        .testTarget(name: "DQNModelTests", dependencies: ["DQNModel"], swiftSettings: strict),
        .testTarget(name: "HDF5Tests", dependencies: ["HDF5"], swiftSettings: strict),
        .testTarget(
            name: "DQNCheckpointTests",
            dependencies: [
                "DQNCheckpoint", "DQNModel", "HDF5", .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: strict),
        .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
        .target(name: "PluginBuilding", path: "Tests/PluginBuilding", swiftSettings: strict),
        .testTarget(
            name: "DQNNetworkTests", dependencies: ["DQNNetwork", "DQNModel", "CAllocationCounter"],
            swiftSettings: strict),
        .testTarget(
            name: "DQNInferenceTests",
            dependencies: ["DQNInference", "DQNCheckpoint", "DQNModel", "CAllocationCounter"],
            swiftSettings: strict),
        .testTarget(
            name: "DQNEnvironmentsTests",
            dependencies: ["DQNEnvironments", "DQNModel", "DQNPictures", "CAllocationCounter", "PluginBuilding"],
            swiftSettings: strict),
        .testTarget(
            name: "DQNTrainingTests",
            dependencies: [
                "DQNTraining", "DQNEnvironments", "DQNCheckpoint", "DQNNetwork", "DQNModel", "CAllocationCounter",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(name: "DQNPicturesTests", dependencies: ["DQNPictures"], swiftSettings: strict),
        .testTarget(
            name: "DQNRecordingTests", dependencies: ["DQNRecording", "DQNPictures", "CDeflate"], swiftSettings: strict),
        .testTarget(name: "DQNReportTests", dependencies: ["DQNReport", "DQNModel"], swiftSettings: strict),
        .testTarget(
            name: "ExecutableTests",
            dependencies: ["DQNCheckpoint", "DQNEnvironments", "DQNModel", "HDF5", "PluginBuilding"],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
