#include "store/rocksdb/layout.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "base/cursor.h"

namespace pabal::store {

namespace {

constexpr std::string_view kFormatName = "pabal-store ";
constexpr std::size_t kMaxFormatBytes = 64;

// What an attempt to make a store may leave behind before FORMAT is there.
bool is_leftover(const std::string& name) { return name == "LOCK" || name == "FORMAT.tmp"; }

struct Migration {
  std::uint64_t from;
  Result<void> (*run)(const Layout& layout, const Disk& disk);
};
// One step a version, each from its `from` to the next.
constexpr std::array<Migration, 0> kMigrations{};

Result<std::uint64_t> read_version(const Layout& layout, const ReadableFile& file) {
  std::string text(kMaxFormatBytes, '\0');
  PABAL_TRY(const std::size_t size, file.read_at(0, text));
  text.resize(size);
  Cursor cursor(text);
  const bool named = cursor.take_word(kFormatName);
  const auto version = named ? cursor.take_number() : std::nullopt;
  if (!version || *version == 0 || cursor.rest() != "\n") {
    return fail(ErrorKind::kCorrupt, "{}/FORMAT can't be read: it must hold the line \"{}{}\"", layout.root,
                kFormatName, kFormatVersion);
  }
  return *version;
}

}  // namespace

Result<std::unique_ptr<StoreLock>> StoreLock::take(const Layout& layout) {
  const std::string path = layout.root + "/LOCK";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return fail(ErrorKind::kRefuse, "opening {}: {}", path, std::generic_category().message(errno));
  }
  std::unique_ptr<StoreLock> lock(new StoreLock(descriptor));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> pid{};
    const ssize_t size = ::pread(descriptor, pid.data(), pid.size(), 0);
    Cursor cursor({pid.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))});
    const auto holder = cursor.take_number();
    return fail(ErrorKind::kRetryLater, "the store in {} is open in another process{}: only one may have it",
                layout.root, holder ? fmt::format(" (pid {})", *holder) : std::string());
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  // Only for the words above; the lock itself is the kernel's.
  if (::ftruncate(descriptor, 0) == 0) (void)!::pwrite(descriptor, pid.data(), pid.size(), 0);
  return lock;
}

StoreLock::~StoreLock() { ::close(descriptor_); }

Result<Found> look_at(const Layout& layout) {
  PABAL_TRY(const auto format, ReadableFile::open(layout.root + "/FORMAT"));
  if (format) {
    PABAL_TRY(const std::uint64_t version, read_version(layout, *format));
    if (version > kFormatVersion) {
      return fail(
          ErrorKind::kRefuse,
          "the store in {} has format {}, made by a newer Pabal; this one reads up to format {}. Start the newer "
          "one, or restore a backup made by this one",
          layout.root, version, kFormatVersion);
    }
    return Found::kStore;
  }
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(layout.root, error)) {
    if (is_leftover(entry.path().filename().string())) continue;
    return fail(ErrorKind::kRefuse,
                "{} is not a store of Pabal: it has no FORMAT file, and is not empty ({})", layout.root,
                entry.path().filename().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return fail(ErrorKind::kRefuse, "listing {}: {}", layout.root, error.message());
  }
  return Found::kEmpty;
}

Result<void> migrate(const Layout& layout, const Disk& disk) {
  PABAL_TRY(const auto format, ReadableFile::open(layout.root + "/FORMAT"));
  if (!format) return fail(ErrorKind::kCorrupt, "{}/FORMAT is missing", layout.root);
  PABAL_TRY(const std::uint64_t version, read_version(layout, *format));
  if (version == kFormatVersion) return {};
  for (const Migration& step : kMigrations) {
    if (step.from >= version) PABAL_TRY_VOID(step.run(layout, disk));
  }
  return write_format(layout.root, disk);
}

Result<void> write_format(const std::string& directory, const Disk& disk) {
  return disk.write_whole(directory, "FORMAT", fmt::format("{}{}\n", kFormatName, kFormatVersion));
}

Result<void> make_directories(const std::filesystem::path& directory, const Disk& disk) {
  const std::filesystem::path whole = std::filesystem::absolute(directory).lexically_normal();
  std::filesystem::path at;
  for (const auto& part : whole) {
    const std::filesystem::path above = at;
    at /= part;
    if (part.empty() || disk.exists(at.string())) continue;
    PABAL_TRY_VOID(disk.make_directory(at.string()));
    PABAL_TRY_VOID(disk.sync_directory(above.string()));
  }
  return {};
}

Result<void> make_empty_directory(const std::filesystem::path& directory, const Disk& disk) {
  std::error_code error;
  if (std::filesystem::exists(directory, error) && !std::filesystem::is_empty(directory, error)) {
    return fail(ErrorKind::kRefuse, "{} is there already and not empty; name a new directory",
                directory.string());
  }
  return make_directories(directory, disk);
}

}  // namespace pabal::store
