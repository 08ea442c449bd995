/// Letters as lines, for pictures: the font "Simplex Roman" of A. V. Hershey (U.S. National Bureau of Standards, 1967), in
/// the compact notation of J. Hurt, with a shorter hyphen and a sign for plus or minus.
enum StrokeFont {
    /// A letter.
    struct Glyph {
        /// The lines, in units of the font: x from the left edge of the letter's place, y downwards from the baseline.
        var lines: [[PlotPoint]]
        /// The width of its place.
        var advance: Double
    }

    /// The height of a capital letter in units.
    static let capitalHeight = 21.0

    /// Returns the letter for a character; a question mark for one that the font lacks.
    static func glyph(_ character: Unicode.Scalar) -> Glyph {
        switch character {
        case "\u{2212}": return minus
        case "±": return plusMinus
        default:
            let index = Int(character.value) - 32
            return glyphs.indices.contains(index) ? glyphs[index] : glyphs[31]
        }
    }

    /// Whether the font has a character.
    static func has(_ character: Unicode.Scalar) -> Bool {
        (32..<127).contains(character.value) || character == "\u{2212}" || character == "±"
    }

    private static let minus = Glyph("E_IR[R")
    private static let plusMinus = Glyph("I[RFRT RKMYM RKYYY")
    private static let glyphs: [Glyph] = notation.split(separator: "\n").map { Glyph(String($0)) }

