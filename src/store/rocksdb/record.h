// The records of a group: what each batch, each dropping of blobs and each moving of blobs did. They
// say effects, not wishes: expectations have been judged, so replaying one never fails.
// The format is drawn in docs/store-format.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "store/rocksdb/index_keys.h"

namespace pabal::store {

/// A blob that this group made part of the store. Its bytes are in the group, `offset` bytes after
/// its records, or in a large file.
struct PlacedBlob {
  BlobId id;
  bool large = false;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
  std::string_view sums;  ///< chunk_sums, unless large
};

/// One batch. Views point into the bytes that were decoded.
struct BatchRecord {
  struct Write {
    std::string_view key;
    bool put = false;
    std::string_view value;
  };
  struct Reference {
    bool held = false;
    BlobId blob;
    std::string_view name;
  };

  Version version;
  std::string_view partition;
  std::vector<Write> writes;
  std::vector<Reference> references;
  std::vector<PlacedBlob> blobs;
};

/// Blobs that nobody held, and blobs that were thought loose but are held.
struct DropRecord {
  struct Dropped {
    BlobId id;
    SegmentId segment;
    std::uint64_t size = 0;
  };
  std::vector<Dropped> dropped;
  std::vector<BlobId> kept;
};

/// Blobs whose bytes now stand in this group, and no longer in segment `from`.
struct MoveRecord {
  SegmentId from;
  std::vector<PlacedBlob> blobs;
};

using Record = std::variant<BatchRecord, DropRecord, MoveRecord>;

/// The blobs that the record placed.
std::span<const PlacedBlob> blobs_of(const Record& record);

/// Appends one record, with its length before it.
void append_record(std::string& out, const Record& record);
/// kCorrupt if anything in `records` is not as append_record writes it. The views live as long as `records`.
Result<std::vector<Record>> decode_records(std::string_view records);

}  // namespace pabal::store
