#include "fault_file_system.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <random>
#include <utility>

#include "base/check.h"

namespace pabal::store {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

namespace {

constexpr std::uint64_t kPageBytes = 4096;
constexpr std::uint64_t kSectorBytes = 512;  // what a disk writes whole

std::string normal(const std::string& path) {
  std::string result = std::filesystem::path(path).lexically_normal().string();
  if (result.size() > 1 && result.back() == '/') result.pop_back();
  return result;
}

IOStatus io_error(const char* what) { return IOStatus::IOError(what, std::strerror(errno)); }

IOStatus power_is_off() { return IOStatus::IOError("the power is cut"); }

}  // namespace

// A file or a directory. A file's bytes live in the shadow directory under its number, and under its names by
// hard links, so that what a directory forgets or brings back is only a name.
struct FaultFileSystem::Inode {
  ~Inode() {
    if (descriptor >= 0) ::close(descriptor);
  }

  bool is_directory = false;
  bool of_ghost = false;
  std::uint64_t number = 0;

  // Directories: what the engine sees, and what a disk surely has.
  std::map<std::string, InodePtr> visible;
  std::map<std::string, InodePtr> durable;

  // Files:
  int descriptor = -1;
  std::uint64_t size = 0;
  std::uint64_t synced_size = 0;
  std::map<std::uint64_t, std::string> unsynced;  // page -> what the disk surely has; shorter at the end
  std::map<std::uint64_t, std::string> lost_to_a_failed_sync;  // the same, and no later sync helps

  // What a disk may have had of the unsynced pages when the power was cut.
  std::map<std::uint64_t, std::string> at_cut;
  std::uint64_t size_at_cut = 0;

  std::string read_page(std::uint64_t page) const {
    std::string bytes(kPageBytes, '\0');  // zeros beyond the end, as a hole reads
    PABAL_CHECK(::pread(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(page * kPageBytes)) >= 0);
    return bytes;
  }
};

class FaultFileSystem::WritableFile final : public rocksdb::FSWritableFile {
 public:
  WritableFile(FaultFileSystem& files, InodePtr inode) : files_(files), inode_(std::move(inode)) {}

  using FSWritableFile::Append;
  IOStatus Append(const rocksdb::Slice& data, const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(files_.mutex_);
    return files_.write(*inode_, inode_->size, data.ToStringView());
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(files_.mutex_);
    return files_.truncate(*inode_, size);
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(files_.mutex_);
    return files_.sync(*inode_);
  }
  bool IsSyncThreadSafe() const override { return true; }
  std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(files_.mutex_);
    return inode_->size;
  }

 private:
  FaultFileSystem& files_;
  InodePtr inode_;
};

class FaultFileSystem::RandomRWFile final : public rocksdb::FSRandomRWFile {
 public:
  RandomRWFile(FaultFileSystem& files, InodePtr inode) : files_(files), inode_(std::move(inode)) {}

  IOStatus Write(std::uint64_t offset, const rocksdb::Slice& data, const IOOptions&,
                 IODebugContext*) override {
    const std::lock_guard lock(files_.mutex_);
    return files_.write(*inode_, offset, data.ToStringView());
  }
  IOStatus Read(std::uint64_t offset, std::size_t n, const IOOptions&, rocksdb::Slice* result, char* scratch,
                IODebugContext*) const override {
    const ssize_t got = ::pread(inode_->descriptor, scratch, n, static_cast<off_t>(offset));
    if (got < 0) return io_error("reading");
    *result = rocksdb::Slice(scratch, static_cast<std::size_t>(got));
    return IOStatus::OK();
  }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(files_.mutex_);
    return files_.sync(*inode_);
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  FaultFileSystem& files_;
  InodePtr inode_;
};

class FaultFileSystem::Directory final : public rocksdb::FSDirectory {
 public:
  Directory(FaultFileSystem& files, InodePtr inode) : files_(files), inode_(std::move(inode)) {}

  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(files_.mutex_);
    return files_.sync_directory(inode_);
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  FaultFileSystem& files_;
  InodePtr inode_;
};

FaultFileSystem::FaultFileSystem(std::string root)
    : FileSystemWrapper(rocksdb::FileSystem::Default()),
      root_path_(normal(root)),
      shadow_directory_(root_path_ + ".inodes"),
      root_(std::make_shared<Inode>()) {
  std::filesystem::create_directories(shadow_directory_);
  root_->is_directory = true;
}

