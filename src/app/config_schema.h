// The rows, as the other config files walk them. To add an option: a member in Config (config.h) and a
// row in config_schema.cc; then write docs/configuration.md anew with `pabal config reference`.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/config.h"
#include "app/config_option.h"

namespace pabal::app {

/// Collects the values and the faults of one file.
struct ConfigReading {
  explicit ConfigReading(LoadedConfig start) : loaded(std::move(start)) {}

  LoadedConfig loaded;
  ConfigFaults faults;
  ValueReader values;

  void fault(TextPlace place, std::string key, std::string message);
  /// Moves what the last value's reader found into `faults`.
  void collect(const std::string& key, const OptionInfo& option);
  void unknown(const ConfigNode::Member& member, const std::string& key,
               const std::vector<std::string>& known);
  void note_origin(const std::string& key, const ConfigNode::Member& member);
};

/// Reads one option into `target`, and notes where it came from.
template <class Struct>
void read_option(const Option<Struct>& option, const std::string& key, const ConfigNode::Member& member,
                 ConfigReading& reading, Struct& target) {
  option.read(member.node, reading.values, target);
  reading.collect(key, option);
  reading.note_origin(key, member);
}

template <class Struct>
void set_default(const Option<Struct>& option, Struct& target) {
  if (option.default_toml.empty()) return;
  const auto document = parse_toml("default = " + option.default_toml);
  PABAL_CHECK(document);
  ValueReader reader;
  PABAL_CHECK(option.read(std::get<ConfigNode::Table>(document->value).front().node, reader, target));
}

/// A list of tables, `[[listener]]`, without the type of its elements.
struct TableRows {
  std::string name;
  Apply apply = Apply::kRestart;
  std::string doc;
  std::vector<OptionInfo> columns;
  std::function<void(const ConfigNode::Member&, ConfigReading&)> read;
  std::function<std::size_t(const Config&)> size;
  std::function<std::string(const Config&, std::size_t element, std::size_t column)> write;
};

/// What stands before a section's options in the reference.
struct SectionInfo {
  std::string name;
  std::string doc;
};

struct ConfigSchema::Rows {
  std::vector<SectionInfo> sections;
  std::vector<Option<Config>> options;
  std::vector<TableRows> tables;

  explicit Rows(const std::vector<std::string>& protocols);
};

/// What no row sees alone: options that contradict each other.
void check_whole(ConfigReading& reading);

}  // namespace pabal::app
