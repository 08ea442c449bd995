internal import Foundation

/// Returns the reason of any error in words for a user.
///
/// Errors of this package are sentences already. Foundation's have the names of their domains and sometimes addresses
/// in their descriptions; of these, only the system's reason is of use.
package func systemReason(_ error: any Error) -> String {
    if let error = error as? DecodingError { return reason(error) }
    if error is EncodingError { return "a value cannot be represented" }
    guard isFoundationError(error) else { return "\(error)" }
    let bridged = error as NSError
    let underlying = (bridged.userInfo[NSUnderlyingErrorKey] as? any Error).map { $0 as NSError } ?? bridged
    if underlying.domain == NSPOSIXErrorDomain { return SystemError(Int32(underlying.code)).description }
    let numbers: [CocoaError.Code: Int32] = [
        .fileNoSuchFile: ENOENT, .fileReadNoSuchFile: ENOENT, .fileReadNoPermission: EACCES,
        .fileWriteNoPermission: EACCES, .fileWriteFileExists: EEXIST, .fileWriteOutOfSpace: ENOSPC,
        .fileWriteVolumeReadOnly: EROFS, .fileReadTooLarge: EFBIG,
    ]
    if bridged.domain == NSCocoaErrorDomain, let number = numbers[CocoaError.Code(rawValue: bridged.code)] {
        return SystemError(number).description
    }
    return "error \(bridged.code)"
}

private func isFoundationError(_ error: any Error) -> Bool {
    type(of: error) is NSError.Type || error is CocoaError || error is POSIXError || error is URLError
}

private func reason(_ error: DecodingError) -> String {
    func place(_ context: DecodingError.Context) -> String {
        let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        return path.isEmpty ? "" : " at '\(path)'"
    }
    switch error {
    case .keyNotFound(let key, let context): return "the key '\(key.stringValue)' is missing\(place(context))"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
        return "a value has another type than expected\(place(context))"
    case .dataCorrupted: return "it is not valid JSON"
    @unknown default: return "it does not have the expected form"
    }
}
