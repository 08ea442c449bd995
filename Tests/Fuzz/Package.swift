// swift-tools-version: 6.2
import PackageDescription

// A separate package, because `swift build --sanitize fuzzer` instruments everything that it builds. It compiles the
// modules themselves, through links, since what is `package` ends where a package does.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("InternalImportsByDefault"), .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "Fuzz",
    platforms: [.macOS(.v15)],
    targets: [
        .systemLibrary(name: "CHDF5", path: "Modules/CHDF5", pkgConfig: "hdf5"),
        .systemLibrary(name: "CDeflate", path: "Modules/CDeflate", pkgConfig: "libdeflate"),
        .systemLibrary(name: "CLibcrypto", path: "Modules/CLibcrypto", pkgConfig: "libcrypto"),
        .target(name: "CDQNSupport", path: "Modules/CDQNSupport"),
        .target(
            name: "DQNSupport", dependencies: ["CDQNSupport"], path: "Modules/DQNSupport", swiftSettings: strict),
        .target(name: "DQNModel", dependencies: ["DQNSupport"], path: "Modules/DQNModel", swiftSettings: strict),
        .target(name: "HDF5", dependencies: ["CHDF5", "DQNSupport"], path: "Modules/HDF5", swiftSettings: strict),
        .target(
            name: "DQNCheckpoint", dependencies: ["DQNModel", "DQNSupport", "HDF5", "CDeflate", "CLibcrypto"],
            path: "Modules/DQNCheckpoint", swiftSettings: strict),
        .target(
            name: "DQNInterchange", dependencies: ["DQNModel", "DQNSupport", "DQNCheckpoint", "HDF5", "CDeflate"],
            path: "Modules/DQNInterchange", swiftSettings: strict),
        .target(name: "Mutation", path: "Mutation", swiftSettings: strict),
        .executableTarget(name: "fuzz", dependencies: ["DQNCheckpoint", "Mutation"], path: "Sources/Fuzz"),
        .executableTarget(
            name: "fuzz-import", dependencies: ["DQNCheckpoint", "DQNInterchange", "DQNModel", "Mutation"],
            path: "Sources/FuzzImport"),
    ],
    swiftLanguageModes: [.v6]
)
