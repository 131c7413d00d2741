#include "app/config.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <tuple>

#include "app/config_schema.h"

namespace pabal::app {

namespace {

/// How many letters must be changed, added or left out to make one of the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('.') + 1); }

/// The known name that was probably meant: a slip of the fingers, or the right word in another section.
std::string nearest(std::string_view name, const std::vector<std::string>& known) {
  constexpr std::size_t kLongestGuess = 80;  // the distance is quadratic, and the name is anybody's
  if (name.size() > kLongestGuess) return {};
  const std::size_t tolerance = std::max<std::size_t>(2, name.size() / 5);
  std::pair<std::size_t, std::string> best{tolerance + 1, {}};
  for (const std::string& candidate : known) {
    std::size_t distance = edit_distance(name, candidate);
    if (last_part(name) == last_part(candidate)) distance = std::min(distance, tolerance);
    if (distance < best.first) best = {distance, candidate};
  }
  return best.second;
}

/// A key as a person finds it in the file again; it may hold anything.
std::string shown_key(std::string_view key) {
  constexpr std::size_t kMaxShown = 100;
  const bool plain =
      key.size() <= kMaxShown && std::ranges::all_of(key, [](char c) { return c > ' ' && c < 0x7f; });
  return plain ? std::string(key) : quote_toml(key.substr(0, kMaxShown));
}

/// Walks a file's sections by the schema's rows.
class FileReader {
 public:
  FileReader(const std::vector<Option<Config>>& options, const std::vector<TableRows>& tables,
             ConfigReading& reading)
      : options_(options), tables_(tables), reading_(reading) {
    for (const auto& option : options) known_.push_back(option.name);
    for (const auto& table : tables) known_.push_back(table.name);
  }

  // Recursion is as deep as the schema's sections, not as the file: an unknown one is not entered.
  void read_section(const ConfigNode::Table& section, const std::string& prefix) {
    for (const ConfigNode::Member& member : section) read_member(member, prefix + member.key);
  }

 private:
  void read_member(const ConfigNode::Member& member, const std::string& name) {
    if (const auto option = std::ranges::find(options_, name, &OptionInfo::name); option != options_.end()) {
      return read_option(*option, name, member, reading_, reading_.loaded.values);
    }
    if (const auto table = std::ranges::find(tables_, name, &TableRows::name); table != tables_.end()) {
      return table->read(member, reading_);
    }
    const std::string prefix = name + ".";
    const bool section =
        std::ranges::any_of(known_, [&](const auto& known) { return known.starts_with(prefix); });
    if (!section) return reading_.unknown(member, name, known_);
    const auto* members = member.node.as<ConfigNode::Table>();
    if (members != nullptr) return read_section(*members, prefix);
    reading_.fault(member.key_place, name,
                   fmt::format("this is a section: write [{}] and its options below", name));
  }

