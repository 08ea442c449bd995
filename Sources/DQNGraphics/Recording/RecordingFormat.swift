internal import DQNModel
package import Foundation

/// A recording's file format, determined by the file's suffix.
package enum RecordingFormat: String, Sendable, CaseIterable {
    /// A video that every browser plays. Needs no other program.
    case gif
    /// A smaller video with all colours, encoded by ffmpeg.
    case mp4
    /// A contact sheet: about twenty frames of the episode and a chart of all its Q-values.
    case png

    /// Returns the format of a file name.
    ///
    /// - Throws: ``RecordingError`` (`unknownFormat`).
    package init(_ url: URL) throws(RecordingError) {
        guard let format = RecordingFormat(rawValue: url.pathExtension.lowercased()) else {
            throw RecordingError(
                code: .unknownFormat,
                message:
                    "Unknown format '\(url.lastPathComponent)'; the file name must end in .gif or .mp4 for a video, or "
                    + "in .png for a contact sheet.")
        }
        self = format
    }
}
