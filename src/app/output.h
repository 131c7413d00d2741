// How results look on a terminal: sentences, details, tables. Peers' and people's bytes are made harmless
// here, so that no name in the directory can steer a terminal.
//
// Pure functions; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/admin.h"
#include "base/json.h"

namespace pabal::app {

/// For a person: lists joined, control characters shown as '?', null as '-'.
std::string to_cell(const Json& value, Column::As as = Column::As::kText);

/// The sentence with each {field} filled in.
std::string fill_in(std::string_view sentence, const Json& result);

/// One line a column: its title and its value. Fields that are not there are left out.
std::string render_details(const std::vector<Column>& columns, const Json& result);

/// Columns that nothing is in are left out.
std::string render_table(const std::vector<Column>& columns, const std::vector<Json>& items);

/// How many places it takes on a terminal: two for a Korean syllable, none for a combining mark.
std::size_t display_width(std::string_view text);

/// `1.5 GiB`: for people, so rounded.
std::string print_rounded_size(std::uint64_t size_bytes);
/// The two largest units of it: `3d 4h`, `5min 20s`.
std::string print_rounded_duration(std::chrono::seconds duration);

}  // namespace pabal::app
