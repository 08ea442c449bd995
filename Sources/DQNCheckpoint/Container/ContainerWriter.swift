internal import Crypto
internal import DQNModel
internal import Dispatch
internal import Foundation
internal import HDF5

/// Writes arrays, their manifest and the root attributes as a new HDF5 file.
enum ContainerWriter {
    /// Creates the file; it must not exist. The digests are computed on another thread while the data is written.
    ///
    /// The file is closed afterwards, but not yet synchronised to the disk.
    static func write(
        _ arrays: [StoredArray], attributes: [(name: String, value: HDF5.AttributeValue)], to path: String
    ) throws(CheckpointError) {
        do {
            let sorted = arrays.sorted { $0.path < $1.path }
            let digests = Digests(of: sorted)
            // Whatever happens, the thread is done with the arrays when this returns.
            defer { _ = digests.hexadecimal }
            try HDF5.perform { session throws(HDF5Error) in
                let file = try session.createFile(path, mode: .exclusive, locking: .none)
                let root = try file.root()
                for array in sorted { try write(array, into: root) }
                let entries = zip(sorted, digests.hexadecimal).map { array, digest in
                    Manifest.Entry(path: array.path, type: array.element, shape: array.shape, sha256: digest)
                }
                let manifest = Manifest(
                    attributes: Dictionary(uniqueKeysWithValues: attributes.map { ($0.name, $0.value.text) }),
                    datasets: entries)
                let bytes: [UInt8]
                do { bytes = Array(try JSONValue.canonicalEncoder.encode(manifest)) } catch {
                    throw HDF5Error(code: .invalidArgument, message: "The manifest cannot be encoded: \(error).")
                }
                try root.write(bytes, to: FileLayout.manifest)
                for (name, value) in attributes { try root.setAttribute(name, to: value) }
                try root.setAttribute(
                    FileLayout.manifestDigest, to: .string(SHA256.hash(data: bytes).hexadecimal))
                try root.close()
                try file.close()
            }
        } catch {
            throw CheckpointError(
                code: .inputOutput, message: "'\(path)' could not be written: \(error)", underlying: error)
        }
    }

    private static func write(_ array: StoredArray, into root: borrowing HDF5.Group) throws(HDF5Error) {
        if let slash = array.path.lastIndex(of: "/") { try root.requireGroups(String(array.path[..<slash])) }
        let dataset = try root.createDataset(
            array.path, of: HDF5.ElementType(array.element), shape: array.shape, layout: .contiguous)
        var row = 0
        let total = array.shape.reduce(array.element.byteCount, *)
        try array.forEachRun { (run: UnsafeRawBufferPointer) throws(HDF5Error) in
            if run.count == total {
                try dataset.write(from: run)
            } else {
                let rows = run.count / array.bytesPerRow
                try dataset.writeRows(row..<(row + rows), from: run)
                row += rows
            }
        }
        try dataset.close()
    }

    /// The digests of arrays, computed on another thread.
    ///
    /// `@unchecked Sendable`: `values` is written before the group is left and read after waiting for it.
    private final class Digests: @unchecked Sendable {
        private let group = DispatchGroup()
        private var values: [String] = []

        init(of arrays: [StoredArray]) {
            DispatchQueue.global(qos: .userInitiated).async(group: group) { [self] in
                values = arrays.map { array in
                    var digest = SHA256()
                    array.forEachRun { digest.update(bufferPointer: $0) }
                    return digest.finalize().hexadecimal
                }
            }
        }

        /// One digest for each array, in lower-case hexadecimal; waits for the last.
        var hexadecimal: [String] {
            group.wait()
            return values
        }
    }
}

extension HDF5.ElementType {
    /// The file's type for a model's element type.
    init(_ element: DQNModel.ElementType) {
        self =
            switch element {
            case .float32: .float32
            case .float64: .float64
            case .uint8: .uint8
            case .int32: .int32
            case .int64: .int64
            case .uint64: .uint64
            }
    }
}

extension HDF5.AttributeValue {
    /// The value as the manifest writes it.
    var text: String {
        switch self {
        case .int64(let value): String(value)
        case .uint64(let value): String(value)
        case .float64(let value): String(value)
        case .string(let value): value
        }
    }
}
