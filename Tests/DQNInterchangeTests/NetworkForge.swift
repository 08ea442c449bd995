import DQNInterchange
import DQNModel
import Testing

/// Builds files with layers of any names and shapes.
enum NetworkForge {
    /// A tensor of a file: its name, shape and values, by default numbers that all differ.
    typealias Member = (name: String, shape: [Int], values: [Float]?)

    static func member(_ name: String, _ shape: Int..., values: [Float]? = nil) -> Member {
        (name, shape, values)
    }

    static func values(_ members: [Member]) -> [[Float]] {
        var first = 0
        return members.map { member in
            let count = member.shape.reduce(1, *)
            first += count
            return member.values ?? (0..<count).map { Float(first - count + $0 + 1) / 64 }
        }
    }

    /// A file of PyTorch, which keeps the order of its members.
    static func torch(_ members: [Member]) -> [UInt8] {
        let storage = values(members)
        let count = storage.reduce(0) { $0 + $1.count }
        var offset = 0
        return Forge.torch(
            zip(members, storage).map { member, values in
                defer { offset += values.count }
                let strides = member.shape.indices.map { member.shape[($0 + 1)...].reduce(1, *) }
                return (member.name, Forge.tensor(member.shape, strides, offset: offset, of: count))
            }, storage.flatMap { $0 })
    }

    /// A file that keeps only names.
    static func safetensors(_ members: [Member]) -> [UInt8] {
        var offset = 0
        let header = members.map { member in
            let count = 4 * member.shape.reduce(1, *)
            defer { offset += count }
            return
                "\"\(member.name)\":{\"dtype\":\"F32\",\"shape\":\(member.shape),\"data_offsets\":[\(offset),\(offset + count)]}"
        }
        return Forge.safetensors("{\(header.joined(separator: ","))}", 0) + Forge.bytes(values(members).flatMap { $0 })
    }

    static func network(_ bytes: [UInt8], _ map: String...) throws -> ImportedNetwork {
        try ForeignPolicy(bytes[...], name: "file", ImportOptions(map: map)).network
    }

    static func message(_ bytes: [UInt8], _ map: String...) throws -> String {
        let options = try ImportOptions(map: map)
        return try #require(throws: InterchangeError.self) {
            try ForeignPolicy(bytes[...], name: "file", options)
        }.message
    }
}
