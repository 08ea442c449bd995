// swift-tools-version: 6.2
import PackageDescription

// A package of its own: `swift build --sanitize fuzzer` watches the branches of everything that it builds.
let package = Package(
    name: "Fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-dqn", path: "../..")],
    targets: [
        .executableTarget(
            name: "fuzz",
            dependencies: [.product(name: "DQNCheckpoint", package: "swift-dqn")],
            path: "Sources/Fuzz")
    ],
    swiftLanguageModes: [.v6]
)
