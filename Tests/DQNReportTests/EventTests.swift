import DQNModel
import DQNReport
import Foundation
import Testing

/// The records of event files against values that other programs computed.
@Suite struct EventTests {
    /// RFC 3720, appendix B.4, and the usual check of nine digits.
    @Test func checksumsMatchPublishedOnes() {
        #expect(CastagnoliChecksum.value(Array("123456789".utf8)) == 0xE306_9283)
        #expect(CastagnoliChecksum.value([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CastagnoliChecksum.value([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CastagnoliChecksum.value((0..<32).map { UInt8($0) }) == 0x46DD_794E)
        #expect(CastagnoliChecksum.value([]) == 0)
    }

    /// The first record that TensorFlow writes into every event file: its length and the length's masked check are known.
    @Test func recordsHaveTensorFlowsFrame() throws {
        let record = SummaryEvent.version(time: 1).record
        // 24 bytes: a time, and "brain.Event:2" with its key and length.
        #expect(record.prefix(8) == [24, 0, 0, 0, 0, 0, 0, 0])
        #expect(record.count == 24 + EventRecord.headerBytes + EventRecord.trailerBytes)
        #expect(Array(record[12..<36]) == [0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0x1A, 13] + Array("brain.Event:2".utf8))
        #expect(Array(record[8..<12]) == [0xA3, 0x7F, 0x4B, 0x22])
    }

    private func outline(_ event: SummaryEvent) throws -> EventOutline {
        let record = event.record
        let length = try #require(EventRecord.length(of: Array(record.prefix(EventRecord.headerBytes))))
        let body = record[EventRecord.headerBytes..<EventRecord.headerBytes + length]
        #expect(EventRecord.isIntact(body, check: record[(EventRecord.headerBytes + length)...]))
        return try #require(EventOutline(body))
    }

    @Test func outlinesTellEventsApart() throws {
        let step = 1 << 40
        let scalars = try outline(.scalars([("a/b", 1.5), ("c", -2)], step: step, time: 12.5))
        #expect(scalars.kind == EventOutline.scalars && scalars.step == step && scalars.time == 12.5)
        let histogram = try #require(EventHistogram([1, 2, 3]))
        #expect(try outline(.histogram("q", histogram, step: 3, time: 1)).kind == "q")
        let picture = SummaryEvent.picture("p", file: [1, 2, 3], width: 4, height: 5, step: 7, time: 1)
        #expect(try outline(picture).kind == "p" && outline(picture).step == 7)
        #expect(try outline(.start(time: 1)).kind == "" && outline(.start(time: 1)).step == 0)
        #expect(try outline(RunParameters.end(.success, time: 1)).kind == "_hparams_/session_end_info")
    }

    @Test func damageIsFound() throws {
        let record = SummaryEvent.scalars([("a", 1)], step: 5, time: 1).record
        let (header, body) = (record.prefix(EventRecord.headerBytes), record.dropFirst(EventRecord.headerBytes))
        for index in header.indices {
            var damaged = Array(header)
            damaged[index] ^= 1
            #expect(EventRecord.length(of: damaged) == nil)
        }
        #expect(EventRecord.length(of: Array(header.dropLast())) == nil)
        let check = body.suffix(EventRecord.trailerBytes)
        for index in body.dropLast(EventRecord.trailerBytes).indices {
            var damaged = body
            damaged[index] ^= 0x80
            #expect(!EventRecord.isIntact(damaged.dropLast(EventRecord.trailerBytes), check: check))
        }
        // Bytes that are no event, whatever their check says.
        for bytes in [
            [0x09, 1], [0x12], [0x2A, 9, 1], [0x07], [0x0F, 1], [0x10] + [UInt8](repeating: 0xFF, count: 11),
        ] {
            #expect(EventOutline(bytes[...]) == nil, "\(bytes)")
        }
    }

    @Test func histogramsCountEveryValueOnce() throws {
        let values = (0..<1_000).map { Double($0 * 37 % 1_000) / 10 } + [.nan, .infinity]
        let histogram = try #require(EventHistogram(values))
        #expect(histogram.count == 1_000 && histogram.counts.reduce(0, +) == 1_000)
        #expect(histogram.least == 0 && histogram.greatest == 99.9 && histogram.limits.last == 99.9)
        #expect(histogram.limits.count == histogram.counts.count)
        #expect(zip(histogram.limits, histogram.limits.dropFirst()).allSatisfy { $0 < $1 })
        // Each interval has 3.33 tenths of tens.
        #expect(histogram.counts.allSatisfy { (33...34).contains($0) })
        #expect(abs(histogram.sum - 49_950) < 1e-6)
        let equal = try #require(EventHistogram([2, 2]))
        #expect(equal.counts == [2] && equal.limits[0] > 2)
        #expect(EventHistogram([.nan]) == nil && EventHistogram([]) == nil)
        #expect(try #require(EventHistogram([-1e300, 1e300])).counts.reduce(0, +) == 2)
    }
}
