// The embedded engine on a given file system: the door for tests that drop, refuse or damage what is
// written. Everybody else calls open_embedded (store/embedded.h).
#pragma once

#include <rocksdb/file_system.h>

#include <memory>

#include "store/embedded.h"

namespace pabal::store {

/// Every byte that the engine writes goes through `files`: RocksDB's own files, journal segments
/// (created by NewWritableFile, then written in place by NewRandomRWFile, cut by ReopenWritableFile and
/// Truncate), large blobs (NewWritableFile, Sync, RenameFile) and the FORMAT file; directories are synced by
/// NewDirectory + Fsync. The lock file alone is made directly, and reads of journal segments and large blobs
/// use descriptors of their own on the same paths.
Result<std::unique_ptr<EmbeddedEngine>> open_embedded_on(EmbeddedOptions options,
                                                         std::shared_ptr<rocksdb::FileSystem> files);

}  // namespace pabal::store
