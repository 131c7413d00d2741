// What lies in a store's directory, and who may open it: the FORMAT file, the lock, the names of the rest.
//
//     FORMAT    name and version of the format, written last when a store or a backup is made
//     LOCK      held by the process that has the store open; names its pid
//     index/    RocksDB
//     journal/  segments
//     large/    large blobs;  tmp/  those being written
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "store/rocksdb/disk.h"

namespace pabal::store {

inline constexpr std::uint64_t kFormatVersion = 1;

struct Layout {
  std::string root;

  explicit Layout(const std::filesystem::path& directory) : root(directory.string()) {}

  std::string index() const { return root + "/index"; }
  std::string journal() const { return root + "/journal"; }
  std::string large() const { return root + "/large"; }
  std::string unfinished() const { return root + "/tmp"; }
  std::string checkpoint() const { return root + "/backup.tmp"; }
};

/// Held as long as the object lives.
class StoreLock {
 public:
  /// kRetryLater, naming the other process, if the store is open already.
  static Result<std::unique_ptr<StoreLock>> take(const Layout& layout);
  ~StoreLock();
  StoreLock(const StoreLock&) = delete;
  StoreLock& operator=(const StoreLock&) = delete;

 private:
  explicit StoreLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

enum class Found { kStore, kEmpty };

/// Reads FORMAT. kRefuse for a newer format, and for a directory that holds something else.
Result<Found> look_at(const Layout& layout);
/// Brings a store of an older format to this one. There is no older one yet.
Result<void> migrate(const Layout& layout, const Disk& disk);
Result<void> write_format(const std::string& directory, const Disk& disk);
/// Makes the directory and those above it, durably.
Result<void> make_directories(const std::filesystem::path& directory, const Disk& disk);
/// kRefuse unless `directory` does not exist or is empty; makes it.
Result<void> make_empty_directory(const std::filesystem::path& directory, const Disk& disk);

}  // namespace pabal::store
