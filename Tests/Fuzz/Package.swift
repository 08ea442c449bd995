// swift-tools-version: 6.2
import PackageDescription

// A separate package, because `swift build --sanitize fuzzer` instruments everything that it builds.
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
