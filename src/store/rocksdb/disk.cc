#include "store/rocksdb/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace pabal::store {

namespace {

const rocksdb::IOOptions kPlain;

rocksdb::FileOptions plain_file() {
  rocksdb::FileOptions options;
  options.use_mmap_writes = false;  // RocksDB's default; a write that fails must say so, not send a signal
  return options;
}

Result<void> checked(const rocksdb::IOStatus& status, std::string_view doing, const std::string& path) {
  if (status.ok()) return {};
  return std::unexpected(to_error(status, fmt::format("{} {}", doing, path)));
}

std::unexpected<Error> system_failure(std::string_view doing, const std::string& path) {
  return fail(ErrorKind::kRetryLater, "{} {}: {}", doing, path, std::generic_category().message(errno));
}

}  // namespace

bool is_disk_full(const rocksdb::Status& status) { return status.IsNoSpace(); }

Error to_error(const rocksdb::Status& status, std::string_view doing) {
  if (is_disk_full(status)) return {ErrorKind::kRetryLater, fmt::format("{}: the disk is full", doing)};
  // A changed bit may also name a file that is not there, or a feature that does not exist. Waiting heals
  // neither.
  const bool damaged = status.IsCorruption() || status.IsPathNotFound() || status.IsNotFound() ||
                       status.IsInvalidArgument() || status.IsNotSupported();
  const ErrorKind kind = damaged ? ErrorKind::kCorrupt : ErrorKind::kRetryLater;
  return {kind, fmt::format("{}: {}", doing, status.ToString())};
}

Result<void> Disk::make_directory(const std::string& path) const {
  return checked(files_->CreateDirIfMissing(path, kPlain, nullptr), "making the directory", path);
}

Result<void> Disk::sync_directory(const std::string& path) const {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  PABAL_TRY_VOID(
      checked(files_->NewDirectory(path, kPlain, &directory, nullptr), "opening the directory", path));
  return checked(directory->Fsync(kPlain, nullptr), "syncing the directory", path);
}

Result<std::unique_ptr<rocksdb::FSWritableFile>> Disk::create(const std::string& path) const {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  PABAL_TRY_VOID(checked(files_->NewWritableFile(path, plain_file(), &file, nullptr), "creating", path));
  return file;
}

Result<std::unique_ptr<rocksdb::FSRandomRWFile>> Disk::open_in_place(const std::string& path) const {
  std::unique_ptr<rocksdb::FSRandomRWFile> file;
  PABAL_TRY_VOID(checked(files_->NewRandomRWFile(path, plain_file(), &file, nullptr), "opening", path));
  return file;
}

Result<void> Disk::truncate(const std::string& path, std::uint64_t size) const {
  // FileSystem::Truncate is not there on every system; a file opened to be appended to can be cut.
  std::unique_ptr<rocksdb::FSWritableFile> file;
  PABAL_TRY_VOID(checked(files_->ReopenWritableFile(path, plain_file(), &file, nullptr), "opening", path));
  PABAL_TRY_VOID(checked(file->Truncate(size, kPlain, nullptr), "cutting", path));
  PABAL_TRY_VOID(checked(file->Sync(kPlain, nullptr), "syncing", path));
  return checked(file->Close(kPlain, nullptr), "closing", path);
}

Result<void> Disk::rename(const std::string& from, const std::string& to) const {
  return checked(files_->RenameFile(from, to, kPlain, nullptr), "renaming", from);
}

Result<void> Disk::remove(const std::string& path) const {
  return checked(files_->DeleteFile(path, kPlain, nullptr), "removing", path);
}

Result<void> Disk::remove_directory(const std::string& path) const {
  if (!exists(path)) return {};
  PABAL_TRY(const auto names, list(path));
  for (const std::string& name : names) PABAL_TRY_VOID(remove(path + "/" + name));
  return checked(files_->DeleteDir(path, kPlain, nullptr), "removing", path);
}

