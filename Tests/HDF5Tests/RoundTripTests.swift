import Foundation
import HDF5
import Testing

/// Everything that can be written is read back with the same bits.
struct RoundTripTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Writes an array and reads it in another session.
    private func roundTrip<Value: HDF5.Element & Equatable>(_ values: [Value], shape: [Int]? = nil) throws -> [Value] {
        let path = folder.path("\(Value.elementType).h5")
        try HDF5.perform { session throws(HDF5Error) in
            let file = try session.createFile(path)
            let root = try file.root()
            try root.write(values, to: "values", shape: shape)
            try root.close()
            try file.close()
        }
        return try HDF5.perform { session throws(HDF5Error) in
            let file = try session.openFile(path, mode: .readOnly)
            return try file.root().read("values", as: Value.self, shape: shape ?? [values.count])
        }
    }

    @Test func readsBackEveryElementType() throws {
        #expect(try roundTrip([UInt8.min, 1, .max]) == [0, 1, 255])
        #expect(try roundTrip([Int32.min, -1, .max]) == [.min, -1, .max])
        #expect(try roundTrip([Int64.min, -1, .max]) == [.min, -1, .max])
        #expect(try roundTrip([UInt64.min, 1, .max]) == [0, 1, .max])
        let floats: [Float] = [
            -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity, Float(bitPattern: 0x7fc0_1234),
        ]
        #expect(try roundTrip(floats).map(\.bitPattern) == floats.map(\.bitPattern))
        let doubles: [Double] = [
            -0.0, .leastNonzeroMagnitude, .pi, -.infinity, Double(bitPattern: 0x7ff8_0000_dead_beef),
        ]
        #expect(try roundTrip(doubles).map(\.bitPattern) == doubles.map(\.bitPattern))
    }

    @Test func readsBackScalarsEmptyArraysAndManyAxes() throws {
        #expect(try roundTrip([42.5], shape: []) == [42.5])
        #expect(try roundTrip([Float]()) == [])
        #expect(try roundTrip([Int64](0..<24), shape: [2, 3, 4]) == [Int64](0..<24))
        #expect(try roundTrip([UInt8](), shape: [0, 7]) == [])
    }

    @Test func readsBackTextAndAttributes() throws {
        let path = folder.path("text.h5")
        let values: [String: HDF5.AttributeValue] = [
            "a": .int64(.min), "b": .uint64(.max), "c": .float64(-0.1), "d": .string("Grüße, 世界"), "e": .string(""),
        ]
        try HDF5.perform { session throws(HDF5Error) in
            let file = try session.createFile(path)
            let root = try file.root()
            try root.write(Array("{\"ε\": 0.05}".utf8), to: "configuration")
            for (name, value) in values.sorted(by: { $0.key < $1.key }) { try root.setAttribute(name, to: value) }
            try root.close()
            try file.close()
        }
        let text = try HDF5.perform { session throws(HDF5Error) in
            let file = try session.openFile(path, mode: .readOnly)
            return try file.root().read("configuration", as: UInt8.self, byteLimit: 100)
        }
        #expect(text.elementsEqual("{\"ε\": 0.05}".utf8))
        let read = try HDF5.perform { session throws(HDF5Error) in
            let file = try session.openFile(path, mode: .readOnly)
            let root = try file.root()
            var read: [String: HDF5.AttributeValue] = [:]
            for name in values.keys { read[name] = try root.attribute(name) }
            let count = try root.attributeCount()
            #expect(count == values.count)
            return read
        }
        #expect(read == values)
    }

    @Test func readsAndWritesRows() throws {
        let path = folder.path("rows.h5")
        let rows = (0..<10).map { row in [Int32]((0..<3).map { Int32(row * 3 + $0) }) }
        let read = try HDF5.perform { session in
            let file = try session.createFile(path)
            let root = try file.root()
            let dataset = try root.createDataset("rows", of: .int32, shape: [10, 3])
            for start in stride(from: 0, to: 10, by: 4) {
                let end = min(start + 4, 10)
                let piece = Array(rows[start..<end].joined())
                try piece.withUnsafeBytes { try dataset.writeRows(start..<end, from: $0) }
            }
            try dataset.close()
            let again = try root.openDataset("rows", as: .int32, shape: [10, 3])
            var piece = [Int32](repeating: 0, count: 9)
            try piece.withUnsafeMutableBytes { try again.readRows(3..<6, into: $0) }
            return piece
        }
        #expect(read == [Int32](9..<18))
    }

    @Test func listsMembersOfGroups() throws {
        let path = folder.path("groups.h5")
        let (names, member, contains) = try HDF5.perform { session throws(HDF5Error) in
            let file = try session.createFile(path)
            let root = try file.root()
            try root.requireGroups("b/c/d")
            try root.requireGroups("b/a")
            try root.write([Float(1)], to: "b/c/x")
            let group = try root.openGroup("b/c")
            return (
                try root.openGroup("b").memberNames(), try group.member("x"),
                [try root.contains("b/c/x"), try root.contains("b/q/x")]
            )
        }
        #expect(names == ["a", "c"])
        #expect(member == .object(.dataset, links: 1, attributes: 0))
        #expect(contains == [true, false])
    }

    @Test func readsAndWritesChunksDirectly() throws {
        let path = folder.path("chunks.h5")
        let (whole, raw, mask, information) = try HDF5.perform { session in
            let file = try session.createFile(path)
            let root = try file.root()
            let values = [UInt8](0..<100)
            let layout = HDF5.Layout.chunked([40], filters: [.deflate(level: 6)])
            let filtered = try root.createDataset("filtered", of: .uint8, shape: [100], layout: layout)
            try values.withUnsafeBytes { try filtered.write(from: $0) }
            try filtered.close()
            let direct = try root.createDataset("direct", of: .uint8, shape: [80], layout: layout)
            let chunk = [UInt8](repeating: 7, count: 40)
            // Bit 0: the first filter, deflate, was not applied to these bytes.
            try chunk.withUnsafeBytes { try direct.writeChunk(at: [40], from: $0, skippedFilters: 1) }
            try direct.close()
            let again = try root.openDataset("filtered", as: .uint8, allowing: [1])
            var whole = [UInt8](repeating: 0, count: 100)
            try whole.withUnsafeMutableBytes { try again.read(into: $0) }
            let chunks = try root.openDataset("direct", as: .uint8, allowing: [1])
            let (raw, mask) = try chunks.readChunk(at: [40], limit: 40)
            let information = try root.inspectDataset("filtered")
            #expect(throws: HDF5Error.self) { try chunks.readChunk(at: [0], limit: 40) }
            #expect(throws: HDF5Error.self) { try chunks.readChunk(at: [40], limit: 39) }
            return (whole, raw, mask, information)
        }
        #expect(whole == [UInt8](0..<100))
        #expect(raw == [UInt8](repeating: 7, count: 40))
        #expect(mask == 1)
        #expect(information.storage == .chunked([40]))
        #expect(information.filters == [1])
    }

    @Test func equalCallsWriteEqualBytes() throws {
        func write(_ name: String) throws -> Data {
            let path = folder.path(name)
            try HDF5.perform { session throws(HDF5Error) in
                let file = try session.createFile(path)
                let root = try file.root()
                for index in 0..<20 { try root.requireGroups("groups/\(index)") }
                for index in 0..<20 {
                    try root.write([Double](repeating: 1, count: index), to: "groups/\(index)/values")
                }
                try root.setAttribute("version", to: .string("1"))
                try root.close()
                try file.close()
            }
            return try Data(contentsOf: URL(fileURLWithPath: path))
        }
        let first = try write("first.h5")
        // Times would be stored in whole seconds, so they differ only in another second.
        Thread.sleep(forTimeInterval: 1.1)
        #expect(try write("second.h5") == first)
    }
}
