#include "store/rocksdb/journal.h"

#include <algorithm>

#include "base/check.h"
#include "base/digest.h"
#include "store/rocksdb/segment.h"

namespace pabal::store {

namespace {

const rocksdb::IOOptions kPlain;

// Zeros are synced piece by piece: a sync of the committer may have to wait for whatever else is on its way
// to the disk, and so waits for one piece at most.
constexpr std::size_t kZeroPieceBytes = 1024 * 1024;

// A frame buffer larger than this is given back after its group.
constexpr std::size_t kKeptFrameBytes = 8 * 1024 * 1024;

std::uint32_t new_salt(Random& random) { return static_cast<std::uint32_t>(random.next()); }

}  // namespace

Journal::Journal(JournalOptions options, const Disk& disk, Random& random, net::WorkerPool& upkeep)
    : options_(std::move(options)), disk_(disk), random_(random), upkeep_(upkeep) {}

std::string Journal::path_of(SegmentId id) const { return options_.directory + "/" + segment_file_name(id); }

Result<void> Journal::create(const std::string& directory, const Disk& disk, Random& random) {
  return make_segment(directory, SegmentId(1), 0, disk, random);
}

Result<void> Journal::make_segment(const std::string& directory, SegmentId id, std::uint64_t zeros_to,
                                   const Disk& disk, Random& random) {
  const std::string path = directory + "/" + segment_file_name(id);
  PABAL_TRY(auto file, disk.create(path));
  const std::string header = encode_segment_header({id, new_salt(random)});
  rocksdb::IOStatus status = file->Append(header, kPlain, nullptr);
  if (status.ok()) status = file->Sync(kPlain, nullptr);
  const std::string zeros(std::min<std::uint64_t>(zeros_to, kZeroPieceBytes), '\0');
  for (std::uint64_t at = header.size(); status.ok() && at < zeros_to; at += zeros.size()) {
    const std::size_t size = std::min<std::uint64_t>(zeros.size(), zeros_to - at);
    status = file->Append({zeros.data(), size}, kPlain, nullptr);
    if (status.ok()) status = file->Sync(kPlain, nullptr);
  }
  if (status.ok()) status = file->Close(kPlain, nullptr);
  if (!status.ok()) {
    (void)disk.remove(path);
    return std::unexpected(to_error(status, fmt::format("making {}", path)));
  }
  return disk.sync_directory(directory);
}

Result<void> Journal::open_current(SegmentId id, std::uint64_t offset) {
  PABAL_TRY(auto readable, ReadableFile::open(path_of(id)));
  if (!readable) return fail(ErrorKind::kCorrupt, "{} is missing", path_of(id));
  std::string bytes(kSegmentHeaderBytes, '\0');
  PABAL_TRY_VOID(readable->read_at(0, bytes));
  const auto header = decode_segment_header(bytes);
  if (!header) return fail(ErrorKind::kCorrupt, "{} is damaged at offset 0", path_of(id));
  PABAL_TRY(file_, disk_.open_in_place(path_of(id)));
  current_ = id;
  salt_ = header->salt;
  offset_ = offset;
  // Early enough that zeroing keeps up with a busy store, late enough that a small store stays small.
  prepare_at_ = options_.segment_bytes / 4;
  return {};
}

Result<void> Journal::resume(const JournalEnd& end) {
  next_sequence_ = end.next_sequence;
  PABAL_TRY_VOID(open_current(end.segment, end.offset));
  const std::lock_guard lock(next_mutex_);
  next_ = end.ready ? Next::kReady : Next::kNone;
  return {};
}

Result<GroupPlace> Journal::append(std::string_view records, std::span<const std::string_view> blobs) {
  PABAL_CHECK(!broken_);
  PABAL_TRY_VOID(cut_back());
  GroupHeader header{next_sequence_, static_cast<std::uint32_t>(records.size()), crc32c(records), 0};
  for (const std::string_view blob : blobs) header.blob_bytes += blob.size();
  const std::uint64_t size = group_bytes(header);
  PABAL_TRY_VOID(go_on_if_full(size));

  frame_.clear();
  frame_.reserve(size);
  frame_.append(encode_group_header(header, salt_));
  frame_.append(records);
  for (const std::string_view blob : blobs) frame_.append(blob);
  frame_.resize(size - 1, '\0');
  frame_.push_back(kGroupEnd);

  if (const auto status = file_->Write(offset_, frame_, kPlain, nullptr); !status.ok()) {
    partly_written_ = true;
    (void)cut_back();
    return std::unexpected(to_error(status, fmt::format("appending to {}", path_of(current_))));
  }
  if (const auto status = file_->Sync(kPlain, nullptr); !status.ok()) {
    // After a failed sync the kernel may drop the pages and call the next sync a success: nothing that this
    // file answers can be trusted any more. Cut away, so that the next opening does not bring back what its
    // caller was told has failed; where even that fails, the outcome stays open.
    broken_ = true;
    partly_written_ = true;
    (void)cut_back();
    return std::unexpected(to_error(status, fmt::format("syncing {}", path_of(current_))));
  }
  if (frame_.capacity() > kKeptFrameBytes) frame_ = std::string();
  last_group_ = offset_;
  const GroupPlace place{current_, next_sequence_, offset_ + kGroupHeaderBytes + records.size(),
                         offset_ + size};
  offset_ += size;
  ++next_sequence_;
  prepare_next_if_due();
  return place;
}

Result<void> Journal::take_back(const GroupPlace& place) {
  PABAL_CHECK(place.segment == current_ && place.end_offset == offset_);
  PABAL_TRY_VOID(disk_.truncate(path_of(current_), last_group_));
  offset_ = last_group_;
  next_sequence_ = place.sequence;
  return {};
}

// What was partly written must go before anything else is appended: the next group may be shorter, and what
// would stand behind it would look like damage.
Result<void> Journal::cut_back() {
  if (!partly_written_) return {};
  PABAL_TRY_VOID(disk_.truncate(path_of(current_), offset_));
  partly_written_ = false;
  return {};
}

Result<void> Journal::go_on_if_full(std::uint64_t bytes_to_come) {
  const bool empty = offset_ == kSegmentHeaderBytes;
  if (empty || offset_ + bytes_to_come <= options_.segment_bytes) return {};
  {
    const std::lock_guard lock(next_mutex_);
    if (next_ != Next::kReady) return {};
    next_ = Next::kNone;
  }
  return switch_to(SegmentId(current_.value() + 1));
}

Result<void> Journal::switch_to(SegmentId id) { return open_current(id, kSegmentHeaderBytes); }

Result<SegmentId> Journal::roll() {
  const SegmentId id(current_.value() + 1);
  std::unique_lock lock(next_mutex_);
  next_changed_.wait(lock, [this] { return next_ != Next::kPreparing; });
  if (next_ == Next::kNone) {
    PABAL_TRY_VOID(make_segment(options_.directory, id, 0, disk_, random_));
  }
  next_ = Next::kNone;
  lock.unlock();
  PABAL_TRY_VOID(switch_to(id));
  return id;
}

void Journal::prepare_next_if_due() {
  if (offset_ < prepare_at_) return;
  // If it fails, not with every group anew.
  prepare_at_ = offset_ + options_.segment_bytes / 8;
  {
    const std::lock_guard lock(next_mutex_);
    if (next_ != Next::kNone) return;
    next_ = Next::kPreparing;
  }
  if (upkeep_.submit([this, id = SegmentId(current_.value() + 1)] {
        const auto room = disk_.free_bytes(options_.directory);
        const bool plenty = room && *room > options_.reserve_bytes + 4 * options_.segment_bytes;
        const std::uint64_t zeros_to = options_.zero_ahead && plenty ? options_.segment_bytes : 0;
        const bool made = make_segment(options_.directory, id, zeros_to, disk_, random_).has_value();
        const std::lock_guard lock(next_mutex_);
        next_ = made ? Next::kReady : Next::kNone;
        next_changed_.notify_all();
      })) {
    return;
  }
  const std::lock_guard lock(next_mutex_);
  next_ = Next::kNone;
}

void Journal::close() {
  if (!file_) return;
  file_.reset();
  const std::lock_guard lock(next_mutex_);
  if (next_ == Next::kReady && disk_.remove(path_of(SegmentId(current_.value() + 1)))) next_ = Next::kNone;
  (void)cut_back();
  if (!broken_) (void)disk_.truncate(path_of(current_), offset_);
}

}  // namespace pabal::store
