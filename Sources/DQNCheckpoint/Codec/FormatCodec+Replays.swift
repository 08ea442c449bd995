internal import DQNModel

extension FormatCodec {
    /// Reads the part of a replay that belongs to an environment, as far as the file is read for it; rules 15, 18, 22, 24
    /// and 31.
    static func replay(
        _ document: SharedWorkerDocument.Replay?, _ path: String, _ head: FormatHead,
        _ reader: borrowing ContainerReader
    ) throws(CheckpointError) -> ReplaySnapshot? {
        let names = reader.members(path)
        guard let document else {
            guard names.isEmpty else { throw .broken(.replay, "/\(path) is not described by its worker's state.") }
            return nil
        }
        var snapshot = ReplaySnapshot(
            capacity: document.capacity, cursor: document.cursor, count: document.count,
            chunkLength: document.chunkLength, columns: [])
        try ReplayRules.checkRing(snapshot, path)
        for name in names {
            guard let entry = reader.manifest["\(path)/\(name)"], entry.shape.first == document.count else {
                throw .broken(.replay, "/\(path)/\(name) does not have one row for each of \(document.count) slots.")
            }
            try requireChunks(of: entry, document, reader)
            snapshot.columns.append(
                ReplaySnapshot.Column(
                    name: name, element: entry.type, shape: Array(entry.shape.dropFirst()), chunks: []))
        }
        // Types and shapes come before anything is inflated.
        do throws(CheckpointError) {
            try ReplayRules.check(
                snapshot, path, actions: head.architecture.actionCount, optional: optionalReplayColumns)
        } catch {
            // A chunk that is missing says more than the columns that are.
            for name in names {
                if let entry = reader.manifest["\(path)/\(name)"] { try reader.checkStoredChunks(of: entry) }
            }
            throw error
        }
        try readColumns(of: &snapshot, path, head, reader)
        return snapshot
    }

    /// Checks that a column's chunks have a possible size and are the file's.
    private static func requireChunks(
        of entry: Manifest.Entry, _ document: SharedWorkerDocument.Replay, _ reader: borrowing ContainerReader
    ) throws(CheckpointError) {
        let (chunkBytes, overflow) = document.chunkLength.multipliedReportingOverflow(by: entry.bytesPerRow)
        // Memory is committed only as a chunk is filled, so a false length within this limit costs only address space.
        guard !overflow, chunkBytes <= ContainerReader.Limit.chunkBytes else {
            throw .broken(
                .replay, "/\(entry.path) has chunks of \(document.chunkLength) slots, more than 256 MiB each.")
        }
        let chunkRows = reader.layout.chunkRows(
            count: document.count, chunkLength: document.chunkLength, bytesPerRow: entry.bytesPerRow)
        guard entry.chunkRows == chunkRows else {
            throw .broken(
                .chunks, "/\(entry.path) is stored in chunks of \(entry.chunkRows ?? 0) rows, not \(chunkRows ?? 0).")
        }
    }
    /// Reads the elements of a replay's columns as far as the file is read for them, and checks their rules.
    private static func readColumns(
        of snapshot: inout ReplaySnapshot, _ path: String, _ head: FormatHead, _ reader: borrowing ContainerReader
    ) throws(CheckpointError) {
        let use = reader.replayUse
        if reader.purpose == .resuming {
            snapshot.columns.removeAll {
                !ReplayRules.requiredColumns.contains($0.name) && !optionalReplayColumns.contains($0.name)
            }
        }
        let isBuiltIn = BuiltInMethod(of: head.configuration) != nil
        var content = ReplayContent(
            of: snapshot, path, actions: head.architecture.actionCount, optional: optionalReplayColumns,
            content: isBuiltIn ? ReplayContentRules(head.configuration) : nil,
            checksEpisodes: reader.checksEpisodes(ofBuiltInMethod: isBuiltIn))
        let checked = checkedColumns(of: snapshot, path, content, reader)
        for index in snapshot.columns.indices {
            let column = snapshot.columns[index]
            guard let entry = reader.manifest["\(path)/\(column.name)"] else { continue }
            switch use {
            case .keep:
                try reader.requireMemory(for: entry, rows: snapshot.chunkLength)
                try reader.forEachReplayChunk(of: entry, rows: snapshot.chunkLength) {
                    snapshot.columns[index].chunks.append($0)
                }
            case .check where !checked.contains(column.name):
                try reader.forEachReplayChunk(of: entry, rows: min(snapshot.chunkLength, snapshot.count)) { _ in }
            case .leave, .sample, .locate:
                try reader.checkStoredChunks(of: entry)
                snapshot.columns[index].isInFile = true
            case .check: break
            }
        }
        if use == .keep { try content.checkMemory(of: snapshot) } else { try content.check(checked, reader) }
    }

    /// Returns the columns whose elements are read for their rules, but do not stay in memory.
    private static func checkedColumns(
        of snapshot: ReplaySnapshot, _ path: String, _ content: ReplayContent, _ reader: borrowing ContainerReader
    ) -> Set<String> {
        switch reader.replayUse {
        case .keep, .locate: return []
        case .check, .leave: return Set(content.columns + content.numbers)
        case .sample:
            var checked = content.columns
            if !reader.samples(checked.compactMap { reader.manifest["\(path)/\($0)"] }) { checked = [] }
            // Any byte is a pixel, but not any bits are a number.
            if let frames = reader.manifest["\(path)/\(ReplayRules.frames)"], frames.type == .float32,
                reader.samples([frames])
            {
                checked.append(ReplayRules.frames)
            }
            return Set(checked)
        }
    }
}
