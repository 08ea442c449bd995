internal import Foundation

/// The control groups that contain this process, of version 1 or 2, and their limits of memory and processor time.
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

    private static let memoryFiles = [1: ["memory.limit_in_bytes"], 2: ["memory.max", "memory.high"]]
    /// An unlimited group of version 1 has the largest multiple of a page.
    private static let unlimited = 1 << 60

    /// Returns the memory limits that are set.
    ///
    /// - Parameter root: the directory in whose place `/proc` and the mount points are read.
    static func memoryLimits(root: String) -> [MemoryLimit] {
        let read = { (path: String) in text(of: path, root: root) }
        return directories(of: "memory", read).flatMap { version, directory in
            (memoryFiles[version] ?? []).compactMap { limit(in: "\(directory)/\($0)", read) }
                + (version == 1 ? [hierarchicalLimit(in: directory, read)].compactMap(\.self) : [])
        }
    }

    /// Returns the quotas of processor time that are set, in processors.
    ///
    /// - Parameter root: as for ``memoryLimits(root:)``.
    static func processorQuotas(root: String) -> [Double] {
        let read = { (path: String) in text(of: path, root: root) }
        return directories(of: "cpu", read).compactMap { version, directory in
            func number(_ file: String) -> Double? { read("\(directory)/\(file)").flatMap(Double.init) }
            let fields = read("\(directory)/cpu.max")?.split(separator: " ").map { Double($0) } ?? []
            let (quota, period) =
                version == 1
                ? (number("cpu.cfs_quota_us"), number("cpu.cfs_period_us"))
                : fields.count == 2 ? (fields[0], fields[1]) : (nil, nil)
            guard let quota, let period, quota > 0, period > 0 else { return nil }
            return quota / period
        }
    }

    private static func text(of path: String, root: String) -> String? {
        (try? String(contentsOfFile: root + path, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The directories of the groups that a controller limits, and of those above them, with their versions.
    private static func directories(
        of controller: String, _ read: (String) -> String?
    ) -> [(version: Int, directory: String)] {
        guard let own = read("/proc/self/cgroup"), let table = read("/proc/self/mountinfo") else { return [] }
        let mounts = mounts(table, of: controller)
        return groups(own, of: controller).flatMap { version, group in
            mounts.filter { $0.version == version }.flatMap { mount in
                directories(of: group, below: mount).map { (version, $0) }
            }
        }
    }

    /// The process's groups that a controller can limit, with their versions.
    private static func groups(_ text: String, of controller: String) -> [(version: Int, group: String)] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { return nil }
            if fields[1].isEmpty { return (2, String(fields[2])) }
            return fields[1].split(separator: ",").contains { $0 == controller } ? (1, String(fields[2])) : nil
        }
    }

    private static func mounts(_ text: String, of controller: String) -> [Mount] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            // After six fields and optional ones: the type, the source and the type's own options.
            guard let end = fields.dropFirst(6).firstIndex(of: "-"), fields.count > end + 3 else { return nil }
            let (type, options) = (fields[end + 1], fields[end + 3].split(separator: ","))
            let isVersion1 = type == "cgroup" && options.contains { $0 == controller }
            guard type == "cgroup2" || isVersion1 else { return nil }
            return Mount(version: isVersion1 ? 1 : 2, group: unescaped(fields[3]), point: unescaped(fields[4]))
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
        guard let bytes = read(path).flatMap({ Int($0) }) else { return nil }
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
