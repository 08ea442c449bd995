/// The memory of a SLURM job, which the environment states even where no control group enforces it.
enum SlurmJob {
    /// The limit on this node; `nil` outside a job, and for a job that has all of a node's memory.
    static func limit(_ environment: [String: String]) -> MemoryLimit? {
        if let name = nonEmpty("SLURM_MEM_PER_NODE", environment) {
            return limit(mebibytes(environment[name]), times: 1, "\(name)=\(environment[name] ?? "")")
        }
        let products: [(memory: String, counts: [String])] = [
            ("SLURM_MEM_PER_CPU", ["SLURM_CPUS_ON_NODE", "SLURM_JOB_CPUS_PER_NODE", "SLURM_CPUS_PER_TASK"]),
            ("SLURM_MEM_PER_GPU", ["SLURM_GPUS_ON_NODE"]),
        ]
        for (memory, counts) in products {
            guard let name = nonEmpty(memory, environment) else { continue }
            let text = "\(name)=\(environment[name] ?? "")"
            for count in counts {
                // Of several nodes, such as 4(x2),2, the first.
                let digits = (environment[count] ?? "").prefix { $0.isASCII && $0.isNumber }
                guard let number = Int(digits), number > 0 else { continue }
                return limit(mebibytes(environment[name]), times: number, "\(text), \(count)=\(number)")
            }
            return limit(mebibytes(environment[name]), times: 1, text)
        }
        return nil
    }

    private static func nonEmpty(_ name: String, _ environment: [String: String]) -> String? {
        environment[name]?.isEmpty == false ? name : nil
    }

    private static func limit(_ mebibytes: Int?, times count: Int, _ text: String) -> MemoryLimit? {
        // 0 stands for all of the node's memory.
        guard let mebibytes, mebibytes > 0 else { return nil }
        let (bytes, overflows) = mebibytes.multipliedReportingOverflow(by: count << 20)
        return overflows ? nil : MemoryLimit(bytes: bytes, clause: "SLURM (\(text)) allows")
    }

    /// Reads a number of mebibytes, or one with a unit as in `--mem=4G`.
    private static func mebibytes(_ text: String?) -> Int? {
        guard let text else { return nil }
        if let number = Int(text) { return number }
        return ByteCount(text).map { $0.bytes >> 20 }
    }
}
