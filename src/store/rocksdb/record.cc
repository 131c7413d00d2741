#include "store/rocksdb/record.h"

#include <optional>

#include "base/cursor.h"

namespace pabal::store {

namespace {

enum class RecordType : std::uint8_t { kBatch = 1, kDrop = 2, kMove = 3 };
enum class WriteType : std::uint8_t { kErase = 0, kPut = 1 };

constexpr std::size_t kBlobIdBytes = 32;

void append_placed(std::string& out, const PlacedBlob& blob) {
  out.append(blob.id.bytes());
  append_u8(out, blob.large ? 1 : 0);
  append_varint(out, blob.size);
  if (blob.large) return;
  append_varint(out, blob.offset);
  out.append(blob.sums);
}

void append_body(std::string& out, const BatchRecord& record) {
  append_u8(out, static_cast<std::uint8_t>(RecordType::kBatch));
  append_varint(out, record.version.value());
  append_sized(out, record.partition);
  append_varint(out, record.writes.size());
  for (const auto& write : record.writes) {
    append_u8(out, static_cast<std::uint8_t>(write.put ? WriteType::kPut : WriteType::kErase));
    append_sized(out, write.key);
    if (write.put) append_sized(out, write.value);
  }
  append_varint(out, record.references.size());
  for (const auto& reference : record.references) {
    append_u8(out, reference.held ? 1 : 0);
    out.append(reference.blob.bytes());
    append_sized(out, reference.name);
  }
  append_varint(out, record.blobs.size());
  for (const PlacedBlob& blob : record.blobs) append_placed(out, blob);
}

void append_body(std::string& out, const DropRecord& record) {
  append_u8(out, static_cast<std::uint8_t>(RecordType::kDrop));
  append_varint(out, record.dropped.size());
  for (const auto& dropped : record.dropped) {
    out.append(dropped.id.bytes());
    append_varint(out, dropped.segment.value());
    append_varint(out, dropped.size);
  }
  append_varint(out, record.kept.size());
  for (const BlobId& id : record.kept) out.append(id.bytes());
}

void append_body(std::string& out, const MoveRecord& record) {
  append_u8(out, static_cast<std::uint8_t>(RecordType::kMove));
  append_varint(out, record.from.value());
  append_varint(out, record.blobs.size());
  for (const PlacedBlob& blob : record.blobs) append_placed(out, blob);
}

// Reads one record; anything unexpected makes it unsound, and stays so.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : cursor_(bytes) {}

  std::optional<Record> record() {
    std::optional<Record> out;
    switch (static_cast<RecordType>(number(cursor_.take_u8()))) {
      case RecordType::kBatch:
        out = batch();
        break;
      case RecordType::kDrop:
        out = drop();
        break;
      case RecordType::kMove:
        out = move();
        break;
    }
    if (!sound_ || !cursor_.at_end()) return std::nullopt;
    return out;
  }

 private:
  template <class Number>
  std::uint64_t number(std::optional<Number> taken) {
    if (!taken) sound_ = false;
    return taken.value_or(0);
  }
  // A count can't be larger than the bytes that are left: each item takes one at least.
  std::uint64_t count() {
    const std::uint64_t value = number(cursor_.take_varint());
    if (value > cursor_.rest().size()) sound_ = false;
    return sound_ ? value : 0;
  }
  bool flag() {
    const std::uint64_t value = number(cursor_.take_u8());
    if (value > 1) sound_ = false;
    return value == 1;
  }
  std::string_view bytes(std::optional<std::string_view> taken) {
    if (!taken) sound_ = false;
    return taken.value_or(std::string_view());
  }
  BlobId id() { return BlobId::from_bytes(bytes(cursor_.take_bytes(kBlobIdBytes))).value_or(BlobId()); }

  PlacedBlob placed() {
    PlacedBlob blob;
    blob.id = id();
    blob.large = flag();
    blob.size = number(cursor_.take_varint());
    if (blob.large) return blob;
    blob.offset = number(cursor_.take_varint());
    if (blob.size > kMaxGroupBytes || blob.offset > kMaxGroupBytes) sound_ = false;
    if (sound_) blob.sums = bytes(cursor_.take_bytes(chunks_of(blob.size) * kSumBytes));
    return blob;
  }

  BatchRecord batch() {
    BatchRecord record;
    record.version = Version(number(cursor_.take_varint()));
    record.partition = bytes(cursor_.take_sized());
    record.writes.resize(count());
    for (auto& write : record.writes) {
      write.put = flag();
      write.key = bytes(cursor_.take_sized());
      if (write.put) write.value = bytes(cursor_.take_sized());
    }
    record.references.resize(count());
    for (auto& reference : record.references) {
      reference.held = flag();
      reference.blob = id();
      reference.name = bytes(cursor_.take_sized());
    }
    record.blobs.resize(count());
    for (PlacedBlob& blob : record.blobs) blob = placed();
    return record;
  }

  DropRecord drop() {
    DropRecord record;
    record.dropped.resize(count());
    for (auto& dropped : record.dropped) {
      dropped.id = id();
      dropped.segment = SegmentId(number(cursor_.take_varint()));
      dropped.size = number(cursor_.take_varint());
    }
    record.kept.resize(count());
    for (BlobId& kept : record.kept) kept = id();
    return record;
  }

  MoveRecord move() {
    MoveRecord record;
    record.from = SegmentId(number(cursor_.take_varint()));
    record.blobs.resize(count());
    for (PlacedBlob& blob : record.blobs) blob = placed();
    return record;
  }

  Cursor cursor_;
  bool sound_ = true;
};

}  // namespace

std::span<const PlacedBlob> blobs_of(const Record& record) {
  if (const auto* batch = std::get_if<BatchRecord>(&record)) return batch->blobs;
  if (const auto* move = std::get_if<MoveRecord>(&record)) return move->blobs;
  return {};
}

void append_record(std::string& out, const Record& record) {
  std::string body;
  std::visit([&body](const auto& some) { append_body(body, some); }, record);
  append_sized(out, body);
}

Result<std::vector<Record>> decode_records(std::string_view records) {
  std::vector<Record> out;
  Cursor cursor(records);
  while (!cursor.at_end()) {
    const std::size_t at = cursor.position();
    const auto body = cursor.take_sized();
    auto record = body ? Decoder(*body).record() : std::nullopt;
    if (!record) return fail(ErrorKind::kCorrupt, "the record at byte {} of its group can't be read", at);
    out.push_back(*std::move(record));
  }
  return out;
}

}  // namespace pabal::store
