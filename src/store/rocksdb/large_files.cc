#include "store/rocksdb/large_files.h"

#include "base/cursor.h"
#include "store/rocksdb/index_keys.h"

namespace pabal::store {

namespace {

const rocksdb::IOOptions kPlain;
constexpr std::string_view kMagic = "PABALBIG";

}  // namespace

Result<std::shared_ptr<LargeFiles>> LargeFiles::open(const std::string& store_directory, const Disk& disk) {
  std::shared_ptr<LargeFiles> files(new LargeFiles(store_directory, disk));
  PABAL_TRY_VOID(disk.make_directory(files->directory_));
  PABAL_TRY_VOID(disk.make_directory(files->unfinished_));
  PABAL_TRY(const auto leftovers, disk.list(files->unfinished_));
  for (const std::string& name : leftovers) PABAL_TRY_VOID(disk.remove(files->unfinished_ + "/" + name));
  return files;
}

Result<std::shared_ptr<LargeFiles>> LargeFiles::look(const std::string& store_directory, const Disk& disk) {
  return std::shared_ptr<LargeFiles>(new LargeFiles(store_directory, disk));
}

std::optional<BlobId> LargeFiles::parse_name(std::string_view name) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  if (name.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (; !name.empty(); name.remove_prefix(2)) {
    const std::size_t high = kDigits.find(name[0]);
    const std::size_t low = kDigits.find(name[1]);
    if (high == kDigits.npos || low == kDigits.npos) return std::nullopt;
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return BlobId::from_bytes(bytes);
}

std::string LargeFiles::new_unfinished_path() {
  return fmt::format("{}/{}", unfinished_, next_unfinished_++);
}

void LargeFiles::pin(const BlobId& id) {
  const std::lock_guard lock(mutex_);
  ++pins_[id];
}

void LargeFiles::unpin(const BlobId& id, bool committed) {
  const std::lock_guard lock(mutex_);
  const auto pin = pins_.find(id);
  if (--pin->second > 0) return;
  pins_.erase(pin);
  if (committed) return;
  abandoned_.push_back(id);
  if (on_abandoned_) on_abandoned_();
}

bool LargeFiles::pinned(const BlobId& id) const {
  const std::lock_guard lock(mutex_);
  return pins_.contains(id);
}

std::vector<BlobId> LargeFiles::take_abandoned() {
  const std::lock_guard lock(mutex_);
  return std::exchange(abandoned_, {});
}

void LargeFiles::give_back_abandoned(std::vector<BlobId> ids) {
  const std::lock_guard lock(mutex_);
  abandoned_.insert(abandoned_.end(), ids.begin(), ids.end());
}

void LargeFiles::on_abandoned(std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  on_abandoned_ = std::move(call);
}

Result<std::uint64_t> LargeFiles::remove_unless_pinned(const BlobId& id) {
  // Under the lock: a writer that pins before it renames either comes first and keeps the file, or comes
  // after and makes it anew.
  const std::lock_guard lock(mutex_);
  const std::string path = path_of(id);
  if (pins_.contains(id) || !disk_.exists(path)) return 0;
  PABAL_TRY(const std::uint64_t size, disk_.size_of(path));
  PABAL_TRY_VOID(disk_.remove(path));
  return size;
}

SmallStaged::SmallStaged(BlobId blob_id, std::string blob_bytes)
    : id(blob_id), bytes(std::move(blob_bytes)), sums(chunk_sums(bytes)) {}

LargeStaged::LargeStaged(std::shared_ptr<LargeFiles> files, BlobId blob_id, std::uint64_t size)
    : id(blob_id), size_bytes(size), files_(std::move(files)) {
  files_->pin(id);
}

LargeStaged::~LargeStaged() { files_->unpin(id, committed_.load(std::memory_order_relaxed)); }

LargeFileWriter::~LargeFileWriter() {
  file_.reset();
  if (!path_.empty()) (void)files_->disk().remove(path_);
}

Result<void> LargeFileWriter::append(std::string_view bytes, Sha256& hash, std::size_t hashed) {
  if (!file_) {
    const std::string path = files_->new_unfinished_path();
    PABAL_TRY(file_, files_->disk().create(path));
    path_ = path;
  }
  hash.update(bytes.substr(hashed));
  sums_ += chunk_sums(bytes);
  size_ += bytes.size();
  const auto status = file_->Append({bytes.data(), bytes.size()}, kPlain, nullptr);
  if (!status.ok()) return std::unexpected(to_error(status, "writing a large blob"));
  return {};
}

Result<std::shared_ptr<const LargeStaged>> LargeFileWriter::finish(Sha256& hash) {
  auto status = file_->Append(encode_large_footer(size_, sums_), kPlain, nullptr);
  if (status.ok()) status = file_->Sync(kPlain, nullptr);
  if (status.ok()) status = file_->Close(kPlain, nullptr);
  if (!status.ok()) return std::unexpected(to_error(status, "writing a large blob"));
  const BlobId id(hash.finish());
  // Pinned first: from here on nobody removes what bears this name.
  auto staged = std::make_shared<const LargeStaged>(files_, id, size_);
  PABAL_TRY_VOID(files_->disk().rename(path_, files_->path_of(id)));
  path_.clear();
  PABAL_TRY_VOID(files_->disk().sync_directory(files_->directory()));
  return staged;
}

std::string encode_large_footer(std::uint64_t size, std::string_view sums) {
  std::string out(sums);
  out.append(kMagic);
  append_u64(out, size);
  append_u32(out, crc32c(out));
  return out;
}

}  // namespace pabal::store
