// A blob on its way in: small ones stay in memory until their commit appends them to the journal, larger
// ones go to a file of their own as they come.
#pragma once

#include <memory>

#include "net/worker_pool.h"
#include "store/rocksdb/large_files.h"

namespace pabal::store {

/// The largest blob that is kept in memory and in the journal: what a writer costs at most, and what the
/// committer may have to copy in one piece. Nearly all letters are smaller.
inline constexpr std::size_t kMaxSmallBlobBytes = 256 * 1024;

/// The file's blocking work is done on `pool`; both must outlive the writer.
std::unique_ptr<BlobWriter> make_blob_writer(std::shared_ptr<LargeFiles> files, net::WorkerPool& pool);

}  // namespace pabal::store
