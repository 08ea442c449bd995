// swift-tools-version: 6.2
import PackageDescription

// Warnings are errors here, as in the main package.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

// A separate package, so that users of the library neither resolve nor build gRPC.
let package = Package(
    name: "swift-dqn-distributed",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "dqn-cluster", targets: ["dqn-cluster"])],
    dependencies: [
        .package(name: "swift-dqn", path: ".."),
        .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        // The transport depends on these three anyway.
        .package(url: "https://github.com/apple/swift-certificates", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.0.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    ],
    targets: [
        // gRPC and certificates, without one word of training.
        .target(
            name: "ClusterTransport",
            dependencies: [
                .product(name: "DQNDistributed", package: "swift-dqn"),
                .product(name: "GRPCCore", package: "grpc-swift-2"),
                .product(name: "GRPCNIOTransportHTTP2", package: "grpc-swift-nio-transport"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "dqn-cluster",
            dependencies: [
                "ClusterTransport", .product(name: "DQNDistributed", package: "swift-dqn"),
                .product(name: "DQNCommandLine", package: "swift-dqn"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        // What Benchmarks/exchange/run measures with.
        .executableTarget(
            name: "exchange-bench",
            dependencies: [
                "ClusterTransport", .product(name: "DQNDistributed", package: "swift-dqn"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ClusterTransportTests",
            dependencies: [
                "ClusterTransport",
                .product(name: "DQNDistributed", package: "swift-dqn"),
                .product(name: "DQNLearning", package: "swift-dqn"),
                .product(name: "DQNModel", package: "swift-dqn"),
                .product(name: "DQNTraining", package: "swift-dqn"),
                .product(name: "GRPCCore", package: "grpc-swift-2"),
                .product(name: "GRPCNIOTransportHTTP2", package: "grpc-swift-nio-transport"),
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
