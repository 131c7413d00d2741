// The configuration as text: what is in force, and the reference.
#include <algorithm>

#include "app/config_schema.h"

namespace pabal::app {

namespace {

constexpr std::size_t kCommentWidth = 98;

std::string_view section_of(std::string_view name) { return name.substr(0, name.rfind('.')); }
std::string_view key_of(std::string_view name) { return name.substr(name.rfind('.') + 1); }

/// `# text`, wrapped between words.
std::string comment(std::string_view text) {
  std::string out;
  std::size_t width = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const bool fits = width > 0 && width + 1 + end <= kCommentWidth;
    out += width == 0 ? "# " : fits ? " " : "\n# ";
    width = fits ? width + 1 + end : 2 + end;
    out += text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out + "\n";
}

std::string_view effect(Apply apply) {
  return apply == Apply::kReload ? "a reload applies it" : "a restart applies it";
}

std::string option_as_toml(const OptionInfo& option) {
  const bool required = option.default_toml.empty();
  std::string out = comment(option.doc);
  out += comment(fmt::format("{}{}; {}.", required ? "Must be given: " : "Allowed: ", option.allowed,
                             effect(option.apply)));
  return out + fmt::format("#{} = {}\n", key_of(option.name), required ? "..." : option.default_toml);
}

/// A table's cell: a bar would end it.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

std::string option_as_markdown(const OptionInfo& option) {
  const std::string default_text =
      option.default_toml.empty() ? std::string("must be given") : fmt::format("`{}`", option.default_toml);
  return fmt::format("| `{}` | {} | {} | {} | {} |\n", key_of(option.name), cell(option.allowed),
                     cell(default_text), to_string(option.apply), cell(option.doc));
}

constexpr std::string_view kTableHead =
    "| Option | Allowed | Default | Applied by | What it does |\n|---|---|---|---|---|\n";

constexpr std::string_view kIntroduction = R"(# Configuration

Pabal reads one TOML file, `/etc/pabal/pabal.toml` unless `--config` names another. An empty file, or none, is a
working configuration: every option has a safe default. `pabal config reference` prints them all as a file to start
from; this page is made from the same schema (`pabal config reference --markdown`).

- `pabal config check` tells every fault of the file with its line, and what is allowed there. An option that does
  not exist is a fault, never ignored.
- `pabal config show` prints what is in force, and where each value comes from.
- A reload (`systemctl reload pabal`, or SIGHUP) checks the file first; with a fault the running configuration stays.
  Options marked *reload* are applied then; the log names the changed ones that wait for a restart.

Durations are written `500ms`, `30s`, `5m`, `4h`, `5d` or `1h30m`; sizes `512 B`, `16 KiB`, `64 MiB`, `1 GiB`. Addresses are
`127.0.0.1:2525`, `[::]:25` or `unix:/run/pabal/x`; networks `192.0.2.0/24` or `2001:db8::/32`. A relative path starts at
the file's folder. Secrets, such as private keys, are named by their files, never written here.
)";

}  // namespace

std::string ConfigSchema::show(const LoadedConfig& config) const {
  const auto origin = [&](const std::string& name) {
    const auto line = config.line_of.find(name);
    return line == config.line_of.end() ? std::string("default")
                                        : fmt::format("{}:{}", config.file, line->second);
  };
  std::string out;
  std::string_view section;
  for (const auto& option : rows_->options) {
    if (section_of(option.name) != section) {
      section = section_of(option.name);
      out += fmt::format("{}[{}]\n", out.empty() ? "" : "\n", section);
    }
    out +=
        fmt::format("{} = {}  # {}\n", key_of(option.name), option.write(config.values), origin(option.name));
  }
  for (const TableRows& table : rows_->tables) {
    for (std::size_t element = 0; element < table.size(config.values); ++element) {
      out += fmt::format("\n[[{}]]\n", table.name);
      for (std::size_t column = 0; column < table.columns.size(); ++column) {
        const std::string& key = table.columns[column].name;
        out += fmt::format("{} = {}  # {}\n", key, table.write(config.values, element, column),
                           origin(fmt::format("{}[{}].{}", table.name, element, key)));
      }
    }
  }
  return out;
}

std::string ConfigSchema::reference_toml() const {
  std::string out =
      "# Every option of Pabal at its default. Take away the `#` before a [section] and an option to change "
      "it.\n";
  for (const SectionInfo& section : rows_->sections) {
    out += fmt::format("\n{}#[{}]\n", comment(section.doc), section.name);
    for (const auto& option : rows_->options) {
      if (section_of(option.name) == section.name) out += "\n" + option_as_toml(option);
    }
  }
  for (const TableRows& table : rows_->tables) {
    out += fmt::format("\n{}#[[{}]]\n", comment(table.doc), table.name);
    for (const OptionInfo& column : table.columns) out += "\n" + option_as_toml(column);
  }
  return out;
}

std::string ConfigSchema::reference_markdown() const {
  std::string out(kIntroduction);
  for (const SectionInfo& section : rows_->sections) {
    out += fmt::format("\n## [{}]\n\n{}\n\n{}", section.name, section.doc, kTableHead);
    for (const auto& option : rows_->options) {
      if (section_of(option.name) == section.name) out += option_as_markdown(option);
    }
  }
  for (const TableRows& table : rows_->tables) {
    out += fmt::format("\n## [[{}]]\n\n{}\n\n{}", table.name, table.doc, kTableHead);
    for (const OptionInfo& column : table.columns) out += option_as_markdown(column);
  }
  return out;
}

}  // namespace pabal::app
