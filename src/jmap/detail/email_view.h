// What of an Email is wanted, and how it is written (RFC 8621 §4.1, §4.2): for Email/get, /parse and /import.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jmap/detail/body_parts.h"
#include "jmap/detail/header_forms.h"
#include "jmap/detail/letter_bytes.h"
#include "jmap/detail/standard.h"

namespace pabal::jmap::detail {

struct EmailView {
  std::vector<std::string_view> properties;  ///< without header:*
  std::vector<HeaderProperty> headers;
  std::vector<std::string_view> part_properties;
  std::vector<HeaderProperty> part_headers;
  bool text_values = false;
  bool html_values = false;
  bool all_values = false;
  std::uint64_t max_value_bytes = 0;

  bool wants(std::string_view property) const;
  bool wants_part(std::string_view property) const;
  /// More than what the snapshot and the account's tables tell.
  bool wants_facts() const;
  /// More than the facts tell.
  bool wants_bytes() const;
  bool wants_values() const { return wants("bodyValues") && (text_values || html_values || all_values); }
  bool wants_parts() const;
};

/// Takes `bodyProperties`, `fetch...BodyValues` and `maxBodyValueBytes`; `properties` are those of read_get.
/// Whoever calls asks `in.complete()`.
EmailView read_view(Arguments& in, const std::optional<std::vector<std::string_view>>& properties,
                    bool parse);
/// Whether each is a property; for what read_view was given.
std::optional<MethodError> check_view(const EmailView& view);

/// What the metadata come from: a letter of the account, or null for one that is not (Email/parse).
struct EmailSource {
  const Snapshot* snapshot = nullptr;
  const Email* email = nullptr;
  BlobName blob;
};
/// One object. `bytes` may be null if the view wants none.
net::Task<Result<void>> write_email(JsonWriter out, const EmailView& view, EmailSource source,
                                    const message::LetterFacts* facts, LetterBytes* bytes);

}  // namespace pabal::jmap::detail
