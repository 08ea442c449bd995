internal import CHDF5

extension HDF5 {
    /// The element types that this module reads and writes, each with one exact little-endian form in the file.
    package enum ElementType: String, Sendable, CaseIterable {
        /// IEEE 754 binary32.
        case float32
        /// IEEE 754 binary64.
        case float64
        /// Unsigned byte.
        case uint8
        /// Signed 32-bit integer, two's complement.
        case int32
        /// Signed 64-bit integer, two's complement.
        case int64
        /// Unsigned 64-bit integer.
        case uint64

        /// Size of an element.
        package var byteCount: Int {
            switch self {
            case .uint8: 1
            case .float32, .int32: 4
            case .float64, .int64, .uint64: 8
            }
        }

        /// The library's predefined type; never closed.
        var identifier: hid_t {
            switch self {
            case .float32: chdf5_type_float32()
            case .float64: chdf5_type_float64()
            case .uint8: chdf5_type_uint8()
            case .int32: chdf5_type_int32()
            case .int64: chdf5_type_int64()
            case .uint64: chdf5_type_uint64()
            }
        }
    }

    /// A Swift type whose values are elements of datasets.
    ///
    /// Memory and file hold the same little-endian bytes, so nothing is converted; only little-endian machines are
    /// supported.
    package protocol Element: BitwiseCopyable, Sendable {
        /// The type in the file.
        static var elementType: ElementType { get }
        /// Zero, which fills a new buffer.
        static var zero: Self { get }
    }
}

extension Float: HDF5.Element {
    /// IEEE 754 binary32.
    package static var elementType: HDF5.ElementType { .float32 }
}
extension Double: HDF5.Element {
    /// IEEE 754 binary64.
    package static var elementType: HDF5.ElementType { .float64 }
}
extension UInt8: HDF5.Element {
    /// Unsigned byte.
    package static var elementType: HDF5.ElementType { .uint8 }
}
extension Int32: HDF5.Element {
    /// Signed 32-bit integer.
    package static var elementType: HDF5.ElementType { .int32 }
}
extension Int64: HDF5.Element {
    /// Signed 64-bit integer.
    package static var elementType: HDF5.ElementType { .int64 }
}
extension UInt64: HDF5.Element {
    /// Unsigned 64-bit integer.
    package static var elementType: HDF5.ElementType { .uint64 }
}
