internal import Foundation

/// Returns the system's description of a file error, without Foundation's wrapping.
package func systemReason(_ error: any Error) -> String {
    let bridged = error as NSError
    let underlying = bridged.userInfo[NSUnderlyingErrorKey] as? NSError ?? bridged
    if underlying.domain == NSPOSIXErrorDomain { return SystemError(Int32(underlying.code)).description }
    return bridged.localizedDescription
}
