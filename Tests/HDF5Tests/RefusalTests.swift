import Foundation
import HDF5
import Testing

/// What is refused, and with which code.
struct RefusalTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The error of opening a file or reading from it; `nil` if there is none.
    private func failure(
        _ path: String, _ body: @Sendable (borrowing HDF5.Group) throws(HDF5Error) -> Void
    ) -> HDF5Error? {
        HDF5.perform { session in
            do throws(HDF5Error) {
                let file = try session.openFile(path, mode: .readOnly)
                let root = try file.root()
                try body(root)
                return nil
            } catch {
                return error
            }
        }
    }

    /// Writes a file.
    private func file(_ body: @Sendable (borrowing HDF5.Group) throws(HDF5Error) -> Void) throws -> String {
        let path = folder.path("made.h5")
        try HDF5.perform { session throws(HDF5Error) in
            let file = try session.createFile(path)
            let root = try file.root()
            try body(root)
            try root.close()
            try file.close()
        }
        return path
    }

    @Test func refusesMissingEmptyAndForeignFiles() throws {
        #expect(failure(folder.path("none.h5")) { _ in }?.code == .fileMissing)
        #expect(failure(folder.path("none/none.h5")) { _ in }?.code == .fileMissing)
        let empty = folder.path("empty.h5")
        try Data().write(to: URL(fileURLWithPath: empty))
        #expect(failure(empty) { _ in }?.code == .notHDF5)
        let foreign = folder.path("foreign.h5")
        try Data("PK\u{3}\u{4} this is another format".utf8).write(to: URL(fileURLWithPath: foreign))
        let error = failure(foreign) { _ in }
        #expect(error?.code == .notHDF5)
        #expect(error?.message.contains(foreign) == true)
        #expect(failure(folder.url.path) { _ in } != nil)
        #expect(failure("") { _ in }?.code == .invalidArgument)
    }

    /// The library keeps the descriptor of the first of two openings, and closes that of the second.
    @Test func readsAFileThatIsOpenAlready() throws {
        let path = try file { root throws(HDF5Error) in
            try root.requireGroups("a/b")
            try root.write([Float](repeating: 1, count: 500), to: "a/b/values")
        }
        let values = try HDF5.perform { session throws(HDF5Error) in
            let first = try session.openFile(path, mode: .readOnly)
            let second = try session.openFile(path, mode: .readOnly)
            // Gets the number of the descriptor that was closed.
            let other = open("/dev/zero", O_RDONLY | O_CLOEXEC)
            defer { close(other) }
            let root = try second.root()
            let values = try root.read("a/b/values", as: Float.self)
            try root.close()
            try second.close()
            try first.close()
            return values
        }
        #expect(values == [Float](repeating: 1, count: 500))
    }

    @Test func refusesEveryTruncation() throws {
        let path = try file { root throws(HDF5Error) in
            try root.requireGroups("a/b")
            try root.write([Float](repeating: 1, count: 500), to: "a/b/values")
        }
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let cut = folder.path("cut.h5")
        for length in stride(from: 0, to: whole.count, by: 97) {
            try whole.prefix(length).write(to: URL(fileURLWithPath: cut))
            let error = failure(cut) { root throws(HDF5Error) in
                _ = try root.read("a/b/values", as: Float.self, shape: [500])
            }
            #expect(error != nil, "\(length) of \(whole.count) bytes were accepted")
        }
    }

    @Test func refusesOtherTypesAndShapes() throws {
        let path = try file { root throws(HDF5Error) in
            try root.write([Float](repeating: 1, count: 6), to: "values", shape: [2, 3])
            try root.requireGroups("group")
        }
        #expect(
            failure(path) { root throws(HDF5Error) in _ = try root.read("values", as: Double.self) }?.code == .wrongType
        )
        #expect(
            failure(path) { root throws(HDF5Error) in _ = try root.read("values", as: Int32.self) }?.code == .wrongType)
        for shape in [[3, 2], [6], [2, 3, 1], []] {
            let error = failure(path) { root throws(HDF5Error) in
                _ = try root.read("values", as: Float.self, shape: shape)
            }
            #expect(error?.code == .wrongShape, "\(shape)")
        }
        let limited = failure(path) { root throws(HDF5Error) in
            _ = try root.read("values", as: Float.self, byteLimit: 23)
        }
        #expect(limited?.code == .limitExceeded)
        #expect(
            failure(path) { root throws(HDF5Error) in _ = try root.read("group", as: Float.self) }?.code == .wrongObject
        )
        #expect(failure(path) { root throws(HDF5Error) in try root.openGroup("values").close() }?.code == .wrongObject)
        #expect(
            failure(path) { root throws(HDF5Error) in _ = try root.read("x", as: Float.self) }?.code == .objectMissing)
        #expect(
            failure(path) { root throws(HDF5Error) in _ = try root.read("values/x", as: Float.self) }?.code
                == .wrongObject)
        for bad in ["", "/values", "group//x", "group/../values", "./values", "a\0b"] {
            let error = failure(path) { root throws(HDF5Error) in _ = try root.read(bad, as: Float.self) }
            #expect(error?.code == .invalidArgument, "'\(bad)'")
        }
    }

    @Test func refusesBuffersOfAnotherSize() throws {
        let codes = try HDF5.perform { session in
            let file = try session.createFile(folder.path("buffers.h5"))
            let root = try file.root()
            let dataset = try root.createDataset("rows", of: .float32, shape: [4, 2])
            var codes: [HDF5Error.Code] = []
            let values = [Float](repeating: 0, count: 8)
            func attempt(_ body: (UnsafeRawBufferPointer) throws(HDF5Error) -> Void) {
                values.withUnsafeBytes { bytes in
                    do throws(HDF5Error) { try body(bytes) } catch { codes.append(error.code) }
                }
            }
            try values.withUnsafeBytes { try dataset.write(from: $0) }
            for rows in [0..<3, 1..<5, 3..<7] {
                var buffer = values
                buffer.withUnsafeMutableBytes { bytes in
                    do throws(HDF5Error) { try dataset.readRows(rows, into: bytes) } catch { codes.append(error.code) }
                }
            }
            values.withUnsafeBytes { bytes in
                let half = UnsafeRawBufferPointer(rebasing: bytes[..<16])
                do throws(HDF5Error) { try dataset.write(from: half) } catch { codes.append(error.code) }
            }
            return codes
        }
        #expect(codes == [.wrongShape, .wrongShape, .wrongShape, .wrongShape])
    }

    @Test func refusesMissingAndTooLongAttributes() throws {
        let path = try file { root throws(HDF5Error) in
            try root.setAttribute("text", to: .string(String(repeating: "x", count: 100)))
        }
        #expect(failure(path) { root throws(HDF5Error) in _ = try root.attribute("none") }?.code == .objectMissing)
        #expect(
            failure(path) { root throws(HDF5Error) in _ = try root.attribute("text", limit: 99) }?.code
                == .limitExceeded)
        #expect(failure(path) { root throws(HDF5Error) in _ = try root.attributeCount() } == nil)
        #expect(failure(path) { root throws(HDF5Error) in _ = try root.memberNames(limit: 0) } == nil)
    }

    @Test func refusesToWriteTwiceAndInvalidShapes() throws {
        let codes = try HDF5.perform { session throws(HDF5Error) in
            let file = try session.createFile(folder.path("twice.h5"))
            let root = try file.root()
            try root.write([UInt8(1)], to: "x")
            try root.setAttribute("a", to: .int64(1))
            var codes: [HDF5Error.Code] = []
            do throws(HDF5Error) { try root.write([UInt8(1)], to: "x") } catch { codes.append(error.code) }
            do throws(HDF5Error) { try root.createGroup("x").close() } catch { codes.append(error.code) }
            do throws(HDF5Error) { try root.write([UInt8(1)], to: "no/x") } catch { codes.append(error.code) }
            do throws(HDF5Error) { try root.setAttribute("a", to: .int64(2)) } catch { codes.append(error.code) }
            do throws(HDF5Error) { try root.setAttribute("b", to: .string("a\0b")) } catch { codes.append(error.code) }
            for shape in [[-1], [Int.max, 2], [Int](repeating: 1, count: 33)] {
                do throws(HDF5Error) {
                    try root.createDataset("y", of: .uint8, shape: shape).close()
                } catch { codes.append(error.code) }
            }
            for chunk in [[], [0], [1, 1]] {
                do throws(HDF5Error) {
                    try root.createDataset("y", of: .uint8, shape: [4], layout: .chunked(chunk)).close()
                } catch { codes.append(error.code) }
            }
            return codes
        }
        #expect(
            codes == [
                .objectExists, .objectExists, .objectMissing, .objectExists, .invalidArgument, .wrongShape, .wrongShape,
                .wrongShape, .wrongShape, .wrongShape, .wrongShape,
            ])
    }

    @Test func doesNotOverwriteAFile() throws {
        let path = try file { root throws(HDF5Error) in try root.write([UInt8(7)], to: "x") }
        let error = #expect(throws: HDF5Error.self) {
            try HDF5.perform { session throws(HDF5Error) in try session.createFile(path).close() }
        }
        #expect(error?.code == .fileExists)
        #expect(failure(path) { root throws(HDF5Error) in _ = try root.read("x", as: UInt8.self, shape: [1]) } == nil)
    }
}
