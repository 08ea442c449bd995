internal import Foundation

/// The memory limits of the control groups that contain this process, of version 1 or 2.
///
/// A limit holds for everything below it, so the groups above the process's own count too, as far as they are mounted:
/// in a container, the root of the mount is often a group deep in the machine's tree.
enum ControlGroups {
    /// A hierarchy in `/proc/self/mountinfo`.
    private struct Mount {
        var version: Int
        /// The group that the mount point shows.
        var group: String
        var point: String
    }

    private static let files = [1: ["memory.limit_in_bytes"], 2: ["memory.max", "memory.high"]]
    /// An unlimited group of version 1 has the largest multiple of a page.
    private static let unlimited = 1 << 60

    /// Returns the limits that are set.
    ///
    /// - Parameter root: the directory in whose place `/proc` and the mount points are read.
    static func limits(root: String) -> [MemoryLimit] {
        let read = { (path: String) in try? String(contentsOfFile: root + path, encoding: .utf8) }
        guard let own = read("/proc/self/cgroup"), let table = read("/proc/self/mountinfo") else { return [] }
        let mounts = mounts(table)
        return groups(own).flatMap { version, group in
            mounts.filter { $0.version == version }.flatMap { mount in
                directories(of: group, below: mount).flatMap { directory in
                    (files[version] ?? []).compactMap { limit(in: "\(directory)/\($0)", read) }
                        + (version == 1 ? [hierarchicalLimit(in: directory, read)].compactMap(\.self) : [])
                }
            }
        }
    }

    /// The process's groups that can limit memory, with their versions.
    private static func groups(_ text: String) -> [(version: Int, group: String)] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return nil }
            if fields[1].isEmpty { return (2, String(fields[2])) }
            return fields[1].split(separator: ",").contains("memory") ? (1, String(fields[2])) : nil
        }
    }

    private static func mounts(_ text: String) -> [Mount] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            // After six fields and optional ones: the type, the source and the type's own options.
            guard let end = fields.dropFirst(6).firstIndex(of: "-"), fields.count > end + 3 else { return nil }
            let (type, options) = (fields[end + 1], fields[end + 3].split(separator: ","))
            let version = type == "cgroup2" ? 2 : type == "cgroup" && options.contains("memory") ? 1 : 0
            return version == 0
                ? nil : Mount(version: version, group: unescaped(fields[3]), point: unescaped(fields[4]))
        }
    }

    /// The directories of a group and of those above it, up to the mount point.
    private static func directories(of group: String, below mount: Mount) -> [String] {
        let top = mount.group == "/" ? "" : mount.group
        let isInside = (group + "/").hasPrefix(top + "/")
        let path = isInside ? group.dropFirst(top.count).split(separator: "/") : []
        // A group outside the process's name space: only what is mounted can be read.
        if path.contains("..") { return [mount.point] }
        return (0...path.count).map { ([mount.point] + path.prefix($0).map(String.init)).joined(separator: "/") }
    }

    private static func limit(in path: String, _ read: (String) -> String?) -> MemoryLimit? {
        guard let text = read(path)?.trimmingCharacters(in: .whitespacesAndNewlines), let bytes = Int(text) else {
            return nil
        }
        return limit(bytes, path)
    }

    /// The least limit of a group of version 1 and of all above it, also those that are not mounted.
    private static func hierarchicalLimit(in directory: String, _ read: (String) -> String?) -> MemoryLimit? {
        let path = "\(directory)/memory.stat"
        let key = "hierarchical_memory_limit "
        guard let line = read(path)?.split(separator: "\n").first(where: { $0.hasPrefix(key) }),
            let bytes = Int(line.dropFirst(key.count))
        else { return nil }
        return limit(bytes, path)
    }

    private static func limit(_ bytes: Int, _ path: String) -> MemoryLimit? {
        bytes >= 0 && bytes < unlimited ? MemoryLimit(bytes: bytes, clause: "the control group (\(path)) allows") : nil
    }

    /// Replaces escapes such as `\040` for a space.
    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
