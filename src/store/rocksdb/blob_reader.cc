#include "store/rocksdb/blob_reader.h"

#include <algorithm>

namespace pabal::store {

Result<std::shared_ptr<const ReadableFile>> SegmentFiles::open(SegmentId id) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto known = open_.find(id); known != open_.end()) {
      newest_first_.splice(newest_first_.begin(), newest_first_, known->second.place);
      return known->second.file;
    }
  }
  PABAL_TRY(auto file, ReadableFile::open(directory_ + "/" + segment_file_name(id)));
  if (!file) return file;
  const std::lock_guard lock(mutex_);
  if (open_.contains(id)) return file;
  newest_first_.push_front(id);
  open_.emplace(id, Entry{file, newest_first_.begin()});
  if (open_.size() > kMaxOpen) {
    open_.erase(newest_first_.back());
    newest_first_.pop_back();
  }
  return file;
}

void SegmentFiles::forget(SegmentId id) {
  const std::lock_guard lock(mutex_);
  const auto known = open_.find(id);
  if (known == open_.end()) return;
  newest_first_.erase(known->second.place);
  open_.erase(known);
}

/// The chunks that a range of a blob touches: only whole ones can be checked.
struct BlobReader::Part {
  std::uint64_t begin;  ///< in the blob
  std::uint64_t end;
  std::uint64_t wanted_begin;
  std::uint64_t wanted_size;

  Part(std::uint64_t blob_size, std::uint64_t offset, std::uint64_t size)
      : wanted_begin(std::min(offset, blob_size)), wanted_size(std::min(size, blob_size - wanted_begin)) {
    begin = wanted_begin / kChunkBytes * kChunkBytes;
    end = std::min(blob_size, (wanted_begin + wanted_size + kChunkBytes - 1) / kChunkBytes * kChunkBytes);
  }

  std::uint64_t size() const { return end - begin; }
  std::uint64_t sums_begin() const { return begin / kChunkBytes * kSumBytes; }
  std::uint64_t sums_size() const { return chunks_of(size()) * kSumBytes; }

  std::string trim(std::string bytes) const {
    if (wanted_size == bytes.size()) return bytes;
    return bytes.substr(wanted_begin - begin, wanted_size);
  }
};

namespace {

// A string that need not be filled before it is read into. libstdc++ 12 tells the operation its capacity, not
// the size that was asked for; hence the capture.
std::string uninitialised(std::size_t size) {
  std::string out;
  out.resize_and_overwrite(size, [size](char*, std::size_t) { return size; });
  return out;
}

std::unexpected<Error> not_stored(const BlobId& id) {
  return fail(ErrorKind::kRefuse, "the blob {} is not stored", id.to_hex());
}

}  // namespace

net::Task<Result<std::optional<BlobLocation>>> BlobReader::find(const BlobId& id) {
  if (auto found = index_.find_blob(id, Reach::kMemory)) co_return *std::move(found);
  co_return co_await pool_.run([&] { return *index_.find_blob(id, Reach::kDisk); });
}

net::Task<Result<std::optional<std::uint64_t>>> BlobReader::size(BlobId id) {
  PABAL_CO_TRY(const auto location, co_await find(id));
  if (!location) co_return std::optional<std::uint64_t>();
  co_return std::optional(location->size);
}

net::Task<Result<std::string>> BlobReader::read(BlobId id, std::uint64_t offset, std::size_t size) {
  PABAL_CO_TRY(auto location, co_await find(id));
  if (!location) co_return not_stored(id);
  const Part part(location->size, offset, size);
  if (part.wanted_size == 0) co_return std::string();
  if (auto bytes = read_cached(*location, part)) co_return *std::move(bytes);
  co_return co_await pool_.run([&] { return read_from_disk(id, *location, offset, size); });
}

std::optional<std::string> BlobReader::read_cached(const BlobLocation& location, const Part& part) {
  if (location.large()) return std::nullopt;
  const auto file = segments_.open(location.segment);
  if (!file || !*file) return std::nullopt;
  std::string bytes = uninitialised(part.size());
  if (!(*file)->read_cached(location.offset + part.begin, bytes)) return std::nullopt;
  const auto sums = std::string_view(location.sums).substr(part.sums_begin(), part.sums_size());
  // What looks wrong is read again the other way, which finds the words for it.
  if (!chunks_match(bytes, sums)) return std::nullopt;
  return part.trim(std::move(bytes));
}

Result<std::string> BlobReader::read_from_disk(BlobId id, BlobLocation location, std::uint64_t offset,
                                               std::uint64_t size) {
  // A sweep may move the blob between our look at the index and our look at the file: look again then.
  for (;;) {
    PABAL_TRY(auto bytes, read_at(id, location, offset, size));
    if (bytes) return *std::move(bytes);
    PABAL_TRY(auto now, *index_.find_blob(id, Reach::kDisk));
    if (!now) return not_stored(id);
    if (*now == location) {
      return fail(ErrorKind::kCorrupt, "the file that holds the blob {} is missing: {}", id.to_hex(),
                  location.large() ? large_.path_of(id) : segment_file_name(location.segment));
    }
    location = *std::move(now);
  }
}

Result<std::shared_ptr<const ReadableFile>> BlobReader::open_file(const BlobId& id,
                                                                  const BlobLocation& location) {
  return location.large() ? ReadableFile::open(large_.path_of(id)) : segments_.open(location.segment);
}

Result<std::optional<std::string>> BlobReader::read_at(const BlobId& id, const BlobLocation& location,
                                                       std::uint64_t offset, std::uint64_t size) {
  const Part part(location.size, offset, size);
  PABAL_TRY(const auto file, open_file(id, location));
  if (!file) return std::nullopt;
  std::string sums = location.sums.substr(std::min<std::uint64_t>(part.sums_begin(), location.sums.size()),
                                          part.sums_size());
  if (location.large()) {
    sums = uninitialised(part.sums_size());
    PABAL_TRY_VOID(file->read_at(location.size + part.sums_begin(), sums));
  }
  std::string bytes = uninitialised(part.size());
  PABAL_TRY(const std::size_t got, file->read_at(location.offset + part.begin, bytes));
  if (got != bytes.size() || !chunks_match(bytes, sums)) {
    return fail(ErrorKind::kCorrupt,
                "{} is damaged between offset {} and {}: the blob {} does not match its checksum",
                file->path(), location.offset + part.begin, location.offset + part.end, id.to_hex());
  }
  return part.trim(std::move(bytes));
}

}  // namespace pabal::store
