import DQNSupport
import Testing

@Suite struct TimeSpanTests {
    @Test(arguments: [
        ("90", 90.0), ("90s", 90), ("0.5", 0.5), ("30m", 1800), ("1h30m", 5400), ("1.5h", 5400), ("2d", 172_800),
        ("1d2h3m4s", 93_784), ("1H30M", 5400), ("1h90", 3690), (" 10m ", 600),
        // As SLURM writes them.
        ("29:30", 1770), ("04:00:00", 14_400), ("1-12", 129_600), ("1-12:30", 131_400), ("1-00:00:05", 86_405),
        ("90:00", 5400), ("0-00:00:01", 1), ("999999999", 999_999_999),
    ])
    func readsDurations(text: String, seconds: Double) {
        #expect(TimeSpan(text)?.seconds == seconds)
    }

    @Test func unlimitedIsInfinite() {
        #expect(TimeSpan("UNLIMITED")?.seconds == .infinity)
    }

    @Test(arguments: [
        "", "s", "0", "0:00", "00:00:00", "-1", "-5m", "1x", "m30", "30m1h", "1h30m2h", "1:2:3:4", "1-", "-12", "1-2-3",
        "1e3", "0x10", "inf", "nan", "1 h", "1,5h", "1.2.3", "10000000000", "INVALID", "NOT_SET", "1:30m",
    ])
    func refusesOtherTexts(text: String) {
        #expect(TimeSpan(text) == nil)
    }

    /// The time left of a run that has hardly begun is any number.
    @Test(arguments: [
        (0.04, "0.0 s"), (4.21, "4.2 s"), (59.94, "59.9 s"), (59.96, "1 min 0 s"), (185, "3 min 5 s"),
        (3599.6, "1 h 0 min"), (7384, "2 h 3 min"), (446_400, "5 d 4 h"), (1e21, "more than 1000 years"),
        (.greatestFiniteMagnitude, "more than 1000 years"), (.infinity, "unlimited"), (.nan, "unlimited"),
        (-3, "0.0 s"),
    ])
    func describesAnyNumberOfSeconds(seconds: Double, text: String) {
        #expect("\(TimeSpan(seconds: seconds))" == text)
    }
}
