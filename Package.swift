// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "NIOWebSocket", package: "swift-nio"),
]

let package = Package(
    name: "julesd",
    products: [
        .executable(name: "julesd", targets: ["julesd"]),
        .executable(name: "julesctl", targets: ["julesctl"]),
        .executable(name: "jules-simulator", targets: ["jules-simulator"]),
    ],
    // Why each of these, and why no other: docs/adr/0001-dependencies.md.
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    ],
    targets: [
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CMalloc"),
        // libpq is loaded at run time, so nothing is linked.
        .systemLibrary(name: "CPostgreSQL"),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .target(name: "CPage"),
        .target(
            name: "DaemonSupport",
            dependencies: [
                "CCrypto", "CCurl", "CMalloc", "CPostgreSQL", "CSQLite", "CSystemd", "CZlib",
                .product(name: "Logging", package: "swift-log"),
            ] + nio,
            swiftSettings: strict),
        .target(name: "JulesAPI", dependencies: ["DaemonSupport"], swiftSettings: strict),
        .target(name: "Wording", dependencies: ["DaemonSupport"], swiftSettings: strict),
        .executableTarget(
            name: "julesd",
            dependencies: [
                "CPage", "DaemonSupport", "JulesAPI", "Wording",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ] + nio,
            // CPage puts them into the program.
            exclude: ["API/Description", "Page/Assets"],
            swiftSettings: strict),
        .executableTarget(
            name: "julesctl",
            dependencies: [
                "DaemonSupport", "Wording", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "jules-simulator",
            dependencies: [
                "DaemonSupport", "JulesAPI",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ] + nio,
            swiftSettings: strict),
        .target(
            name: "TestSupport", dependencies: ["DaemonSupport"] + nio, path: "Tests/TestSupport",
            exclude: ["postgresql-server"],
            swiftSettings: strict),
        .testTarget(
            name: "DaemonSupportTests",
            dependencies: ["DaemonSupport", "TestSupport", .product(name: "NIOEmbedded", package: "swift-nio")] + nio,
            swiftSettings: strict),
        .testTarget(
            name: "SimulatorTests", dependencies: ["jules-simulator", "DaemonSupport", "JulesAPI"] + nio,
            swiftSettings: strict),
        .testTarget(
            name: "julesdTests",
            dependencies: ["julesd", "jules-simulator", "DaemonSupport", "JulesAPI", "TestSupport", "Wording"] + nio,
            swiftSettings: strict),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "julesd", "julesctl", "jules-simulator", "DaemonSupport", "JulesAPI", "TestSupport",
            ] + nio,
            swiftSettings: strict),
        .testTarget(name: "julesctlTests", dependencies: ["julesctl", "DaemonSupport"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)

// `make fuzz` and `make icount` ask for a program each that looks into the daemon, which is a library then.
let looksInside = ["JULESD_FUZZ", "JULESD_ICOUNT"].first { Context.environment[$0] != nil }
if let looksInside, let julesd = package.targets.first(where: { $0.name == "julesd" }) {
    package.targets.removeAll { $0.isTest || $0.name == "julesd" || $0.name == "jules-simulator" }
    package.targets.append(
        .target(
            name: "julesd", dependencies: julesd.dependencies, exclude: julesd.exclude + ["Main.swift"],
            swiftSettings: strict))
    switch looksInside {
    case "JULESD_FUZZ":
        package.products = [.executable(name: "julesd-fuzz", targets: ["julesd-fuzz"])]
        package.targets += [
            .systemLibrary(name: "CTime", path: "Tests/Fuzz/CTime"),
            .executableTarget(
                name: "julesd-fuzz",
                dependencies: ["CTime", "DaemonSupport", "julesd", .product(name: "NIOEmbedded", package: "swift-nio")]
                    + nio,
                path: "Tests/Fuzz", exclude: ["CTime", "Corpus", "run"], swiftSettings: strict),
        ]
    default:
        package.products = [.executable(name: "julesd-icount", targets: ["julesd-icount"])]
        package.targets.append(
            .executableTarget(
                name: "julesd-icount",
                dependencies: ["DaemonSupport", "julesd", .product(name: "Logging", package: "swift-log")] + nio,
                path: "Benchmarks/icount", exclude: ["limits", "run"], swiftSettings: strict))
    }
}
