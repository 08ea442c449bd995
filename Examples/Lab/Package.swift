// swift-tools-version: 6.2
import PackageDescription

// The location of swift-dqn; the repository's own checks set it to a local clone.
let url = Context.environment["SWIFT_DQN_URL"] ?? "https://github.com/swift-dqn/swift-dqn"

let package = Package(
    name: "Lab",
    platforms: [.macOS(.v15)],
    dependencies: [.package(url: url, from: "0.1.0")],
    targets: [
        .executableTarget(
            name: "Lab",
            dependencies: [
                .product(name: "DQN", package: "swift-dqn"),
                .product(name: "DQNCommandLine", package: "swift-dqn"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
