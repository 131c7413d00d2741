// The embedded engine, the default: one directory on one machine, nothing else needed
// (docs/decisions/0003-embedded-store.md says how it is made and why).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::store {

struct EmbeddedOptions {
  std::filesystem::path directory;
  bool create_if_missing = true;
  std::uint64_t cache_bytes = 64 * 1024 * 1024;         ///< of keys and values read
  std::uint64_t write_buffer_bytes = 32 * 1024 * 1024;  ///< of changes not yet in tables
  std::uint64_t reserve_bytes = 256 * 1024 * 1024;      ///< free disk below which commits are refused
  std::size_t reader_threads = 4;                       ///< for reads that miss memory
  std::uint64_t segment_bytes = 64 * 1024 * 1024;  ///< of a file of the journal; room comes back file by file
  /// Writes the journal's next file full of zeros before it is needed: commits become about twice as fast,
  /// for each byte being written once more.
  bool zero_ahead = true;
};

struct EmbeddedStats {
  std::uint64_t commits = 0;
  std::uint64_t groups = 0;  ///< synced writes; commits / groups is the gain of group commit
  std::uint64_t blobs_stored = 0;
  std::uint64_t disk_bytes = 0;
  std::string write_failure;  ///< why commits are refused just now; empty when they are not
};

class EmbeddedEngine : public Engine {
 public:
  /// A consistent copy, as of one moment during the call, into a directory that must not exist or be
  /// empty. The server goes on meanwhile.
  virtual net::Task<Result<void>> backup(std::filesystem::path to) = 0;
  virtual EmbeddedStats stats() const = 0;
};

/// Opens the store, making it new if it is not there, and replaying what a crash left. kRetryLater: another
/// process has it; kRefuse: a newer Pabal wrote it; kCorrupt: see verify_embedded. Blocks; call it at the
/// start.
Result<std::unique_ptr<EmbeddedEngine>> open_embedded(EmbeddedOptions options);

struct VerifyReport {
  std::uint64_t keys = 0;
  std::uint64_t blobs = 0;
  std::uint64_t blob_bytes = 0;
  std::vector<std::string> faults;  ///< in words, at most 100
};

/// Reads every record and every blob of a store that nobody has open, and compares checksums and
/// references. Changes nothing. Blocks.
Result<VerifyReport> verify_embedded(const std::filesystem::path& directory);

/// Puts a backup where a store may then be opened; `to` must not exist or be empty. Blocks.
Result<void> restore_embedded(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace pabal::store
