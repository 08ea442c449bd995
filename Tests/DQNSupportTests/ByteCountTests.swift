import DQNSupport
import Testing

@Suite struct ByteCountTests {
    @Test(arguments: [
        ("800000", 800_000), ("1", 1), ("7B", 7), ("40K", 40_960), ("512M", 536_870_912), ("2G", 2_147_483_648),
        ("2g", 2_147_483_648), ("2GiB", 2_147_483_648), ("3MiB", 3_145_728), ("1kib", 1024), ("1.5G", 1_610_612_736),
        ("1.5GB", 1_500_000_000), ("2MB", 2_000_000), ("2kB", 2000), ("0.5K", 512),
    ])
    func readsSuffixes(text: String, bytes: Int) {
        #expect(ByteCount(text)?.bytes == bytes)
    }

    @Test(arguments: [
        "", "G", "x", "0", "0.1", "-1", "-1G", "+1", "1T", "1,5G", "1e3", "0x10", "inf", "nan", "1 G", " 1", "1.2.3",
        "99999999999G", "1GG", "KiB",
    ])
    func refusesOtherTexts(text: String) {
        #expect(ByteCount(text) == nil)
    }

    @Test func printsPowersOf1024() {
        #expect("\(ByteCount(bytes: 3 << 29))" == "1.50 GiB")
        #expect("\(ByteCount(bytes: 12 << 20))" == "12.0 MiB")
        #expect("\(ByteCount(bytes: 512))" == "0.5 KiB")
    }
}
