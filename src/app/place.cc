#include "app/place.h"

#include <unistd.h>

#include <system_error>

#include "base/ascii.h"

namespace pabal::app {
namespace {

std::filesystem::path file_of(const GlobalOptions& options) {
  if (!options.config.empty()) return std::filesystem::absolute(options.config).lexically_normal();
  std::error_code ignored;  // what can't be looked at is not ours to read
  const std::filesystem::path usual(kUsualConfig);
  return std::filesystem::exists(usual, ignored) ? usual : std::filesystem::path();
}

std::filesystem::path make_absolute(const std::filesystem::path& path) {
  return std::filesystem::absolute(path).lexically_normal();
}

}  // namespace

// A protocol that is added to the server is named here.
std::vector<std::string> protocols_served() {
  return {"smtp", "submission", "lmtp", "imap", "imaps", "pop3", "pop3s", "http", "https"};
}

std::expected<Place, ConfigFaults> find_place(const ConfigSchema& schema, const GlobalOptions& options) {
  Place place;
  place.file = file_of(options);
  if (place.file.empty()) {
    place.config = schema.defaults();
  } else {
    auto loaded = schema.load(place.file);
    if (!loaded) return std::unexpected(std::move(loaded).error());
    place.config = *std::move(loaded);
  }
  Config& config = place.config.values;
  if (!options.data.empty()) config.server.data_dir = options.data;
  if (!options.socket.empty()) config.admin.socket = options.socket;
  config.server.data_dir = make_absolute(config.server.data_dir);
  place.data = config.server.data_dir;
  place.socket = make_absolute(config.admin_socket());
  place.socket_was_named = !options.socket.empty();
  return place;
}

std::string host_name(const Config& config) {
  if (!config.server.hostname.empty()) return config.server.hostname;
  char name[256] = {};
  if (::gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0') return "localhost";
  return to_lower(name);
}

}  // namespace pabal::app