    /// The characters from a space to a tilde. Each letter is a coordinate, its distance from `R`: first the edges, then
    /// points; ` R` begins a new line.
    private static let notation = #"""
        JZ
        MWRFRT RRYQZR[SZRY
        JZNFNM RVFVM
        H]SBLb RYBRb RLOZO RKUYU
        H\PBP_ RTBT_ RYIWGTFPFMGKIKKLMMNOOUQWRXSYUYXWZT[P[MZKX
        F^[FI[ RNFPHPJOLMMKMIKIIJGLFNFPGSHVHYG[F RWTUUTWTYV[X[ZZ[X[VYTWT
        E_\O\N[MZMYNXPVUTXRZP[L[JZIYHWHUISJRQNRMSKSIRGPFNGMIMKNNPQUXWZY[[[\Z\Y
        MWRHQGRFSGSIRKQL
        KYVBTDRGPKOPOTPYR]T`Vb
        KYNBPDRGTKUPUTTYR]P`Nb
        JZRLRX RMOWU RWOMU
        E_RIR[ RIR[R
        NVSZR[QZRYSZS\R^Q_
        KYMRWR
        NVRYQZR[SZRY
        G][BIb
        H\QFNGLJKOKRLWNZQ[S[VZXWYRYOXJVGSFQF
        H\NJPISFS[
        H\LKLJMHNGPFTFVGWHXJXLWNUQK[Y[
        H\MFXFRNUNWOXPYSYUXXVZS[P[MZLYKW
        H\UFKTZT RUFU[
        H\WFMFLOMNPMSMVNXPYSYUXXVZS[P[MZLYKW
        H\XIWGTFRFOGMJLOLTMXOZR[S[VZXXYUYTXQVOSNRNOOMQLT
        H\YFO[ RKFYF
        H\PFMGLILKMMONSOVPXRYTYWXYWZT[P[MZLYKWKTLRNPQOUNWMXKXIWGTFPF
        H\XMWPURRSQSNRLPKMKLLINGQFRFUGWIXMXRWWUZR[P[MZLX
        NVRMQNROSNRM RRYQZR[SZRY
        NVRMQNROSNRM RSZR[QZRYSZS\R^Q_
        F^ZIJRZ[
        E_IO[O RIU[U
        F^JIZRJ[
        I[LKLJMHNGPFTFVGWHXJXLWNVORQRT RRYQZR[SZRY
        E`WNVLTKQKOLNMMPMSNUPVSVUUVS RQKOMNPNSOUPV RWKVSVUXVZV\T]Q]O\L[JYHWGTFQFNGLHJJILHOHRIUJWLYNZQ[T[WZYYZX RXKWSWUXV
        I[RFJ[ RRFZ[ RMTWT
        G\KFK[ RKFTFWGXHYJYLXNWOTP RKPTPWQXRYTYWXYWZT[K[
        H]ZKYIWGUFQFOGMILKKNKSLVMXOZQ[U[WZYXZV
        G\KFK[ RKFRFUGWIXKYNYSXVWXUZR[K[
        H[LFL[ RLFYF RLPTP RL[Y[
        HZLFL[ RLFYF RLPTP
        H]ZKYIWGUFQFOGMILKKNKSLVMXOZQ[U[WZYXZVZS RUSZS
        G]KFK[ RYFY[ RKPYP
        NVRFR[
        JZVFVVUYTZR[P[NZMYLVLT
        G\KFK[ RYFKT RPOY[
        HYLFL[ RL[X[
        F^JFJ[ RJFR[ RZFR[ RZFZ[
        G]KFK[ RKFY[ RYFY[
        G]PFNGLIKKJNJSKVLXNZP[T[VZXXYVZSZNYKXIVGTFPF
        G\KFK[ RKFTFWGXHYJYMXOWPTQKQ
        G]PFNGLIKKJNJSKVLXNZP[T[VZXXYVZSZNYKXIVGTFPF RSWY]
        G\KFK[ RKFTFWGXHYJYLXNWOTPKP RRPY[
        H\YIWGTFPFMGKIKKLMMNOOUQWRXSYUYXWZT[P[MZKX
        JZRFR[ RKFYF
        G]KFKULXNZQ[S[VZXXYUYF
        I[JFR[ RZFR[
        F^HFM[ RRFM[ RRFW[ R\FW[
        H\KFY[ RYFK[
        I[JFRPR[ RZFRP
        H\YFK[ RKFYF RK[Y[
        KYOBOb RPBPb ROBVB RObVb
        KYKFY^
        KYTBTb RUBUb RNBUB RNbUb
        JZRDJR RRDZR
        I[Ib[b
        NVSKQMQORPSORNQO
        I\XMX[ RXPVNTMQMONMPLSLUMXOZQ[T[VZXX
        H[LFL[ RLPNNPMSMUNWPXSXUWXUZS[P[NZLX
        I[XPVNTMQMONMPLSLUMXOZQ[T[VZXX
        I\XFX[ RXPVNTMQMONMPLSLUMXOZQ[T[VZXX
        I[LSXSXQWOVNTMQMONMPLSLUMXOZQ[T[VZXX
        MYWFUFSGRJR[ ROMVM
        I\XMX]W`VaTbQbOa RXPVNTMQMONMPLSLUMXOZQ[T[VZXX
        I\MFM[ RMQPNRMUMWNXQX[
        NVQFRGSFREQF RRMR[
        MWRFSGTFSERF RSMS^RaPbNb
        IZMFM[ RWMMW RQSX[
        NVRFR[
        CaGMG[ RGQJNLMOMQNRQR[ RRQUNWMZM\N]Q][
        I\MMM[ RMQPNRMUMWNXQX[
        I\QMONMPLSLUMXOZQ[T[VZXXYUYSXPVNTMQM
        H[LMLb RLPNNPMSMUNWPXSXUWXUZS[P[NZLX
        I\XMXb RXPVNTMQMONMPLSLUMXOZQ[T[VZXX
        KXOMO[ ROSPPRNTMWM
        J[XPWNTMQMNNMPNRPSUTWUXWXXWZT[Q[NZMX
        MYRFRWSZU[W[ ROMVM
        I\MMMWNZP[S[UZXW RXMX[
        JZLMR[ RXMR[
        G]JMN[ RRMN[ RRMV[ RZMV[
        J[MMX[ RXMM[
        JZLMR[ RXMR[P_NaLbKb
        J[XMM[ RMMXM RM[X[
        KYTBRCQDPFPHQJRKSMSOQQ RRCQEQGRISJTLTNSPORSTTVTXSZR[Q]Q_Ra RQSSUSWRYQZP\P^Q`RaTb
        NVRBRb
        KYPBRCSDTFTHSJRKQMQOSQ RRCSESGRIQJPLPNQPURQTPVPXQZR[S]S_Ra RSSQUQWRYSZT\T^S`RaPb
        F^IUISJPLONOPPTSVTXTZS[Q RISJQLPNPPQTTVUXUZT[Q
        """#
}

extension StrokeFont.Glyph {
    /// Reads the notation.
    fileprivate init(_ notation: String) {
        let codes = notation.utf8.map { Double($0) - Double(UInt8(ascii: "R")) }
        let left = codes.first ?? 0
        advance = codes.count > 1 ? codes[1] - left : 0
        // The baseline is nine units below the middle.
        let points = stride(from: 2, to: codes.count - 1, by: 2).map { index -> PlotPoint? in
            codes[index] == Self.pen && codes[index + 1] == 0
                ? nil : PlotPoint(x: codes[index] - left, y: codes[index + 1] - 9)
        }
        lines = points.split { $0 == nil }.map { $0.compactMap(\.self) }
    }

    /// A space, which lifts the pen.
    private static let pen = Double(UInt8(ascii: " ")) - Double(UInt8(ascii: "R"))
}
