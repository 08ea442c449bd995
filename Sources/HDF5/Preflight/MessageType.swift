/// The types of header messages that are read here, as the file format specification numbers them.
enum MessageType {
    static let nothing: UInt64 = 0x00
    static let dataspace: UInt64 = 0x01
    static let linkInfo: UInt64 = 0x02
    static let datatype: UInt64 = 0x03
    static let oldFillValue: UInt64 = 0x04
    static let fillValue: UInt64 = 0x05
    static let link: UInt64 = 0x06
    static let dataLayout: UInt64 = 0x08
    static let groupInfo: UInt64 = 0x0a
    static let filterPipeline: UInt64 = 0x0b
    static let attribute: UInt64 = 0x0c
    static let comment: UInt64 = 0x0d
    static let oldModificationTime: UInt64 = 0x0e
    static let continuation: UInt64 = 0x10
    static let symbolTable: UInt64 = 0x11
    static let modificationTime: UInt64 = 0x12
    static let attributeInfo: UInt64 = 0x15
    static let referenceCount: UInt64 = 0x16
}