FaultFileSystem::~FaultFileSystem() { std::filesystem::remove_all(shadow_directory_); }

void FaultFileSystem::cut_power() {
  const std::lock_guard lock(mutex_);
  cut();
}

void FaultFileSystem::cut() {
  if (cut_) return;
  cut_ = true;
  names_at_cut_ = unsynced_names_.size();
  for (const auto& each : files_) {
    const InodePtr file = each.lock();
    if (file == nullptr) continue;
    file->size_at_cut = file->size;
    for (const auto* pages : {&file->unsynced, &file->lost_to_a_failed_sync}) {
      for (const auto& [page, before] : *pages) file->at_cut[page] = file->read_page(page);
    }
  }
}

void FaultFileSystem::cut_power_after(std::uint64_t changes) {
  const std::lock_guard lock(mutex_);
  cut_at_ = changes_ + changes;
}

void FaultFileSystem::let_ghost_go_on(const std::string& path) {
  const std::lock_guard lock(mutex_);
  ghost_path_ = normal(path);
}

bool FaultFileSystem::power_is_cut() const {
  const std::lock_guard lock(mutex_);
  return cut_;
}

void FaultFileSystem::fail_from(std::uint64_t change, Fault fault) {
  const std::lock_guard lock(mutex_);
  fault_ = fault;
  fault_met_ = false;
  fault_from_ = changes_ + change;
  fault_until_ = UINT64_MAX;
}

void FaultFileSystem::fail_once(std::uint64_t change, Fault fault) {
  fail_from(change, fault);
  const std::lock_guard lock(mutex_);
  fault_until_ = fault_from_;
}

void FaultFileSystem::heal() {
  const std::lock_guard lock(mutex_);
  fault_.reset();
}

std::uint64_t FaultFileSystem::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

bool FaultFileSystem::fault_was_met() const {
  const std::lock_guard lock(mutex_);
  return fault_met_;
}

// Every change passes here before it is made.
FaultFileSystem::Verdict FaultFileSystem::judge(Change change, bool by_ghost) {
  if (cut_) return {by_ghost ? IOStatus::OK() : power_is_off()};
  ++changes_;
  if (cut_at_ && changes_ >= *cut_at_) {
    if (change != Change::kWrite) cut();
    return {by_ghost ? IOStatus::OK() : power_is_off(), true};
  }
  if (!fault_ || changes_ < fault_from_ || changes_ > fault_until_) return {IOStatus::OK()};
  if (*fault_ == Fault::kInputOutputError) {
    fault_met_ = true;
    return {IOStatus::IOError("injected", std::strerror(EIO)), true};
  }
  if (change == Change::kRemoveName || change == Change::kShrink || change == Change::kSync)
    return {IOStatus::OK()};
  fault_met_ = true;
  return {IOStatus::NoSpace("injected", std::strerror(ENOSPC)), true};
}

// ---- Bytes

void FaultFileSystem::remember_page(Inode& inode, std::uint64_t page) {
  if (const auto lost = inode.lost_to_a_failed_sync.find(page); lost != inode.lost_to_a_failed_sync.end()) {
    inode.unsynced.insert(inode.lost_to_a_failed_sync.extract(lost));
    return;
  }
  if (inode.unsynced.contains(page)) return;
  inode.unsynced.emplace(page, inode.read_page(page));
}

void FaultFileSystem::write_through(Inode& inode, std::uint64_t offset, std::string_view bytes) {
  if (bytes.empty()) return;
  for (std::uint64_t page = offset / kPageBytes; page <= (offset + bytes.size() - 1) / kPageBytes; ++page) {
    remember_page(inode, page);
  }
  PABAL_CHECK(::pwrite(inode.descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset)) ==
              static_cast<ssize_t>(bytes.size()));
  inode.size = std::max(inode.size, offset + bytes.size());
}

IOStatus FaultFileSystem::write(Inode& inode, std::uint64_t offset, std::string_view bytes) {
  const Verdict verdict = judge(Change::kWrite, inode.of_ghost);
  if (verdict.by_halves) write_through(inode, offset, bytes.substr(0, bytes.size() / 2));
  if (cut_at_ && changes_ >= *cut_at_) cut();
  if (verdict.status.ok()) write_through(inode, offset, bytes);
  return verdict.status;
}

