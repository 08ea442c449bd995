internal import Foundation

/// Encodes a video.
protocol VideoWriter: AnyObject {
    /// The length of the video so far, in seconds.
    var seconds: Double { get }
    /// Adds a picture and shows it for some seconds.
    func append(_ picture: Picture, seconds: Double) throws(RecordingError)
    /// Completes the video.
    func finish() throws(RecordingError)
    /// Abandons the video.
    func cancel()
}

/// A GIF video, encoded by ``GIFEncoder``.
final class GIFVideo: VideoWriter {
    private let file: RecordingFile
    private var encoder: GIFEncoder
    private var asked = 0.0
    private var hundredths = 0
    var seconds: Double { Double(hundredths) / 100 }

    init(_ file: RecordingFile, _ renderer: FrameRenderer) throws(RecordingError) {
        self.file = file
        encoder = GIFEncoder(width: renderer.width, height: renderer.height)
        try file.write(encoder.header)
    }

    func append(_ picture: Picture, seconds: Double) throws(RecordingError) {
        // Times are rounded to hundredths so that their sum stays correct.
        asked += seconds
        let wanted = Int((asked * 100).rounded()) - hundredths
        // Viewers play delays below 2 as 10, so 2 is the minimum. Later frames do not make up for the excess.
        let shown = max(wanted, 2)
        hundredths += shown
        if wanted < shown { asked = self.seconds }
        try file.write(encoder.frame(picture, hundredths: shown))
    }

    func finish() throws(RecordingError) { try file.write(GIFEncoder.trailer) }

    func cancel() {}
}

/// An MP4 video, encoded by ffmpeg.
final class MP4Video: VideoWriter {
    private let process: FFmpegProcess
    private let picturesPerSecond: Double
    private var pictures = 0
    var seconds: Double { Double(pictures) / picturesPerSecond }

    init(
        _ program: URL, _ file: RecordingFile, _ renderer: FrameRenderer, _ picturesPerSecond: Double
    ) throws(RecordingError) {
        self.picturesPerSecond = picturesPerSecond
        process = try FFmpegProcess(
            program, url: file.url, output: file.temporary, width: renderer.width, height: renderer.height,
            picturesPerSecond: picturesPerSecond)
    }

    func append(_ picture: Picture, seconds: Double) throws(RecordingError) {
        // The frame rate is fixed, so a longer picture is repeated.
        for _ in 0..<max(Int((seconds * picturesPerSecond).rounded()), 1) {
            try process.append(picture)
            pictures += 1
        }
    }

    func finish() throws(RecordingError) { try process.finish() }

    func cancel() { process.cancel() }
}
