#include "store/rocksdb/replay.h"

#include <algorithm>
#include <memory>

namespace pabal::store {

namespace {

std::string path_of(const std::string& directory, SegmentId id) {
  return directory + "/" + segment_file_name(id);
}

std::unexpected<Error> damaged(const SegmentReader& segment, std::uint64_t offset) {
  return fail(ErrorKind::kCorrupt,
              "{} is damaged at offset {}: a commit that was acknowledged can't be read there. "
              "`pabal store check` says what else is wrong; a backup brings the store back",
              segment.file().path(), offset);
}

struct Segments {
  std::vector<SegmentReader> readers;  ///< from the first to read, without gaps
  std::vector<SegmentId> unfinished;
};

}  // namespace

// A segment is made and synced before its first group: one without a header and without anything else was
// being made when the crash came.
Result<bool> never_used(const ReadableFile& file) {
  PABAL_TRY(const std::uint64_t size, file.size());
  if (size <= kSegmentHeaderBytes) return true;
  std::string bytes(kGroupHeaderBytes, '\0');
  PABAL_TRY_VOID(file.read_at(kSegmentHeaderBytes, bytes));
  return bytes.find_first_not_of('\0') == std::string::npos;
}

namespace {

Result<Segments> open_segments(const std::string& directory, const Disk& disk, const Applied& from) {
  std::vector<SegmentId> ids;
  PABAL_TRY(const auto names, disk.list(directory));
  for (const std::string& name : names) {
    if (const auto id = parse_segment_file_name(name); id && *id >= from.segment) ids.push_back(*id);
  }
  std::ranges::sort(ids);
  Segments segments;
  SegmentId expected = from.segment;
  for (const SegmentId id : ids) {
    if (id != expected) break;
    expected = SegmentId(id.value() + 1);
    PABAL_TRY(auto file, ReadableFile::open(path_of(directory, id)));
    if (!file)
      return fail(ErrorKind::kCorrupt, "{} vanished while the store was opened", path_of(directory, id));
    auto reader = SegmentReader::open(file, id);
    if (reader) {
      segments.readers.push_back(*std::move(reader));
      continue;
    }
    PABAL_TRY(const bool unused, never_used(*file));
    if (id == from.segment || id != ids.back() || !unused) return failure_of(std::move(reader));
    segments.unfinished.push_back(id);
    return segments;
  }
  if (segments.readers.empty() || ids.back() >= expected) {
    return fail(ErrorKind::kCorrupt, "{} is missing", path_of(directory, expected));
  }
  return segments;
}

Result<bool> blobs_whole(const SegmentReader& segment, const Group& group, std::span<const Record> records) {
  std::string bytes;
  const auto whole = [&](const PlacedBlob& blob) -> Result<bool> {
    if (blob.large) return true;
    if (blob.offset > group.header.blob_bytes || blob.size > group.header.blob_bytes - blob.offset)
      return false;
    bytes.resize(blob.size);
    PABAL_TRY(const std::size_t got, segment.file().read_at(group.blobs_offset() + blob.offset, bytes));
    return got == bytes.size() && chunks_match(bytes, blob.sums);
  };
  for (const Record& record : records) {
    for (const PlacedBlob& blob : blobs_of(record)) {
      PABAL_TRY(const bool good, whole(blob));
      if (!good) return false;
    }
  }
  return true;
}

class Walker {
 public:
  Walker(const Segments& segments, const Applied& from, const GroupSink& sink)
      : segments_(segments), offset_(from.offset), sequence_(from.next_sequence), sink_(sink) {}

  Result<JournalWalk> run() {
    if (segment().size() < offset_) {
      return fail(ErrorKind::kCorrupt, "{} has {} bytes, but {} were written to it", segment().file().path(),
                  segment().size(), offset_);
    }
    for (;;) {
      PABAL_TRY(const bool found, take_group());
      if (found) continue;
      PABAL_TRY(const bool goes_on, goes_on_in_next_segment());
      if (!goes_on) break;
      ++index_;
      offset_ = kSegmentHeaderBytes;
    }
    PABAL_TRY(const Rest rest, segment().judge_rest(offset_, sequence_));
    PABAL_TRY(const bool beyond, anything_in_later_segments());
    if (rest == Rest::kDamaged || beyond) return damaged(segment(), offset_);
    walk_.torn = rest == Rest::kTorn;
    finish();
    return std::move(walk_);
  }

 private:
  const SegmentReader& segment() const { return segments_.readers[index_]; }