IOStatus FaultFileSystem::truncate(Inode& inode, std::uint64_t size) {
  const Verdict verdict = judge(size < inode.size ? Change::kShrink : Change::kGrow, inode.of_ghost);
  if (!verdict.status.ok()) return verdict.status;
  // The page that holds the new end, too: its rest reads as zeros if the file grows again.
  if (size < inode.size) {
    for (std::uint64_t page = size / kPageBytes; page <= (inode.size - 1) / kPageBytes; ++page)
      remember_page(inode, page);
  }
  PABAL_CHECK(::ftruncate(inode.descriptor, static_cast<off_t>(size)) == 0);
  inode.size = size;
  return IOStatus::OK();
}

IOStatus FaultFileSystem::sync(Inode& inode) {
  const Verdict verdict = judge(Change::kSync, inode.of_ghost);
  if (cut_) return verdict.status;
  if (verdict.status.ok()) {
    inode.synced_size = inode.size;
    inode.unsynced.clear();
  } else {
    inode.lost_to_a_failed_sync.merge(inode.unsynced);
    inode.unsynced.clear();
  }
  return verdict.status;
}

// ---- Names

bool FaultFileSystem::is_ghost(const std::string& path) const {
  return !ghost_path_.empty() && path.starts_with(ghost_path_);
}

bool FaultFileSystem::below_root(const std::string& path) const { return path.starts_with(root_path_ + "/"); }

FaultFileSystem::InodePtr FaultFileSystem::find(const std::string& path) {
  if (path == root_path_) return root_;
  if (!below_root(path)) return nullptr;
  InodePtr at = root_;
  std::string so_far = root_path_;
  for (const auto& part : std::filesystem::path(path.substr(root_path_.size() + 1))) {
    so_far += "/" + part.string();
    at = child_of(at, part.string(), so_far);
    if (at == nullptr) return nullptr;
  }
  return at;
}

FaultFileSystem::InodePtr FaultFileSystem::child_of(const InodePtr& directory, const std::string& name,
                                                    const std::string& path) {
  if (const auto found = directory->visible.find(name); found != directory->visible.end())
    return found->second;
  // Made behind our back (RocksDB's own log): as durable as if it had always been there.
  InodePtr adopted = adopt(path);
  if (adopted != nullptr) {
    adopted->of_ghost = is_ghost(path);
    directory->visible[name] = adopted;
    directory->durable[name] = adopted;
  }
  return adopted;
}

FaultFileSystem::InodePtr FaultFileSystem::adopt(const std::string& path) {
  struct stat about;
  if (::stat(path.c_str(), &about) != 0) return nullptr;
  if (S_ISDIR(about.st_mode)) {
    auto directory = std::make_shared<Inode>();
    directory->is_directory = true;
    return directory;
  }
  auto file = std::make_shared<Inode>();
  file->number = next_inode_++;
  PABAL_CHECK(::link(path.c_str(), shadow_path(*file).c_str()) == 0);
  file->descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  PABAL_CHECK(file->descriptor >= 0);
  file->size = file->synced_size = static_cast<std::uint64_t>(about.st_size);
  files_.push_back(file);
  return file;
}

