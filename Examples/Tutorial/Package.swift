// swift-tools-version: 6.2
import PackageDescription

// Your clone of swift-dqn. The repository's own checks set the URL of a clone with a version instead.
let library: Package.Dependency =
    if let url = Context.environment["SWIFT_DQN_URL"] {
        .package(url: url, from: "0.1.0")
    } else {
        .package(name: "swift-dqn", path: "../..")
    }

let package = Package(
    name: "Tutorial",
    platforms: [.macOS(.v15)],
    dependencies: [library],
    targets: [
        .executableTarget(
            name: "Tutorial",
            dependencies: [
                .product(name: "DQN", package: "swift-dqn"),
                .product(name: "DQNNetwork", package: "swift-dqn"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
