// A file system for the embedded engine that can lose power, fill up, and fail.
//
// What the engine sees is a real directory. Beside it this layer remembers, for every file below `root`, what
// each page held when it was last synced, and for every directory the names that it had when it was last
// synced. Nothing is ever really synced, which is what makes a power failure cost milliseconds.
//
//     FaultFileSystem files(root);
//     ... open an engine on it, commit ...
//     files.cut_power();          every write and sync fails from now on
//     ... destroy the engine ...
//     files.restore_power(how);   the directory now holds what a disk would have kept
//     ... open the engine again, and look ...
//
// How a disk forgets (RestoreOptions): strictly, everything that was not synced is gone; or by dice, any of
// the unsynced 4 KiB pages may have reached the disk, in any order, or by halves, with any file size
// between the synced one and the last, and the unsynced changes of names up to any point.
//
// A sync that failed is not made good by a later one: the kernel has marked those pages clean, so they stay
// at the disk's mercy until they are written again.
//
// The root's directory itself is taken as durable, and so is every file that something else put there.
// Any thread may call.
#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pabal::store {

class FaultFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  /// `root` is there and is on a file system with hard links; a directory "<root>.inodes" is made beside it.
  explicit FaultFileSystem(std::string root);
  ~FaultFileSystem() override;

  void cut_power();
  /// Cuts the power in the midst of the `changes`-th change from now.
  void cut_power_after(std::uint64_t changes);
  /// Below `path`, changes after a cut seem to work, and nothing of them is kept: for RocksDB, whose
  /// background work rests for a second after every failure, so that each crash would cost one.
  void let_ghost_go_on(const std::string& path);
  bool power_is_cut() const;

  struct RestoreOptions {
    bool keep_some_of_what_was_not_synced = false;
    std::uint64_t seed = 0;
  };
  /// Nobody may have a file below the root open.
  void restore_power(const RestoreOptions& options);

  enum class Fault { kDiskFull, kInputOutputError };
  /// The `change`-th change from now fails, and all further ones until heal(). When the disk is full,
  /// removing, shrinking and syncing still work, and half of what was to be written has been.
  void fail_from(std::uint64_t change, Fault fault);
  /// The `change`-th alone.
  void fail_once(std::uint64_t change, Fault fault);
  void heal();
  /// Changes (writes, truncations, syncs, and changes of names) so far.
  std::uint64_t changes() const;
  bool fault_was_met() const;

  const char* Name() const override { return "FaultFileSystem"; }

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext*) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* file,
                                       rocksdb::IODebugContext*) override;
  rocksdb::IOStatus ReuseWritableFile(const std::string& path, const std::string& old_path,
                                      const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext*) override;
  rocksdb::IOStatus NewRandomRWFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                                    rocksdb::IODebugContext*) override;
  rocksdb::IOStatus NewMemoryMappedFileBuffer(
      const std::string& path, std::unique_ptr<rocksdb::MemoryMappedFileBuffer>* file) override;
  rocksdb::IOStatus NewDirectory(const std::string& path, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext*) override;
  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext*) override;
  rocksdb::IOStatus Truncate(const std::string& path, std::size_t size, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext*) override;
  rocksdb::IOStatus CreateDir(const std::string& path, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext*) override;
  rocksdb::IOStatus CreateDirIfMissing(const std::string& path, const rocksdb::IOOptions& options,
                                       rocksdb::IODebugContext*) override;
  rocksdb::IOStatus DeleteDir(const std::string& path, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext*) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options, rocksdb::IODebugContext*) override;
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to,
                             const rocksdb::IOOptions& options, rocksdb::IODebugContext*) override;
  rocksdb::IOStatus NumFileLinks(const std::string& path, const rocksdb::IOOptions& options,
                                 std::uint64_t* count, rocksdb::IODebugContext*) override;

 private:
  struct Inode;
  using InodePtr = std::shared_ptr<Inode>;
  class WritableFile;
  class RandomRWFile;
  class Directory;

  // One change of names: each entry gets a new meaning, or none. A rename has two, and they happen together.
  struct NameChange {
    struct Entry {
      InodePtr directory;
      std::string name;
      InodePtr now;
    };
    std::vector<Entry> entries;
  };
  struct Place {
    InodePtr directory;
    std::string name;
  };
  enum class Change { kWrite, kGrow, kShrink, kSync, kAddName, kRemoveName };
  struct Verdict {
    rocksdb::IOStatus status;
    bool by_halves = false;  ///< half of a write is done before the power goes, or although it fails
  };

  // The mutex is held for all of these.
  Verdict judge(Change change, bool by_ghost);
  void cut();
  Place place_of(const std::string& path);
  InodePtr find(const std::string& path);
  InodePtr child_of(const InodePtr& directory, const std::string& name, const std::string& path);
  InodePtr adopt(const std::string& path);
  InodePtr new_file();
  std::string shadow_path(const Inode& inode) const;
  void change_names(NameChange change);
  void make_durable(const NameChange& change);
  rocksdb::IOStatus write(Inode& inode, std::uint64_t offset, std::string_view bytes);
  rocksdb::IOStatus truncate(Inode& inode, std::uint64_t size);
  rocksdb::IOStatus sync(Inode& inode);
  rocksdb::IOStatus sync_directory(const InodePtr& directory);
  void remember_page(Inode& inode, std::uint64_t page);
  void write_through(Inode& inode, std::uint64_t offset, std::string_view bytes);
  void forget_unsynced(Inode& inode, const RestoreOptions& options,
                       const std::function<std::uint64_t(std::uint64_t)>& roll);
  void remove_visible(const InodePtr& directory, const std::string& path);
  void build_durable(const InodePtr& directory, const std::string& path);

  bool is_ghost(const std::string& path) const;
  bool below_root(const std::string& path) const;

  const std::string root_path_;
  const std::string shadow_directory_;
  mutable std::mutex mutex_;
  InodePtr root_;
  std::vector<std::weak_ptr<Inode>> files_;
  std::vector<NameChange> unsynced_names_;
  std::size_t names_at_cut_ = 0;
  std::string ghost_path_;
  std::uint64_t next_inode_ = 1;
  std::uint64_t changes_ = 0;
  bool cut_ = false;
  std::optional<std::uint64_t> cut_at_;
  std::optional<Fault> fault_;
  std::uint64_t fault_from_ = 0;
  std::uint64_t fault_until_ = 0;
  bool fault_met_ = false;
};

}  // namespace pabal::store