  const std::vector<Option<Config>>& options_;
  const std::vector<TableRows>& tables_;
  ConfigReading& reading_;
  std::vector<std::string> known_;
};

std::unexpected<ConfigFaults> file_fault(const std::filesystem::path& file, std::string message) {
  return std::unexpected(ConfigFaults{{file, 0, 0, {}, std::move(message)}});
}

}  // namespace

void ConfigReading::fault(TextPlace place, std::string key, std::string message) {
  faults.push_back({loaded.file, place.line, place.column, shown_key(key), std::move(message)});
}

void ConfigReading::collect(const std::string& key, const OptionInfo& option) {
  for (ValueFault& found : std::exchange(values.faults, {})) {
    fault(found.place, key, fmt::format("{}; allowed is {}", found.message, option.allowed));
  }
}

void ConfigReading::unknown(const ConfigNode::Member& member, const std::string& key,
                            const std::vector<std::string>& known) {
  // Inside a list of tables the columns are known by their own names alone.
  const bool column = std::ranges::none_of(known, [](const std::string& name) { return name.contains('.'); });
  const std::string guess = nearest(column ? member.key : key, known);
  fault(member.key_place, key,
        guess.empty() ? "there is no such option"
                      : fmt::format("there is no such option; did you mean `{}`?", guess));
}

void ConfigReading::note_origin(const std::string& key, const ConfigNode::Member& member) {
  loaded.line_of[key] = member.key_place.line;
}

std::optional<account::DomainName> Config::domain_of(std::string_view name) {
  if (name.empty()) return {};
  auto domain = account::DomainName::parse(name);
  if (!domain) return {};
  return *std::move(domain);
}

std::filesystem::path Config::admin_socket() const {
  return admin.socket.empty() ? server.data_dir / "control.sock" : admin.socket;
}

std::string ConfigFault::to_string() const {
  std::string out = file;
  if (line > 0) out += fmt::format(":{}:{}", line, column);
  if (!key.empty()) out += fmt::format(": {}", key);
  return out + ": " + message;
}

std::string to_string(const ConfigFaults& faults) {
  std::string out;
  for (const ConfigFault& fault : faults) out += fault.to_string() + "\n";
  return out;
}

std::string_view to_string(Apply apply) { return apply == Apply::kReload ? "reload" : "restart"; }

ConfigSchema::ConfigSchema(std::vector<std::string> protocols)
    : rows_(std::make_unique<const Rows>(protocols)) {}
ConfigSchema::~ConfigSchema() = default;

LoadedConfig ConfigSchema::defaults() const {
  LoadedConfig config;
  for (const auto& option : rows_->options) set_default(option, config.values);
  return config;
}

std::expected<LoadedConfig, ConfigFaults> ConfigSchema::parse(std::string_view text,
                                                              const std::filesystem::path& file) const {
  if (text.size() > kMaxConfigBytes) {
    return file_fault(
        file, fmt::format("the file is longer than {} bytes: is it a configuration?", kMaxConfigBytes));
  }
  ConfigReading reading(defaults());
  reading.loaded.file = file;
  reading.values.folder = std::filesystem::absolute(file).parent_path();
  const auto document = parse_toml(text);
  if (!document) {
    reading.fault(document.error().place, {}, document.error().message);
    return std::unexpected(std::move(reading.faults));
  }
  FileReader(rows_->options, rows_->tables, reading).read_section(*document->as<ConfigNode::Table>(), {});
  check_whole(reading);
  if (reading.faults.empty()) return std::move(reading.loaded);

  ConfigFaults& faults = reading.faults;
  std::ranges::sort(faults, {}, [](const ConfigFault& fault) {
    return std::tie(fault.line, fault.column, fault.key, fault.message);
  });
  if (faults.size() > kMaxConfigFaults) {
    const std::size_t more = faults.size() - kMaxConfigFaults;
    faults.resize(kMaxConfigFaults);
    faults.push_back({reading.loaded.file, 0, 0, {}, fmt::format("and {} faults more", more)});
  }
  return std::unexpected(std::move(faults));
}

std::expected<LoadedConfig, ConfigFaults> ConfigSchema::load(const std::filesystem::path& file) const {
  const auto cannot_read = [&](int error) {
    return file_fault(
        file, fmt::format("cannot read the configuration: {}", std::generic_category().message(error)));
  };
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0) return cannot_read(errno);
  std::string text;
  ssize_t got = 0;
  do {
    char buffer[16384];
    got = ::read(descriptor, buffer, sizeof buffer);
    if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
  } while ((got > 0 && text.size() <= kMaxConfigBytes) || (got < 0 && errno == EINTR));
  const int error = got < 0 ? errno : 0;
  ::close(descriptor);
  if (error != 0) return cannot_read(error);
  return parse(text, file);
}

std::vector<ConfigEntry> ConfigSchema::entries(const LoadedConfig& config) const {
  std::vector<ConfigEntry> entries;
  const auto add = [&](std::string name, std::string value) {
    const auto line = config.line_of.find(name);
    entries.push_back({std::move(name), std::move(value), line == config.line_of.end() ? 0 : line->second});
  };
  for (const auto& option : rows_->options) add(option.name, option.write(config.values));
  for (const TableRows& table : rows_->tables) {
    for (std::size_t element = 0; element < table.size(config.values); ++element) {
      for (std::size_t column = 0; column < table.columns.size(); ++column) {
        add(fmt::format("{}[{}].{}", table.name, element, table.columns[column].name),
            table.write(config.values, element, column));
      }
    }
  }
  return entries;
}

namespace {

/// All of a list of tables in one line, to compare and to show.
std::string table_text(const TableRows& table, const Config& config) {
  std::string out = "[";
  for (std::size_t element = 0; element < table.size(config); ++element) {
    out += element > 0 ? ", {" : "{";
    for (std::size_t column = 0; column < table.columns.size(); ++column) {
      out += fmt::format("{}{} = {}", column > 0 ? ", " : "", table.columns[column].name,
                         table.write(config, element, column));
    }
    out += "}";
  }
  return out + "]";
}

}  // namespace

std::vector<ConfigChange> ConfigSchema::diff(const Config& old, const Config& fresh) const {
  std::vector<ConfigChange> changes;
  const auto compare = [&](const std::string& name, std::string from, std::string to, Apply apply) {
    if (from != to) changes.push_back({name, std::move(from), std::move(to), apply});
  };
  for (const auto& option : rows_->options) {
    compare(option.name, option.write(old), option.write(fresh), option.apply);
  }
  for (const TableRows& table : rows_->tables) {
    compare(table.name, table_text(table, old), table_text(table, fresh), table.apply);
  }
  return changes;
}

}  // namespace pabal::app
