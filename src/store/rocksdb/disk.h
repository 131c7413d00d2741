// The engine's hand on the disk: every write goes through one rocksdb::FileSystem, so that a test can
// drop, refuse or damage what is written; reads use descriptors of their own. Any thread may call;
// everything here blocks.
#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pabal::store {

/// What a failure of the disk means to a caller: kRetryLater (full, failing) or kCorrupt.
Error to_error(const rocksdb::Status& status, std::string_view doing);
bool is_disk_full(const rocksdb::Status& status);

class Disk {
 public:
  explicit Disk(std::shared_ptr<rocksdb::FileSystem> files) : files_(std::move(files)) {}

  const std::shared_ptr<rocksdb::FileSystem>& files() const { return files_; }

  /// Creating, renaming and removing are durable once sync_directory() of the parent returned.
  Result<void> make_directory(const std::string& path) const;
  Result<void> sync_directory(const std::string& path) const;
  /// An empty file; one that is there already is emptied.
  Result<std::unique_ptr<rocksdb::FSWritableFile>> create(const std::string& path) const;
  Result<std::unique_ptr<rocksdb::FSRandomRWFile>> open_in_place(const std::string& path) const;
  /// Cut and synced on return.
  Result<void> truncate(const std::string& path, std::uint64_t size) const;
  Result<void> rename(const std::string& from, const std::string& to) const;
  Result<void> remove(const std::string& path) const;

  /// With the files in it, if it is there.
  Result<void> remove_directory(const std::string& path) const;

  bool exists(const std::string& path) const;
  Result<std::uint64_t> size_of(const std::string& path) const;
  Result<std::vector<std::string>> list(const std::string& directory) const;
  Result<std::uint64_t> free_bytes(const std::string& directory) const;

  /// The file appears whole or not at all, and is durable on return.
  Result<void> write_whole(const std::string& directory, const std::string& name,
                           std::string_view bytes) const;
  /// Copies and syncs the file; its name is durable with the directory.
  Result<void> copy(const std::string& from, const std::string& to) const;
  /// A second name for the file where the file system can, a copy where it can't.
  Result<void> link_or_copy(const std::string& from, const std::string& to) const;

 private:
  std::shared_ptr<rocksdb::FileSystem> files_;
};

/// A file to read from at any place, from any thread. Survives the file's removal.
class ReadableFile {
 public:
  /// Nothing if there is no such file.
  static Result<std::shared_ptr<const ReadableFile>> open(const std::string& path);
  ~ReadableFile();
  ReadableFile(const ReadableFile&) = delete;
  ReadableFile& operator=(const ReadableFile&) = delete;

  /// Fewer bytes than asked for only at the end of the file.
  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const;
  /// The same, if all of it is in the page cache; nothing otherwise.
  bool read_cached(std::uint64_t offset, std::span<char> out) const;
  Result<std::uint64_t> size() const;
  const std::string& path() const { return path_; }

 private:
  ReadableFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}

  int descriptor_;
  std::string path_;
};

}  // namespace pabal::store
