// Which installation a command is about: its configuration and its data directory.
#pragma once

#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "app/command_line.h"
#include "app/config.h"

namespace pabal::app {

/// Read if it is there and --config names no other.
inline constexpr std::string_view kUsualConfig = "/etc/pabal/pabal.toml";

struct Place {
  LoadedConfig config;            ///< with --data and --socket put in
  std::filesystem::path file;     ///< empty: no file
  std::filesystem::path data;     ///< absolute
  std::filesystem::path socket;   ///< absolute
  bool socket_was_named = false;  ///< by --socket: then that server is meant, and no other way
};

/// Any time again, for a reload.
std::expected<Place, ConfigFaults> find_place(const ConfigSchema& schema, const GlobalOptions& options);

/// What the server calls itself: `server.hostname`, or the machine's own name.
std::string host_name(const Config& config);

/// What `listener.protocol` may be.
std::vector<std::string> protocols_served();

}  // namespace pabal::app
