// Reading a whole store and comparing everything with everything. The index is opened to be read only, and
// what a crash left in the journal is laid over it in memory, so that nothing on the disk is changed.
#include <rocksdb/utilities/write_batch_with_index.h>

#include <map>

#include "base/digest.h"
#include "store/rocksdb/blob_reader.h"
#include "store/rocksdb/layout.h"
#include "store/rocksdb/open.h"
#include "store/rocksdb/replay.h"

namespace pabal::store {

namespace {

constexpr std::size_t kMaxFaults = 100;
constexpr std::uint64_t kHashPieceBytes = 1024 * 1024;
constexpr std::uint64_t kCacheBytes = 16 * 1024 * 1024;

std::string_view view(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

class Verifier {
 public:
  Verifier(const Layout& layout, const Disk& disk, Index& index, LargeFiles& large)
      : layout_(layout),
        disk_(disk),
        index_(index),
        segments_(layout.journal()),
        pool_({"verify", 1, 1}),
        reader_(index, segments_, large, pool_) {}

  Result<VerifyReport> run() {
    check_tables();
    PABAL_TRY_VOID(lay_journal_over_index());
    check_keys();
    check_blobs();
    check_uses();
    PABAL_TRY_VOID(check_segments());
    return std::move(report_);
  }

 private:
  void fault(std::string words) {
    if (report_.faults.size() < kMaxFaults) report_.faults.push_back(std::move(words));
  }

  void check_tables() {
    const auto status = index_.db().VerifyChecksum(rocksdb::ReadOptions());
    if (!status.ok()) fault(to_error(status, "the index").detail);
  }

  Result<void> lay_journal_over_index() {
    PABAL_TRY(const auto known, index_.load_applied());
    if (!known) {
      PABAL_TRY(const bool is_new, has_no_journal(layout_.journal(), disk_));
      if (is_new) return {};
    }
    const Applied from = known.value_or(journal_start());
    Applied applied = from;
    PABAL_TRY_VOID(index_.for_each(KeyTag::kSegment, [this](std::string_view key, std::string_view value) {
      const auto id = decode_segment_key(key);
      const auto use = decode_segment_use(value);
      if (id && use) uses_.load(*id, *use);
      return true;
    }));
    const auto walk =
        walk_journal(layout_.journal(), disk_, from,
                     [&](const GroupPlace& place, std::span<const Record> records) -> Result<void> {
                       apply_group(place, records, uses_, applied, overlay_);
                       return {};
                     });
    if (!walk) fault(walk.error().detail);
    return {};
  }

  /// Over the index as it will be once the journal is replayed.
  std::unique_ptr<rocksdb::Iterator> walk() {
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    return std::unique_ptr<rocksdb::Iterator>(overlay_.NewIteratorWithBase(index_.db().NewIterator(options)));
  }

  void check_keys() {
    const auto at = walk();
    for (at->SeekToFirst(); at->Valid(); at->Next()) {
      const std::string_view key = view(at->key());
      if (!decodes(key, view(at->value())))
        fault(fmt::format("the index key {} can't be decoded", to_hex(key)));
      if (decode_data_key(key)) ++report_.keys;
    }
    if (!at->status().ok()) fault(to_error(at->status(), "reading the index").detail);
  }

  static bool decodes(std::string_view key, std::string_view value) {
    switch (static_cast<KeyTag>(key.empty() ? 0 : key.front())) {
      case KeyTag::kApplied:
        return key == applied_key() && decode_applied(value);
      case KeyTag::kSegment:
        return decode_segment_key(key) && decode_segment_use(value);
      case KeyTag::kBlob:
        return decode_blob_key(key) && decode_location(value);
      case KeyTag::kReference:
        return decode_reference_key(key) && value.empty();
      case KeyTag::kLoose:
        return decode_blob_key(key) && value.empty();
      case KeyTag::kData:
        return decode_data_key(key) && decode_value(value);
    }
    return false;
  }

  // Blobs, references and loose marks are all ordered by the blob's id: one walk over the three.
  void check_blobs() {
    const auto blobs = walk();
    const auto references = walk();
    const auto loose = walk();
    references->Seek(range_of(KeyTag::kReference).start);
    loose->Seek(range_of(KeyTag::kLoose).start);
    for (blobs->Seek(range_of(KeyTag::kBlob).start); blobs->Valid(); blobs->Next()) {
      if (blobs->key()[0] != static_cast<char>(KeyTag::kBlob)) break;
      const auto id = decode_blob_key(view(blobs->key()));
      const auto location = decode_location(view(blobs->value()));
      if (!id || !location) continue;
      bool held = false;
      while (const auto reference = current_reference(*references)) {
        if (reference->bytes() > id->bytes()) break;
        if (*reference != *id) missing(*reference);
        held |= *reference == *id;
        references->Next();
      }
      while (const auto mark = current_loose(*loose)) {
        if (mark->bytes() > id->bytes()) break;
        held |= *mark == *id;
        loose->Next();
      }
      if (!held) fault(fmt::format("the blob {} is held by nobody, and no sweep will find it", id->to_hex()));
      check_bytes(*id, *location);
    }
    for (; const auto reference = current_reference(*references); references->Next()) missing(*reference);
  }

  static std::optional<BlobId> current_reference(rocksdb::Iterator& at) {
    if (!at.Valid()) return std::nullopt;
    const auto key = decode_reference_key(view(at.key()));
    return key ? std::optional(key->blob) : std::nullopt;
  }
  static std::optional<BlobId> current_loose(rocksdb::Iterator& at) {
    if (!at.Valid() || at.key()[0] != static_cast<char>(KeyTag::kLoose)) return std::nullopt;
    return decode_blob_key(view(at.key()));
  }
  void missing(const BlobId& id) { fault(fmt::format("the blob {} is held, but not stored", id.to_hex())); }

  void check_bytes(const BlobId& id, const BlobLocation& location) {
    ++report_.blobs;
    report_.blob_bytes += location.size;
    live_bytes_[location.segment] += location.size;
    Sha256 hash;
    for (std::uint64_t at = 0; at < location.size; at += kHashPieceBytes) {
      auto bytes = reader_.read_at(id, location, at, kHashPieceBytes);
      if (!bytes) return fault(bytes.error().detail);
      if (!*bytes) return fault(fmt::format("the file that holds the blob {} is missing", id.to_hex()));
      hash.update(**bytes);
    }
    if (BlobId(hash.finish()) != id)
      fault(fmt::format("the bytes of the blob {} are not what its name says", id.to_hex()));
  }

  void check_uses() {
    for (const auto& [id, use] : uses_.uses()) {
      if (use.live_bytes == live_bytes_[id]) continue;
      fault(fmt::format("segment {} holds {} bytes of blobs, but {} are counted", id, live_bytes_[id],
                        use.live_bytes));
    }
  }

  // The last segments were read when the journal was laid over the index.
  Result<void> check_segments() {
    PABAL_TRY(const auto known, index_.load_applied());
    const Applied applied = known.value_or(journal_start());
    PABAL_TRY(const auto names, disk_.list(layout_.journal()));
    for (const std::string& name : names) {
      const auto id = parse_segment_file_name(name);
      if (!id) fault(fmt::format("{}/{} is no file of a store", layout_.journal(), name));
      if (!id || *id >= applied.segment) continue;
      PABAL_TRY(auto file, ReadableFile::open(layout_.journal() + "/" + name));
      if (!file) continue;
      const auto read =
          for_each_group(file, *id, [](const auto&, const auto&) -> Result<void> { return {}; });
      if (!read) fault(read.error().detail);
    }
    return {};
  }

  const Layout& layout_;
  const Disk& disk_;
  Index& index_;
  SegmentFiles segments_;
  net::WorkerPool pool_;
  BlobReader reader_;
  rocksdb::WriteBatchWithIndex overlay_{rocksdb::BytewiseComparator(), 0, true};
  SegmentTable uses_;
  std::map<SegmentId, std::uint64_t> live_bytes_;
  VerifyReport report_;
};

Result<bool> nothing_was_committed(const Layout& layout, const Disk& disk) {
  PABAL_TRY(const bool no_journal, has_no_journal(layout.journal(), disk));
  if (no_journal) return true;
  PABAL_TRY(const JournalWalk walk,
            walk_journal(layout.journal(), disk, journal_start(),
                         [](const auto&, const auto&) -> Result<void> { return {}; }));
  return walk.groups == 0;
}

}  // namespace

Result<VerifyReport> verify_embedded(const std::filesystem::path& directory) {
  const Disk disk(rocksdb::FileSystem::Default());
  const Layout layout(directory);
  PABAL_TRY(const Found found, look_at(layout));
  if (found != Found::kStore) return fail(ErrorKind::kRefuse, "there is no store in {}", layout.root);
  PABAL_TRY(const auto lock, StoreLock::take(layout));
  if (!disk.exists(layout.index() + "/CURRENT")) {
    // A crash came while it was made, before it could hold anything.
    PABAL_TRY(const bool is_new, nothing_was_committed(layout, disk));
    if (is_new) return VerifyReport();
    return fail(ErrorKind::kCorrupt, "{} is missing, and the journal holds commits", layout.index());
  }
  PABAL_TRY(const auto large, LargeFiles::look(layout.root, disk));
  PABAL_TRY(const auto index, Index::open({layout.index(), kCacheBytes, 0, true}, disk));
  return Verifier(layout, disk, *index, *large).run();
}

}  // namespace pabal::store