bool Disk::exists(const std::string& path) const { return files_->FileExists(path, kPlain, nullptr).ok(); }

Result<std::uint64_t> Disk::size_of(const std::string& path) const {
  std::uint64_t size = 0;
  PABAL_TRY_VOID(checked(files_->GetFileSize(path, kPlain, &size, nullptr), "asking for the size of", path));
  return size;
}

Result<std::vector<std::string>> Disk::list(const std::string& directory) const {
  std::vector<std::string> names;
  PABAL_TRY_VOID(checked(files_->GetChildren(directory, kPlain, &names, nullptr), "listing", directory));
  std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
  std::ranges::sort(names);
  return names;
}

Result<std::uint64_t> Disk::free_bytes(const std::string& directory) const {
  std::uint64_t bytes = 0;
  PABAL_TRY_VOID(checked(files_->GetFreeSpace(directory, kPlain, &bytes, nullptr),
                         "asking for the room left at", directory));
  return bytes;
}

Result<void> Disk::write_whole(const std::string& directory, const std::string& name,
                               std::string_view bytes) const {
  const std::string path = directory + "/" + name;
  const std::string unfinished = path + ".tmp";
  PABAL_TRY(auto file, create(unfinished));
  PABAL_TRY_VOID(checked(file->Append({bytes.data(), bytes.size()}, kPlain, nullptr), "writing", unfinished));
  PABAL_TRY_VOID(checked(file->Sync(kPlain, nullptr), "syncing", unfinished));
  PABAL_TRY_VOID(checked(file->Close(kPlain, nullptr), "closing", unfinished));
  PABAL_TRY_VOID(rename(unfinished, path));
  return sync_directory(directory);
}

Result<void> Disk::copy(const std::string& from, const std::string& to) const {
  constexpr std::size_t kPieceBytes = 1024 * 1024;
  PABAL_TRY(const auto source, ReadableFile::open(from));
  if (!source) return fail(ErrorKind::kCorrupt, "{} is missing", from);
  PABAL_TRY(auto target, create(to));
  std::string piece(kPieceBytes, '\0');
  for (std::uint64_t offset = 0;;) {
    PABAL_TRY(const std::size_t size, source->read_at(offset, piece));
    if (size == 0) break;
    PABAL_TRY_VOID(checked(target->Append({piece.data(), size}, kPlain, nullptr), "writing", to));
    offset += size;
  }
  PABAL_TRY_VOID(checked(target->Sync(kPlain, nullptr), "syncing", to));
  return checked(target->Close(kPlain, nullptr), "closing", to);
}

Result<void> Disk::link_or_copy(const std::string& from, const std::string& to) const {
  if (files_->LinkFile(from, to, kPlain, nullptr).ok()) return {};
  return copy(from, to);
}

Result<std::shared_ptr<const ReadableFile>> ReadableFile::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == ENOENT) return nullptr;
    return system_failure("opening", path);
  }
  return std::shared_ptr<const ReadableFile>(new ReadableFile(descriptor, path));
}

ReadableFile::~ReadableFile() { ::close(descriptor_); }

Result<std::size_t> ReadableFile::read_at(std::uint64_t offset, std::span<char> out) const {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got =
        ::pread(descriptor_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (got == 0) break;
    if (got < 0) {
      if (errno == EINTR) continue;
      return system_failure("reading", path_);
    }
    done += static_cast<std::size_t>(got);
  }
  return done;
}

bool ReadableFile::read_cached(std::uint64_t offset, std::span<char> out) const {
  const ::iovec piece{out.data(), out.size()};
  return ::preadv2(descriptor_, &piece, 1, static_cast<off_t>(offset), RWF_NOWAIT) == std::ssize(out);
}

Result<std::uint64_t> ReadableFile::size() const {
  struct ::stat status{};
  if (::fstat(descriptor_, &status) != 0) return system_failure("asking for the size of", path_);
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace pabal::store
