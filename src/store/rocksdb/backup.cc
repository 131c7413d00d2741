// A consistent copy of a running store: a checkpoint of the index, and then every closed segment and large
// file. The journal is closed after the checkpoint, so all that the index points to is among what
// is copied, and opening the copy replays the little that came in between.
#include <rocksdb/utilities/checkpoint.h>

#include "store/rocksdb/embedded_engine.h"
#include "store/rocksdb/open.h"

namespace pabal::store {

namespace {

Result<void> make_checkpoint(Index& index, const std::string& directory) {
  rocksdb::Checkpoint* raw = nullptr;
  auto status = rocksdb::Checkpoint::Create(&index.db(), &raw);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
  if (status.ok()) status = checkpoint->CreateCheckpoint(directory);
  if (!status.ok()) return std::unexpected(to_error(status, "making a checkpoint of the index"));
  return {};
}

using CopyOne = Result<void> (Disk::*)(const std::string& from, const std::string& to) const;

Result<void> copy_directory(const Disk& disk, const std::string& from, const std::string& to,
                            CopyOne copy_one) {
  PABAL_TRY_VOID(disk.make_directory(to));
  PABAL_TRY(const auto names, disk.list(from));
  for (const std::string& name : names) PABAL_TRY_VOID((disk.*copy_one)(from + "/" + name, to + "/" + name));
  return disk.sync_directory(to);
}

}  // namespace

net::Task<Result<void>> RocksEngine::backup(std::filesystem::path to) {
  if (backing_up_.exchange(true)) co_return fail(ErrorKind::kRefuse, "another backup is running");
  Result<void> outcome = co_await upkeep_->run([&] { return make_empty_directory(to, disk_); });
  if (outcome) {
    outcome = co_await committer_->run([this]() -> Result<void> {
      committer_->hold_removals();
      return {};
    });
  }
  if (outcome) {
    outcome = co_await copy_running_store(to.string());
    (void)co_await committer_->run([this]() -> Result<void> {
      committer_->release_removals();
      return {};
    });
    sweep_abandoned_soon();
  }
  backing_up_.store(false);
  co_return outcome;
}

net::Task<Result<void>> RocksEngine::copy_running_store(std::string to) {
  PABAL_CO_TRY_VOID(co_await upkeep_->run([&]() -> Result<void> {
    PABAL_TRY_VOID(disk_.remove_directory(layout_.checkpoint()));
    return make_checkpoint(*index_, layout_.checkpoint());
  }));
  PABAL_CO_TRY(const SegmentId end, co_await committer_->run([this] { return journal_->roll(); }));
  co_return co_await upkeep_->run([&] { return copy_files(Layout(to), end); });
}

Result<void> RocksEngine::copy_files(const Layout& target, SegmentId end) const {
  PABAL_TRY_VOID(copy_directory(disk_, layout_.checkpoint(), target.index(), &Disk::link_or_copy));
  PABAL_TRY_VOID(disk_.remove_directory(layout_.checkpoint()));
  PABAL_TRY_VOID(disk_.make_directory(target.journal()));
  PABAL_TRY(const auto names, disk_.list(layout_.journal()));
  for (const std::string& name : names) {
    const auto id = parse_segment_file_name(name);
    if (!id || *id >= end) continue;
    const std::string from = layout_.journal() + "/" + name;
    // Whoever opens the copy goes on writing in its newest segment, and so may we after a crash: that one
    // can't be shared.
    const bool newest = id->value() + 1 == end.value();
    PABAL_TRY_VOID(newest ? disk_.copy(from, target.journal() + "/" + name)
                          : disk_.link_or_copy(from, target.journal() + "/" + name));
  }
  PABAL_TRY_VOID(disk_.sync_directory(target.journal()));
  PABAL_TRY_VOID(copy_directory(disk_, layout_.large(), target.large(), &Disk::link_or_copy));
  PABAL_TRY_VOID(disk_.sync_directory(target.root));
  // Last: without it, nobody takes an unfinished copy for a store.
  return write_format(target.root, disk_);
}

Result<void> restore_embedded(const std::filesystem::path& from, const std::filesystem::path& to) {
  const Disk disk(rocksdb::FileSystem::Default());
  const Layout source(from);
  const Layout target(to);
  PABAL_TRY(const Found found, look_at(source));
  if (found != Found::kStore) return fail(ErrorKind::kRefuse, "there is no backup in {}", source.root);
  std::unique_ptr<StoreLock> lock;  // a store that is open can't be copied like this
  if (disk.exists(source.root + "/LOCK")) {
    PABAL_TRY(lock, StoreLock::take(source));
  }
  PABAL_TRY_VOID(make_empty_directory(to, disk));
  PABAL_TRY_VOID(copy_directory(disk, source.index(), target.index(), &Disk::copy));
  PABAL_TRY_VOID(copy_directory(disk, source.journal(), target.journal(), &Disk::copy));
  PABAL_TRY_VOID(copy_directory(disk, source.large(), target.large(), &Disk::copy));
  PABAL_TRY_VOID(disk.sync_directory(target.root));
  PABAL_TRY_VOID(write_format(target.root, disk));
  EmbeddedOptions options;
  options.directory = to;
  options.create_if_missing = false;
  auto opened = open_embedded(options);
  if (!opened) return failure_of(std::move(opened), "the restored store can't be opened");
  return {};
}

}  // namespace pabal::store
