#include "app/backup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

#include "app/admin/views.h"
#include "app/version.h"
#include "base/json.h"

namespace pabal::app {
namespace {

constexpr std::string_view kNote = "pabal-backup.json";
constexpr std::int64_t kFormat = 1;

Result<void> failed(std::string_view what, const std::filesystem::path& path) {
  const int code = errno;
  return fail(code == ENOSPC || code == EDQUOT ? ErrorKind::kRetryLater : ErrorKind::kRefuse, "{} {}: {}",
              what, path.string(), std::strerror(code));
}

Result<void> sync_directory(const std::filesystem::path& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return failed("can't open", directory);
  const int synced = ::fsync(descriptor);
  ::close(descriptor);
  if (synced != 0) return failed("can't sync", directory);
  return {};
}

// Whole and on disk, or not there.
Result<void> write_note(const std::filesystem::path& directory, const Json& note) {
  const std::filesystem::path path = directory / kNote;
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return failed("can't create", path);
  const std::string text = note.to_text() + "\n";
  const bool written = ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       ::fsync(descriptor) == 0;
  const Result<void> result = written ? Result<void>() : failed("can't write", path);
  ::close(descriptor);
  if (!result) {
    ::unlink(path.c_str());
    return result;
  }
  return sync_directory(directory);
}

Result<void> make_target(const std::filesystem::path& to) {
  if (::mkdir(to.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return failed("can't create", to);
  std::error_code error;
  const bool empty = std::filesystem::is_empty(to, error);
  if (error) return fail(ErrorKind::kRefuse, "can't look into {}: {}", to.string(), error.message());
  if (!empty)
    return fail(ErrorKind::kRefuse, "{} is not empty; a backup goes to a directory of its own", to.string());
  return {};
}

Result<void> check_note(const std::filesystem::path& from) {
  std::ifstream file(from / kNote);
  if (!file) return fail(ErrorKind::kRefuse, "{} is not a whole backup: it has no {}", from.string(), kNote);
  std::ostringstream text;
  text << file.rdbuf();
  std::string line = text.str();
  while (line.ends_with('\n')) line.pop_back();
  const Result<Json> note = Json::parse(line);
  const Json* format = note ? note->find("format") : nullptr;
  if (!format || !format->as_number())
    return fail(ErrorKind::kCorrupt, "{}/{} is not what pabal wrote", from.string(), kNote);
  if (*format->as_number() > kFormat)
    return fail(ErrorKind::kRefuse, "a newer pabal made that backup; restore it with that one");
  return {};
}

}  // namespace

std::filesystem::path store_in(const std::filesystem::path& directory) { return directory / "store"; }

net::Task<Result<void>> write_backup(store::EmbeddedEngine& engine, const Clock& clock,
                                     std::filesystem::path to) {
  // The few small calls here are beside the copying, which the engine does off the loop.
  PABAL_CO_TRY_VOID(make_target(to));
  PABAL_CO_TRY_VOID(co_await engine.backup(store_in(to)));
  co_return write_note(
      to, Json::object({{"format", kFormat}, {"version", kVersion}, {"created", to_text(clock.wall())}}));
}

Result<void> restore_backup(const std::filesystem::path& from, const std::filesystem::path& data) {
  PABAL_TRY_VOID(check_note(from));
  return store::restore_embedded(store_in(from), store_in(data));
}

}  // namespace pabal::app
