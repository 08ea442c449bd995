internal import DQNSupport
internal import Foundation

/// The shared libraries of this process.
enum LoadedObjects {
    /// Folders of the system's libraries, which only the administrator changes.
    private static let systemFolders = ["/lib/", "/lib32/", "/lib64/", "/usr/lib/", "/usr/lib32/", "/usr/lib64/"]

    /// The files with code that are mapped now; empty where the system does not list them.
    static var files: Set<String> {
        // The system states no size for this file.
        guard let contents = try? RegularFile.contents("/proc/self/maps", limit: 1 << 28) else { return [] }
        let maps = String(decoding: contents, as: UTF8.self)
        // address permissions offset device inode path
        return Set(
            maps.split(separator: "\n").compactMap { line in
                let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
                guard fields.count == 6, fields[1].contains("x") else { return nil }
                let path = fields[5].drop { $0 == " " }
                return path.hasPrefix("/") ? String(path) : nil
            })
    }

    /// The library and those that it has brought along, without the system's, by canonical path.
    static func added(since before: Set<String>, to library: String) -> [String] {
        let others = files.subtracting(before).compactMap(CanonicalPath.find).filter { file in
            !systemFolders.contains { file.hasPrefix($0) }
        }
        return Set(others + [library]).sorted()
    }
}