  Result<bool> take_group() {
    PABAL_TRY(const auto group, segment().read_group(offset_, sequence_));
    if (!group) return false;
    auto records = decode_records(group->records);
    // Its checksum holds, so these are the bytes that were written: by a program that is not this one.
    if (!records)
      return failure_of(std::move(records), fmt::format("{} at offset {}", segment().file().path(), offset_));
    // Once the next group was begun, this one had been synced. Of the last, each byte is looked at.
    PABAL_TRY(const bool followed, segment().has_header(group->end(), sequence_ + 1));
    if (!followed) {
      PABAL_TRY(const bool whole, blobs_whole(segment(), *group, *records));
      if (!whole) return false;
    }
    PABAL_TRY_VOID(sink_({segment().id(), sequence_, group->blobs_offset(), group->end()}, *records));
    ++walk_.groups;
    ++sequence_;
    offset_ = group->end();
    return true;
  }

  // Also when the first group over there is torn: then that is where the journal ends.
  Result<bool> goes_on_in_next_segment() const {
    if (index_ + 1 == segments_.readers.size()) return false;
    const SegmentReader& next = segments_.readers[index_ + 1];
    PABAL_TRY(const bool begins, next.has_header(kSegmentHeaderBytes, sequence_));
    if (begins) return true;
    PABAL_TRY(const Rest here, segment().judge_rest(offset_, sequence_));
    PABAL_TRY(const Rest there, next.judge_rest(kSegmentHeaderBytes, sequence_));
    return here == Rest::kNothing && there != Rest::kNothing;
  }

  Result<bool> anything_in_later_segments() const {
    for (std::size_t i = index_ + 1; i < segments_.readers.size(); ++i) {
      PABAL_TRY(const Rest rest, segments_.readers[i].judge_rest(kSegmentHeaderBytes, sequence_));
      if (rest != Rest::kNothing) return true;
    }
    return false;
  }

  void finish() {
    walk_.end = {segment().id(), offset_, sequence_, std::nullopt};
    walk_.unfinished = segments_.unfinished;
    for (std::size_t i = index_ + 1; i < segments_.readers.size(); ++i) {
      const SegmentId id = segments_.readers[i].id();
      if (i == index_ + 1) {
        walk_.end.ready = id;
      } else {
        walk_.unfinished.push_back(id);
      }
    }
  }

  const Segments& segments_;
  std::size_t index_ = 0;
  std::uint64_t offset_;
  std::uint64_t sequence_;
  const GroupSink& sink_;
  JournalWalk walk_;
};

}  // namespace

Applied journal_start() { return {SegmentId(1), kSegmentHeaderBytes, 1, Version()}; }

Result<bool> has_no_journal(const std::string& directory, const Disk& disk) {
  const SegmentId first = journal_start().segment;
  if (!disk.exists(directory)) return true;
  PABAL_TRY(const auto names, disk.list(directory));
  PABAL_TRY(const auto file, ReadableFile::open(path_of(directory, first)));
  if (file && SegmentReader::open(file, first)) return false;
  const bool alone = names.empty() || (names.size() == 1 && file);
  PABAL_TRY(const bool unused, file ? never_used(*file) : Result<bool>(true));
  // Without its index, a journal that went on to other segments can't be understood.
  if (!alone || !unused)
    return fail(ErrorKind::kCorrupt, "{} is missing or damaged", path_of(directory, first));
  return true;
}

Result<JournalWalk> walk_journal(const std::string& directory, const Disk& disk, const Applied& from,
                                 const GroupSink& sink) {
  PABAL_TRY(const Segments segments, open_segments(directory, disk, from));
  return Walker(segments, from, sink).run();
}

Result<void> for_each_group(std::shared_ptr<const ReadableFile> file, SegmentId id, const GroupSink& sink) {
  PABAL_TRY(const SegmentReader segment, SegmentReader::open(std::move(file), id));
  std::uint64_t offset = kSegmentHeaderBytes;
  for (std::optional<std::uint64_t> sequence;;) {
    PABAL_TRY(const auto group, segment.read_group(offset, sequence));
    if (!group) break;
    PABAL_TRY(const auto records, decode_records(group->records));
    PABAL_TRY_VOID(sink({id, group->header.sequence, group->blobs_offset(), group->end()}, records));
    offset = group->end();
    sequence = group->header.sequence + 1;
  }
  PABAL_TRY(const Rest rest, segment.judge_rest(offset, 0));
  if (rest != Rest::kNothing) return damaged(segment, offset);
  return {};
}

Result<void> tidy_journal(const std::string& directory, const Disk& disk, const JournalWalk& walk) {
  for (const SegmentId id : walk.unfinished) PABAL_TRY_VOID(disk.remove(path_of(directory, id)));
  if (!walk.torn) return {};
  return disk.truncate(path_of(directory, walk.end.segment), walk.end.offset);
}

}  // namespace pabal::store
