// One option: how its value is read from TOML, checked, and written back. The schema's rows are made of
// these (config_schema.cc); only the config files include this.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/config.h"
#include "app/config_document.h"
#include "base/check.h"

namespace pabal::app {

struct ValueFault {
  TextPlace place;
  std::string message;
};

/// What reading a value needs beside it, and what it found wrong.
struct ValueReader {
  std::filesystem::path folder;  ///< where relative paths start
  std::vector<ValueFault> faults;

  std::nullopt_t refuse(const ConfigNode& node, std::string message) {
    faults.push_back({node.place, std::move(message)});
    return std::nullopt;
  }
  /// The value, if it has the TOML type T.
  template <class T>
  const T* expect(const ConfigNode& node) {
    const T* value = node.as<T>();
    if (value == nullptr) refuse(node, fmt::format("{} does not fit here", node.kind_name()));
    return value;
  }
};

/// A type of value with its range.
template <class T>
struct Kind {
  std::string allowed;  ///< "a duration from 1s to 1h"
  std::function<std::optional<T>(const ConfigNode&, ValueReader&)> read;
  std::function<std::string(const T&)> write;  ///< as TOML
};

Kind<bool> flag();
Kind<std::string> text();
/// Empty, or a path; a relative one starts at the configuration's folder.
Kind<std::filesystem::path> path();
Kind<Duration> duration(std::string_view min, std::string_view max);
Kind<std::uint64_t> size(std::string_view min, std::string_view max);
/// A-labels (RFC 5890 §2.3.2.1), in lower case; or nothing.
Kind<std::string> host_name_or_empty();
Kind<net::Endpoint> endpoint();
Kind<net::Network> network();
Kind<net::IpAddress> ip_address();
/// One of the words. None at all: nothing is allowed yet.
Kind<std::string> word_of(std::vector<std::string> words);

Kind<std::int64_t> whole_number(std::int64_t min, std::int64_t max);
template <std::integral T>
Kind<T> whole(std::int64_t min, std::int64_t max) {
  PABAL_CHECK(min >= 0 && std::in_range<T>(max));
  Kind<std::int64_t> wide = whole_number(min, max);
  return {wide.allowed,
          [read = wide.read](const ConfigNode& node, ValueReader& reader) -> std::optional<T> {
            const auto value = read(node, reader);
            if (!value) return std::nullopt;
            return static_cast<T>(*value);
          },
          [](const T& value) { return fmt::format("{}", value); }};
}

template <class T>
Kind<T> choice(std::vector<std::pair<std::string, T>> choices) {
  std::vector<std::string> words;
  for (const auto& [word, value] : choices) words.push_back(word);
  Kind<std::string> word = word_of(std::move(words));
  return {word.allowed,
          [choices, read = word.read](const ConfigNode& node, ValueReader& reader) -> std::optional<T> {
            const auto chosen = read(node, reader);
            for (const auto& [name, value] : choices) {
              if (chosen && *chosen == name) return value;
            }
            return std::nullopt;
          },
          [choices](const T& value) {
            for (const auto& [name, candidate] : choices) {
              if (candidate == value) return quote_toml(name);
            }
            PABAL_CHECK(false);
          }};
}

template <class T>
Kind<std::vector<T>> list_of(Kind<T> element, std::size_t min = 0) {
  return {fmt::format("a list{}, each {}", min > 0 ? " that is not empty" : "", element.allowed),
          [read = element.read, min](const ConfigNode& node,
                                     ValueReader& reader) -> std::optional<std::vector<T>> {
            const auto* list = reader.expect<ConfigNode::List>(node);
            if (list == nullptr) return std::nullopt;
            if (list->size() < min) return reader.refuse(node, "the list is empty");
            std::vector<T> values;
            for (const ConfigNode& item : *list) {
              if (auto value = read(item, reader)) values.push_back(*std::move(value));
            }
            return values;
          },
          [write = element.write](const std::vector<T>& values) {
            std::string out = "[";
            for (const T& value : values) out += (out.size() > 1 ? ", " : "") + write(value);
            return out + "]";
          }};
}

/// A row without its types: what the reference says.
struct OptionInfo {
  std::string name;
  std::string allowed;
  std::string default_toml;  ///< empty: must be given
  Apply apply = Apply::kRestart;
  std::string doc;
};

template <class Struct>
struct Option : OptionInfo {
  /// False when something was wrong; the reader has it.
  std::function<bool(const ConfigNode&, ValueReader&, Struct&)> read;
  std::function<std::string(const Struct&)> write;
};

/// One row. `access` gives the member of the struct that holds the value; an empty default means that
/// the file must give it.
template <class Struct, class Access, class T>
Option<Struct> make_option(std::string_view name, Access access, Kind<T> kind, std::string_view default_toml,
                           Apply apply, std::string_view doc) {
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(access(std::declval<Struct&>()))>, T>,
                "the row's kind does not fit its member");
  return {{std::string(name), kind.allowed, std::string(default_toml), apply, std::string(doc)},
          [access, read = kind.read](const ConfigNode& node, ValueReader& reader, Struct& values) {
            const std::size_t faults_before = reader.faults.size();
            if (auto value = read(node, reader)) access(values) = *std::move(value);
            return reader.faults.size() == faults_before;
          },
          [access, write = kind.write](const Struct& values) { return write(access(values)); }};
}

/// The member's path and the option's name are the same words.
#define PABAL_OPTION(member) #member, [](auto& values) -> auto& { return values.member; }

}  // namespace pabal::app
