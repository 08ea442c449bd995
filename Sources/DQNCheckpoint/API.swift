// The contents page of DQNCheckpoint, for programs that load, check, convert or save checkpoints.
//
// State     Checkpoint, WorkerState, OptimizerState, Counters, Evaluation, MetricHistory, ExtensionGroup
// Errors    CheckpointError
// Loading   Checkpoint.init(contentsOf:understanding:), CheckpointStore.recoverLatest(notice:)
// Saving    Checkpoint.write(to:overwriting:version:), CheckpointStore.commit(_:replacing:), ChiefSaver
// Versions  FormatVersion, CheckpointConverter
// Checks    Verifier
//
// A folder uses only the folders above it in this list, and no older version's folder names a newer version:
//
// State/     values, without files
// File/      one file on the disk: container, manifest, seal, digest, compressed chunks, durable commit
// Meaning/   whether a run can continue from what a file holds: rules of values, without files
// Codec/     what the versions share: documents, datasets and rules
// Versions/  V1_0/, V1_1/, V2_0/: what each adds to the one before; selection and conversion
// Checks/    verify, compare, repair
// Store/     the checkpoints of a run: retention, recovery, locking, saving in the background