FaultFileSystem::InodePtr FaultFileSystem::new_file() {
  auto file = std::make_shared<Inode>();
  file->number = next_inode_++;
  file->descriptor = ::open(shadow_path(*file).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  PABAL_CHECK(file->descriptor >= 0);
  files_.push_back(file);
  return file;
}

std::string FaultFileSystem::shadow_path(const Inode& inode) const {
  return fmt::format("{}/{}", shadow_directory_, inode.number);
}

FaultFileSystem::Place FaultFileSystem::place_of(const std::string& path) {
  const std::filesystem::path whole(path);
  return {find(whole.parent_path().string()), whole.filename().string()};
}

void FaultFileSystem::change_names(NameChange change) {
  for (const NameChange::Entry& entry : change.entries) {
    if (entry.now != nullptr) {
      entry.directory->visible[entry.name] = entry.now;
    } else {
      entry.directory->visible.erase(entry.name);
    }
  }
  unsynced_names_.push_back(std::move(change));
}

void FaultFileSystem::make_durable(const NameChange& change) {
  for (const NameChange::Entry& entry : change.entries) {
    if (entry.now != nullptr) {
      entry.directory->durable[entry.name] = entry.now;
    } else {
      entry.directory->durable.erase(entry.name);
    }
  }
}

IOStatus FaultFileSystem::sync_directory(const InodePtr& directory) {
  const Verdict verdict = judge(Change::kSync, directory->of_ghost);
  if (cut_ || !verdict.status.ok()) return verdict.status;
  std::erase_if(unsynced_names_, [&](const NameChange& change) {
    const bool here = std::ranges::any_of(
        change.entries, [&](const NameChange::Entry& entry) { return entry.directory == directory; });
    if (here) make_durable(change);
    return here;
  });
  return IOStatus::OK();
}

IOStatus FaultFileSystem::NewWritableFile(const std::string& given, const rocksdb::FileOptions& options,
                                          std::unique_ptr<rocksdb::FSWritableFile>* file,
                                          IODebugContext* debug) {
  const std::string path = normal(given);
  if (!below_root(path)) return target()->NewWritableFile(given, options, file, debug);
  const std::lock_guard lock(mutex_);
  InodePtr inode = find(path);
  if (inode != nullptr) {
    const IOStatus emptied = truncate(*inode, 0);
    if (!emptied.ok()) return emptied;
  } else {
    const Verdict verdict = judge(Change::kAddName, is_ghost(path));
    if (!verdict.status.ok()) return verdict.status;
    const Place place = place_of(path);
    if (place.directory == nullptr) return IOStatus::PathNotFound(path);
    inode = new_file();
    inode->of_ghost = is_ghost(path);
    if (::link(shadow_path(*inode).c_str(), path.c_str()) != 0) return io_error("creating");
    change_names({{{place.directory, place.name, inode}}});
  }
  *file = std::make_unique<WritableFile>(*this, inode);
  return IOStatus::OK();
}

IOStatus FaultFileSystem::ReopenWritableFile(const std::string& given, const rocksdb::FileOptions& options,
                                             std::unique_ptr<rocksdb::FSWritableFile>* file,
                                             IODebugContext* debug) {
  const std::string path = normal(given);
  if (!below_root(path)) return target()->ReopenWritableFile(given, options, file, debug);
  {
    const std::lock_guard lock(mutex_);
    if (const InodePtr inode = find(path); inode != nullptr) {
      *file = std::make_unique<WritableFile>(*this, inode);
      return IOStatus::OK();
    }
  }
  return NewWritableFile(given, options, file, debug);
}

IOStatus FaultFileSystem::ReuseWritableFile(const std::string&, const std::string&,
                                            const rocksdb::FileOptions&,
                                            std::unique_ptr<rocksdb::FSWritableFile>*, IODebugContext*) {
  return IOStatus::NotSupported("reusing files");
}

IOStatus FaultFileSystem::NewRandomRWFile(const std::string& given, const rocksdb::FileOptions& options,
                                          std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                                          IODebugContext* debug) {
  const std::string path = normal(given);
  if (!below_root(path)) return target()->NewRandomRWFile(given, options, file, debug);
  const std::lock_guard lock(mutex_);
  const InodePtr inode = find(path);
  if (inode == nullptr) return IOStatus::PathNotFound(path);
  *file = std::make_unique<RandomRWFile>(*this, inode);
  return IOStatus::OK();
}

IOStatus FaultFileSystem::NewMemoryMappedFileBuffer(const std::string&,
                                                    std::unique_ptr<rocksdb::MemoryMappedFileBuffer>*) {
  return IOStatus::NotSupported("writes through a mapping can't be seen here");
}

IOStatus FaultFileSystem::NewDirectory(const std::string& given, const IOOptions& options,
                                       std::unique_ptr<rocksdb::FSDirectory>* directory,
                                       IODebugContext* debug) {
  const std::lock_guard lock(mutex_);
  const InodePtr inode = find(normal(given));
  if (inode == nullptr) return target()->NewDirectory(given, options, directory, debug);
  *directory = std::make_unique<Directory>(*this, inode);
  return IOStatus::OK();
}

IOStatus FaultFileSystem::DeleteFile(const std::string& given, const IOOptions& options,
                                     IODebugContext* debug) {
  const std::string path = normal(given);
  const std::lock_guard lock(mutex_);
  if (find(path) == nullptr) return target()->DeleteFile(given, options, debug);
  const Verdict verdict = judge(Change::kRemoveName, is_ghost(path));
  if (!verdict.status.ok()) return verdict.status;
  if (::unlink(path.c_str()) != 0) return io_error("deleting");
  const Place place = place_of(path);
  change_names({{{place.directory, place.name, nullptr}}});
  return IOStatus::OK();
}

IOStatus FaultFileSystem::Truncate(const std::string& given, std::size_t size, const IOOptions& options,
                                   IODebugContext* debug) {
  const std::lock_guard lock(mutex_);
  const InodePtr inode = find(normal(given));
  if (inode == nullptr) return target()->Truncate(given, size, options, debug);
  return truncate(*inode, size);
}

IOStatus FaultFileSystem::CreateDir(const std::string& given, const IOOptions& options,
                                    IODebugContext* debug) {
  const std::string path = normal(given);
  if (!below_root(path)) return target()->CreateDir(given, options, debug);
  const std::lock_guard lock(mutex_);
  const Verdict verdict = judge(Change::kAddName, is_ghost(path));
  if (!verdict.status.ok()) return verdict.status;
  const Place place = place_of(path);
  if (place.directory == nullptr) return IOStatus::PathNotFound(path);
  if (::mkdir(path.c_str(), 0700) != 0) return io_error("making a directory");
  auto inode = std::make_shared<Inode>();
  inode->is_directory = true;
  inode->of_ghost = is_ghost(path);
  change_names({{{place.directory, place.name, inode}}});
  return IOStatus::OK();
}

IOStatus FaultFileSystem::CreateDirIfMissing(const std::string& given, const IOOptions& options,
                                             IODebugContext* debug) {
  if (std::filesystem::is_directory(given)) return IOStatus::OK();
  return CreateDir(given, options, debug);
}

IOStatus FaultFileSystem::DeleteDir(const std::string& given, const IOOptions& options,
                                    IODebugContext* debug) {
  const std::string path = normal(given);
  const std::lock_guard lock(mutex_);
  if (find(path) == nullptr) return target()->DeleteDir(given, options, debug);
  const Verdict verdict = judge(Change::kRemoveName, is_ghost(path));
  if (!verdict.status.ok()) return verdict.status;
  if (::rmdir(path.c_str()) != 0) return io_error("removing a directory");
  const Place place = place_of(path);
  change_names({{{place.directory, place.name, nullptr}}});
  return IOStatus::OK();
}

IOStatus FaultFileSystem::RenameFile(const std::string& given_from, const std::string& given_to,
                                     const IOOptions& options, IODebugContext* debug) {
  const std::string from = normal(given_from);
  const std::string to = normal(given_to);
  const std::lock_guard lock(mutex_);
  const InodePtr inode = find(from);
  if (inode == nullptr) return target()->RenameFile(given_from, given_to, options, debug);
  PABAL_CHECK(below_root(to));
  const Verdict verdict = judge(Change::kAddName, is_ghost(to));
  if (!verdict.status.ok()) return verdict.status;
  const Place source = place_of(from);
  const Place aim = place_of(to);
  if (aim.directory == nullptr) return IOStatus::PathNotFound(to);
  find(to);  // what the new name meant so far may come back
  if (::rename(from.c_str(), to.c_str()) != 0) return io_error("renaming");
  // Two names of one file: rename(2) then does nothing and leaves both.
  if (std::filesystem::exists(from)) ::unlink(from.c_str());
  change_names({{{source.directory, source.name, nullptr}, {aim.directory, aim.name, inode}}});
  return IOStatus::OK();
}

IOStatus FaultFileSystem::LinkFile(const std::string& given_from, const std::string& given_to,
                                   const IOOptions& options, IODebugContext* debug) {
  const std::string to = normal(given_to);
  const std::lock_guard lock(mutex_);
  const InodePtr inode = find(normal(given_from));
  if (inode == nullptr || !below_root(to)) return target()->LinkFile(given_from, given_to, options, debug);
  const Verdict verdict = judge(Change::kAddName, is_ghost(to));
  if (!verdict.status.ok()) return verdict.status;
  const Place aim = place_of(to);
  if (aim.directory == nullptr) return IOStatus::PathNotFound(to);
  if (::link(given_from.c_str(), to.c_str()) != 0) return io_error("linking");
  change_names({{{aim.directory, aim.name, inode}}});
  return IOStatus::OK();
}

IOStatus FaultFileSystem::NumFileLinks(const std::string& given, const IOOptions& options,
                                       std::uint64_t* count, IODebugContext* debug) {
  const std::lock_guard lock(mutex_);
  const bool tracked = find(normal(given)) != nullptr;
  IOStatus status = target()->NumFileLinks(given, options, count, debug);
  if (status.ok() && tracked) --*count;  // the shadow's
  return status;
}

// ---- After the power came back

void FaultFileSystem::restore_power(const RestoreOptions& options) {
  const std::lock_guard lock(mutex_);
  cut();
  std::mt19937_64 dice(options.seed);
  const auto roll = [&dice](std::uint64_t sides) { return dice() % sides; };

  remove_visible(root_, root_path_);
  if (options.keep_some_of_what_was_not_synced) {
    const std::uint64_t kept = roll(names_at_cut_ + 1);
    for (std::uint64_t i = 0; i < kept; ++i) make_durable(unsynced_names_[i]);
  }
  unsynced_names_.clear();
  for (const auto& each : files_) {
    if (const InodePtr file = each.lock()) forget_unsynced(*file, options, roll);
  }
  build_durable(root_, root_path_);
  std::erase_if(files_, [](const auto& file) { return file.expired(); });
  for (const auto& entry : std::filesystem::directory_iterator(shadow_directory_)) {
    const bool lives = std::ranges::any_of(files_, [&](const auto& file) {
      const InodePtr inode = file.lock();
      return inode != nullptr && shadow_path(*inode) == entry.path().string();
    });
    if (!lives) std::filesystem::remove(entry.path());
  }
  cut_ = false;
  cut_at_.reset();
  fault_.reset();
}

void FaultFileSystem::forget_unsynced(Inode& file, const RestoreOptions& options,
                                      const std::function<std::uint64_t(std::uint64_t)>& roll) {
  file.unsynced.merge(file.lost_to_a_failed_sync);
  file.lost_to_a_failed_sync.clear();
  const std::uint64_t smaller = std::min(file.size_at_cut, file.synced_size);
  const std::uint64_t larger = std::max(file.size_at_cut, file.synced_size);
  std::uint64_t size = file.synced_size;
  if (options.keep_some_of_what_was_not_synced && !file.at_cut.empty() && roll(3) != 0) {
    size = roll(2) == 0 ? file.size_at_cut : smaller + roll(larger - smaller + 1);
  }
  PABAL_CHECK(::ftruncate(file.descriptor, static_cast<off_t>(std::max(file.size, larger))) == 0);
  // One pattern a file: all old, all new, or each page by itself.
  const std::uint64_t pattern = options.keep_some_of_what_was_not_synced ? roll(4) : 0;
  for (const auto& [page, before] : file.unsynced) {
    std::size_t from_disk = kPageBytes;  // bytes at the page's end that are as they were
    if (pattern == 1 || (pattern >= 2 && roll(2) == 0)) from_disk = 0;
    if (pattern == 3 && roll(4) == 0) from_disk = roll(kPageBytes / kSectorBytes) * kSectorBytes;
    const auto at_cut = file.at_cut.find(page);
    std::string bytes = at_cut == file.at_cut.end() ? before : at_cut->second;
    bytes.replace(kPageBytes - from_disk, from_disk, before, kPageBytes - from_disk, from_disk);
    PABAL_CHECK(::pwrite(file.descriptor, bytes.data(), kPageBytes, static_cast<off_t>(page * kPageBytes)) ==
                static_cast<ssize_t>(kPageBytes));
  }
  PABAL_CHECK(::ftruncate(file.descriptor, static_cast<off_t>(size)) == 0);
  file.unsynced.clear();
  file.at_cut.clear();
  file.size = file.synced_size = size;
}

void FaultFileSystem::remove_visible(const InodePtr& directory, const std::string& path) {
  for (const auto& [name, inode] : directory->visible) {
    const std::string at = path + "/" + name;
    if (inode->is_directory) {
      remove_visible(inode, at);
      ::rmdir(at.c_str());  // stays if something else put files there
    } else {
      ::unlink(at.c_str());
    }
  }
}

void FaultFileSystem::build_durable(const InodePtr& directory, const std::string& path) {
  directory->visible = directory->durable;
  for (const auto& [name, inode] : directory->durable) {
    const std::string at = path + "/" + name;
    if (inode->is_directory) {
      std::filesystem::create_directories(at);
      build_durable(inode, at);
    } else {
      ::unlink(at.c_str());  // something else may have taken the name meanwhile
      PABAL_CHECK(::link(shadow_path(*inode).c_str(), at.c_str()) == 0);
    }
  }
}

}  // namespace pabal::store
