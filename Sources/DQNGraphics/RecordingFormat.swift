public import DQNModel
public import Foundation

/// What an episode can be recorded as; the file's suffix says which.
public enum RecordingFormat: String, Sendable, CaseIterable {
    /// A film that every browser plays, made without any other program.
    case gif
    /// A film with all colours and a fraction of the size, made by ffmpeg.
    case mp4
    /// A contact sheet: some twenty moments of the episode, and the Q-values of all of it.
    case png

    /// The format that a file's name asks for.
    ///
    /// - Throws: ``RecordingError`` (`unknownFormat`).
    public init(_ url: URL) throws(RecordingError) {
        guard let format = RecordingFormat(rawValue: url.pathExtension.lowercased()) else {
            throw RecordingError(
                code: .unknownFormat,
                message: "'\(url.lastPathComponent)' says no format; end the name in .gif or .mp4 for a film, or in "
                    + ".png for a contact sheet.")
        }
        self = format
    }
}
